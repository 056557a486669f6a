"""What the prefilter searches for instead of a rule's pattern: wider, shorter, and quick to reject.

Every match of a pattern begins with a match of one of its outlines, or holds one near its beginning, so
nothing is missed; what an outline finds too much, the pattern itself refuses afterwards. Outlines are what
Hyperscan is good at (https://intel.github.io/hyperscan/dev-reference/performance.html): no assertions, no
ends that vary (each of them would be an event), and a start that is rare. A pattern of the form "name ...
secret ... value" would have it look for the longest word, which stands on every line of some files, so in
what follows a name the common words are blurred: each letter becomes a few letters, and no literal to start
from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

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

# Hyperscan unrolls bounded repeats: a longer outline ends here.
WIDE = 1024  # bytes
_MIN_BYTES = 6  # that an outline must have at least where it had to be cut
_TAIL = 20  # bytes of a value that tell enough behind a name
_LONG_TAIL = 80  # and behind common words
_COUNTED = 3  # a repetition that varies by fewer bytes is left as it is
_MIN_NAME = 3  # letters
_MIN_MARK = 3  # characters
_MAX_NAMES = 8  # that get an outline of their own
# fmt: off
_COMMON = frozenset((
    "access", "account", "api", "apikey", "app", "auth", "bearer", "certificate", "client", "consumer",
    "data", "id", "key", "keys", "login", "pass", "passwd", "password", "pat", "private", "public", "pwd",
    "secret", "secrets", "seed", "server", "service", "str", "string", "token", "user", "value",
))
# fmt: on

_ALL = (1 << 256) - 1
_LOWER = sum(1 << code for code in range(0x61, 0x7B))
_UPPER = _LOWER >> 32
_DIGITS = sum(1 << code for code in range(0x30, 0x3A))
_ALPHANUMERIC = _LOWER | _UPPER | _DIGITS
_WORD = _ALPHANUMERIC | 1 << 0x5F
_SPACE = sum(1 << code for code in b"\t\n\v\f\r ")
_CATEGORIES = {
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_NOT_DIGIT": _ALL ^ _DIGITS,
    "CATEGORY_WORD": _WORD,
    "CATEGORY_NOT_WORD": _ALL ^ _WORD,
    "CATEGORY_SPACE": _SPACE,
    "CATEGORY_NOT_SPACE": _ALL ^ _SPACE,
}
_IGNORECASE = 2  # as in `re`
_NOTHING = ("AT", "ASSERT", "ASSERT_NOT")


class Chars(NamedTuple):
    """`low` to `high` bytes, each one of `mask` (bit n: byte n)."""

    mask: int
    low: int
    high: int


class Loop(NamedTuple):
    """`low` to `high` times all of `body`."""

    body: tuple[Item, ...]
    low: int
    high: int


class Choice(NamedTuple):
    """One of the branches."""

    branches: tuple[tuple[Item, ...], ...]


Item: TypeAlias = "Chars | Loop | Choice"
_Items = tuple[Item, ...]


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
    paths = [_short(*_blurred(path)) for path in _by_name(items)]
    if any(_width(path)[0] < 1 for path in paths):
        return None
    expressions = tuple(_written(_opened(path)).encode("ascii") for path in paths)
    return Outline(expressions, max(_width(path)[1] for path in paths))


# ---- reading


def _read(pattern: str) -> _Items:
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
        yield Choice(tuple(tuple(_sequence(branch, caseless=caseless)) for branch in value[1]))
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
        return _ALL
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
    mask = _in_both_cases(mask) if caseless else mask
    return _ALL ^ mask if negated else mask


def _bit(code: int) -> int:
    if code > 0xFF:
        raise _UnknownError
    return 1 << code


def _in_both_cases(mask: int) -> int:
    return mask | (mask & _LOWER) >> 32 | (mask & _UPPER) << 32


# ---- names and common words


def _by_name(items: _Items) -> list[_Items]:
    """A path for each of the names that a pattern may begin with, so that each has a start of its own."""
    for at, item in enumerate(items):
        if isinstance(item, Choice):
            before, after = items[:at], items[at + 1 :]
            if not _are_names(before, item):
                break
            return [before + name + after for branch in item.branches for name in _by_name(branch)]
        if item.high > item.low:
            break
    return [items]


def _are_names(before: _Items, choice: Choice) -> bool:
    """Whether a word that can be searched for ends in each branch, and it is worth while to split them."""
    if len(choice.branches) > _MAX_NAMES or all(_word(branch) in _COMMON for branch in choice.branches):
        return False
    return all(any(len(word) >= _MIN_NAME for word, _, _ in _words(before + b)) for b in choice.branches)


def _blurred(items: _Items) -> tuple[_Items, int]:
    """The common words behind the first name blurred, and how much of a value is to be searched for."""
    for word, _, end in _words(items):
        if len(word) >= _MIN_NAME and word.strip("_") not in _COMMON:
            return items[:end] + _blur(items[end:]), _TAIL
    return items, _LONG_TAIL


def _blur(items: _Items) -> _Items:
    out = list(items)
    for word, start, end in _words(items, plain=True):
        if word in _COMMON:
            out[start:end] = [Chars(_neighbours(item.mask), 1, 1) for item in items[start:end]]  # type: ignore[union-attr]
    for at, item in enumerate(out):
        if isinstance(item, Choice):
            out[at] = Choice(tuple(_blur(branch) for branch in item.branches))
        elif isinstance(item, Loop):
            out[at] = item._replace(body=_blur(item.body))
    return tuple(out)


def _neighbours(mask: int) -> int:
    return mask | _in_both_cases((mask << 1 | mask >> 1) & (_WORD ^ 1 << 0x5F))


def _words(items: Sequence[Item], *, plain: bool = False) -> Iterator[tuple[str, int, int]]:
    """The literal words among items, in lower case, and where they are; `plain` ones have no underscore."""
    start, word = 0, ""
    for at, item in enumerate((*items, Choice(()))):
        letter = _letter(item)
        if letter and (letter.isalnum() or (letter == "_" and not plain)):
            start, word = (start, word + letter) if word else (at, letter)
            continue
        if word:
            yield word, start, at
        word = ""


def _word(items: _Items) -> str:
    return next((w for w, start, end in _words(items) if end - start == len(items)), "")


def _letter(item: Item) -> str:
    """The one character that an item stands for, in lower case, or ""."""
    if not isinstance(item, Chars) or (item.low, item.high) != (1, 1):
        return ""
    mask = item.mask & ~_UPPER | (item.mask & _UPPER) << 32
    return chr(mask.bit_length() - 1) if mask and not mask & (mask - 1) and mask < 1 << 128 else ""


# ---- what is behind many words


def _opened(items: _Items) -> _Items:
    """With repetitions that may go on, where a path begins with one of many words, which stand everywhere.

    To count is most of what Hyperscan has to do behind them, and hardly any more is found without. Behind
    rarer words it would be slower. Where a path begins in many ways and then comes to a mark such as `://`,
    it is searched for from there on.
    """
    mark = 0 if _character(items[0]) else _mark(items)
    if mark and not any(len(word) >= _MIN_NAME for word, _, _ in _words(items[:mark])):
        return _endless(items[mark:])
    first = items[0]
    if isinstance(first, Choice) and len(first.branches) > _MAX_NAMES and all(map(_word, first.branches)):
        return (first, *_endless(items[1:]))
    return items


def _mark(items: _Items) -> int:
    """Where the first characters stand that are in no word, enough of them in a row; 0 if there are none."""
    start = length = 0
    for at, item in enumerate(items):
        character = _character(item)
        if not character or character.isalnum() or character == "_":
            length = 0
            continue
        start = start if length else at
        length += _width((item,))[0]
        if length >= _MIN_MARK:
            return start
    return 0


def _character(item: Item) -> str:
    """The character of which an item is a fixed number, in lower case, or ""."""
    return _letter(item._replace(low=1, high=1)) if isinstance(item, Chars) and item.low == item.high else ""


def _endless(items: _Items) -> _Items:
    return tuple(map(_endless_item, items))


def _endless_item(item: Item) -> Item:
    if isinstance(item, Choice):
        return Choice(tuple(map(_endless, item.branches)))
    if isinstance(item, Loop):
        body = _endless(item.body)
        return item._replace(body=body if item.low else tuple(map(_lettered, body)))
    # Bytes of words, or bytes between words: of both together there would be no end.
    ends = not item.mask & _SPACE or not item.mask & _ALPHANUMERIC
    return item._replace(high=UNBOUNDED) if ends and item.high - item.low >= _COUNTED else item


def _lettered(item: Item) -> Item:
    """Any of their letters instead of one of many words: in what may be absent these tell nothing."""
    least = _width((item,))[0]
    if not isinstance(item, Choice) or len(item.branches) <= _MAX_NAMES or not least:
        return item
    return Chars(_union((item,)), least, UNBOUNDED)


def _union(items: Iterable[Item]) -> int:
    """All bytes that may stand in a match."""
    mask = 0
    for item in items:
        if isinstance(item, Chars):
            mask |= item.mask
        elif isinstance(item, Loop):
            mask |= _union(item.body)
        else:
            mask |= _union(chain.from_iterable(item.branches))
    return mask


# ---- shortening


def _short(items: _Items, tail: int) -> _Items:
    """With an end that does not vary, and not longer than it helps."""
    short = _fixed_end(_cut(_fixed_end(_joined(items)), tail))
    while _width(short)[1] > WIDE and len(short) > 1:
        fewer = _fixed_end(short[:-1])
        if _width(fewer)[0] < _MIN_BYTES:
            break
        short = fewer
    return short


def _joined(items: _Items) -> _Items:
    """Neighbours of the same bytes as one item."""
    out: list[Item] = []
    for item in items:
        last = out[-1] if out else None
        if isinstance(item, Chars) and isinstance(last, Chars) and item.mask == last.mask:
            out[-1] = Chars(item.mask, last.low + item.low, min(UNBOUNDED, last.high + item.high))
        else:
            out.append(item)
    return tuple(out)


def _fixed_end(items: _Items) -> _Items:
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


def _cut(items: _Items, tail: int) -> _Items:
    """Without most of what follows the last literal or group: it is a value, and some of it tells enough."""
    last = max((i for i, x in enumerate(items) if not isinstance(x, Chars) or _letter(x)), default=-1)
    seen = 0
    for at in range(last + 1, len(items)):
        item = items[at]
        assert isinstance(item, Chars)
        if seen + item.low >= tail:
            return (*items[:at], Chars(item.mask, tail - seen, tail - seen))
        seen += item.low
    return items


def _width(items: Iterable[Item]) -> tuple[int, int]:
    """The shortest and the longest match, in bytes."""
    low = high = 0
    for item in items:
        if isinstance(item, Choice):
            widths = [_width(branch) for branch in item.branches]
            least, most = min(w for w, _ in widths), max(w for _, w in widths)
        elif isinstance(item, Loop):
            least, most = _width(item.body)
            least, most = least * item.low, most * item.high
        else:
            least, most = item.low, item.high
        low, high = low + least, min(UNBOUNDED, high + most)
    return low, high


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
