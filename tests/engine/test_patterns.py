from __future__ import annotations

import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from keylint.engine.outline import outline
from keylint.engine.patterns import for_hyperscan, for_regex, tokens
from keylint.engine.window import STREAM_OVERLAP, plan
from tests.helpers import builtin


@settings(deadline=None)
@given(st.text(max_size=60))
def test_tokens_joined_are_the_pattern(pattern: str) -> None:
    assert "".join(tokens(pattern)).encode("latin-1") == pattern.encode()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"\Aab\z", b"^ab$"),
        (r"a\\Ab", rb"a\\Ab"),
        (r"[\]\A]x", rb"[\]\A]x"),
        (r"a(?i)b", rb"a(?i)b"),
    ],
)
def test_text_anchors_become_line_anchors_for_hyperscan(pattern: str, expected: bytes) -> None:
    vectored = for_hyperscan(pattern)
    assert vectored is not None
    assert vectored.pattern == expected
    assert not vectored.approximate


@pytest.mark.parametrize("pattern", [r"a(?=b)", r"(?<!a)b", r"(?>a)b", r"a++", r"a{2,3}+b", r"(a)\1"])
def test_what_hyperscan_lacks_is_relaxed(pattern: str) -> None:
    vectored = for_hyperscan(pattern)
    assert vectored is not None
    assert vectored.approximate


@pytest.mark.parametrize(
    "pattern", [r"\p{L}", r"[\pL]x", r"a{,3}", r"a{e<2}", r"(?P<a>b)(?P=a)", r"(?&x)", r"\Rx"]
)
def test_what_hyperscan_reads_in_another_way_is_left_to_the_pure_path(pattern: str) -> None:
    assert for_hyperscan(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"ab\z", b"ab", True),
        (r"ab\z", b"ab\n", False),
        (r"foo(?i)bar", b"fooBAR", True),
        (r"foo(?i)bar", b"FOObar", False),
        (r"[[:alpha:]]{3}", b"abc", True),
        (r"(?-i:A)(?i:b)", b"AB", True),
        (r"(?<n>a)\b", b"a ", True),
    ],
)
def test_re2_syntax_means_what_it_says(pattern: str, text: bytes, expected: bool) -> None:
    assert bool(regex.compile(for_regex(pattern), regex.V0).search(text)) is expected


@pytest.mark.parametrize(
    ("pattern", "reach", "behind", "ahead"),
    [
        (r"abc", 3, 0, 0),
        (r"a{2,5}b?", 6, 0, 0),
        (r"(?:ab|c{4})d", 5, 0, 0),
        (r"(a{3})x\1", 7, 0, 0),
        (r"(?i)a[^b]c", 3, 0, 0),
        (r"a(?i)b{2}", 3, 0, 0),
        (r"\bab$", 2, 2, 2),
        (r"(?<=ab)c(?!d{3})", 1, 2, 3),
        (r"[[:alnum:]]{4}", 4, 0, 0),
        (r"é{2}", 3, 0, 0),
        (r"(?<name>ab)", 2, 0, 0),
        (r"ab\z", 2, 1, 1),
        (r"(?:a{2}){3}", 6, 0, 0),
    ],
)
def test_widths_are_counted_in_bytes(pattern: str, reach: int, behind: int, ahead: int) -> None:
    found = plan(pattern)
    assert (found.reach, found.behind, found.ahead, found.whole) == (reach, behind, ahead, False)


@pytest.mark.parametrize(
    "pattern", [r"a+", r"ab.*", r"(?x) a b", r"a{2,}", r"(?=a*)b", r"(?P<a>b)(?&a)", r"\p{L}", r"(a"]
)
def test_without_a_bound_the_whole_blob_is_searched(pattern: str) -> None:
    assert plan(pattern).whole
    assert plan(pattern).span == STREAM_OVERLAP


def test_a_group_named_with_an_x_is_not_free_spacing() -> None:
    assert not plan(r"(?P<xyz>abc)").whole


def test_a_wide_pattern_is_searched_by_its_beginning_and_read_forward() -> None:
    found = plan(r"-----BEGIN [A-Z]{1,20}-----[\s\S]{64,8192}?-----END [A-Z]{1,20}-----")
    assert found.back == 36 + 64
    assert found.reach == 36 + 8192 + 34


def test_every_built_in_pattern_has_a_bound() -> None:
    assert [r.id for r in builtin.rules() if r.regex and plan(r.regex).whole] == []


def test_every_built_in_pattern_goes_to_hyperscan() -> None:
    assert [r.id for r in builtin.rules() if r.regex and outline(r.regex) is None] == []


@settings(deadline=None, max_examples=300)
@given(
    st.from_regex(
        re.compile(r"(?:[ab]|\[ab\]|\(a\|bb\)|\(\?:ab\)){1,4}(?:\{[1-3],[3-5]\})?"), fullmatch=True
    ),
    st.data(),
)
def test_no_match_is_wider_than_its_plan_says(pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet="ab", max_size=40)).encode()
    reach = plan(pattern).reach
    for match in regex.finditer(pattern.encode(), text):
        assert match.end() - match.start() <= reach
