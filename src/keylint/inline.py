"""Inline allow comments: `keylint:allow`, `keylint:allow=<rule-id>`, and gitleaks' `gitleaks:allow`.

Such a comment covers the keys on its line. On a line of over 500 characters (a minified bundle is one line)
it covers only the key beside it: the last one that ends within 100 characters before it, or, where there is
none, the one that begins within 40 characters after it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from keylint.latepattern import late
from keylint.textmap import Coding, length, line_edges

MAX_DIRECTIVES = 10_000  # per blob; those beyond allow nothing
LONG_LINE = 500  # characters
BESIDE = 100  # characters between the end of a key and the comment after it
_AHEAD = 40  # characters between the end of a comment and the key after it
_MAX_REASON = 200  # bytes

_OWN = b"keylint:allow"
_OTHER = b"gitleaks:allow"
_ALLOW = b":allow"
_DIRECTIVE = late(rb"(?<![\w-])(?:keylint:allow(=(?:\w+(?:[.-]\w+)*)?)?|(gitleaks:allow))(?!\w|-\w)")
_CLOSERS = late(rb"\*/|-->|--\}\}|#\}|%>|[\r\n]")


class Directive(NamedTuple):
    """One allow comment; offsets are bytes. `rule_id` is None where all rules are meant."""

    start: int
    end: int
    rule_id: str | None
    own: bool  # keylint's, not gitleaks'

    def names(self, rule_ids: tuple[str, ...]) -> bool:
        """Whether the directive is for one of these rules."""
        return self.rule_id is None or self.rule_id in rule_ids


class Span(NamedTuple):
    """A match and the secret in it, as byte offsets."""

    start: int
    secret_start: int
    secret_end: int


def has_directive(data: bytes | bytearray, start: int = 0, end: int | None = None) -> bool:
    """Whether keylint's own allow comments occur at all: the cheap question for files without keys.

    `start` and `end` are byte offsets that limit it to a part.
    """
    return data.find(_OWN, start, end) >= 0


def find_directives(data: bytes, *, strict: bool) -> list[Directive]:
    """All directives, in order. With `strict` gitleaks' comments are not honoured."""
    found: list[Directive] = []
    done = 0
    at = data.find(_ALLOW)
    while at >= 0 and len(found) < MAX_DIRECTIVES:
        if directive := _directive(data, at, done):
            done = directive.end
            if directive.own or not strict:
                found.append(directive)
        at = data.find(_ALLOW, at + 1)
    return found


def _directive(data: bytes, at: int, low: int) -> Directive | None:
    """The directive whose `:allow` is at this offset, if it begins at `low` or after it."""
    for name in (_OWN, _OTHER):
        start = at + len(_ALLOW) - len(name)
        if start >= low and (match := _DIRECTIVE.match(data, start)):
            rule_id, other = match.groups()
            told = rule_id[1:].decode("utf-8", "replace") if rule_id is not None else None
            return Directive(start, match.end(), told, not other)
    return None


def reason_span(data: bytes, directive: Directive) -> tuple[int, int]:
    """Where the free text after a directive stands: to the end of comment or line, 200 bytes at most."""
    limit = min(len(data), directive.end + _MAX_REASON)
    closer = _CLOSERS.search(data, directive.end, limit)
    return directive.end, closer.start() if closer else limit


class Coverage:
    """Which directives cover which matches of one piece of text."""

    def __init__(
        self, data: bytes, coding: Coding, directives: Sequence[Directive], spans: Sequence[Span]
    ) -> None:
        self._data = data
        self._coding = coding
        self._directives = directives
        self._starts = [directive.start for directive in directives]
        self._secret_starts = sorted(span.secret_start for span in spans)
        self._secret_ends = sorted(span.secret_end for span in spans)

    def of(self, span: Span, rule_ids: tuple[str, ...]) -> list[Directive]:
        """The directives that allow a match; `rule_ids` are the names that it goes by."""
        if not self._directives:
            return []
        low, high, whole = line_edges(self._data, span.secret_start, span.secret_end, 4 * LONG_LINE)
        long = not whole or self._line_length(span, low, high) > LONG_LINE
        first, last = bisect_left(self._starts, low), bisect_right(self._starts, high)
        return [
            directive
            for directive in self._directives[first:last]
            if directive.names(rule_ids)
            and not (directive.start < span.secret_end and span.secret_start < directive.end)
            and (not long or self._beside(directive, span))
        ]

    def _line_length(self, span: Span, low: int, high: int) -> int:
        """Characters of the line; of a secret over several lines only what stands around it."""
        secret = self._data[span.secret_start : span.secret_end]
        outside = self._length(low, span.secret_start) + self._length(span.secret_end, high)
        return outside if b"\n" in secret or b"\r" in secret else outside + length(self._coding, secret)

    def _beside(self, directive: Directive, span: Span) -> bool:
        if directive.start >= span.secret_end:
            return self._near(span.secret_end, directive.start, BESIDE) and not self._begins(
                span.secret_end, directive.start
            )
        end = self._comment_end(directive, span.start)
        return (
            self._near(end, span.start, _AHEAD)
            and not self._begins(directive.end, span.secret_start)
            and not self._ends_close_before(directive)
        )

    def _comment_end(self, directive: Directive, limit: int) -> int:
        closer = _CLOSERS.search(self._data, directive.end, min(limit, directive.end + _MAX_REASON))
        return closer.end() if closer else directive.end

    def _near(self, start: int, end: int, distance: int) -> bool:
        return start <= end <= start + 4 * distance and self._length(start, end) <= distance

    def _begins(self, start: int, end: int) -> bool:
        """Whether another secret begins between two offsets."""
        return bisect_left(self._secret_starts, start) < bisect_left(self._secret_starts, end)

    def _ends_close_before(self, directive: Directive) -> bool:
        before = bisect_right(self._secret_ends, directive.start) - 1
        return before >= 0 and self._near(self._secret_ends[before], directive.start, BESIDE)

    def _length(self, start: int, end: int) -> int:
        return length(self._coding, self._data[start:end])
