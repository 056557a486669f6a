"""The organization that a file names settles which entry a masked value is, from the scan to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keylint.cli.app import run
from tests.inventory.samples import coveo_key, coveo_value, uuid_mask, write


@pytest.fixture
def value() -> str:
    return coveo_value(5)


def scan(tmp_path: Path, text: str, value: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "app.js").write_text(text)
    rows = [
        coveo_key(1, organizationId="acmeorg1", value=uuid_mask(value), privacyLevel="PUBLIC"),
        coveo_key(2, organizationId="otherorg", value=uuid_mask(value), privacyLevel="PRIVATE"),
    ]
    inventory = write(tmp_path, rows)
    run(["scan", str(tree), "--inventory", str(inventory), "--format", "json"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    return finding


def test_two_entries_fit_where_no_organization_is_named(
    tmp_path: Path, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = scan(tmp_path, f'token = "{value}"\n', value, capsys)
    assert finding["link"]["certainty"] == "ambiguous"


def test_the_organization_in_the_file_settles_it(
    tmp_path: Path, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'fetch("https://acmeorg1.org.coveo.com/rest/search/v2")\n\ntoken = "{value}"\n'
    finding = scan(tmp_path, text, value, capsys)
    assert finding["link"]["certainty"] == "suffix"
    assert finding["link"]["records"][0]["organization"] == "acmeorg1"
    assert finding["verdict"]["kind"] == "allowed"
    assert finding["surroundings"]["partners"] == [
        {"title": "organization", "value": "acmeorg1", "line": 1, "column": 16, "rule_id": "", "facts": []}
    ]
