"""Scan a folder with all processors: which files hold anything is found out by several workers at once.

Nearly all files hold nothing. So the workers only sift: they read many files into one buffer, scan that, and
name the files in which there may be something to report. Those few are examined here, one by one and in the
order of the listing, exactly as in a small scan. No content travels between the processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from keylint import workers
from keylint.engine import Engine
from keylint.engine.confirm import load_before_fork
from keylint.inline import has_directive
from keylint.model import Problem, Repository, Skipped, SkipReason
from keylint.pipeline import Intake, feed_from
from keylint.records import dataclass, field
from keylint.secret import Blob
from keylint.sift import sift
from keylint.sources.beneath import Beneath
from keylint.sources.tree import Listed
from keylint.textmap import SNIFF_BYTES

MIN_FILES = 200  # below that, starting workers takes longer than they save
_SHARE = 32  # files that a worker takes at a time
_MAX_SHARES = 12_000  # their numbers must fit into a pipe, which holds 64 KiB
_ENOUGH = 1 << 20  # bytes in a buffer that are worth a scan
_LARGEST = 8 << 20  # bytes of a file that is read into the buffer
_MARKS = 0xFE  # a first byte from here on may begin UTF-16
_LAST_WORDS_S = 20.0  # after an interrupt, for files that are being read

_Result = tuple[int, int, list[int], list[tuple[int, str, str, str]]]


class Folder(Protocol):
    """The part of `keylint.sources.files.FileSource` that is needed here."""

    root: str
    is_file: bool
    problems: list[Problem]

    def items(self) -> Iterator[Blob | Skipped]: ...
    def listing(self, folder: Beneath) -> Iterable[Listed | Skipped]: ...
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
            listing = list(self._source.listing(folder))
            interrupted = False
            rest: Iterable[int] = range(len(listing))
            if len(listing) >= self._min_files:
                sifted = _Sifter(self._source, self._engine, intake, listing).run()
                interrupted = sifted.interrupted
                if not sifted.failed:
                    rest = self._take_sifted(intake, listing, sifted)
            for index in rest:
                listed = listing[index]
                item = listed if isinstance(listed, Skipped) else self._source.read(folder, listed)
                if item is not None:
                    intake.take(item)
        intake.problems.extend(self._source.problems)
        if interrupted:
            raise KeyboardInterrupt

    def _take_sifted(self, intake: Intake, listing: list[Listed | Skipped], sifted: _Sifted) -> list[int]:
        """Note what needs no examination; returns the entries of the listing that are still to be taken."""
        intake.files += sifted.files
        intake.bytes += sifted.bytes
        for index, skipped in sifted.skipped.items():
            listing[index] = skipped
        told = [index for index, entry in enumerate(listing) if isinstance(entry, Skipped)]
        return sorted({*sifted.notable, *told})


@dataclass
class _Sifted:
    """What the workers found: how much holds nothing, and which entries of the listing need a look."""

    files: int = 0
    bytes: int = 0
    notable: list[int] = field(default_factory=list)
    skipped: dict[int, Skipped] = field(default_factory=dict)
    interrupted: bool = False
    failed: bool = False

    def add(self, result: _Result) -> None:
        files, size, notable, skipped = result
        self.files += files
        self.bytes += size
        self.notable += notable
        for index, path, reason, detail in skipped:
            self.skipped[index] = Skipped(path, SkipReason(reason), detail)


class _Sifter:
    """Shares the files of a listing among workers.

    The numbers of the shares wait in a pipe, from which each worker takes the next one when it is done with
    the last; so one with large files takes fewer of them.
    """

    def __init__(
        self, source: Folder, engine: Engine, intake: Intake, listing: Sequence[Listed | Skipped]
    ) -> None:
        self._source = source
        self._engine = engine
        self._examiner = intake.examiner
        self._listing = listing
        self._share = max(_SHARE, -(-len(listing) // _MAX_SHARES))

    def run(self) -> _Sifted:
        """Sift all files. An interrupt ends it early, with what was found so far."""
        sifted = _Sifted()
        shares, fill = os.pipe()
        crew = workers.Crew()
        try:
            with os.fdopen(fill, "wb") as stream:
                for number in range(-(-len(self._listing) // self._share)):
                    stream.write(number.to_bytes(4, "little"))
            parent = os.getpid()
            load_before_fork()
            crew.start(lambda _: self._work(shares, parent), workers.count(), close_in_child=lambda _: ())
            try:
                outcomes = crew.results()
            except KeyboardInterrupt:
                sifted.interrupted = True
                while os.read(shares, 1 << 16):
                    pass  # nothing is left to take, so the workers end with what they have
                outcomes = crew.results(limit_s=_LAST_WORDS_S)
        finally:
            crew.kill()
            os.close(shares)
        for outcome in outcomes:
            if outcome.result is not None:
                sifted.add(outcome.result)
            elif not sifted.interrupted:
                sifted.failed = True  # all is done again in this process, where trouble is told as usual
        return sifted

    def _work(self, shares: int, parent: int) -> workers.Work:
        """Sift shares of the listing as long as there are any, and somebody to hear about it."""
        slab = _Slab(self._engine)
        files = size = 0
        notable: list[int] = []
        skipped: list[tuple[int, str, str, str]] = []
        with Beneath(self._source.root) as folder:
            while os.getppid() == parent and (number := os.read(shares, 4)):
                first = int.from_bytes(number, "little") * self._share
                for index in range(first, min(first + self._share, len(self._listing))):
                    listed = self._listing[index]
                    if isinstance(listed, Skipped) or self._add(slab, folder, index, listed):
                        continue
                    item = self._source.read(folder, listed)
                    if isinstance(item, Skipped):
                        skipped.append((index, item.path, item.reason.value, item.detail))
                    elif item:
                        examined = self._examiner.examine(item)
                        if examined.matches or examined.allows or examined.skipped:
                            notable.append(index)
                        else:
                            files += 1
                            size += examined.size_bytes
        slab.scan()
        yield files + slab.files, size + slab.bytes, notable + slab.notable, skipped

    def _add(self, slab: _Slab, folder: Beneath, index: int, listed: Listed) -> bool:
        """Read a file into the slab, if it is an ordinary one."""
        opened = self._source.open_small(folder, listed, _LARGEST)
        if opened is None:
            return False
        try:
            return slab.read(index, *opened)
        finally:
            os.close(opened[0])


class _Slab:
    """Collects files in one buffer and scans it when there is enough in it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._buffer = bytearray(_LARGEST + 1)  # used again and again: new memory costs more than reading
        self._filled = 0
        self._bounds: list[tuple[int, int]] = []
        self._indexes: list[int] = []
        self.files = 0
        self.bytes = 0
        self.notable: list[int] = []

    def read(self, index: int, fd: int, size: int) -> bool:
        """Add an open file of `size` bytes, with its number in the listing.

        False, and nothing is added, for one that cannot be read, has another size or might have to be read
        otherwise than as it is.
        """
        if self._filled + size >= len(self._buffer):
            self.scan()
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
            self.scan()
        return True

    def _is_special(self, start: int, end: int) -> bool:
        """Whether this may be binary or in another encoding."""
        marked = end > start and self._buffer[start] >= _MARKS
        return marked or self._buffer.find(b"\0", start, min(end, start + SNIFF_BYTES)) >= 0

    def scan(self) -> None:
        """Scan what has come together and begin anew."""
        found = set(sift(self._engine, self._buffer, self._bounds))
        if has_directive(self._buffer, 0, self._filled):
            found |= {n for n, (a, b) in enumerate(self._bounds) if has_directive(self._buffer, a, b)}
        self.notable += [self._indexes[n] for n in found]
        self.files += len(self._bounds) - len(found)
        self.bytes += sum(b - a for n, (a, b) in enumerate(self._bounds) if n not in found)
        self._filled, self._bounds, self._indexes = 0, [], []
