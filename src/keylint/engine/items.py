"""What a pattern is made of, as far as its outline is concerned: bytes, repetitions and choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

from keylint.engine.patterns import UNBOUNDED

ALL = (1 << 256) - 1
LOWER = sum(1 << code for code in range(0x61, 0x7B))
UPPER = LOWER >> 32  # a letter's bit is 32 places lower than that of its lower case
DIGITS = sum(1 << code for code in range(0x30, 0x3A))
ALPHANUMERIC = LOWER | UPPER | DIGITS
WORD = ALPHANUMERIC | 1 << 0x5F
SPACE = sum(1 << code for code in b"\t\n\v\f\r ")


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
Items = tuple[Item, ...]


def find_words(items: Sequence[Item], *, plain: bool = False) -> Iterator[tuple[str, int, int]]:
    """The literal words among items, in lower case, and where they are; `plain` ones have no underscore."""
    start, word = 0, ""
    for at, item in enumerate((*items, Choice(()))):
        found = letter(item)
        if found and (found.isalnum() or (found == "_" and not plain)):
            start, word = (start, word + found) if word else (at, found)
            continue
        if word:
            yield word, start, at
        word = ""


def letter(item: Item) -> str:
    """The one character that an item stands for, in lower case, or ""."""
    if not isinstance(item, Chars) or (item.low, item.high) != (1, 1):
        return ""
    mask = item.mask & ~UPPER | (item.mask & UPPER) << 32
    return chr(mask.bit_length() - 1) if mask and not mask & (mask - 1) and mask < 1 << 128 else ""


def in_both_cases(mask: int) -> int:
    """A mask with the other case of each letter in it, too."""
    return mask | (mask & LOWER) >> 32 | (mask & UPPER) << 32


def width(items: Iterable[Item]) -> tuple[int, int]:
    """The shortest and the longest match, in bytes."""
    low = high = 0
    for item in items:
        if isinstance(item, Choice):
            widths = [width(branch) for branch in item.branches]
            least, most = min(w for w, _ in widths), max(w for _, w in widths)
        elif isinstance(item, Loop):
            least, most = width(item.body)
            least, most = least * item.low, most * item.high
        else:
            least, most = item.low, item.high
        low, high = low + least, min(UNBOUNDED, high + most)
    return low, high


def union(items: Iterable[Item]) -> int:
    """All bytes that may stand in a match."""
    mask = 0
    for item in items:
        if isinstance(item, Chars):
            mask |= item.mask
        elif isinstance(item, Loop):
            mask |= union(item.body)
        else:
            mask |= union(chain.from_iterable(item.branches))
    return mask
