"""Files without a name. `tempfile` takes 8 ms to import, so the small ones do without it where they can."""

from __future__ import annotations

import os
from typing import IO


def small_file() -> IO[bytes]:
    """One for a few megabytes at most: in memory where the system has such files."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("keylint"), "w+b")
    return large_file()


def large_file() -> IO[bytes]:
    """One on disk."""
    import tempfile

    return tempfile.TemporaryFile()
