"""Pipes that hold much or little."""

from __future__ import annotations

import os
import sys

import pytest

from keylint.sources import pipes


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the size of a pipe cannot be set")
def test_a_narrow_pipe_holds_what_one_call_wrote_and_gives_no_more_at_once() -> None:
    reading, writing = os.pipe()
    try:
        pipes.narrow(writing)
        os.set_blocking(writing, False)
        os.write(writing, b"first")
        with pytest.raises(BlockingIOError):
            os.write(writing, b"second")
        assert os.read(reading, 100) == b"first"
        os.write(writing, b"second")
        assert os.read(reading, 100) == b"second"
    finally:
        os.close(reading)
        os.close(writing)
