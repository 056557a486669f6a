from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from keylint.model import VerdictKind
from keylint.report import render
from keylint.report.options import RenderOptions
from tests.report import builders

ALL = RenderOptions(include_allowed=True, include_suppressed=True, verbose=True)


class Balance(HTMLParser):
    """Counts elements and notes what is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        if tag not in ("meta", "html"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(text: str) -> Balance:
    page = Balance()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


def test_every_verdict_has_a_section() -> None:
    findings = [builders.finding(kind) for kind in VerdictKind]
    page = render("html", builders.report(findings), ALL)
    assert parsed(page).seen.count("section") == len(VerdictKind)
    for kind in VerdictKind:
        assert f'class="{kind.value}"' in page


def test_allowed_keys_are_left_out_unless_asked_for() -> None:
    page = render("html", builders.report([builders.finding(VerdictKind.ALLOWED)]), RenderOptions())
    assert "section" not in parsed(page).seen


@given(st.text(max_size=60))
def test_no_name_becomes_markup(name: str) -> None:
    hostile = f"<script>{name}</script>"
    found = builders.finding(VerdictKind.EXPOSED, locations=(builders.place(hostile),))
    page = render("html", builders.report([found]), ALL)
    assert "script" not in parsed(page).seen


def test_nothing_is_loaded_from_elsewhere() -> None:
    page = render("html", builders.report([builders.finding(kind) for kind in VerdictKind]), ALL)
    assert not {"script", "link", "img", "iframe"} & set(parsed(page).seen)
    assert "url(" not in page
