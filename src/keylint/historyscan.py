"""Scan all blobs of a history at once, then tell the story of each key that was found.

Every blob is scanned once, whatever number of commits and paths it has; only the few blobs that a report
names are read again, for lines and snippets.
"""

from __future__ import annotations

import mmap
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from keylint import workers
from keylint.model import Skipped, SkipReason
from keylint.records import dataclass, field
from keylint.sift import sift
from keylint.sources.slabs import read_slabs

if TYPE_CHECKING:
    from keylint.engine import Engine
    from keylint.sources.history import History

_BLOCK = 256  # ids handed to a reader at once
_COUNTERS = struct.Struct("<3Q")  # objects, bytes, blobs with hits
_MAX_RETRIES = 10_000


@dataclass(frozen=True)
class Progress:
    """How far a scan is. `known` is how many objects are in sight so far."""

    objects: int
    bytes: int
    hits: int
    known: int


@dataclass
class Swept:
    """What a sweep over all blobs found: blob id -> the values in it, raw, and what could not be read."""

    values: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    limited: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    large: list[tuple[bytes, int]] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)
    damaged: list[bytes] = field(default_factory=list)
    clean: list[bytes] = field(default_factory=list)
    objects: int = 0
    bytes: int = 0
    interrupted: bool = False

    def __repr__(self) -> str:
        return f"Swept({self.objects} objects)"  # never the values

    def skipped(self) -> Iterator[Skipped]:
        """Objects that were not scanned."""
        for name in self.missing:
            yield Skipped("", SkipReason.MISSING_OBJECT, f"object {name.decode()}")
        for name in self.damaged:
            yield Skipped("", SkipReason.CORRUPT, f"object {name.decode()} is damaged")


class Sweeper:
    """Reads and scans blobs with one `git cat-file` and one worker for each processor."""

    def __init__(
        self,
        history: History,
        make_engine: Callable[[], Engine],
        *,
        progress: Callable[[Progress], None] | None = None,
        number: int = 0,
    ) -> None:
        self._history = history
        self._make_engine = make_engine
        self._progress = progress
        self._number = number or workers.count()

    def sweep(self, ids: Iterable[Sequence[bytes]]) -> Swept:
        """Scan the blobs of all lists in `ids`. An interrupt ends it early, with what was found so far."""
        swept = Swept()
        queues = self._pass(ids, swept)
        retries = 0
        # A reader that died left ids unanswered; the first of them is what it died of.
        while any(queues) and not swept.interrupted and retries < _MAX_RETRIES:
            retries += 1
            rest: list[bytes] = []
            for queue in queues:
                if queue:
                    swept.damaged.append(queue[0])
                    rest += queue[1:]
            queues = self._pass([rest], swept) if rest else []
        return swept

    def _pass(self, ids: Iterable[Sequence[bytes]], swept: Swept) -> list[list[bytes]]:
        """One go over `ids`. Returns for each reader the ids that it was given and did not answer."""
        readers = [self._history.start_reader() for _ in range(self._number)]
        board = mmap.mmap(-1, _COUNTERS.size * self._number)
        crew = workers.start(
            lambda n: _work(readers[n], self._make_engine(), board, n),
            self._number,
            close_in_child=lambda n: _foreign_ends(readers, n),
        )
        given: list[list[bytes]] = [[] for _ in readers]
        try:
            self._feed(ids, readers, given, board)
        except KeyboardInterrupt:
            swept.interrupted = True
        finally:
            for reader in readers:
                with suppress(OSError):
                    assert reader.stdin
                    reader.stdin.close()
        results = _collect(crew, swept)
        for reader in readers:
            reader.kill()
            with suppress(OSError), reader:
                pass
        self._show(board, sum(map(len, given)))
        return [queue[answered:] for queue, answered in zip(given, _merge(results, swept), strict=True)]

    def _feed(
        self,
        ids: Iterable[Sequence[bytes]],
        readers: Sequence[subprocess.Popen[bytes]],
        given: list[list[bytes]],
        board: mmap.mmap,
    ) -> None:
        turn = 0
        for found in ids:
            for first in range(0, len(found), _BLOCK):
                block = found[first : first + _BLOCK]
                number = turn % len(readers)
                given[number] += block
                turn += 1
                stdin = readers[number].stdin
                assert stdin
                with suppress(BrokenPipeError):  # it died; its ids are found unanswered later
                    stdin.write(b"\n".join(block) + b"\n")
                    stdin.flush()
                self._show(board, sum(map(len, given)))

    def _show(self, board: mmap.mmap, known: int) -> None:
        if self._progress:
            rows = [_COUNTERS.unpack_from(board, n * _COUNTERS.size) for n in range(self._number)]
            objects, size, hits = (sum(column) for column in zip(*rows, strict=True))
            self._progress(Progress(objects, size, hits, known))


_Result = tuple[
    int,
    int,
    bool,
    list[tuple[bytes, tuple[bytes, ...], tuple[str, ...]]],
    list[bytes],
    list[tuple[bytes, int]],
]


def _work(reader: subprocess.Popen[bytes], engine: Engine, board: mmap.mmap, number: int) -> _Result:
    """Scan everything that one reader answers. An interrupt ends it with what was found so far."""
    assert reader.stdout
    found: list[tuple[bytes, tuple[bytes, ...], tuple[str, ...]]] = []
    missing: list[bytes] = []
    large: list[tuple[bytes, int]] = []
    answered = size = 0
    interrupted = False
    try:
        for slab in read_slabs(reader.stdout.fileno()):
            for index, result in sift(engine, slab.buffer, slab.bounds).items():
                values = tuple(dict.fromkeys(hit.value for hit in result))
                found.append((slab.ids[index], values, result.limits))
            missing += slab.missing
            large += slab.large
            answered += slab.answered
            size += sum(end - start for start, end in slab.bounds)
            _COUNTERS.pack_into(board, number * _COUNTERS.size, answered, size, len(found))
    except KeyboardInterrupt:
        interrupted = True
    return answered, size, interrupted, found, missing, large


def _foreign_ends(readers: Sequence[subprocess.Popen[bytes]], own: int) -> list[int]:
    """Descriptors that the child of reader `own` must not hold, or no reader would ever see an end."""
    ends = []
    for number, reader in enumerate(readers):
        assert reader.stdin and reader.stdout
        ends.append(reader.stdin.fileno())
        if number != own:
            ends.append(reader.stdout.fileno())
    return ends


def _collect(crew: workers.Crew, swept: Swept) -> list[_Result | None]:
    try:
        return crew.results()
    except KeyboardInterrupt:
        swept.interrupted = True
        return crew.results()


def _merge(results: Sequence[_Result | None], swept: Swept) -> list[int]:
    """Add what the workers found. Returns how many ids each of them answered."""
    answers = []
    for result in results:
        if result is None:
            raise RuntimeError("a scan worker died")
        answered, size, interrupted, found, missing, large = result
        answers.append(answered)
        swept.objects += answered - len(missing)
        swept.bytes += size
        swept.interrupted |= interrupted
        swept.missing += missing
        swept.large += large
        for name, values, limits in found:
            if values:
                swept.values[name] = values
            if limits:
                swept.limited[name] = limits
    return answers
