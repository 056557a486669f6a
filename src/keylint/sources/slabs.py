"""Read the answers of `git cat-file --batch --buffer` as slabs: many whole objects in one buffer.

One scan of a buffer with a thousand small objects costs much less than a thousand scans, and nothing is
copied on the way. Format: https://git-scm.com/docs/git-cat-file#_batch_output
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from keylint.records import dataclass, field

SLAB_BYTES = 1 << 20
LARGE_BYTES = 32 << 20
_ENOUGH = SLAB_BYTES // 2


@dataclass
class Slab:
    """Objects that lie in `buffer`: the n-th one is `ids[n]`, at `bounds[n]` (0-based, end exclusive).

    `missing` and `large` (id and size in bytes; more than LARGE_BYTES) were answered between them but are
    not in the buffer, which is only valid until the next slab is asked for.
    """

    buffer: bytearray
    ids: list[bytes] = field(default_factory=list)
    bounds: list[tuple[int, int]] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)
    large: list[tuple[bytes, int]] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many ids this slab answers."""
        return len(self.ids) + len(self.missing) + len(self.large)


def read_slabs(fd: int) -> Iterator[Slab]:
    """The slabs that arrive at a file descriptor, until its end.

    An end in the middle of an object means that git gave up on it; the object is then not in any slab.
    """
    stream = io.FileIO(fd, closefd=False)
    store = bytearray(SLAB_BYTES + 4096)
    filled = 0
    skip = 0  # bytes of a large object that are still to come
    ended = False
    while not ended:
        filled, ended = _fill(stream, store, filled)
        dropped = min(skip, filled)
        skip -= dropped
        slab = Slab(store)
        used, wanted, skip = _parse(store, dropped, filled, slab) if not skip else (dropped, 0, skip)
        if slab.answered:
            yield slab
        filled -= used
        store[:filled] = store[used : used + filled]
        if wanted > len(store):
            store.extend(bytes(wanted - len(store)))


def _fill(stream: io.FileIO, store: bytearray, filled: int) -> tuple[int, bool]:
    """Read until the store holds enough for one scan. Returns the new fill, and whether that was the end."""
    with memoryview(store) as view:
        enough = max(_ENOUGH, filled + 1)
        while filled < enough or filled < len(store) // 2:
            count = stream.readinto(view[filled:])
            if not count:
                return filled, True
            filled += count
            if filled == len(store):
                break
    return filled, False


def _parse(store: bytearray, start: int, filled: int, slab: Slab) -> tuple[int, int, int]:
    """Find the whole objects between `start` and `filled`.

    Returns how many bytes are done with, how many the next object needs and how many of a large object are
    still to come.
    """
    at = start
    while True:
        line = store.find(b"\n", at, filled)
        if line < 0:
            return at, 0, 0
        header = store[at:line].split(b" ")
        if len(header) != 3:
            slab.missing.append(bytes(header[0]))
            at = line + 1
            continue
        size = int(header[2])
        end = line + 1 + size
        if size > LARGE_BYTES:
            slab.large.append((bytes(header[0]), size))
            if end + 1 > filled:
                return filled, 0, end + 1 - filled
        elif end + 1 > filled:
            return at, end + 1 - at + 4096, 0
        else:
            slab.ids.append(bytes(header[0]))
            slab.bounds.append((line + 1, end))
        at = end + 1
