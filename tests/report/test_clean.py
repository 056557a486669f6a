"""Names and labels of unknown origin cannot steer a terminal or a log."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from keylint.report.clean import clean, inert, without_surrogates

ANY_TEXT = st.text(st.characters())
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(ANY_TEXT | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_cleaned_text_has_no_control_bidi_or_undecodable_character(text: str) -> None:
    for char in clean(text):
        assert unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(char) not in BIDI
        assert char not in "\u061c\u200e\u200f\ufeff"
    assert len(clean(text).splitlines()) <= 1


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_ordinary_text_in_any_script_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_bytes_that_are_not_utf8_are_shown_by_their_value() -> None:
    assert clean(b"a\xff\x80".decode("utf-8", "surrogateescape")) == r"a\xff\x80"
    assert clean("\x1b[1m\x9b\u202e") == r"\x1b[1m\x9b\u202e"


@given(
    ANY_TEXT
    | st.sampled_from(["::", "##["]).flatmap(lambda mark: ANY_TEXT.map(lambda text: f" {mark}{text}"))
)
def test_an_inert_line_is_no_workflow_command(text: str) -> None:
    line = inert(text)
    assert not line.lstrip().startswith("::")
    assert "##[" not in line


@given(ANY_TEXT)
def test_text_without_surrogates_can_be_written(text: str) -> None:
    without_surrogates(text).encode("utf-8")
