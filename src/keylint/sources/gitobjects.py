"""Ask `git cat-file` for objects, one after the other, without ever holding a large one."""

from __future__ import annotations

import subprocess
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import NoReturn

from keylint.model import Origin, Skipped, SkipReason
from keylint.secret import Blob
from keylint.sources.base import INLINE_BYTES, too_large
from keylint.sources.gitrepo import GitRepo


class DamagedObjectError(Exception):
    """Git gave up on an object: it is there but cannot be read."""


class ObjectReader:
    """Blobs by id, from one `git cat-file`, which is started again after an object on which it gave up."""

    def __init__(self, repo: GitRepo, *, max_bytes: int) -> None:
        self._repo = repo
        self._max_bytes = max_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._announced: deque[str] = deque()

    def __enter__(self) -> ObjectReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def announce(self, object_ids: Sequence[str]) -> None:
        """Tell which objects will be asked for next, in this order: git reads them meanwhile.

        For a few only: their ids must fit into a pipe.
        """
        try:
            self._write(object_ids)
        except OSError:  # it died over something else; each object is asked for singly
            self._close()
        else:
            self._announced.extend(object_ids)

    def blob(self, object_id: str, origin: Origin) -> Blob | Skipped:
        """A blob, or why it cannot be had."""
        try:
            return self._blob(object_id, origin)
        except DamagedObjectError:
            return Skipped(origin.path, SkipReason.CORRUPT, f"object {object_id} is damaged")

    def _blob(self, object_id: str, origin: Origin) -> Blob | Skipped:
        size = self._ask(object_id)
        if size is None:
            return Skipped(origin.path, SkipReason.MISSING_OBJECT, f"object {object_id}")
        if size > min(self._max_bytes, INLINE_BYTES):
            self._close()  # its content is on the way, and nobody wants it
            if size > self._max_bytes:
                return too_large(origin.path, size, self._max_bytes)
            return Blob(origin, b"", size, partial(self._repo.open_object, object_id))
        return Blob(origin, self._content(object_id, size), size)

    def _ask(self, object_id: str) -> int | None:
        """The size of an object, None if it is missing; its content follows. Raises DamagedObjectError."""
        if self._announced and self._announced[0] == object_id:
            self._announced.popleft()
        else:
            if self._announced:  # its answer would be taken for this one's
                self._close()
            try:
                self._write([object_id])
            except OSError:
                self._give_up(object_id)
        assert self._process and self._process.stdout
        answer = self._process.stdout.readline().split()
        if len(answer) == 2:
            return None
        if len(answer) != 3:
            self._give_up(object_id)
        return int(answer[2])

    def _write(self, object_ids: Sequence[str]) -> None:
        process = self._process = self._process or self._repo.start("cat-file", "--batch")
        assert process.stdin
        process.stdin.write("".join(f"{name}\n" for name in object_ids).encode())
        process.stdin.flush()

    def _content(self, object_id: str, size: int) -> bytes:
        assert self._process and self._process.stdout
        data = self._process.stdout.read(size + 1)
        if len(data) != size + 1:
            self._give_up(object_id)
        return data[:-1]

    def _close(self) -> None:
        process, self._process = self._process, None
        self._announced.clear()
        if process is None:
            return
        process.kill()
        with suppress(BrokenPipeError), process:  # what it was to be asked may still be in the buffer
            pass

    def _give_up(self, object_id: str) -> NoReturn:
        self._close()
        raise DamagedObjectError(object_id)
