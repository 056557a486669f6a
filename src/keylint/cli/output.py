"""Write a report: to standard output or, whole or not at all, to a file."""

from __future__ import annotations

import os
import sys

from keylint.errors import UsageError


def write(text: str, output: str | None, *, private: bool = False) -> None:
    """Write `text` to the file `output`, or to standard output if there is none.

    A file appears whole or not at all, and a `private` one only its owner can read. Raises UsageError where
    it cannot be written, BrokenPipeError where nobody reads standard output.
    """
    if output:
        _write_file(os.path.realpath(output), text, shown=output, private=private)
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise UsageError(f"standard output: cannot be written: {error.strerror}") from None


def discard_stdout() -> None:
    """Send what is still to be written nowhere, so that Python doesn't try once more when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_file(path: str, text: str, *, shown: str, private: bool) -> None:
    import tempfile  # 5 ms, and most reports go to standard output

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
        os.chmod(temporary, 0o600 if private else 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise UsageError(f"--output {shown}: cannot be written: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
