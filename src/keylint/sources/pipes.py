"""The size of pipes, and how to read one without being woken for every few bytes. Sizes: Linux only.

Git writes 4 KiB at a time, and whoever waits for it is woken each time. In a large pipe more comes together
while the reader sleeps: half of the processor time of reading is saved.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

_LARGE = 1 << 20  # bytes: what users may ask for by default
_SMALL = 4096  # bytes: no pipe holds less
_LITTLE = 1 << 16  # bytes: after a read of less, waiting pays
_NAP_S = 0.001


def widen(pipe: int) -> bool:
    """Let a pipe hold 1 MiB; whether it does now."""
    return _resize(pipe, _LARGE)


def narrow(pipe: int) -> None:
    """Let a pipe hold no more than it must: what waits in it, no other reader can take over.

    On Linux that is what one call has written (4 KiB of it at most), and each read gets only that.
    """
    if _resize(pipe, _SMALL):
        import fcntl

        with suppress(OSError):  # https://man7.org/linux/man-pages/man2/pipe.2.html: packets since Linux 4.5
            fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_DIRECT)


def rest(got: int) -> None:
    """After a read of `got` bytes from a wide pipe: wait a little if that was little."""
    if 0 < got < _LITTLE:
        time.sleep(_NAP_S)


def _resize(pipe: int, size: int) -> bool:
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, size)
    except (ImportError, AttributeError, OSError):
        return False
    return True
