"""Where hits are in an object, as numbers: they tell nothing of the values, which the object gives back.

Needs no engine: a history that was scanned before is told by rules and places alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keylint.engine.canonical import normalize
from keylint.rulelist import RuleList

# Numbers for each: of the rule among those with a pattern, the offsets of match and secret, and marks of the
# judgement.
PLACE_SIZE = 6


def batched(places: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """One place after the other."""
    columns = [iter(places)] * PLACE_SIZE
    return zip(*columns, strict=True)


def knows(rules: RuleList, places: Sequence[int]) -> bool:
    """Whether places are of rules that there are here."""
    return max(places[::PLACE_SIZE], default=0) < len(rules.index.searched)


def value_at(rules: RuleList, place: Sequence[int], data: bytes) -> bytes:
    """The value of the hit that had this place in `data`."""
    number, _, _, start, end, _ = place
    return normalize(data[start:end], rules[rules.index.searched[number]].normalize)
