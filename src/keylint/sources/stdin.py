"""Standard input, as one blob."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from keylint.errors import SourceError
from keylint.model import Origin, Problem, Repository, Skipped, SkipReason, Surface
from keylint.secret import Blob
from keylint.sources.base import MAX_FILE_BYTES, too_large

SPOOL_BYTES = 64 << 20
_CHUNK = 1 << 20
PATH = "<stdin>"


class StdinSource:
    """Everything that `stream` (standard input by default) holds, up to `max_file_size` bytes.

    More than `spool_bytes` is kept in a temporary file without a name instead of in memory; its Blob can
    be opened while `items` has not ended. Raises SourceError if standard input is closed.
    """

    root = ""

    def __init__(
        self,
        stream: BinaryIO | None = None,
        *,
        max_file_size: int = MAX_FILE_BYTES,
        spool_bytes: int = SPOOL_BYTES,
    ) -> None:
        if stream is None and sys.stdin is None:
            raise SourceError(
                "-: standard input is closed", hint="pipe something into keylint, or name a path"
            )
        self.problems: list[Problem] = []
        self._stream = stream if stream is not None else sys.stdin.buffer
        self._max_file_size = max_file_size
        self._spool_bytes = spool_bytes

    def repository(self) -> Repository:
        """Standard input belongs to no repository."""
        return Repository()

    def items(self) -> Iterator[Blob | Skipped]:
        """One item."""
        origin = Origin(Surface.STDIN, PATH)
        with tempfile.SpooledTemporaryFile(max_size=self._spool_bytes) as spool:
            try:
                size = self._copy(spool)
            except OSError as error:
                yield Skipped(PATH, SkipReason.UNREADABLE, error.strerror or "")
                return
            if size > self._max_file_size:
                yield too_large(PATH, size, self._max_file_size)
            elif size > self._spool_bytes:
                yield Blob(origin, b"", size, partial(_View.stream, spool))
            else:
                spool.seek(0)
                yield Blob(origin, spool.read(), size)

    def _copy(self, spool: tempfile.SpooledTemporaryFile[bytes]) -> int:
        """Copy the input until it ends or is too large, and say how much it was."""
        size = 0
        while size <= self._max_file_size and (data := self._stream.read(_CHUNK)):
            spool.write(data)
            size += len(data)
        return size


class _View(io.RawIOBase):
    """A stream with a position of its own over the one temporary file."""

    def __init__(self, spool: tempfile.SpooledTemporaryFile[bytes]) -> None:
        super().__init__()
        self._spool = spool
        self._position = 0

    @classmethod
    def stream(cls, spool: tempfile.SpooledTemporaryFile[bytes]) -> BinaryIO:
        return io.BufferedReader(cls(spool), _CHUNK)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._spool.seek(self._position)
        data = self._spool.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
