"""What the prefilter searches for instead of a rule's pattern: wider, shorter, and quick to reject.

Every match of a pattern begins with a match of one of its outlines, or holds one near its beginning, so
nothing is missed; what an outline finds too much, the pattern itself refuses afterwards. Outlines are what
Hyperscan is good at (https://intel.github.io/hyperscan/dev-reference/performance.html): no assertions, no
ends that vary (each of them would be an event), and a start that is rare (`keylint.engine.starts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from keylint.engine.items import (
    ALL,
    DIGITS,
    SPACE,
    WORD,
    Chars,
    Choice,
    Item,
    Items,
    Loop,
    in_both_cases,
    letter,
    width,
)
from keylint.engine.patterns import (
    MAXREPEAT,
    REPEATS,
    UNBOUNDED,
    has_posix_class,
    is_flags,
    is_verbose,
    parsed,
    tokens,
)
from keylint.engine.starts import blurred, opened, starts

# Hyperscan unrolls bounded repeats: a longer outline ends here.
WIDE = 1024  # bytes
_MIN_BYTES = 6  # that an outline must have at least where it had to be cut

_CATEGORIES = {
    "CATEGORY_DIGIT": DIGITS,
    "CATEGORY_NOT_DIGIT": ALL ^ DIGITS,
    "CATEGORY_WORD": WORD,
    "CATEGORY_NOT_WORD": ALL ^ WORD,
    "CATEGORY_SPACE": SPACE,
    "CATEGORY_NOT_SPACE": ALL ^ SPACE,
}
_IGNORECASE = 2  # as in `re`
_NOTHING = ("AT", "ASSERT", "ASSERT_NOT")


class Outline(NamedTuple):
    """Expressions for Hyperscan.

    Within so many bytes (`width`) of the start of each match of the pattern ends a match of one of them.
    """

    expressions: tuple[bytes, ...]
    width: int


class _UnknownError(Exception):
    """The pattern has something whose outline is not known."""


@lru_cache(maxsize=4096)
def outline(pattern: str) -> Outline | None:
    """The outline of a pattern, or None where there is none and the pattern itself must be searched for."""
    try:
        items = _read(pattern)
    except _UnknownError:
        return None
    paths = [_short(*blurred(path)) for path in starts(items)]
    if any(width(path)[0] < 1 for path in paths):
        return None
    expressions = tuple(_written(opened(path)).encode("ascii") for path in paths)
    return Outline(expressions, max(width(path)[1] for path in paths))


# ---- reading


def _read(pattern: str) -> Items:
    parts = tokens(pattern)
    caseless = parts[:1] == ["(?i)"]
    if is_verbose(parts) or any(map(is_flags, parts[caseless:])) or any(map(has_posix_class, parts)):
        raise _UnknownError
    tree = parsed(parts)
    if tree is None:
        raise _UnknownError
    return tuple(_sequence(tree, caseless=caseless))


def _sequence(tree: Iterable[tuple[Any, Any]], *, caseless: bool) -> Iterator[Item]:
    for operator, value in tree:
        yield from _item(str(operator), value, caseless=caseless)


def _item(op: str, value: Any, *, caseless: bool) -> Iterator[Item]:
    if op in _NOTHING:
        return
    if op == "SUBPATTERN":
        _, added, removed, body = value
        caseless = bool(caseless or added & _IGNORECASE) and not removed & _IGNORECASE
        yield from _sequence(body, caseless=caseless)
    elif op == "ATOMIC_GROUP":
        yield from _sequence(value, caseless=caseless)
    elif op == "BRANCH":
        branches = tuple(tuple(_sequence(branch, caseless=caseless)) for branch in value[1])
        if any(branches):
            yield Choice(branches)
    elif op in REPEATS:
        yield from _repeat(*value, caseless=caseless)
    else:
        yield Chars(_mask(op, value, caseless=caseless), 1, 1)


def _repeat(low: int, high: Any, body: Any, *, caseless: bool) -> Iterator[Item]:
    items = tuple(_sequence(body, caseless=caseless))
    times = UNBOUNDED if high is MAXREPEAT else int(high)
    if len(items) == 1 and isinstance(items[0], Chars) and items[0][1:] == (1, 1):
        yield Chars(items[0].mask, low, times)
    elif items:
        yield Loop(items, low, times)


def _mask(op: str, value: Any, *, caseless: bool) -> int:
    if op == "ANY":
        return ALL
    if op not in ("LITERAL", "NOT_LITERAL", "IN"):
        raise _UnknownError
    mask, negated = 0, op == "NOT_LITERAL"
    for inner, content in value if op == "IN" else ((op, value),):
        kind = str(inner)
        if kind == "NEGATE":
            negated = True
        elif kind == "RANGE":
            mask |= sum(_bit(code) for code in range(content[0], content[1] + 1))
        elif kind == "CATEGORY":
            mask |= _CATEGORIES[str(content)]
        else:
            mask |= _bit(content)
    mask = in_both_cases(mask) if caseless else mask
    return ALL ^ mask if negated else mask


def _bit(code: int) -> int:
    if code > 0xFF:
        raise _UnknownError
    return 1 << code


# ---- shortening


def _short(items: Items, tail: int) -> Items:
    """With an end that does not vary, and not longer than it helps."""
    short = _fixed_end(_cut(_fixed_end(_joined(items)), tail))
    while width(short)[1] > WIDE and len(short) > 1:
        fewer = _fixed_end(short[:-1])
        if width(fewer)[0] < _MIN_BYTES:
            break
        short = fewer
    return short


def _joined(items: Items) -> Items:
    """Neighbours of the same bytes as one item."""
    out: list[Item] = []
    for item in items:
        last = out[-1] if out else None
        if isinstance(item, Chars) and isinstance(last, Chars) and item.mask == last.mask:
            out[-1] = Chars(item.mask, last.low + item.low, min(UNBOUNDED, last.high + item.high))
        else:
            out.append(item)
    return tuple(out)


def _fixed_end(items: Items) -> Items:
    """Up to the first place where a match may end."""
    out = list(items)
    while out:
        last = out[-1]
        if isinstance(last, Choice):
            branches = tuple(_fixed_end(branch) for branch in last.branches)
            if all(branches):
                out[-1] = Choice(branches)
                break
        elif isinstance(last, Loop) and last.low == 1:
            if body := _fixed_end(last.body):
                out[-1:] = body
                break
        elif last.low:
            out[-1] = last._replace(high=last.low)
            break
        out.pop()
    return tuple(out)


def _cut(items: Items, tail: int) -> Items:
    """Without most of what follows the last literal or group: it is a value, and some of it tells enough."""
    last = max((i for i, x in enumerate(items) if not isinstance(x, Chars) or letter(x)), default=-1)
    seen = 0
    for at in range(last + 1, len(items)):
        item = items[at]
        assert isinstance(item, Chars)
        if seen + item.low >= tail:
            return (*items[:at], Chars(item.mask, tail - seen, tail - seen))
        seen += item.low
    return items


# ---- writing


def _written(items: Iterable[Item]) -> str:
    return "".join(map(_written_item, items))


def _written_item(item: Item) -> str:
    if isinstance(item, Choice):
        return "(?:" + "|".join(map(_written, item.branches)) + ")"
    body = f"(?:{_written(item.body)})" if isinstance(item, Loop) else _class(item.mask)
    if (item.low, item.high) == (1, 1):
        return body
    if item.high >= UNBOUNDED:
        return f"{body}{{{item.low},}}"
    return f"{body}{{{item.low}}}" if item.low == item.high else f"{body}{{{item.low},{item.high}}}"


def _class(mask: int) -> str:
    codes = [code for code in range(256) if mask >> code & 1]
    if len(codes) == 1:
        return f"\\x{codes[0]:02x}"
    if not codes:
        return "[^\\x00-\\xff]"
    runs: list[list[int]] = []
    for code in codes:
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "[" + "".join(f"\\x{a:02x}" if a == b else f"\\x{a:02x}-\\x{b:02x}" for a, b in runs) + "]"
