"""Write a report: to standard output or, whole or not at all, to a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice

from keylint.errors import UsageError
from keylint.privatefile import put

_LINES = 2000  # of one write


def write(text: str, output: str | None, *, private: bool = False) -> None:
    """Write `text` to the file `output`, or to standard output if there is none.

    A file appears whole or not at all, and a `private` one only its owner can read. Raises UsageError where
    it cannot be written, BrokenPipeError where nobody reads standard output.
    """
    _write((text.encode("utf-8", "replace"),), output, private=private)


def write_lines(lines: Iterable[str], output: str | None) -> None:
    """Write lines as `write` does text, without holding all of them."""
    _write(_blocks(lines), output, private=False)


def discard_stdout() -> None:
    """Send what is still to be written nowhere, so that Python doesn't try once more when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _blocks(lines: Iterable[str]) -> Iterator[bytes]:
    rest = iter(lines)
    while block := list(islice(rest, _LINES)):
        yield ("\n".join(block) + "\n").encode("utf-8", "replace")


def _write(parts: Iterable[bytes], output: str | None, *, private: bool) -> None:
    if output:
        _write_file(os.path.realpath(output), parts, shown=output, private=private)
        return
    try:
        sys.stdout.flush()
        for part in parts:
            data = memoryview(part)
            while data:  # PYTHONUNBUFFERED: a signal ends a write before its end
                data = data[sys.stdout.buffer.write(data) :]
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise UsageError(f"standard output: cannot be written: {error.strerror}") from None


def _write_file(path: str, parts: Iterable[bytes], *, shown: str, private: bool) -> None:
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a device or pipe such as /dev/stderr
            with open(path, "wb") as stream:
                stream.writelines(parts)
            return
        draft = os.path.join(os.path.dirname(path), f".keylint-{os.urandom(6).hex()}")
        put(path, parts, draft=draft, mode=0o600 if private else 0o666)
    except OSError as error:
        raise UsageError(f"--output {shown}: cannot be written: {error.strerror}") from None
