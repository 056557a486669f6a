"""Open files below a folder in such a way that no symbolic link can lead out of it.

Every component is opened relative to its parent's descriptor and must be a real folder, so neither a link
that is there already nor one that is put there during the scan is followed.
"""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False  # the hook's fast path comes here, and importing typing takes 2 ms
if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# O_NONBLOCK: opening a pipe must not wait for a writer. O_NOCTTY: nor may a device become our terminal.
_FILE = (
    os.O_RDONLY
    | _NO_LINK
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_HAS_DIR_FD = os.open in os.supports_dir_fd
_KEPT_LEVELS = 64  # open descriptors; deeper levels are opened again when they are needed


class NotAFileError(OSError):
    """A socket, device or pipe where a file was expected."""


class Beneath:
    """One folder, and safe access to what is below it. Paths are relative, with forward slashes."""

    def __init__(self, path: str) -> None:
        """Raises OSError if `path` (which may itself be a link: the user named it) cannot be opened."""
        self.path = path
        self._names: list[str] = []
        self._fds: list[int] = []
        self._current = ""
        self._root = os.open(path, _FOLDER) if _HAS_DIR_FD else -1

    def __enter__(self) -> Beneath:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptors back."""
        self._truncate(0)
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def open_file(self, relative: str) -> tuple[int, os.stat_result]:
        """A descriptor, which the caller closes, and the status of a regular file.

        Raises OSError; NotAFileError for a socket, device or pipe, ELOOP for a link in the last place.
        """
        folder, _, name = relative.rpartition("/")
        if _HAS_DIR_FD:
            fd = os.open(name, _FILE, dir_fd=self._folder(folder))
        else:
            fd = os.open(self._not_a_link(self._checked(folder, name)), _FILE)
        status = os.fstat(fd)
        if stat.S_ISREG(status.st_mode):
            return fd, status
        os.close(fd)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise NotAFileError(errno.EINVAL, "not a regular file")

    def entries(self, relative: str) -> list[tuple[str, str]]:
        """What a folder holds, sorted: (name, kind), kind one of `folder`, `file`, `link`, `other`.

        Raises OSError.
        """
        where = self._folder(relative) if _HAS_DIR_FD else self._checked(relative, "")
        with os.scandir(where) as found:
            return sorted((entry.name, _kind(entry)) for entry in found)

    def mode(self, relative: str) -> int:
        """The `st_mode` of something, links not followed. Raises OSError."""
        folder, _, name = relative.rpartition("/")
        if _HAS_DIR_FD:
            return os.stat(name, dir_fd=self._folder(folder), follow_symlinks=False).st_mode
        return os.lstat(self._checked(folder, name)).st_mode

    def _folder(self, relative: str) -> int:
        """The descriptor of a folder, valid until the next call."""
        if relative == self._current:
            return self._fds[-1] if relative else self._root
        names = relative.split("/") if relative else []
        self._truncate(_shared(self._names, names))
        for name in names[len(self._names) :]:
            self._enter(name)
        return self._fds[-1] if self._fds else self._root

    def _enter(self, name: str) -> None:
        """Go one level down. Raises OSError where there is no real folder of that name."""
        fd = os.open(name, _FOLDER | _NO_LINK, dir_fd=self._fds[-1] if self._fds else self._root)
        if len(self._fds) > _KEPT_LEVELS:
            os.close(self._fds[-1])
            self._fds[-1] = -1
        self._names.append(name)
        self._fds.append(fd)
        self._current = f"{self._current}/{name}" if self._current else name

    def _truncate(self, length: int) -> None:
        """Go back to the given level, or to the nearest one above it that is still open."""
        while len(self._fds) > length or (self._fds and self._fds[-1] < 0):
            fd = self._fds.pop()
            self._names.pop()
            if fd >= 0:
                os.close(fd)
        self._current = "/".join(self._names)

    def _checked(self, folder: str, name: str) -> str:
        """For systems without `dir_fd`: a full path whose folder is not reached through a link."""
        root = os.path.realpath(self.path)
        parent = os.path.join(root, *folder.split("/")) if folder else root
        if os.path.realpath(parent) != parent:
            raise OSError(errno.ELOOP, "symbolic link")
        return os.path.join(parent, name) if name else parent

    @staticmethod
    def _not_a_link(path: str) -> str:
        if os.path.islink(path):
            raise OSError(errno.ELOOP, "symbolic link")
        return path


def open_beneath(root: str, relative: str) -> BinaryIO:
    """A new binary stream of one file below `root`, from its start. Raises OSError."""
    with Beneath(root) as folder:
        fd, _ = folder.open_file(relative)
    return os.fdopen(fd, "rb")


def read_all(fd: int, size: int, limit: int) -> bytes | None:
    """The content of a file that announced `size` bytes; None if it turns out longer than `limit`."""
    data = os.read(fd, size + 1)
    if len(data) == size:
        return data
    parts, total = [data], len(data)
    while data and total <= limit:
        data = os.read(fd, 1 << 20)
        parts.append(data)
        total += len(data)
    return b"".join(parts) if total <= limit else None


def _shared(a: list[str], b: list[str]) -> int:
    count = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        count += 1
    return count


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_file(follow_symlinks=False):  # most of them
        return "file"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "link" if entry.is_symlink() else "other"
