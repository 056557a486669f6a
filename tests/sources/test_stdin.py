"""Standard input is one blob, however large."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from keylint.errors import SourceError
from keylint.model import Skipped, SkipReason, Surface
from keylint.secret import Blob
from keylint.sources.stdin import StdinSource
from tests.sources.reading import items


def test_bytes_are_read_as_they_are() -> None:
    [blob] = items(StdinSource(io.BytesIO(b"a\r\n\0\xff")))
    assert isinstance(blob, Blob)
    assert (blob.data, blob.size_bytes, blob.open) == (b"a\r\n\0\xff", 5, None)
    assert (blob.origin.path, blob.origin.surface) == ("<stdin>", Surface.STDIN)


def test_empty_input_is_an_empty_blob() -> None:
    [blob] = items(StdinSource(io.BytesIO(b"")))
    assert isinstance(blob, Blob) and blob.data == b""


def test_large_input_can_be_read_again_and_again() -> None:
    data = bytes(range(256)) * 50
    found = StdinSource(io.BytesIO(data), spool_bytes=1000).items()
    blob = next(found)
    assert isinstance(blob, Blob) and blob.open is not None
    assert (blob.data, blob.size_bytes) == (b"", len(data))
    with blob.open() as first, blob.open() as second:
        assert first.read(10) == data[:10]
        assert second.read() == data
        assert first.read() == data[10:]
    assert list(found) == []


def test_input_over_the_limit_is_told_without_reading_all_of_it() -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            return len(buffer)

    [skipped] = items(StdinSource(io.BufferedReader(Endless()), max_file_size=3 << 20))
    assert isinstance(skipped, Skipped)
    assert (skipped.path, skipped.reason) == ("<stdin>", SkipReason.TOO_LARGE)


def test_a_read_error_is_told() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    assert items(StdinSource(Failing())) == [Skipped("<stdin>", SkipReason.UNREADABLE, "Input/output error")]


def test_closed_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SourceError, match="closed"):
        StdinSource()


def test_standard_input_belongs_to_no_repository() -> None:
    assert StdinSource(io.BytesIO(b"")).repository().revision == ""


def test_a_pipe_is_read_to_its_end() -> None:
    code = (
        "from keylint.sources.stdin import StdinSource; print([b.size_bytes for b in StdinSource().items()])"
    )
    done = subprocess.run([sys.executable, "-c", code], input=b"x" * 300_000, capture_output=True, check=True)
    assert done.stdout == b"[300000]\n"
