"""How far around a prefilter hit a rule's match can reach, from the pattern alone.

A match of a pattern whose longest match is W bytes and that ends at e starts at e - W or later. That bound
lets the engine confirm a hit in a window instead of searching the whole blob.
"""

from __future__ import annotations

import sys
import warnings
from functools import lru_cache
from typing import Any, NamedTuple

from keylint.engine.patterns import (
    for_sre,
    is_flags,
    is_opening,
    is_quantifier,
    is_verbose,
    tokens,
)

if sys.version_info >= (3, 11):
    from re import _parser as sre_parse
else:
    import sre_parse

UNBOUNDED = 1 << 40
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
# Hyperscan unrolls bounded repeats: above this width it gets only the pattern's opening.
WIDE = 1024
_MIN_OPENING = 6  # bytes that an opening must have at least to be worth searching for
# How many bytes two pieces of a stream must share for patterns without a bound.
STREAM_OVERLAP = 1 << 16


class Widths(NamedTuple):
    """Longest and shortest match, and how far assertions look behind and ahead of it, in bytes."""

    longest: int
    shortest: int
    behind: int
    ahead: int


class Plan(NamedTuple):
    """How to confirm one pattern.

    `back`: bytes from the end of a prefilter hit to the earliest start of a match; `reach`: the longest
    match; `behind` and `ahead`: what assertions need to see. `opening` is the part of the pattern that the
    prefilter searches. `whole`: no bound is known, so a hit means a search of the whole blob.
    """

    opening: str
    back: int
    reach: int
    behind: int
    ahead: int
    whole: bool

    @property
    def span(self) -> int:
        """Bytes that two neighbouring pieces must share so that no match is lost between them."""
        return STREAM_OVERLAP if self.whole else max(self.back, self.reach) + self.behind + self.ahead + 2


@lru_cache(maxsize=4096)
def plan(pattern: str) -> Plan:
    """The plan of a rule's pattern."""
    parts = tokens(pattern)
    widths = measure(parts)
    if widths is None or max(widths.longest, widths.behind, widths.ahead) >= UNBOUNDED:
        return Plan(pattern, 0, UNBOUNDED, 0, 0, True)
    opening, back = pattern, widths.longest
    if back > WIDE:
        opening, back = _opening(parts) or (pattern, back)
    return Plan(opening, back, widths.longest, widths.behind, widths.ahead, False)


def _opening(parts: list[str]) -> tuple[str, int] | None:
    """The longest leading part of a pattern that is at most WIDE bytes, and its width."""
    best = None
    for end in _boundaries(parts):
        widths = measure(parts[:end])
        if widths is None or widths.longest > WIDE:
            break
        if widths.shortest >= _MIN_OPENING:
            best = "".join(parts[:end]).encode("latin-1").decode(), widths.longest
    return best


def _boundaries(parts: list[str]) -> list[int]:
    """Where a pattern can be cut: after each item of the outermost sequence. None with a `|` out there."""
    ends, depth = [], 0
    for i, part in enumerate(parts):
        if depth == 0 and part == "|":
            return []
        depth += is_opening(part) - (part == ")")
        follows = parts[i + 1] if i + 1 < len(parts) else ""
        if depth == 0 and not is_flags(part) and not (follows and is_quantifier(follows)):
            ends.append(i + 1)
    return ends


def measure(parts: list[str]) -> Widths | None:
    """The widths of a pattern, or None where the parser of the standard library cannot read it."""
    if is_verbose(parts):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = sre_parse.parse(for_sre(parts))
    except Exception:  # noqa: BLE001  (sre raises several types; an unread pattern only costs time)
        return None
    walk = _Walk()
    longest = walk.sequence(tree)
    return Widths(min(longest, UNBOUNDED), tree.getwidth()[0], walk.behind, walk.ahead)


class _Walk:
    """Longest match of a parse tree. Assertions are added up, which is more than needed and never less."""

    def __init__(self) -> None:
        self.groups: dict[int, int] = {}
        self.behind = 0
        self.ahead = 0

    def sequence(self, items: Any) -> int:
        return sum(self.item(str(op), value) for op, value in items)

    def item(self, op: str, value: Any) -> int:
        if op in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "RANGE", "CATEGORY"):
            return 1
        if op in _REPEATS:
            return self._repeat(*value)
        if op == "SUBPATTERN":
            width = self.sequence(value[-1])
            self.groups[value[0]] = width
            return width
        if op == "BRANCH":
            return max(self.sequence(branch) for branch in value[1])
        if op == "AT":
            self.behind += 1
            self.ahead += 1
            return 0
        if op in ("ASSERT", "ASSERT_NOT"):
            return self._assertion(*value)
        if op == "ATOMIC_GROUP":
            return self.sequence(value)
        if op == "GROUPREF":
            return self.groups.get(value, UNBOUNDED)
        if op == "GROUPREF_EXISTS":
            return max(self.sequence(branch or ()) for branch in value[1:])
        return UNBOUNDED if op != "FAILURE" else 0

    def _repeat(self, _low: int, high: Any, body: Any) -> int:
        width = self.sequence(body)
        if not width:
            return 0
        return UNBOUNDED if high is sre_parse.MAXREPEAT else min(UNBOUNDED, width * int(high))

    def _assertion(self, direction: int, body: Any) -> int:
        width = self.sequence(body)
        if direction < 0:
            self.behind += width
        else:
            self.ahead += width
        return 0
