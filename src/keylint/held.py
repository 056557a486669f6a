"""What objects held when they were scanned, without any of it: where it is, and which values are the same.

The objects themselves give the values back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from keylint.engine.hit import Hit
from keylint.engine.places import PLACE_SIZE, knows, value_at
from keylint.records import dataclass, field
from keylint.rulelist import RuleList

if TYPE_CHECKING:
    from keylint.engine import Engine

Version = tuple[bytes, bytes]  # of a file: id of the blob, and path


class Found(NamedTuple):
    """Where one object has its hits, as `Engine.places` tells it, and which is the first of each value."""

    places: tuple[int, ...]
    values: tuple[int, ...]


class Held(NamedTuple):
    """As `Found`, with a number for each value. The same number stands for the same value in all objects."""

    places: tuple[int, ...]
    values: tuple[int, ...]
    numbers: tuple[int, ...]


@dataclass
class Known:
    """What earlier scans by the same rules found in objects.

    `load_clean` gives the ids of those that hold nothing: they may be many, and are read when needed.
    """

    held: Mapping[bytes, Held] = field(default_factory=dict)
    load_clean: Callable[[], Collection[bytes]] = frozenset


def found_in(engine: Engine, hits: Sequence[Hit], values: Iterable[bytes]) -> Found | None:
    """Where all hits in an object are, and of its values that count. None if one is not of a hit."""
    first = {hit.value: number for number, hit in reversed(list(enumerate(hits)))}
    try:
        return Found(engine.places(hits), tuple(first[value] for value in values))
    except KeyError:
        return None


def numbered(
    found: Mapping[bytes, Found], held: Mapping[bytes, Held], values: Mapping[bytes, Sequence[bytes]]
) -> tuple[dict[bytes, Held], dict[bytes, int]]:
    """What is to be known of objects next time, of what was found now and what they `held` before.

    `values` are those of each object, in the same order. Gives the numbers of all of them, too.
    """
    numbers: dict[bytes, int] = {}
    told = {
        name: Held(
            where.places,
            where.values,
            tuple(numbers.setdefault(value, len(numbers)) for value in values[name]),
        )
        for name, where in chain[tuple[bytes, Found | Held]](found.items(), held.items())
    }
    return told, numbers


def values_of(
    held: Mapping[bytes, Held], rules: RuleList, read: Callable[[Sequence[bytes]], Iterable[bytes | None]]
) -> dict[bytes, tuple[bytes, ...]]:
    """The values of objects, without those that cannot be had. As few objects as may be are read for it.

    `read` gives the bytes of some objects, None for those that cannot be read.
    """
    held = {name: one for name, one in held.items() if knows(rules, one.places)}
    values: dict[int, bytes] = {}
    tried: set[bytes] = set()
    lost: set[bytes] = set()
    while chosen := _cover(held, tried, values):
        tried.update(chosen)
        for name, data in zip(chosen, read(chosen), strict=True):
            if data is None:
                lost.add(name)
            else:
                one = held[name]
                for number, at in zip(one.numbers, one.values, strict=True):
                    values[number] = value_at(rules, one.places[PLACE_SIZE * at :][:PLACE_SIZE], data)
    return {
        name: tuple(values[number] for number in one.numbers)
        for name, one in held.items()
        if name not in lost and values.keys() >= set(one.numbers)
    }


def _cover(held: Mapping[bytes, Held], tried: Collection[bytes], known: Collection[int]) -> list[bytes]:
    """Objects that have all values which are not known, of those that were not tried."""
    left = {number for one in held.values() for number in one.numbers}.difference(known)
    chosen = []
    for name, one in sorted(held.items(), key=lambda item: -len(item[1].numbers)):
        if name not in tried and not left.isdisjoint(one.numbers):
            left.difference_update(one.numbers)
            chosen.append(name)
    return chosen
