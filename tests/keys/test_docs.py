"""The documentation says what the program does."""

from __future__ import annotations

from pathlib import Path

from keylint.keys.render_docs import checks_page

_DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_checks_is_made_from_the_registry() -> None:
    assert (_DOCS / "checks.md").read_text(encoding="utf-8") == checks_page()
