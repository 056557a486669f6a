"""Outlines: wider than their patterns, never narrower."""

from __future__ import annotations

import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from keylint.engine.outline import outline
from keylint.rule import Rule
from keylint.shapes import expand
from tests.helpers import builtin

RULES = [rule for rule in builtin.rules() if rule.regex]
ATOMS = ("a", "b", "key", "secret", "acme", "[ab]", "[^a]", r"\d", r"\w", ".", r"\.", "é")
REPEATS = ("", "", "?", "*", "+", "{2}", "{1,3}", "{0,2}?")
SCHEMES = "(?:https?|ftps?|sftp|ssh|imaps?|ldaps?|socks5|git|svn)"
MANY_WORDS = "(?:key|token|secret|access|auth|bearer|private|user|login)"
GROUP_REPEATS = ("", "", "?", "{2}", "{0,2}")  # nothing that the reference would take for ever to try


def holds(expressions: tuple[bytes, ...], data: bytes, start: int, width: int, end: int) -> bool:
    """Whether an expression matches from `start` on, within the width and the match that it stands for."""
    end = min(end, start + width)
    return any(re.compile(expression).search(data, start, end) for expression in expressions)


def literal(expression: bytes) -> bytes:
    """An expression with its single characters as they are."""
    return re.sub(rb"\\x(..)", lambda m: bytes.fromhex(m[1].decode()), expression)


@st.composite
def patterns(draw: st.DrawFn, depth: int = 2) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 3 if depth else 1))
        part = draw(st.sampled_from(ATOMS))
        if kind == 2:
            part = "(" + draw(patterns(depth=depth - 1)) + ")"
        elif kind == 3:
            branches = draw(st.lists(patterns(depth=depth - 1), min_size=2, max_size=3))
            part = "(?:" + "|".join(branches) + ")"
        if kind < 2 and len(part) > 1 and part[0] not in "[\\":
            part = f"(?:{part})"
        parts.append(part + draw(st.sampled_from(GROUP_REPEATS if kind > 1 else REPEATS)))
    return "".join(parts)


@settings(deadline=None, max_examples=400)
@given(
    patterns(),
    st.sampled_from(["", "(?i)", MANY_WORDS, f"(?i){MANY_WORDS}", SCHEMES + "://", "[a-z]{1,4}://"]),
    st.text(alphabet="abAB1 .é", max_size=12),
    st.lists(st.sampled_from(["key", "Secret", "acme", " ", "a", "1", "https://"]), max_size=6),
)
def test_every_match_holds_a_match_of_an_outline_near_its_start(
    pattern: str, flags: str, text: str, words: list[str]
) -> None:
    found = outline(flags + pattern)
    if found is None:
        return
    data = (text + "".join(words)).encode()
    for start in range(len(data)):
        match = re.compile((flags + pattern).encode()).match(data, start)
        if match and match.group():
            assert holds(found.expressions, data, start, found.width, match.end())


def test_every_match_of_the_examples_of_each_rule_holds_a_match_of_its_outline() -> None:
    assert [rule.id for rule in RULES if not _is_outlined(rule)] == []


def _is_outlined(rule: Rule) -> bool:
    found = outline(rule.regex)
    return found is not None and all(
        holds(found.expressions, data, match.start(), found.width, match.end())
        for data in (expand(text, 0).encode() for text in rule.examples)
        for match in regex.finditer(rule.regex.encode(), data)
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("acme_[a-z]{4,99}", rb"\x61\x63\x6d\x65\x5f[\x61-\x7a]{4}"),
        ("acme(?:_[a-z]{1,9})?$", rb"\x61\x63\x6d\x65"),
        (r"(?<![a-z])acme\b(?=_)", rb"\x61\x63\x6d\x65"),
        ("(?i)[^a-z]x", rb"[\x00-\x40\x5b-\x60\x7b-\xff][\x58\x78]"),
        ("clé_[a-z]{4,99}", rb"\x63\x6c\xc3\xa9\x5f[\x61-\x7a]{4}"),
    ],
)
def test_assertions_and_ends_that_vary_are_left_out(pattern: str, expected: bytes) -> None:
    found = outline(pattern)
    assert found is not None
    assert found.expressions == (expected,)


def test_a_value_is_cut_to_what_tells_enough() -> None:
    found = outline("acme_[a-z]{4096}")
    assert found is not None
    assert found.width == len("acme_") + 20


def test_each_name_has_an_outline_and_common_words_behind_it_start_nothing() -> None:
    found = outline("(?i:acme|initech)[^=]{0,9}secret[=]([a-f]{8})")
    assert found is not None
    assert [e.count(rb"[\x53\x73][\x45\x65][\x43\x63]") for e in found.expressions] == [0, 0]
    assert len(found.expressions) == 2


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("ab[cd]_x{8}", ["abc_", "abd_"]),
        ("ab(?:cd|e)?_x{8}", ["ab_", "abcd_", "abe_"]),
        ("xy[0-9a-f]{9}", [f"xy{digit}" for digit in "0123456789abcdef"]),
        ("acme[-_]?(?:key|id)=x", ["acmekey", "acmeid", "acme-", "acme_"]),
        ("acme[-_.:= ]x{8}", ["acme"]),
        ("initech[-_]?key=x", ["initech"]),
    ],
)
def test_a_short_word_is_spelled_out_with_the_few_things_that_may_follow_it(
    pattern: str, expected: list[str]
) -> None:
    found = outline(pattern)
    assert found is not None
    begun = sorted(literal(expression).decode() for expression in found.expressions)
    assert len(begun) == len(expected)
    assert all(map(str.startswith, begun, sorted(expected)))


@pytest.mark.parametrize(("name", "expected"), [("initech", False), ("acme", True)])
def test_behind_a_longer_name_no_rare_word_starts_anything(name: str, expected: bool) -> None:
    found = outline(name + "[^=]{0,9}registry=[0-9]{8}")
    assert found is not None
    assert (b"registry" in literal(found.expressions[0])) is expected


def test_behind_many_words_nothing_is_counted_that_ends_by_itself() -> None:
    pattern = MANY_WORDS + "[a-z_]{0,9}[^0-9A-Za-z]{1,9}([0-9 ]{0,9};.{0,9};[0-9]{1,3};[0-9]{8,99})"
    found = outline(pattern)
    assert found is not None
    [expression] = found.expressions
    assert expression.endswith(
        rb"[\x5f\x61-\x7a]{0,}[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\xff]{1,}[\x20\x30-\x39]{0,9}\x3b"
        rb"[\x00-\xff]{0,9}\x3b[\x30-\x39]{1,3}\x3b[\x30-\x39]{8}"
    )
    assert found.width == len("private") + 9 + 9 + 9 + 1 + 9 + 1 + 3 + 1 + 8


def test_behind_many_words_further_ones_of_many_may_be_any_of_their_letters() -> None:
    found = outline(MANY_WORDS + "=(?:(?:aa|ab|ac|ba|bb|bc|ca|cb|cc|abcd) ){0,2}[0-9]{8}")
    assert found is not None
    [expression] = found.expressions
    assert expression.endswith(rb"\x3d(?:[\x61-\x64]{2,}\x20){0,2}[\x30-\x39]{8}")
    assert found.width == len("private=") + 2 * len("abcd ") + 8


def test_behind_many_words_one_of_many_that_must_stand_there_is_searched_for_as_it_is() -> None:
    found = outline(MANY_WORDS + "=(?:aa|ab|ac|ba|bb|bc|ca|cb|cc|abcd)[0-9]{8}")
    assert found is not None
    assert found.expressions[0].endswith(rb"|\x63\x63|\x61\x62\x63\x64)[\x30-\x39]{8}")


@pytest.mark.parametrize("begin", [SCHEMES, "[a-z]{1,6}"])
def test_what_begins_in_many_ways_is_searched_for_from_its_mark_on(begin: str) -> None:
    found = outline(begin + "://[a-z]{0,80}:[a-f]{3,9}@[a-z]")
    assert found is not None
    assert found.expressions == (rb"\x3a\x2f{2}[\x61-\x7a]{0,}\x3a[\x61-\x66]{3,}\x40[\x61-\x7a]",)
    assert found.width == 6 + len("://") + 80 + len(":") + 9 + len("@a")


@pytest.mark.parametrize("begin", ["https?", "[a-z]{1,9}acme"])
def test_a_name_before_a_mark_is_searched_for(begin: str) -> None:
    found = outline(begin + "://[a-z]{8}")
    assert found is not None
    assert not found.expressions[0].startswith(rb"\x3a")


def test_a_common_word_without_a_name_is_searched_for_as_it_is() -> None:
    found = outline("secret=[a-f]{8}")
    assert found is not None
    assert found.expressions[0].startswith(rb"\x73\x65\x63\x72\x65\x74")


@pytest.mark.parametrize(
    "pattern", [r"(a)\1", "(?x) a b", "[[:alpha:]]{4}", "a(?i)b", "x*", "(?:a|$)", r"\p{L}a"]
)
def test_patterns_without_a_known_outline_have_none(pattern: str) -> None:
    assert outline(pattern) is None
