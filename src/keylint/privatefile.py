"""Cache files: private to this user, written as a whole, never trusted without a look at who owns them.

Imports `os` only: the hook depends on it.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_REGULAR = 0o100000
_KIND = 0o170000  # `stat.S_IFMT`; the module `stat` need not be loaded for it
_OTHERS_WRITE = 0o022


def read(path: str, max_bytes: int, *, size: int | None = None) -> bytes | None:
    """The bytes of a regular file that belongs to this user and that nobody else may write, else None.

    Nor is one read that has more than `max_bytes`. Of a file with more than `size` bytes only so many are.
    """
    flags = os.O_RDONLY
    for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if status.st_size > max_bytes or not _is_private(status):
            return None
        chunks = []
        left = status.st_size if size is None else min(size, status.st_size)
        while chunk := os.read(descriptor, left):
            chunks.append(chunk)
            left -= len(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _is_private(status: os.stat_result) -> bool:
    if status.st_mode & _KIND != _REGULAR:
        return False
    if not hasattr(os, "getuid"):
        return True  # Windows: the folder's access list protects it
    return status.st_uid == os.getuid() and not status.st_mode & _OTHERS_WRITE


def write(path: str, parts: Iterable[bytes]) -> None:
    """Write beside the file and put it in its place, so that others see the old or the new one. Makes its
    folder where there is none. Raises OSError.
    """
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    put(path, parts, draft=f"{path}.{os.getpid():x}-{os.urandom(4).hex()}", mode=0o600)


def put(path: str, parts: Iterable[bytes], *, draft: str, mode: int) -> None:
    """Write a new file `draft`, in the folder of `path`, and put it in its place. A failure leaves nothing.

    `mode` is what the umask takes from. Raises OSError.
    """
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with open(descriptor, "wb") as stream:
            stream.writelines(parts)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def prune(folder: str, prefix: str, kept: int) -> None:
    """Remove all but the newest files of a kind, and drafts that a killed run left. Raises OSError."""
    with os.scandir(folder) as entries:
        ours = [e for e in entries if e.name.startswith(prefix) and e.is_file(follow_symlinks=False)]
    ours.sort(key=lambda e: e.stat().st_mtime_ns, reverse=True)
    for entry in ours[kept:]:
        os.unlink(entry.path)
