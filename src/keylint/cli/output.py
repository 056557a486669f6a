"""Write a report: to standard output or, whole or not at all, to a file."""

from __future__ import annotations

import os
import sys
import tempfile

from keylint.errors import UsageError


def write(text: str, output: str | None) -> None:
    """Write `text` to the file `output`, or to standard output if there is none.

    A file appears whole or not at all. Raises UsageError where it cannot be written.
    """
    if output:
        _write_file(output, text)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _write_file(path: str, text: str) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    temporary = ""
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a device or pipe such as /dev/stderr
            with open(path, "wb") as stream:
                stream.write(text.encode("utf-8", "replace"))
            return
        handle, temporary = tempfile.mkstemp(prefix=".keylint-", dir=folder)
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8", "replace"))
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise UsageError(f"--output {path}: cannot be written: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
