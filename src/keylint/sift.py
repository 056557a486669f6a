"""Which of many small objects hold something: one scan of the buffer that they all lie in.

Pure. Text that the engine cannot read as it is (UTF-16, UTF-32) is transcoded first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from keylint.textmap import SNIFF_BYTES, decode, is_binary

if TYPE_CHECKING:
    from keylint.engine import Engine
    from keylint.engine.hit import ScanResult

Bounds = Sequence[tuple[int, int]]


def sift(engine: Engine, buffer: bytearray, bounds: Bounds) -> dict[int, ScanResult]:
    """Index in `bounds` -> what the engine found there, for objects that hold something.

    `bounds` are ascending byte offsets, with a line feed or the edge of the buffer on both sides of each.
    """
    if not bounds:
        return {}
    with memoryview(buffer) as view, view[: bounds[-1][1]] as used:
        found = dict(engine.scan_slab(used, bounds))
    for index in _with_nul(buffer, bounds):
        start, end = bounds[index]
        text = decode(bytes(buffer[start:end]))
        # The engine took it for binary; only what is text after all needs another look.
        if text.coding.unit or not is_binary(text.data[:SNIFF_BYTES]):
            result = engine.scan(text.data)
            found.pop(index, None)
            if result or result.limits:
                found[index] = result
    return found


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
