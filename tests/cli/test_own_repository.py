"""keylint's own repository is clean: what it documents and tests with must not look like a leak."""

from __future__ import annotations

from tests.helpers.cli import call_keylint
from tests.helpers.sarif_tools import ROOT


def test_our_own_repository_has_nothing_but_allowed_keys() -> None:
    done = call_keylint("scan", ROOT, "--format", "json", "--fail-on", "note")
    found = [finding["places"][0] for finding in done.findings if finding["verdict"]["kind"] != "allowed"]
    assert [(place["path"], place["line"]) for place in found] == []
    assert done.status == 0
    assert done.json["suppressed"] == []
