"""Which of many small objects hold something: one scan of the buffer that they all lie in.

Pure. Their paths are not known here. Text that the engine cannot read as it is (UTF-16, UTF-32) is scanned in
a transcoded form, too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from keylint.engine.hit import ScanResult
from keylint.textmap import SNIFF_BYTES, decode, is_binary

if TYPE_CHECKING:
    from keylint.engine import Engine

_MARKS = 0xFE  # the least byte of U+FEFF in UTF-16 of either order; no text in ASCII or UTF-8 has it
Bounds = Sequence[tuple[int, int]]


def sift(engine: Engine, buffer: bytearray, bounds: Bounds) -> dict[int, ScanResult]:
    """Index in `bounds` -> what the engine found there, for objects that hold something.

    `bounds` are ascending byte offsets, with a line feed or the edge of the buffer on both sides of each.
    """
    if not bounds:
        return {}
    with memoryview(buffer) as view, view[: bounds[-1][1]] as used:
        found = dict(engine.scan_slab(used, bounds))
    for index in {*_with_nul(buffer, bounds), *_marked(buffer, bounds)}:
        start, end = bounds[index]
        text = decode(bytes(buffer[start:end]))
        known = found.get(index, ScanResult())
        known.anywhere = None  # under a path it may be read in another way
        # The engine took it for binary; only what is text after all needs another look.
        if text.coding.unit or not is_binary(text.data[:SNIFF_BYTES]):
            other = engine.scan(text.data, path=None)
            if other or other.limits:
                found[index] = ScanResult((*known, *other), (*known.limits, *other.limits))
    return found


def _marked(buffer: bytearray, bounds: Bounds) -> Iterator[int]:
    """The objects that may begin with the mark of UTF-16: not all of them have a NUL byte."""
    return (index for index, (start, end) in enumerate(bounds) if end > start and buffer[start] >= _MARKS)


def _with_nul(buffer: bytearray, bounds: Bounds) -> Iterator[int]:
    """The objects that have a NUL byte near their start."""
    starts = [start for start, _ in bounds]
    at, last = bounds[0][0], bounds[-1][1]
    while (at := buffer.find(b"\0", at, last)) >= 0:
        index = bisect_right(starts, at) - 1
        start, end = bounds[index]
        if start <= at < min(end, start + SNIFF_BYTES):
            yield index
        at = end if at < end else (starts[index + 1] if index + 1 < len(starts) else last)
