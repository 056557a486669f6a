"""Scan a folder with all processors: which files hold anything is found out by several workers at once.

Nearly all files hold nothing. So the workers only sift: they read many files into one buffer, scan that, and
name the files in which there may be something to report. Those few are examined here, one by one and in the
order of the listing, exactly as in a small scan. No content travels between the processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from keylint import workers
from keylint.engine import Engine
from keylint.inline import has_directive
from keylint.model import Problem, Repository, Skipped, SkipReason
from keylint.pipeline import Intake, feed_from
from keylint.secret import Blob
from keylint.sift import sift
from keylint.sources.beneath import Beneath
from keylint.sources.tree import Listed
from keylint.textmap import SNIFF_BYTES

MIN_FILES = 200  # below that, starting workers takes longer than they save
_SHARE = 32  # files that a worker takes at a time
_MAX_SHARES = 12_000  # their numbers must fit into a pipe, which holds 64 KiB
_SLAB_BYTES = 1 << 20
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

    def _work(self, shares: int, parent: int) -> _Result:
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
                    item = None if isinstance(listed, Skipped) else self._source.read(folder, listed)
                    if isinstance(item, Skipped):
                        skipped.append((index, item.path, item.reason.value, item.detail))
                    elif item and not (item.open or _is_special(item.data)):
                        slab.add(index, item.data)
                    elif item:
                        examined = self._examiner.examine(item)
                        if examined.matches or examined.allows or examined.skipped:
                            notable.append(index)
                        else:
                            files += 1
                            size += examined.size_bytes
        slab.scan()
        return files + slab.files, size + slab.bytes, notable + slab.notable, skipped


class _Slab:
    """Collects small files in one buffer and scans it when it is full."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._buffer = bytearray()
        self._bounds: list[tuple[int, int]] = []
        self._indexes: list[int] = []
        self.files = 0
        self.bytes = 0
        self.notable: list[int] = []

    def add(self, index: int, data: bytes) -> None:
        """Add a file, with its number in the listing."""
        start = len(self._buffer)
        self._buffer += data
        self._bounds.append((start, len(self._buffer)))
        self._buffer += b"\n"
        self._indexes.append(index)
        if len(self._buffer) >= _SLAB_BYTES:
            self.scan()

    def scan(self) -> None:
        """Scan what has come together and begin anew."""
        found = set(sift(self._engine, self._buffer, self._bounds))
        if has_directive(self._buffer):
            found |= {n for n, (a, b) in enumerate(self._bounds) if has_directive(self._buffer[a:b])}
        self.notable += [self._indexes[n] for n in found]
        self.files += len(self._bounds) - len(found)
        self.bytes += sum(b - a for n, (a, b) in enumerate(self._bounds) if n not in found)
        self._buffer, self._bounds, self._indexes = bytearray(), [], []


def _is_special(data: bytes) -> bool:
    """Whether this may be read otherwise than as it is, or is too large to share a buffer."""
    marked = bool(data) and data[0] >= _MARKS
    return marked or len(data) > _SLAB_BYTES or data.find(b"\0", 0, SNIFF_BYTES) >= 0
