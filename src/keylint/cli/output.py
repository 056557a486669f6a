"""Write a report: to standard output or, whole or not at all, to a file."""

from __future__ import annotations

import os
import sys

from keylint.errors import UsageError
from keylint.privatefile import put


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
        data = memoryview(text.encode("utf-8", "replace"))
        while data:  # PYTHONUNBUFFERED: a signal ends a write before its end
            data = data[sys.stdout.buffer.write(data) :]
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
    data = text.encode("utf-8", "replace")
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a device or pipe such as /dev/stderr
            with open(path, "wb") as stream:
                stream.write(data)
            return
        draft = os.path.join(os.path.dirname(path), f".keylint-{os.urandom(6).hex()}")
        put(path, (data,), draft=draft, mode=0o600 if private else 0o666)
    except OSError as error:
        raise UsageError(f"--output {shown}: cannot be written: {error.strerror}") from None
