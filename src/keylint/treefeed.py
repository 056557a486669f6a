"""Scan a folder with all processors: which files hold anything is found out by several workers at once.

Nearly all files hold nothing. So the workers sift: they read many files into one buffer and scan that. The
few files in which there may be something to report they examine one by one, from the bytes that were scanned.
This process lists the folder meanwhile, and delivers what they say in the order of the listing.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple, Protocol

from keylint import workers
from keylint.engine import Engine
from keylint.engine.hit import ScanResult
from keylint.examine import Examined, Examiner
from keylint.inline import has_directive
from keylint.model import Origin, Problem, Repository, Skipped, Surface
from keylint.pipeline import Intake, feed_from
from keylint.records import dataclass, field
from keylint.secret import Blob
from keylint.sift import sift
from keylint.sources.beneath import Beneath
from keylint.sources.tree import Listed
from keylint.textmap import SNIFF_BYTES

MIN_FILES = 200  # below that, starting workers takes longer than they save
_SHARE = 128  # files that a worker is asked about at a time, at most
_LEAST = 8  # and at least, towards the end
_STEP = 64  # files that are listed between two looks at the workers
_ENOUGH = 1 << 20  # bytes in a buffer that are worth a scan
_LARGEST = 8 << 20  # bytes of a file that is read into the buffer
_MARKS = 0xFE  # a first byte from here on may begin UTF-16
_PATIENCE_S = 3600.0  # for one answer: each file has a limit of its own

# What is to be told of files, by their number: place and findings, or why one was not read.
_Told = dict[int, "tuple[str, Examined] | Skipped"]
_Entry = tuple[int, str, bool]  # number in the listing, path, whether it is tracked: as `marshal` carries it


class Folder(Protocol):
    """The part of `keylint.sources.files.FileSource` that is needed here."""

    root: str
    surface: Surface
    is_file: bool
    problems: list[Problem]

    def items(self) -> Iterator[Blob | Skipped]: ...
    def listing(self, folder: Beneath) -> Iterator[Listed | Skipped]: ...
    def read(self, folder: Beneath, listed: Listed) -> Blob | Skipped | None: ...
    def open_small(self, folder: Beneath, listed: Listed, limit: int) -> tuple[int, int] | None: ...
    def repository(self) -> Repository: ...


class TreeFeed:
    """Feeds everything below a folder to an intake. `engine` is that of the intake's examiner."""

    def __init__(self, source: Folder, engine: Engine, *, min_files: int = MIN_FILES) -> None:
        self._source = source
        self._engine = engine
        self._min_files = min_files

    def __call__(self, intake: Intake) -> None:
        """Scan all files.

        After an interrupt delivers what was found so far, then raises KeyboardInterrupt.
        """
        if self._source.is_file or not workers.CAN_FORK:
            feed_from(self._source)(intake)
            return
        try:
            folder = Beneath(self._source.root)
        except OSError:
            feed_from(self._source)(intake)  # tells why
            return
        with folder:
            listing = _Listing(self._source.listing(folder))
            sifted = _Sifted()
            if listing.has(self._min_files):
                self._engine.load()
                sifted = _sift_all(listing, _Sifter(self._source, self._engine, intake.examiner))
            self._deliver(intake, listing, sifted, folder)
        intake.problems.extend(self._source.problems)
        if sifted.interrupted:
            raise KeyboardInterrupt

    def _deliver(self, intake: Intake, listing: _Listing, sifted: _Sifted, folder: Beneath) -> None:
        """Hand over everything in the order of the listing; what no worker has answered is examined here."""
        intake.files += sifted.files
        intake.bytes += sifted.bytes
        for index, entry in enumerate(listing.all(further=not sifted.interrupted)):
            item = sifted.told.get(index)
            if isinstance(entry, Skipped):
                intake.take(entry)
            elif isinstance(item, Skipped):
                intake.take(item)
            elif item:
                intake.note(*item)
            elif index not in sifted.done and not sifted.interrupted:
                blob = self._source.read(folder, entry)
                if blob is not None:
                    intake.take(blob)


class _Listing:
    """The entries of a folder, as far as they have been asked for."""

    def __init__(self, entries: Iterator[Listed | Skipped]) -> None:
        self._entries = entries
        self._known: list[Listed | Skipped] = []
        self._untaken: deque[int] = deque()  # numbers of files
        self._ended = False

    def has(self, number: int) -> bool:
        """Whether there are so many entries."""
        while len(self._known) < number and self.more():
            pass
        return len(self._known) >= number

    def more(self) -> bool:
        """List a few more; False if there are none."""
        for _ in range(_STEP):
            entry = next(self._entries, None)
            if entry is None:
                self._ended = True
                break
            if isinstance(entry, Listed):
                self._untaken.append(len(self._known))
            self._known.append(entry)
        return not self._ended

    def take(self) -> list[_Entry]:
        """The next files to look at, few towards the end; none if there are no more."""
        while len(self._untaken) < _SHARE and self.more():
            pass
        left = len(self._untaken)
        share = min(left, _SHARE, max(_LEAST, left // 8)) if self._ended else _SHARE
        taken = []
        for index in (self._untaken.popleft() for _ in range(share)):
            entry = self._known[index]
            assert isinstance(entry, Listed)
            taken.append((index, entry.path, entry.tracked))
        return taken

    def all(self, *, further: bool) -> Iterator[Listed | Skipped]:
        """All entries, those first that are known; without `further` only these."""
        yield from self._known
        if further:
            yield from self._entries


class _Answer(NamedTuple):
    """What a worker found: how many files hold nothing, their size, and what is to be told of the others."""

    files: int
    bytes: int
    told: _Told


@dataclass
class _Sifted:
    """What all workers found. `done` are the entries of the listing that they have answered."""

    files: int = 0
    bytes: int = 0
    told: _Told = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    interrupted: bool = False

    def add(self, asked: Sequence[_Entry], answer: _Answer) -> None:
        self.files += answer.files
        self.bytes += answer.bytes
        self.told.update(answer.told)
        self.done.update(index for index, _, _ in asked)


def _sift_all(listing: _Listing, sifter: _Sifter) -> _Sifted:
    """Sift all files of a listing. An interrupt ends it at once, with what was answered so far.

    What a worker was lost over, or has failed on, is left undone: this process meets the same trouble when it
    reads the file, and tells it as usual.
    """
    from keylint.carry import unpack

    sifted = _Sifted()
    crew = workers.Crew()
    asked = [deque[list[_Entry]]() for _ in range(workers.count())]

    def next_request(worker: int) -> list[_Entry] | None:
        entries = listing.take()
        asked[worker].append(entries)
        return entries or None

    try:
        crew.start(lambda _: sifter.work(), len(asked), close_in_child=lambda _: ())
        crew.results()
        answers = crew.ask(next_request, limit_s=_PATIENCE_S, meanwhile=listing.more)
        with closing(answers):
            for worker, packed in answers:
                entries = asked[worker].popleft()
                if packed:
                    sifted.add(entries, _Answer(*unpack(packed)))
    except workers.WorkerError:
        pass
    except KeyboardInterrupt:
        sifted.interrupted = True
    finally:
        crew.kill()
    return sifted


class _Sifter:
    """What a worker does: tell which of some files hold anything, and what."""

    def __init__(self, source: Folder, engine: Engine, examiner: Examiner) -> None:
        self._source = source
        self._engine = engine
        self._examiner = examiner
        self._listed: dict[int, Listed] = {}  # what the request is about
        self._files = self._bytes = 0
        self._told: _Told = {}

    def work(self) -> workers.Work:
        """Answer requests, which are lists of files, with a packed `_Answer`."""
        from keylint.carry import pack

        slab = _Slab(self._engine, self._examine_sifted)
        with Beneath(self._source.root) as folder:
            request = yield None
            while True:
                request = yield pack(tuple(self._sift(slab, folder, request)))

    def _sift(self, slab: _Slab, folder: Beneath, entries: Iterable[_Entry]) -> _Answer:
        self._listed = {index: Listed(path, tracked) for index, path, tracked in entries}
        self._files, self._bytes, self._told = 0, 0, {}
        for index, listed in self._listed.items():
            if not self._add(slab, folder, index, listed):
                self._read(folder, index, listed)
        files, size = slab.finish()
        return _Answer(files + self._files, size + self._bytes, self._told)

    def _add(self, slab: _Slab, folder: Beneath, index: int, listed: Listed) -> bool:
        """Read a file into the slab, if it is an ordinary one."""
        opened = self._source.open_small(folder, listed, _LARGEST)
        if opened is None:
            return False
        try:
            return slab.read(index, *opened)
        finally:
            os.close(opened[0])

    def _read(self, folder: Beneath, index: int, listed: Listed) -> None:
        """Examine a file that was not sifted, or tell why that cannot be done."""
        item = self._source.read(folder, listed)
        if isinstance(item, Skipped):
            self._told[index] = item
        elif item:
            self._note(index, item, self._examiner.examine(item))

    def _examine_sifted(self, index: int, data: bytes, result: ScanResult) -> None:
        """Examine a file in which something was found."""
        path = self._listed[index].path
        blob = Blob(Origin(self._source.surface, path), data, len(data))
        known = None if result.anywhere is None else self._engine.under(result.anywhere, data, path)
        self._note(index, blob, self._examiner.examine(blob, None, known))

    def _note(self, index: int, blob: Blob, examined: Examined) -> None:
        if examined.matches or examined.allows or examined.skipped:
            self._told[index] = blob.origin.display, examined
        else:
            self._files += 1
            self._bytes += examined.size_bytes


class _Slab:
    """Collects files in one buffer and scans it when there is enough in it.

    `examine` is called with number and content of each file that may hold something, and with what was found.
    """

    def __init__(self, engine: Engine, examine: Callable[[int, bytes, ScanResult], None]) -> None:
        self._engine = engine
        self._examine = examine
        self._buffer = bytearray(_LARGEST + 1)  # used again and again: new memory costs more than reading
        self._filled = 0
        self._bounds: list[tuple[int, int]] = []
        self._indexes: list[int] = []
        self._files = self._bytes = 0

    def read(self, index: int, fd: int, size: int) -> bool:
        """Add an open file of `size` bytes, with its number in the listing.

        False, and nothing is added, for one that cannot be read, has another size or might have to be read
        otherwise than as it is.
        """
        if self._filled + size >= len(self._buffer):
            self._scan()
        start, end = self._filled, self._filled + size
        try:
            with memoryview(self._buffer) as view, view[start : end + 1] as room:
                count = os.readv(fd, [room])
        except OSError:
            return False
        if count != size or self._is_special(start, end):
            return False
        self._buffer[end] = 0x0A
        self._bounds.append((start, end))
        self._indexes.append(index)
        self._filled = end + 1
        if self._filled >= _ENOUGH:
            self._scan()
        return True

    def _is_special(self, start: int, end: int) -> bool:
        """Whether this may be binary or in another encoding."""
        marked = end > start and self._buffer[start] >= _MARKS
        return marked or self._buffer.find(b"\0", start, min(end, start + SNIFF_BYTES)) >= 0

    def finish(self) -> tuple[int, int]:
        """Scan the rest: how many files hold nothing, and how many bytes these have."""
        self._scan()
        result = self._files, self._bytes
        self._files = self._bytes = 0
        return result

    def _scan(self) -> None:
        """Scan what has come together and begin anew."""
        found = sift(self._engine, self._buffer, self._bounds)
        if has_directive(self._buffer, 0, self._filled):
            for n, (start, end) in enumerate(self._bounds):
                if n not in found and has_directive(self._buffer, start, end):
                    found[n] = ScanResult(anywhere=())
        self._files += len(self._bounds) - len(found)
        self._bytes += sum(b - a for n, (a, b) in enumerate(self._bounds) if n not in found)
        with memoryview(self._buffer) as view:
            for n, result in found.items():
                start, end = self._bounds[n]
                self._examine(self._indexes[n], bytes(view[start:end]), result)
        self._filled, self._bounds, self._indexes = 0, [], []
