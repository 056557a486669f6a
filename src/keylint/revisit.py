"""Look again at blobs that hold a key, in the workers that have scanned a history.

What these found then, they still know, and all work at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import repeat
from typing import NamedTuple

from keylint.dispatch import Dispatcher
from keylint.engine.hit import ScanResult
from keylint.examine import Examiner
from keylint.model import Origin, Skipped, Surface
from keylint.secret import Match
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.gitrepo import GitRepo
from keylint.workers import Crew, nothing_else

EVERY_SIZE = 1 << 40  # bytes: blobs that were scanned once are read again whatever their size
_BLOCK = 8  # blobs that a worker is asked about at once
_SHARES = 4  # in which it gets its part of what is left: a question of its own for each costs more
_PATIENCE_S = 120.0  # for the answer


class Visit(NamedTuple):
    """One blob, the path to examine it under, and the values that are of interest there."""

    blob: bytes
    path: str
    values: set[bytes]


class Seen(NamedTuple):
    """What a visit found, and what could not be read or was cut short."""

    matches: list[Match]
    skipped: tuple[Skipped, ...] = ()


_Recall = Callable[[bytes, bytes, str], "ScanResult | None"]
_Request = list[tuple[bytes, str, set[bytes]]]  # visits as `marshal` carries them


@contextmanager
def answering(repo: GitRepo, examiner: Examiner, recall: _Recall) -> Iterator[Callable[[_Request], bytes]]:
    """What a worker says about visits: a `Seen` for each, packed.

    `recall` gives what a scan would find in a blob (id, content, path), where the worker still knows that.
    """
    from keylint.carry import pack  # only where there is a find, as in `revisit`

    with ObjectReader(repo, max_bytes=EVERY_SIZE) as reader:

        def answer(request: _Request) -> bytes:
            visits = [Visit(*visit) for visit in request]
            reader.announce([visit.blob.decode() for visit in visits])
            return pack([_look(reader, examiner, visit, recall) for visit in visits])

        yield answer


def _look(reader: ObjectReader, examiner: Examiner, visit: Visit, recall: _Recall) -> Seen:
    item = reader.blob(visit.blob.decode(), Origin(Surface.HISTORY, visit.path))
    if isinstance(item, Skipped):
        return Seen([], (item,))
    examined = examiner.examine(item, visit.values, recall(visit.blob, item.data, visit.path))
    return Seen(list(examined.matches), examined.skipped)


def revisit(
    crew: Crew,
    visits: Sequence[Visit],
    kin: Callable[[bytes], int],
    meanwhile: Callable[[], bool] = nothing_else,
) -> Iterator[Seen | None]:
    """The answers to all visits, in order; None where a worker was lost over it, or none is left to ask.

    `kin` of a blob's id is as for a `Dispatcher`: it says who is asked, if that worker has time. `meanwhile`
    is as for `Crew.ask`.
    """
    from keylint.carry import unpack

    dispatcher = Dispatcher[int](
        crew.size, lambda number: kin(visits[number].blob), block=_BLOCK, shares=_SHARES
    )
    dispatcher.add(range(len(visits)))
    dispatcher.end()
    asked = [deque[list[int]]() for _ in range(crew.size)]

    def next_request(worker: int) -> list[tuple[object, ...]] | None:
        numbers = dispatcher.take(worker)
        asked[worker].append(numbers)
        return [tuple(visits[number]) for number in numbers] or None

    found: dict[int, Seen | None] = {}
    given = 0
    with closing(crew.ask(next_request, limit_s=_PATIENCE_S, meanwhile=meanwhile)) as answers:
        for worker, packed in answers:
            numbers = asked[worker].popleft()
            found.update(zip(numbers, unpack(packed) if packed else repeat(None), strict=False))
            while given in found:
                yield found.pop(given)
                given += 1
    for number in range(given, len(visits)):
        yield found.pop(number, None)
