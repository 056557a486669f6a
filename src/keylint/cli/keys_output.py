"""Write many lines without holding them all: to standard output or, whole or not at all, to a file."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from keylint.errors import UsageError

_LINES = 2000  # of one write


def write_lines(lines: Iterable[str], output: str | None) -> None:
    """Write `lines` to the file `output`, or to standard output if there is none.

    A file appears whole or not at all. Raises UsageError where it cannot be written.
    """
    if not output:
        sys.stdout.flush()
        _copy(lines, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".keylint-", dir=os.path.dirname(os.path.abspath(output)))
        with os.fdopen(handle, "wb") as stream:
            _copy(lines, stream)
        os.replace(temporary, output)
    except OSError as error:
        raise UsageError(f"--output {output}: cannot be written: {error.strerror}") from None
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _copy(lines: Iterable[str], stream: BinaryIO) -> None:
    rest: Iterator[str] = iter(lines)
    while chunk := list(islice(rest, _LINES)):
        stream.write(("\n".join(chunk) + "\n").encode("utf-8", "replace"))
