"""How many line breaks a match can hold, and so how far it may be from a place in the text.

Most keys and their names stand on one line. What is more than that line away cannot be part of the match:
windows become short, and are the same again in the next version of a file whatever changed around them. A
line break is a stretch of white space with a line feed in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keylint.engine.patterns import MAXREPEAT, REPEATS, has_posix_class, parsed

ANY_NUMBER = -1
_MOST = 3  # with more the windows would not be shorter
_WHITE = b" \t\n\v\f\r"
_FEED = 0x0A
_NOTHING = ("AT", "ASSERT", "ASSERT_NOT", "FAILURE")
_FEED_IN = frozenset(("CATEGORY_SPACE", "CATEGORY_NOT_DIGIT", "CATEGORY_NOT_WORD"))


def breaks_in(parts: list[str]) -> int:
    """The most line breaks that a match of a pattern (as tokens) touches, or ANY_NUMBER."""
    tree = None if any(map(has_posix_class, parts)) else parsed(parts)
    if tree is None:
        return ANY_NUMBER
    most = _sequence(tree)
    return most if most <= _MOST else ANY_NUMBER


def begin_of(data: bytes, low: int, end: int, breaks: int) -> int:
    """The first offset from `low` on at which a match with so many breaks can start that reaches to `end`."""
    if breaks == ANY_NUMBER:
        return low
    while True:
        feed = data.rfind(b"\n", low, end)
        if feed < 0:
            return low
        if not breaks:
            return feed + 1
        breaks -= 1
        end = low + len(data[low:feed].rstrip(_WHITE))


def end_of(data: bytes, start: int, high: int, breaks: int) -> int:
    """The offset up to `high` before which a match with so many breaks must end that starts at `start`."""
    if breaks == ANY_NUMBER:
        return high
    while True:
        feed = data.find(b"\n", start, high)
        if feed < 0:
            return high
        if not breaks:
            return feed
        breaks -= 1
        start = high - len(data[feed:high].lstrip(_WHITE))


def _sequence(items: Iterable[tuple[Any, Any]]) -> int:
    return sum(_item(str(op), value) for op, value in items)


def _item(op: str, value: Any) -> int:
    if op in _NOTHING:
        return 0
    if op in REPEATS:
        return _repeat(*value)
    if op == "SUBPATTERN":
        return _sequence(value[-1])
    if op == "ATOMIC_GROUP":
        return _sequence(value)
    if op == "BRANCH":
        return max(map(_sequence, value[1]))
    if op in ("LITERAL", "NOT_LITERAL", "IN"):
        return int(_holds_feed(op, value))
    return _MOST + 1 if op != "ANY" else 1  # a dot may mean any byte


def _repeat(_low: int, high: Any, body: Any) -> int:
    once = _sequence(body)
    if once == 0 or _is_white(body):
        return once
    return _MOST + 1 if high is MAXREPEAT else once * int(high)


def _is_white(body: Any) -> bool:
    """Whether a repetition is of single bytes of white space only: all of it is one stretch."""
    if len(body) != 1 or str(body[0][0]) != "IN":
        return False
    return all(
        (str(kind) == "LITERAL" and content in _WHITE) or str(content) == "CATEGORY_SPACE"
        for kind, content in body[0][1]
    )


def _holds_feed(op: str, value: Any) -> bool:
    """Whether a class of bytes, or a single one, can be a line feed."""
    if op != "IN":
        return (value == _FEED) is (op == "LITERAL")
    negated = found = False
    for kind, content in value:
        name = str(kind)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found |= content == _FEED
        elif name == "RANGE":
            found |= content[0] <= _FEED <= content[1]
        else:
            found |= name != "CATEGORY" or str(content) in _FEED_IN
    return found is not negated
