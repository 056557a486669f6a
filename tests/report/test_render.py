"""What holds for every format."""

from __future__ import annotations

import pytest

from keylint.errors import UsageError
from keylint.model import VerdictKind
from keylint.report import FORMATS, render
from keylint.report.options import RenderOptions
from tests.report import builders

EVERYTHING = RenderOptions(include_allowed=True, include_suppressed=True, verbose=True)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_every_finding_and_can_be_written(name: str) -> None:
    text = render(name, builders.full_report(), EVERYTHING)
    assert text.endswith("\n")
    text.encode("utf-8")
    for kind in VerdictKind:
        assert kind.value in text


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_holds_personal_data_of_the_inventory(name: str) -> None:
    text = render(name, builders.full_report(), EVERYTHING)
    assert builders.PERSON not in text
    assert builders.PERSON_MAIL not in text


@pytest.mark.parametrize("name", FORMATS)
def test_no_raw_control_character_of_a_name_gets_out(name: str) -> None:
    text = render(name, builders.full_report(), EVERYTHING)
    for char in "\x1b\x9b\r\u202e\u2028\x7f":
        assert char not in text


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_renders_the_same_every_time(name: str) -> None:
    first = render(name, builders.full_report(), EVERYTHING)
    assert render(name, builders.full_report(), EVERYTHING) == first


@pytest.mark.parametrize("name", FORMATS)
def test_an_interrupted_run_says_so(name: str) -> None:
    assert "interrupted" in render(name, builders.report(interrupted=True)).lower().replace(
        '"interrupted": false', ""
    )


def test_an_unknown_format_is_a_usage_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="text, json, sarif, html, github"):
        render("xml", builders.report())
