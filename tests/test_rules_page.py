"""docs/rules.md says what the rules say: `make docs` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from keylint.cli.rules import as_markdown
from keylint.model import Privacy
from keylint.rule import Rule
from tests.helpers import builtin

PAGE = Path(__file__).parent.parent / "docs" / "rules.md"


def test_the_page_of_rules_is_current() -> None:
    current = PAGE.read_text(encoding="utf-8") == as_markdown(builtin.rules())
    assert current, "run `make docs`"


def test_every_rule_is_on_the_page_once_under_its_provider() -> None:
    rules = [
        Rule("a.key", "A | key", "a", privacy=Privacy.PUBLIC, docs="https://a.example/", evidence="V/T"),
        Rule("b.key", "B key", "b"),
        Rule("a.other", "A other", "a"),
    ]
    page = as_markdown(rules)
    assert "3 rules of 2 providers: 1 public, 2 private, 0 depends." in page
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == ["a", "b"]
    assert re.findall(r"^\| `(.*?)`", page, re.MULTILINE) == ["a.key", "a.other", "b.key"]
    assert "| `a.key` | [A \\| key](https://a.example/) | public | HIGH | V/T |" in page
    assert "| `b.key` | B key | private | HIGH | - |" in page
