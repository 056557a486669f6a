"""Ask `git cat-file` for objects, one after the other, without ever holding a large one."""

from __future__ import annotations

import subprocess
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

    def __enter__(self) -> ObjectReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

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
        process = self._process = self._process or self._repo.start("cat-file", "--batch")
        assert process.stdin and process.stdout
        try:
            process.stdin.write(object_id.encode() + b"\n")
            process.stdin.flush()
        except OSError:
            self._give_up(object_id)
        answer = process.stdout.readline().split()
        if len(answer) == 2:
            return None
        if len(answer) != 3:
            self._give_up(object_id)
        return int(answer[2])

    def _content(self, object_id: str, size: int) -> bytes:
        assert self._process and self._process.stdout
        data = self._process.stdout.read(size + 1)
        if len(data) != size + 1:
            self._give_up(object_id)
        return data[:-1]

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        with process:
            pass

    def _give_up(self, object_id: str) -> NoReturn:
        self._close()
        raise DamagedObjectError(object_id)
