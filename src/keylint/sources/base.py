"""What every source has in common."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Protocol

from keylint.model import Problem, Repository, Skipped, SkipReason
from keylint.secret import Blob

# Content up to this many bytes is handed over whole, in `Blob.data`; more than that through `Blob.open`.
INLINE_BYTES = 8 << 20
MAX_FILE_BYTES = 1 << 30


class Source(Protocol):
    """Where bytes come from. `root` is the folder that paths are relative to, "" where there is none.

    `problems` tells, once `items` has ended, what happened to the source as a whole.
    """

    root: str
    problems: list[Problem]

    def items(self) -> Iterator[Blob | Skipped]:
        """Everything in reach, each thing once; what cannot be read is a value, not an exception."""

    def repository(self) -> Repository:
        """Version control facts for reports; empty outside a repository."""


def printable(path: str) -> str:
    """A path for an error message: control characters and undecodable bytes are escaped."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def too_large(path: str, size: int, limit: int) -> Skipped:
    """The answer for a file or object of `size` bytes."""
    return Skipped(path, SkipReason.TOO_LARGE, f"{size} bytes, limit {limit}")


def skipped_for(path: str, error: OSError) -> Skipped:
    """The answer for something that could not be opened or read."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Skipped(path, SkipReason.VANISHED)
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return Skipped(path, SkipReason.SYMLINK, "became a symbolic link")
    if error.errno == errno.ENXIO:
        return Skipped(path, SkipReason.SPECIAL_FILE)
    return Skipped(path, SkipReason.UNREADABLE, os.strerror(error.errno) if error.errno else "")
