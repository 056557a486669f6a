"""The README says what keylint does: its output is what the command prints, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keylint.cli.app import run
from keylint.model import VerdictKind

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
# The size of the scan and the number of rules change with every rule.
COUNTS = re.compile(r"in \d+ files \([^)]*\)")


def shown() -> str:
    found = re.search(r"<!-- demo -->\s*```text\n(.*?)```\s*<!-- /demo -->", README, re.DOTALL)
    assert found
    return found[1]


def test_the_output_of_the_demo_is_what_the_readme_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo"]) == 1
    assert COUNTS.sub("", capsys.readouterr().out) == COUNTS.sub("", shown())


def test_the_demo_shows_every_verdict() -> None:
    for kind in VerdictKind:
        assert f"  {kind.value}  " in shown()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_of_the_documents_lead_to_files(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_two_commands_come_first() -> None:
    commands = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert commands[0].strip().endswith("keylint demo")
    assert commands[1].strip() == "make check"
