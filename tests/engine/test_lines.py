"""Windows that end with the lines that a match can hold lose no match."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keylint.engine import Engine
from keylint.engine.lines import ANY_NUMBER, begin_of, breaks_in, end_of
from keylint.engine.patterns import tokens
from tests.engine.rulekit import reference, rule

ATOMS = (
    "k",
    "v",
    "ab",
    "[ab]",
    "[^a]",
    r"\s",
    r"\S",
    r"\n",
    "[ \\t\\r\\n]",
    "[^\\n]",
    "=",
    ".",
    r"(?s:.)",
    "\\r?\\n",
)
REPEATS = ("", "", "", "?", "{1,3}", "{0,4}", "{2}")
TEXT = st.lists(
    st.sampled_from(("k", "v", "a", "b", "=", " ", "\n", "\r\n", "\n\n  ", "\t", "ab", "k=v", "\n \n")),
    max_size=40,
).map("".join)


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """A pattern that begins with a letter and has some line breaks in it, or none."""
    parts = [draw(st.sampled_from("kvab"))]
    for _ in range(draw(st.integers(1, 5))):
        atom = draw(st.sampled_from(ATOMS))
        if draw(st.booleans()):
            atom = f"(?:{atom}|{draw(st.sampled_from(ATOMS))})"
        parts.append(f"(?:{atom})" + draw(st.sampled_from(REPEATS)))
    if draw(st.booleans()):
        parts.append(draw(st.sampled_from(("$", r"\b", r"(?!\n)", r"(?=[\s\S])", r"(?<=\n)"))))
    return "".join(parts)


@settings(deadline=None, max_examples=150)
@given(patterns(), TEXT)
def test_every_match_is_found_whatever_lines_it_spans(pattern: str, text: str) -> None:
    data = text.encode()
    hits = Engine([rule("r", pattern)], prefilter="hyperscan").scan(data)
    assert [(hit.start, hit.end) for hit in hits] == reference(pattern, data)


@pytest.mark.parametrize(
    ("pattern", "breaks"),
    [
        ("key=[^\\n]{1,9}", 0),
        (r"key\S{1,9}\w+", 0),
        ("key=\n", 1),
        (r"key\s{1,9}=", 1),
        (r"key\s{1,9}=\s{1,9}v", 2),
        (r"(?:a\n|b\nc\n)x", 2),
        (r"(?:key\s+){3}", 3),
        (r"(?:key\s+){4}", ANY_NUMBER),
        (r"key[^=]{1,9}", ANY_NUMBER),
        (r"key(?s:.){1,9}", ANY_NUMBER),
        (r"key[[:space:]]{1,2}v", ANY_NUMBER),
        (r"(k\n)\1", ANY_NUMBER),
        (r"key(?!\n)v", 0),
    ],
)
def test_the_line_breaks_of_a_pattern_are_counted(pattern: str, breaks: int) -> None:
    assert breaks_in(tokens(pattern)) == breaks


def test_a_stretch_of_white_space_is_one_break() -> None:
    data = b"one\n\n \ntwo\r\n\r\nthree\nfour"
    assert [begin_of(data, 0, len(data), breaks) for breaks in (0, 1, 2, 3)] == [20, 14, 7, 0]
    assert [data[: end_of(data, 0, len(data), breaks)] for breaks in (0, 1, 2, 3)] == [
        b"one", b"one\n\n \ntwo\r", b"one\n\n \ntwo\r\n\r\nthree", data
    ]  # fmt: skip
    assert (begin_of(data, 2, 9, ANY_NUMBER), end_of(data, 2, 9, ANY_NUMBER)) == (2, 9)
