"""SARIF as its strictest readers see it: Microsoft's validator, GitHub's rules and GitHub's upload check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from keylint.model import Report
from keylint.report import render
from keylint.report.options import RenderOptions
from tests.helpers import sarif_tools
from tests.report import builders

pytestmark = pytest.mark.npm

REPORTS = {
    "every verdict, level and severity": builders.report(builders.every_combination()),
    "odd names and places": builders.full_report(),
    "nothing found": builders.report(),
    "no repository": builders.report(builders.every_verdict(), repository=builders.Repository()),
}
# Two that need a network or the scanned files, ids that name the verdict, and what has no text around it.
ACCEPTED_NOTES = ("SARIF2006", "SARIF2009", "SARIF2011", "SARIF2013")


@pytest.fixture(scope="module")
def schema() -> Any:
    sarif_tools.need_tools()
    return jsonschema_rs.validator_for(json.loads(sarif_tools.SCHEMA.read_text(encoding="utf-8-sig")))


def write(folder: Path, report: Report, *, audit: bool) -> Path:
    options = RenderOptions(include_allowed=True, include_suppressed=audit, exit_code=1)
    path = folder / "out.sarif"
    path.write_text(render("sarif", report, options))
    return path


@pytest.mark.parametrize("audit", [False, True], ids=["plain", "audit"])
@pytest.mark.parametrize("name", REPORTS)
def test_the_validator_has_no_error_and_no_warning(name: str, audit: bool, tmp_path: Path) -> None:
    sarif_tools.need_tools()
    said = sarif_tools.multitool(write(tmp_path, REPORTS[name], audit=audit))
    assert [text for (level, text) in said if level in ("error", "warning")] == []
    if REPORTS[name].findings and REPORTS[name].repository.remote:
        notes = {text.split(":")[0] for (level, text) in said if level == "note"}
        # Reports of fetched pages have no repository (SARIF2003), and "A" is one letter (SARIF2012).
        assert notes <= {*ACCEPTED_NOTES, "SARIF2003", "SARIF2012"}


@pytest.mark.parametrize("name", REPORTS)
def test_the_upload_check_takes_the_file_and_the_schema_holds(name: str, schema: Any, tmp_path: Path) -> None:
    path = write(tmp_path, REPORTS[name], audit=True)
    assert sarif_tools.upload_errors(path) == ""
    assert [error.message for error in schema.iter_errors(json.loads(path.read_text()))] == []


def test_the_upload_check_would_see_a_bad_file(schema: Any, tmp_path: Path) -> None:
    path = write(tmp_path, REPORTS["odd names and places"], audit=False)
    document = json.loads(path.read_text())
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["endColumn"] = 0
    path.write_text(json.dumps(document))
    assert "endColumn" in sarif_tools.upload_errors(path)
    assert not schema.is_valid(document)


def test_the_validator_would_see_a_missing_help(tmp_path: Path) -> None:
    sarif_tools.need_tools()
    path = write(tmp_path, REPORTS["odd names and places"], audit=False)
    document = json.loads(path.read_text())
    del document["runs"][0]["tool"]["driver"]["rules"][0]["help"]
    path.write_text(json.dumps(document))
    assert any(level == "error" for level, _ in sarif_tools.multitool(path))


def test_thousands_of_results_fit_the_schema(schema: Any) -> None:
    many = tuple(
        builders.finding(kind, places=(builders.place(f"src/{number}.js", number % 500 + 1),))
        for number, kind in enumerate(list(builders.VerdictKind)[:4] * 500)
    )
    document = json.loads(render("sarif", builders.report(many), RenderOptions()))
    assert len(document["runs"][0]["results"]) == 2_000
    assert schema.is_valid(document)
