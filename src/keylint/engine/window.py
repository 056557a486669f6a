"""How far around a prefilter hit a rule's match can reach, from the pattern alone.

A match of a pattern whose longest match is W bytes and that ends at e starts at e - W or later. That bound
lets the engine confirm a hit in a window instead of searching the whole blob.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from keylint.engine.lines import ANY_NUMBER, breaks_in
from keylint.engine.patterns import MAXREPEAT, REPEATS, UNBOUNDED, is_verbose, parsed, tokens

# How many bytes two pieces of a stream must share for patterns without a bound.
STREAM_OVERLAP = 1 << 16


class Widths(NamedTuple):
    """The longest match, and how far assertions look behind and ahead of it, in bytes."""

    longest: int
    behind: int
    ahead: int


class Plan(NamedTuple):
    """How to confirm one pattern.

    `back`: bytes from the end of a prefilter hit to the earliest start of a match; `reach`: the longest
    match; `behind` and `ahead`: what assertions need to see. `whole`: no bound is known, so a hit means a
    search of the whole blob. `breaks`: the most line breaks in a match, or ANY_NUMBER.
    """

    back: int
    reach: int
    behind: int
    ahead: int
    whole: bool
    breaks: int

    @property
    def span(self) -> int:
        """Bytes that two neighbouring pieces must share so that no match is lost between them."""
        return STREAM_OVERLAP if self.whole else max(self.back, self.reach) + self.behind + self.ahead + 2


@lru_cache(maxsize=4096)
def plan(pattern: str) -> Plan:
    """The plan of a rule's pattern."""
    from keylint.engine.outline import outline  # stored plans need none

    parts = tokens(pattern)
    widths = measure(parts)
    if widths is None or max(widths.longest, widths.behind, widths.ahead) >= UNBOUNDED:
        return Plan(0, UNBOUNDED, 0, 0, True, ANY_NUMBER)
    searched = outline(pattern)
    back = searched.width if searched else widths.longest
    return Plan(back, widths.longest, widths.behind, widths.ahead, False, breaks_in(parts))


def measure(parts: list[str]) -> Widths | None:
    """The widths of a pattern, or None where the parser of the standard library cannot read it."""
    tree = None if is_verbose(parts) else parsed(parts)
    if tree is None:
        return None
    walk = _Walk()
    longest = walk.sequence(tree)
    return Widths(min(longest, UNBOUNDED), walk.behind, walk.ahead)


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
        if op in REPEATS:
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
        return UNBOUNDED if high is MAXREPEAT else min(UNBOUNDED, width * int(high))

    def _assertion(self, direction: int, body: Any) -> int:
        width = self.sequence(body)
        if direction < 0:
            self.behind += width
        else:
            self.ahead += width
        return 0
