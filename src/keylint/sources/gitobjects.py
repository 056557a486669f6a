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


class _Batch:
    """One `git cat-file` that answers object ids; started again after an object on which it gave up."""

    def __init__(self, repo: GitRepo, option: str) -> None:
        self._repo = repo
        self._option = option
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, object_id: str) -> tuple[str, int] | None:
        """Type and size in bytes of an object, None if it is missing. Raises DamagedObjectError."""
        process = self._process = self._process or self._repo.start("cat-file", self._option)
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
        return answer[1].decode(), int(answer[2])

    def content(self, object_id: str) -> bytes | None:
        """A whole object, None if it is missing. Raises DamagedObjectError."""
        asked = self.ask(object_id)
        if asked is None:
            return None
        assert self._process and self._process.stdout
        data = self._process.stdout.read(asked[1] + 1)
        if len(data) != asked[1] + 1:
            self._give_up(object_id)
        return data[:-1]

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        with process:
            pass

    def _give_up(self, object_id: str) -> NoReturn:
        self.close()
        raise DamagedObjectError(object_id)


class ObjectReader:
    """Blobs by id. Two processes, so that a size is known before the content is on its way."""

    def __init__(self, repo: GitRepo, *, max_bytes: int) -> None:
        self._repo = repo
        self._max_bytes = max_bytes
        self._sizes = _Batch(repo, "--batch-check")
        self._contents = _Batch(repo, "--batch")

    def __enter__(self) -> ObjectReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sizes.close()
        self._contents.close()

    def blob(self, object_id: str, origin: Origin) -> Blob | Skipped:
        """A blob, or why it cannot be had."""
        try:
            return self._blob(object_id, origin)
        except DamagedObjectError:
            return Skipped(origin.path, SkipReason.CORRUPT, f"object {object_id} is damaged")

    def _blob(self, object_id: str, origin: Origin) -> Blob | Skipped:
        asked = self._sizes.ask(object_id)
        if asked is None:
            return Skipped(origin.path, SkipReason.MISSING_OBJECT, f"object {object_id}")
        size = asked[1]
        if size > self._max_bytes:
            return too_large(origin.path, size, self._max_bytes)
        if size > INLINE_BYTES:
            return Blob(origin, b"", size, partial(self._repo.open_object, object_id))
        data = self._contents.content(object_id)
        if data is None:
            return Skipped(origin.path, SkipReason.MISSING_OBJECT, f"object {object_id}")
        return Blob(origin, data, size)
