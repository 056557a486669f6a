"""What one worker of a history scan does: scan what its reader gives, and then answer questions about it."""

from __future__ import annotations

import io
import mmap
import struct
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from keylint import workers
from keylint.engine.places import PLACE_SIZE, knows
from keylint.held import Held, found_in
from keylint.model import SkipReason
from keylint.sift import sift
from keylint.sources.slabs import Large, read_slabs

if TYPE_CHECKING:
    from keylint.engine import Engine
    from keylint.engine.hit import Hit, ScanResult

COUNTERS = struct.Struct("<3Q")  # objects, bytes, objects with candidates: how far a worker is

_MOST_KNOWN = 30_000  # hits that a worker keeps for the second look: 8 MB

# Id, content and path of an object -> what a scan would find in it, if that is known already.
Recall = Callable[[bytes, bytes, str], "ScanResult | None"]
# What makes, for as long as it is open, answers of requests.
Answering = Callable[[Recall], AbstractContextManager[Callable[[Any], bytes]]]
# Id, values, limits, and where the hits are, if that can be told and is asked for.
_Finds = list[tuple[bytes, tuple[bytes, ...], tuple[str, ...], tuple[object, ...] | None]]


def work(
    reader: subprocess.Popen[bytes],
    engine: Engine,
    board: mmap.mmap,
    number: int,
    answering: Answering,
    *,
    held: Mapping[bytes, Held] | None,
) -> workers.Work:
    """Scan all that one reader answers: how many objects and bytes, what they hold, what is missing.

    Then answer requests with what `answering` gives, which may recall what was found, also what objects
    `held` before. Unless that is None, where hits are is told, too.
    """
    assert reader.stdout
    found: _Finds = []
    missing: list[bytes] = []
    known: dict[bytes, Sequence[Hit]] = {}
    answered = size = kept = 0
    for slab in read_slabs(reader.stdout.fileno()):
        if isinstance(slab, Large):
            result = _scan_large(engine, slab)
            slab.stream.skip()
            if not slab.complete:
                break
            answered += 1
            size += slab.size
            if any(result):
                found.append((slab.id, *result, None))
        else:
            for index, hits in sift(engine, slab.buffer, slab.bounds).items():
                values = tuple(dict.fromkeys(hit.value for hit in hits))
                where = None
                if held is not None and hits.anywhere is not None:
                    where = found_in(engine, hits.anywhere, values)
                plain = tuple(where) if where else None  # as `marshal` carries it
                found.append((slab.ids[index], values, hits.limits, plain))
                if hits.anywhere and kept < _MOST_KNOWN:
                    known[slab.ids[index]] = hits.anywhere
                    kept += len(hits.anywhere)
            missing += slab.missing
            answered += slab.answered
            size += sum(end - start for start, end in slab.bounds)
        COUNTERS.pack_into(board, number * COUNTERS.size, answered, size, len(found))
    request = yield answered, size, found, missing
    del found, missing  # the worker may stay for long
    yield from _answer(request, engine, known, held or {}, answering)


def stand_by(engine: Engine, answering: Answering, held: Mapping[bytes, Held]) -> workers.Work:
    """Answer requests as `work` does after the scan, where nothing is to be scanned."""
    engine.prepare({number for one in held.values() for number in one.places[::PLACE_SIZE]})
    request = yield None
    yield from _answer(request, engine, {}, held, answering)


def _answer(
    request: Any,
    engine: Engine,
    known: Mapping[bytes, Sequence[Hit]],
    held: Mapping[bytes, Held],
    answering: Answering,
) -> workers.Work:
    def recall(name: bytes, data: bytes, path: str) -> ScanResult | None:
        hits = known.get(name)
        if hits is None and name in held and knows(engine.rules, held[name].places):
            hits = engine.hits_at(held[name].places, data)
        return None if hits is None else engine.under(hits, data, path)

    with answering(recall) as answer:
        while True:
            request = yield answer(request)


def _scan_large(engine: Engine, large: Large) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The values in a large object, which is examined while it comes in."""
    from keylint.examine import Examiner
    from keylint.model import Origin, Surface
    from keylint.secret import Blob

    blob = Blob(Origin(Surface.HISTORY, ""), b"", large.size, lambda: io.BufferedReader(large.stream))
    examined = Examiner(_Anywhere(engine)).examine(blob)
    values = dict.fromkeys(match.value.reveal() for match in examined.matches)
    limits = [skipped.detail for skipped in examined.skipped if skipped.reason is SkipReason.BUDGET]
    return tuple(values), tuple(limits)


class _Anywhere:
    """An engine for objects whose paths are not known here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.rules = engine.rules
        self.max_window = engine.max_window

    def scan(self, data: bytes, *, path: str | None = "", binary: bool = False) -> ScanResult:
        """The hits that any path would give."""
        return self._engine.scan(data, path=None, binary=binary)
