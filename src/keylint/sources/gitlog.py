"""The raw log of a repository: which blobs exist, and which commits put them where.

One `git log --raw -m` gives both, reads no blob and so survives missing ones. `-m` is needed: content that
only a merge made differs from each parent in another way and appears nowhere else. Renames are not
detected, because that would read blobs.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from keylint.errors import SourceError
from keylint.sources.gitrepo import GitRepo

# Only ids and numbers: nothing that an author chose can end the header early. Paths hold no NUL.
_FORMAT = "%x01%H %P%x02"
_OPTIONS = (
    "log", "--raw", "--no-abbrev", "-z", "-m", "--no-renames", "--ignore-submodules=dirty",
    "--no-show-signature", f"--format={_FORMAT}",
)  # fmt: skip
_CHUNK = 1 << 20
_KEPT = 64 << 20

# A header, or one record: modes, old and new id, status, path.
_TOKEN = re.compile(
    rb"\x01([0-9a-f]{40,64}) ([0-9a-f ]*)\x02\x00\n?"
    rb"|:(\d{6}) (\d{6}) ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([A-Z])\d*\x00([^\x00]+)\x00"
)
_GITLINK = b"160000"
_ABSENT = b"000000"


@dataclass(frozen=True)
class LogCommit:
    """A commit as the log names it."""

    id: str
    parents: tuple[str, ...]


@dataclass(frozen=True)
class LogChange:
    """One path that one commit changed, against one of its parents. An id of zeros: nothing on that side."""

    commit: LogCommit
    path: bytes
    old: bytes
    new: bytes


@dataclass
class RawLog:
    """One walk over a log, streamed first and then kept to answer who put a blob where.

    `revisions` are object ids or options of `git rev-list`. The text (paths and ids, no content) is kept in
    memory up to 64 MiB and in an unnamed file above that.
    """

    repo: GitRepo
    revisions: Sequence[str]
    commits: int = 0
    _store: IO[bytes] = field(default_factory=lambda: tempfile.SpooledTemporaryFile(_KEPT))  # noqa: SIM115

    def stream(self) -> Iterator[list[bytes]]:
        """The ids of blobs as they come, each once, in lists. Raises SourceError if git fails."""
        seen: set[bytes] = set()
        tail = b""
        process = self.repo.start(*_OPTIONS, *self.revisions, "--")
        assert process.stdout
        with process:
            while chunk := os.read(process.stdout.fileno(), _CHUNK):
                self._store.write(chunk)
                found, tail = self._take(tail + chunk, seen)
                if found:
                    yield found
        self._store.write(b"\0")  # the last header ends with the output
        if process.returncode != 0 or self._take(tail + b"\0", seen)[1].strip(b"\0\n"):
            raise SourceError("git log ended early", hint="git fsck tells what is wrong with the repository")

    def _take(self, data: bytes, seen: set[bytes]) -> tuple[list[bytes], bytes]:
        """New blob ids in `data`, and the rest that does not make a whole token yet."""
        found = []
        end = 0
        for token in _TOKEN.finditer(data):
            end = token.end()
            mode = token[4]
            if mode is None:
                self.commits += 1
                continue
            blob = token[6]
            if mode not in (_GITLINK, _ABSENT) and blob not in seen:
                seen.add(blob)
                found.append(blob)
        return found, data[end:]

    def changes(self, blobs: Collection[bytes]) -> Iterator[LogChange]:
        """Every change, newest first, that has one of `blobs` on either side."""
        self._store.seek(0)
        tail = b""
        commit = LogCommit("", ())
        while chunk := self._store.read(_CHUNK):
            end = 0
            data = tail + chunk
            for token in _TOKEN.finditer(data):
                end = token.end()
                if token[4] is None:
                    commit = _commit(token)
                elif token[5] in blobs or token[6] in blobs:
                    yield LogChange(commit, token[8], token[5], token[6])
            tail = data[end:]

    def close(self) -> None:
        """Drop the kept text."""
        self._store.close()


def _commit(token: re.Match[bytes]) -> LogCommit:
    return LogCommit(token[1].decode(), tuple(token[2].decode().split()))
