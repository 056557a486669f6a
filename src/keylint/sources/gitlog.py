"""The raw log of a repository: which blobs exist, and which commits put them where.

One `git log --raw` gives both, reads no blob and so survives missing ones. Merges are compared with each of
their parents: content that only a merge made appears nowhere else. Renames are not detected, because that
would read blobs. `--date-order` keeps parents behind their children even where clocks were wrong.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import IO, NamedTuple
from zlib import crc32

from keylint.errors import SourceError
from keylint.records import dataclass, field
from keylint.sources import pipes
from keylint.sources.base import printable
from keylint.sources.gitrepo import GitRepo
from keylint.sources.unnamed import large_file, small_file

# Only ids and numbers: nothing that an author chose can end the header early. Paths hold no NUL.
_FORMAT = "--format=%x01%ct %H %P%x02"
# Whatever a repository's configuration can change about the output is fixed here.
_RAW = (
    "--raw", "--no-abbrev", "-z", "--diff-merges=separate", "--no-renames", "--ignore-submodules=dirty",
    "--no-notes", "--encoding=UTF-8", f"-O{os.devnull}", "--no-show-signature", _FORMAT,
)  # fmt: skip
_LOG = ("log", "--date-order", "--no-mailmap", *_RAW)
_SINGLY = ("diff-tree", "--stdin", "-r", "--root", "--always", *_RAW)
_CHUNK = 1 << 20
_KEPT = 64 << 20  # bytes of text in memory
_BATCH = 200  # commits: few enough for their ids to fit into any pipe
MAX_DAMAGED = 500  # commits on which git may give up before the rest is left out

# A header, or one record: modes, old and new id, status, and then its path. Each ends with a NUL byte.
_HEADER, _END = b"\x01", b"\x02"
_RECORD, _FIRST_RECORD = ord(":"), b"\n:"
_STRANGE = "git log gave an answer that cannot be understood"
_GITLINK = b"160000"
_ABSENT = b"000000"


class LogCommit(NamedTuple):
    """A commit as the log names it. `committed` is the committer's date, in seconds since 1970."""

    id: str
    parents: tuple[str, ...]
    committed: int


class LogChange(NamedTuple):
    """One path that one commit changed, against one of its parents. An id of zeros: nothing on that side.

    `diff` numbers the comparisons: a merge has one for each parent from which it differs.
    """

    commit: LogCommit
    diff: int
    path: bytes
    old: bytes
    new: bytes


class _Kept:
    """Text in the order in which it came: in memory up to 64 MiB, the rest in an unnamed file."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0
        self._file: IO[bytes] | None = None

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size <= _KEPT:
            self._chunks.append(chunk)
            return
        self._file = self._file or large_file()
        self._file.write(chunk)

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        if self._file:
            self._file.seek(0)
            while chunk := self._file.read(_CHUNK):
                yield chunk

    def clear(self) -> None:
        self._chunks, self._size = [], 0
        if self._file:
            self._file.close()
            self._file = None


class _Text:
    """The text of a log while it comes in. `rest` is what does not make a whole entry yet.

    `width` is the length of an id, in characters. `old_mode`, `mode` (the new one), `old` and `new` are where
    these stand in a record, counted from its end: the first one after a header begins with a line feed.
    """

    def __init__(self, width: int) -> None:
        self.rest = b""
        self._size = 2 * width + len(b":100644 100644   M")
        self.old_mode = slice(-2 * width - 17, -2 * width - 11)
        self.mode = slice(-2 * width - 10, -2 * width - 4)
        self.old = slice(-2 * width - 3, -width - 3)
        self.new = slice(-width - 2, -2)

    def entries(
        self, chunk: bytes, *, known: Container[bytes] = (), wanted: Container[bytes] | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Headers (date and ids of a commit and its parents between two marks), each with an empty path, and
        records.

        A record is `:MODE MODE OLD-ID NEW-ID STATUS` and its path. Those with a new id that is `known` are
        left out, or those without a `wanted` one. Raises SourceError for anything else.
        """
        *pieces, self.rest = (self.rest + chunk).split(b"\0")
        left = iter(pieces)
        size, old, new = self._size, self.old, self.new
        for piece in left:  # there are hundreds of thousands
            length = len(piece)
            if (length == size and piece[0] == _RECORD) or (
                length == size + 1 and piece[:2] == _FIRST_RECORD
            ):
                path = next(left, b"")
                if not path:  # it comes with the next chunk
                    self.rest = piece + b"\0" + self.rest
                elif wanted is None:
                    if piece[new] not in known:
                        yield piece, path
                elif piece[new] in wanted or piece[old] in wanted:
                    yield piece, path
            elif header := piece.removeprefix(b"\n"):
                if header[:1] != _HEADER or header[-1:] != _END:
                    raise SourceError(_STRANGE)
                yield header, b""


@dataclass
class RawLog:
    """One walk over a log, streamed first and then kept to answer who put a blob where.

    `revisions` are object ids or options of `git rev-list`; paths that are `excluded` are left out, and blobs
    without any other are in `left_out` (which may have some more). The text (paths and ids, no content) is
    kept in memory up to 64 MiB, and in an unnamed file above. `seen` are the ids of all blobs that were
    streamed, each with a hash of a path that versions of it share, `gitlinks` the submodules (path -> newest
    commit), `damaged` the commits that git could not read. `past` are changes of an older walk, in its order,
    that belong to this log, too.
    """

    repo: GitRepo
    revisions: Sequence[str]
    excluded: Callable[[bytes], bool] | None = None
    commits: int = 0
    seen: dict[bytes, int] = field(default_factory=dict)
    left_out: set[bytes] = field(default_factory=set)
    gitlinks: dict[bytes, bytes] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    past: Sequence[LogChange] = ()
    _last: bytes = b""  # header
    _kept: _Kept = field(default_factory=_Kept)
    _running: subprocess.Popen[bytes] | None = None
    _errors: IO[bytes] = field(default_factory=small_file)

    @property
    def _width(self) -> int:
        return len(self.repo.empty_tree)

    def start(self) -> None:
        """Let git begin; `stream` reads what it says."""
        self._running = self._running or self.repo.start(
            *_LOG, *self.revisions, "--", stderr=self._errors.fileno()
        )

    def stream(self) -> Iterator[list[bytes]]:
        """The ids of blobs as they come, each once, in lists. Raises SourceError if git gives up."""
        self.start()
        process, self._running = self._running, None
        assert process
        yield from self._read(process)
        if process.returncode != 0:
            raise SourceError(f"git log ended early: {self._complaint()}")

    def restart(self, revisions: Sequence[str]) -> None:
        """Forget what came so far, but not which blobs were seen, and walk again from elsewhere."""
        self.revisions = revisions
        self.commits = 0
        self._kept.clear()

    def one_by_one(self, commits: Sequence[str]) -> Iterator[list[bytes]]:
        """The blobs of commits that are compared with their parents one after the other.

        For a damaged history: a commit on which git gives up is left out and named in `damaged`. After
        MAX_DAMAGED of them the rest is left out, too.
        """
        queue = list(commits)
        while queue and len(self.damaged) < MAX_DAMAGED:
            batch = queue[:_BATCH]
            before = self.commits
            process = self.repo.start(*_SINGLY)
            assert process.stdin
            with suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write("".join(f"{commit}\n" for commit in batch).encode())
            yield from self._read(process)
            done = len(batch)
            if process.returncode != 0:
                done = batch.index(_commit(self._last).id) + 1 if self.commits > before else 0
                if not done:
                    self.damaged.append(batch[0])
            del queue[: max(1, done)]
        self.damaged += queue

    def _read(self, process: subprocess.Popen[bytes]) -> Iterator[list[bytes]]:
        assert process.stdout and process.stdin
        text = _Text(self._width)
        pipe = process.stdout.fileno()
        wide = pipes.widen(pipe)
        try:
            while chunk := os.read(pipe, _CHUNK):
                self._kept.add(chunk)
                if found := self._take(text, chunk):
                    yield found
                if wide:
                    pipes.rest(len(chunk))
            self._kept.add(b"\0")  # the last header ends with the output
            if found := self._take(text, b"\0"):
                yield found
        except BaseException:
            process.kill()  # nobody reads on
            raise
        finally:
            with process:
                pass
        if process.returncode == 0 and text.rest:
            raise SourceError(_STRANGE)

    def _take(self, text: _Text, chunk: bytes) -> list[bytes]:
        """The ids of new blobs in a part of the log."""
        found = []
        for entry, path in text.entries(chunk, known=self.seen):
            if not path:
                self.commits += 1
                self._last = entry
                continue
            blob = entry[text.new]
            mode = entry[text.mode]
            if mode == _GITLINK:
                self.gitlinks.setdefault(path, blob)
            elif mode != _ABSENT and self.leaves_out(path):
                self.left_out.add(blob)
            elif mode != _ABSENT:
                self.seen[blob] = crc32(path)
                found.append(blob)
        return found

    def leaves_out(self, path: bytes) -> bool:
        """Whether a path is excluded."""
        return self.excluded is not None and self.excluded(path)

    def changes(self, blobs: Collection[bytes]) -> Iterator[LogChange]:
        """Every change, newest first, that has one of `blobs` on either side."""
        return chain.from_iterable(self.parts(blobs))

    def parts(self, blobs: Collection[bytes]) -> Iterator[list[LogChange]]:
        """`changes` bit by bit: those in one part of the log after the other."""
        own = self._parts(blobs)
        if not self.past:
            yield from own
            return
        from heapq import merge

        past = (
            change._replace(diff=-change.diff)  # no number twice
            for change in self.past
            if change.new in blobs or change.old in blobs
        )
        # As `--date-order` does it: of the two commits that may come next, the younger one.
        yield list(merge(chain.from_iterable(own), past, key=lambda change: -change.commit.committed))

    def comparisons(self, numbers: Container[int]) -> Iterator[LogChange]:
        """The changes of some comparisons, by their numbers (`LogChange.diff`)."""
        return (change for change in chain.from_iterable(self._parts(None)) if change.diff in numbers)

    def _parts(self, blobs: Collection[bytes] | None) -> Iterator[list[LogChange]]:
        """All changes, or those that have one of `blobs` on either side."""
        diff = 0
        commit: LogCommit | None = None
        header, nothing = b"", b"0" * self._width
        text = _Text(self._width)
        for chunk in self._kept:
            found = []
            for entry, path in text.entries(chunk, wanted=blobs):
                if not path:
                    diff, header, commit = diff + 1, entry, None
                    continue
                if self.leaves_out(path):
                    continue
                commit = commit or _commit(header)
                # A submodule is no file: what stands there are commits.
                old = nothing if entry[text.old_mode] == _GITLINK else entry[text.old]
                new = nothing if entry[text.mode] == _GITLINK else entry[text.new]
                if old != nothing or new != nothing:
                    found.append(LogChange(commit, diff, path, old, new))
            yield found

    def walked(self) -> Iterator[LogCommit]:
        """Every commit of the log, newest first, each once."""
        last = b""
        text = _Text(self._width)
        for chunk in self._kept:
            for entry, _ in text.entries(chunk, wanted=()):
                if entry != last:
                    last = entry
                    yield _commit(entry)

    def close(self) -> None:
        """Drop the kept text, and git if it is still at work."""
        if self._running:
            self._running.kill()
            with self._running:
                pass
        self._kept.clear()
        self._errors.close()

    def kin(self, blob: bytes) -> int:
        """A number that versions of one file share."""
        return self.seen.get(blob, 0)

    def _complaint(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read(1 << 16).decode("utf-8", "surrogateescape").splitlines()
        fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
        return printable((fatal or lines or ["no message"])[-1])[:300]


def _commit(header: bytes) -> LogCommit:
    date, name, *parents = header[1:-1].decode().rstrip().split(" ")
    return LogCommit(name, tuple(parents), int(date) if date.lstrip("-").isdigit() else 0)
