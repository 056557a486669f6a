"""Inline allow comments: their syntax, and which keys they cover."""

from __future__ import annotations

import re

import pytest

from keylint.inline import BESIDE, LONG_LINE, MAX_DIRECTIVES, Coverage, Span, find_directives, reason_span
from keylint.textmap import Coding

KEY = re.compile(rb"K\d+K")


def covered(text: str | bytes, *, strict: bool = False, names: tuple[str, ...] = ("rule-a",)) -> list[str]:
    """The keys (K1K, K2K, ...) of a text that its comments allow."""
    data = text if isinstance(text, bytes) else text.encode()
    keys = [(m[0].decode(), Span(m.start(), m.start(), m.end())) for m in KEY.finditer(data)]
    coverage = Coverage(data, Coding(), find_directives(data, strict=strict), [span for _, span in keys])
    return [name for name, span in keys if coverage.of(span, names)]


@pytest.mark.parametrize(
    ("text", "rule_id", "reason"),
    [
        ("# keylint:allow", None, ""),
        ("# keylint:allow public by design\r\nmore", None, " public by design"),
        ("// keylint:allow=rule-a: reason", "rule-a", ": reason"),
        ("<!-- keylint:allow=a.b-c--><p>", "a.b-c", ""),
        ("/* keylint:allow see wiki */ x", None, " see wiki "),
        ("{# keylint:allow x #}", None, " x "),
        ("keylint:allow= rule", "", " rule"),
    ],
)
def test_a_comment_may_name_a_rule_and_a_reason(text: str, rule_id: str | None, reason: str) -> None:
    data = text.encode()
    (directive,) = find_directives(data, strict=True)
    start, end = reason_span(data, directive)
    assert directive.rule_id == rule_id
    assert directive.own
    assert data[start:end].decode() == reason


@pytest.mark.parametrize("text", ["keylint:allowed", "my-keylint:allow", "keylint:allow-x", "keylint: allow"])
def test_other_words_are_no_comments(text: str) -> None:
    assert find_directives(text.encode(), strict=False) == []


def test_gitleaks_comments_count_unless_strict() -> None:
    assert covered("K1K # gitleaks:allow") == ["K1K"]
    assert covered("K1K # gitleaks:allow", strict=True) == []
    assert covered("K1K # gitleaks:allow keylint:allow", strict=True) == ["K1K"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_comment_covers_every_key_on_its_line_and_no_other(end: str) -> None:
    assert covered(end.join(["K1K", "K2K K3K # keylint:allow", "K4K"])) == ["K2K", "K3K"]


def test_a_comment_for_another_rule_covers_nothing() -> None:
    assert covered("K1K # keylint:allow=rule-b") == []
    assert covered("K1K # keylint:allow=rule-b", names=("refined", "rule-b")) == ["K1K"]
    assert covered("K1K # keylint:allow= rule-a") == [], "a name that is missing is not 'all rules'"


def test_a_secret_cannot_allow_itself() -> None:
    data = b"password = keylint:allow"
    coverage = Coverage(data, Coding(), find_directives(data, strict=True), [Span(0, 11, 24)])
    assert coverage.of(Span(0, 11, 24), ("rule-a",)) == []


def test_a_key_over_several_lines_is_covered_from_its_first_or_last_line() -> None:
    for text, expected in (
        ("# keylint:allow\n-BEGIN-\nxx\n-END-", 0),
        ("# keylint:allow -BEGIN-\nxx\n-END-", 1),
        ("-BEGIN-\n-END- # keylint:allow", 1),
    ):
        data = text.encode()
        start, end = data.find(b"-BEGIN-"), data.find(b"-END-") + 5
        span = Span(start, start, end)
        directives = find_directives(data, strict=True)
        assert len(Coverage(data, Coding(), directives, [span]).of(span, ())) == expected


PAD = "x" * LONG_LINE


def test_the_limit_of_long_lines_counts_characters() -> None:
    comment = " // keylint:allow"
    for char in ("x", "é", "😀"):
        fill = char * (LONG_LINE - len("K1K K2K") - len(comment))
        assert covered(f"K1K{fill} K2K{comment}") == ["K1K", "K2K"]
        assert covered(f"K1K{fill}{char} K2K{comment}") == ["K2K"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("K1K, K2K /* keylint:allow */, K3K", ["K2K"]),
        ("K1K; /* keylint:allow */ K2K", ["K1K"]),
        (f"K1K{'y' * BESIDE}/* keylint:allow */ k='K2K'", ["K2K"]),
        ("/* keylint:allow */ key: 'K1K', K2K", ["K1K"]),
        ("/* keylint:allow because it is public */K1K", ["K1K"]),
        (f"/* keylint:allow */{'y' * 41}K1K", []),
        (f"K1K{' ' * BESIDE}keylint:allow", ["K1K"]),
        (f"K1K{' ' * (BESIDE + 1)}keylint:allow", []),
        ("K1K /* keylint:allow */ x K2K /* keylint:allow */", ["K1K", "K2K"]),
    ],
)
def test_on_a_long_line_a_comment_covers_the_key_beside_it(line: str, expected: list[str]) -> None:
    assert covered(f"{PAD} {line} ; {PAD}") == expected


def test_a_flood_of_comments_is_bounded() -> None:
    data = b"keylint:allow\n" * (MAX_DIRECTIVES + 5)
    assert len(find_directives(data, strict=True)) == MAX_DIRECTIVES
