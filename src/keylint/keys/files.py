"""Files that only their owner may read, and that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress

from keylint.errors import UsageError


def write_private(path: str, data: bytes, option: str = "--output", *, alone: bool = False) -> None:
    """Write `data` to `path` with mode 0600, atomically and durably, replacing what is there.

    A link stays, and what it leads to is replaced. `alone` says that nobody else writes this file now: what a
    killed run left is then cleared away. Raises UsageError that names `option` and path, also for a device or
    pipe.
    """
    shown, path = path, os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise UsageError(f"{option} {shown}: not a file", hint="this is written to private files only")
    temporary = f"{path}.tmp" if alone else f"{path}.{secrets.token_hex(4)}.tmp"
    try:
        if alone:
            remove(temporary)
        write_new(temporary, data)
        os.replace(temporary, path)
        sync_folder(path)
    except OSError as error:
        raise UsageError(f"{option} {shown}: cannot be written: {error.strerror}") from None
    finally:
        remove(temporary)


def write_new(path: str, data: bytes) -> None:
    """Write a file that must not exist yet, with mode 0600, and wait until it is on the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(path: str) -> None:
    """Wait until the folder entry of `path` is on the disk, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: str) -> None:
    """Remove a file if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(path)
