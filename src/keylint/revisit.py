"""Look again at blobs that hold a key, in the workers that have scanned a history.

What these confirmed then, they still know: a second look costs half of the first, and all work at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import NamedTuple

from keylint.examine import Examiner
from keylint.model import Origin, Skipped, Surface
from keylint.secret import Match
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.gitrepo import GitRepo
from keylint.workers import Crew

EVERY_SIZE = 1 << 40  # bytes: blobs that were scanned once are read again whatever their size
_ROUND = 256  # blobs asked for at once: all their matches are in memory
_PATIENCE_S = 120.0  # for a round, and so much more for each blob in it
_PATIENCE_EACH_S = 5.0


class Visit(NamedTuple):
    """One blob, the path to examine it under, and the values that are of interest there."""

    blob: bytes
    path: str
    values: set[bytes]


class Seen(NamedTuple):
    """What a visit found, and what could not be read or was cut short."""

    matches: list[Match]
    skipped: tuple[Skipped, ...] = ()


_Request = tuple[bytes, str, set[bytes]]  # a visit as `marshal` carries it


def answer(repo: GitRepo, examiner: Examiner, request: list[_Request]) -> bytes:
    """What a worker says about visits: a `Seen` for each, packed."""
    from keylint.carry import pack  # only where there is a find, as in `_round`

    with ObjectReader(repo, max_bytes=EVERY_SIZE) as reader:
        return pack([_look(reader, examiner, Visit(*visit)) for visit in request])


def _look(reader: ObjectReader, examiner: Examiner, visit: Visit) -> Seen:
    item = reader.blob(visit.blob.decode(), Origin(Surface.HISTORY, visit.path))
    if isinstance(item, Skipped):
        return Seen([], (item,))
    examined = examiner.examine(item, visit.values)
    return Seen(list(examined.matches), examined.skipped)


def revisit(crew: Crew, visits: Sequence[Visit], kin: Callable[[bytes], int]) -> Iterator[Seen | None]:
    """The answers to all visits, in order; None where no worker is left to give one."""
    for first in range(0, len(visits), _ROUND):
        visited = visits[first : first + _ROUND]
        yield from _round(crew, visited, kin) if crew.size else repeat(None, len(visited))


def _round(crew: Crew, visits: Sequence[Visit], kin: Callable[[bytes], int]) -> list[Seen | None]:
    from keylint.carry import unpack

    shares = _shared(visits, crew.size, kin)
    requests = [[tuple(visits[number]) for number in share] for share in shares]
    found: list[Seen | None] = [None] * len(visits)
    limit_s = _PATIENCE_S + _PATIENCE_EACH_S * len(visits)
    for share, outcome in zip(shares, crew.ask(requests, limit_s=limit_s), strict=True):
        if outcome.result is not None:
            for number, seen in zip(share, unpack(outcome.result), strict=True):
                found[number] = seen
    return found


def _shared(visits: Sequence[Visit], number: int, kin: Callable[[bytes], int]) -> list[list[int]]:
    """The numbers of the visits for each worker: the one that may know the file, unless it has its share."""
    shares: list[list[int]] = [[] for _ in range(number)]
    most = -(-len(visits) // number)
    for index in sorted(range(len(visits)), key=lambda n: kin(visits[n].blob)):
        own = shares[kin(visits[index].blob) % number]
        (own if len(own) < most else min(shares, key=len)).append(index)
    return shares
