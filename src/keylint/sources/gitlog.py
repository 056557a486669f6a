"""The raw log of a repository: which blobs exist, and which commits put them where.

One `git log --raw` gives both, reads no blob and so survives missing ones. Merges are compared with each of
their parents: content that only a merge made appears nowhere else. Renames are not detected, because that
would read blobs. `--date-order` keeps parents behind their children even where clocks were wrong.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import IO, NamedTuple
from zlib import crc32

from keylint.errors import SourceError
from keylint.records import dataclass, field
from keylint.sources.base import printable
from keylint.sources.gitrepo import GitRepo

# Only ids and numbers: nothing that an author chose can end the header early. Paths hold no NUL.
_FORMAT = "--format=%x01%H %P%x02"
# Whatever a repository's configuration can change about the output is fixed here.
_RAW = (
    "--raw", "--no-abbrev", "-z", "--diff-merges=separate", "--no-renames", "--ignore-submodules=dirty",
    "--no-notes", "--encoding=UTF-8", f"-O{os.devnull}", "--no-show-signature", _FORMAT,
)  # fmt: skip
_LOG = ("log", "--date-order", "--no-mailmap", *_RAW)
_SINGLY = ("diff-tree", "--stdin", "-r", "--root", "--always", *_RAW)
_CHUNK = 1 << 20
_KEPT = 64 << 20
_BATCH = 200  # commits: few enough for their ids to fit into any pipe
MAX_DAMAGED = 500  # commits on which git may give up before the rest is left out

# A header, or one record: modes, old and new id, status, path. They follow each other without a gap.
_TOKEN = re.compile(
    rb"\x01([0-9a-f]{40,64}) ([0-9a-f ]*)\x02\x00\n?"
    rb"|:(\d+) (\d+) ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([A-Z])\d*\x00([^\x00]+)\x00"
)
_FILLER = b"\0\n"
_GITLINK = b"160000"
_ABSENT = b"000000"


class LogCommit(NamedTuple):
    """A commit as the log names it."""

    id: str
    parents: tuple[str, ...]


class LogChange(NamedTuple):
    """One path that one commit changed, against one of its parents. An id of zeros: nothing on that side.

    `diff` numbers the comparisons: a merge has one for each parent from which it differs.
    """

    commit: LogCommit
    diff: int
    path: bytes
    old: bytes
    new: bytes


@dataclass
class RawLog:
    """One walk over a log, streamed first and then kept to answer who put a blob where.

    `revisions` are object ids or options of `git rev-list`; blobs that only have `excluded` paths are left
    out. The text (paths and ids, no content) is kept in memory up to 64 MiB, and in an unnamed file above.
    `seen` are the ids of all blobs that were streamed, each with a hash of a path that versions of it share,
    `gitlinks` the submodules (path -> newest commit), `damaged` the commits that git could not read.
    """

    repo: GitRepo
    revisions: Sequence[str]
    excluded: Callable[[bytes], bool] | None = None
    commits: int = 0
    seen: dict[bytes, int] = field(default_factory=dict)
    gitlinks: dict[bytes, bytes] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    _last: str = ""
    _store: IO[bytes] = field(default_factory=lambda: tempfile.SpooledTemporaryFile(_KEPT))  # noqa: SIM115
    _running: subprocess.Popen[bytes] | None = None
    _errors: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

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
        self._store.seek(0)
        self._store.truncate()

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
                done = batch.index(self._last) + 1 if self.commits > before else 0
                if not done:
                    self.damaged.append(batch[0])
            del queue[: max(1, done)]
        self.damaged += queue

    def _read(self, process: subprocess.Popen[bytes]) -> Iterator[list[bytes]]:
        assert process.stdout and process.stdin
        tail = b""
        try:
            while chunk := os.read(process.stdout.fileno(), _CHUNK):
                self._store.write(chunk)
                found, tail = self._take(tail + chunk)
                if found:
                    yield found
            self._store.write(b"\0")  # the last header ends with the output
            found, tail = self._take(tail + b"\0")
            if found:
                yield found
        except BaseException:
            process.kill()  # nobody reads on
            raise
        finally:
            with process:
                pass
        if process.returncode == 0 and tail.strip(_FILLER):
            raise SourceError("git log gave an answer that cannot be understood")

    def _take(self, data: bytes) -> tuple[list[bytes], bytes]:
        """New blob ids in `data`, and the rest that does not make a whole token yet."""
        found = []
        seen = self.seen
        end = 0
        for token in _TOKEN.finditer(data):
            if token.start() != end and data[end : token.start()].strip(_FILLER):
                raise SourceError("git log gave an answer that cannot be understood")
            end = token.end()
            mode = token[4]
            if mode is None:
                self.commits += 1
                self._last = token[1].decode()
                continue
            blob = token[6]
            if mode == _GITLINK:
                self.gitlinks.setdefault(token[8], blob)
            elif mode != _ABSENT and blob not in seen:
                if self.excluded and self.excluded(token[8]):
                    continue
                seen[blob] = crc32(token[8])
                found.append(blob)
        return found, data[end:]

    def changes(self, blobs: Collection[bytes]) -> Iterator[LogChange]:
        """Every change, newest first, that has one of `blobs` on either side."""
        for commit, diff, token in self._tokens():
            if token[4] is not None and (token[5] in blobs or token[6] in blobs):
                yield LogChange(commit, diff, token[8], token[5], token[6])

    def walked(self) -> Iterator[LogCommit]:
        """Every commit of the log, newest first, each once."""
        last = ""
        for commit, _, token in self._tokens():
            if token[4] is None and commit.id != last:
                last = commit.id
                yield commit

    def _tokens(self) -> Iterator[tuple[LogCommit, int, re.Match[bytes]]]:
        self._store.seek(0)
        tail = b""
        commit = LogCommit("", ())
        diff = 0
        while chunk := self._store.read(_CHUNK):
            end = 0
            data = tail + chunk
            for token in _TOKEN.finditer(data):
                end = token.end()
                if token[4] is None:
                    commit, diff = _commit(token), diff + 1
                yield commit, diff, token
            tail = data[end:]

    def close(self) -> None:
        """Drop the kept text, and git if it is still at work."""
        if self._running:
            self._running.kill()
            with self._running:
                pass
        self._store.close()
        self._errors.close()

    def kin(self, blob: bytes) -> int:
        """A number that versions of one file share."""
        return self.seen.get(blob, 0)

    def _complaint(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read(1 << 16).decode("utf-8", "surrogateescape").splitlines()
        fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
        return printable((fatal or lines or ["no message"])[-1])[:300]


def _commit(token: re.Match[bytes]) -> LogCommit:
    return LogCommit(token[1].decode(), tuple(token[2].decode().split()))
