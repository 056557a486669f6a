"""GitHub's line hashes are computed for the reports that hold them, and for no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.cli import run_keylint
from tests.helpers.make import coveo_key


def results(output: str, format_name: str) -> list[dict[str, dict[str, str]]]:
    document = json.loads(output)
    sarif = json.loads(document["sarif"]) if format_name == "action" else document
    found: list[dict[str, dict[str, str]]] = sarif["runs"][0]["results"]
    return found


@pytest.mark.parametrize("format_name", ["sarif", "action"])
def test_a_report_for_github_has_the_line_hash_of_each_key(tmp_path: Path, format_name: str) -> None:
    (tmp_path / "app.js").write_text(f"const coveo = '{coveo_key()}'\n")
    done = run_keylint("scan", "--format", format_name, cwd=tmp_path)
    (result,) = results(done.out, format_name)
    assert result["partialFingerprints"]["primaryLocationLineHash"].endswith(":1")


def test_other_reports_do_without_them(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(f"const coveo = '{coveo_key()}'\n")
    broken = "import keylint.places as p; p.line_hashes = None"
    done = run_keylint("scan", "--format", "json", cwd=tmp_path, before=broken)
    assert len(json.loads(done.out)["findings"]) == 1
