"""Read the answers of `git cat-file --batch --buffer` as slabs: many whole objects in one buffer.

One scan of a buffer with a thousand small objects costs much less than a thousand scans, and nothing is
copied on the way. Format: https://git-scm.com/docs/git-cat-file#_batch_output
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from keylint.records import dataclass, field
from keylint.sources import pipes

SLAB_BYTES = 1 << 20
LARGE_BYTES = 8 << 20
_ENOUGH = SLAB_BYTES // 2
_MARGIN = 4096


@dataclass
class Slab:
    """Objects that lie in `buffer`: the n-th one is `ids[n]`, at `bounds[n]` (0-based, end exclusive).

    `missing` were answered between them. The buffer is only valid until the next item is asked for.
    """

    buffer: bytearray
    ids: list[bytes] = field(default_factory=list)
    bounds: list[tuple[int, int]] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many ids this slab answers."""
        return len(self.ids) + len(self.missing)


@dataclass
class Large:
    """An object of more than LARGE_BYTES, to be read from `stream` before the next item is asked for."""

    id: bytes
    size: int
    stream: LargeStream

    @property
    def complete(self) -> bool:
        """Whether all of it came, and not only a part before git gave up."""
        return self.stream.left == 0


def read_slabs(fd: int) -> Iterator[Slab | Large]:
    """What arrives at a file descriptor, until its end.

    An end in the middle of an object means that git gave up on it; the object is then in no slab.
    """
    source = io.FileIO(fd, closefd=False)
    wide = pipes.widen(fd)
    store = bytearray(SLAB_BYTES + _MARGIN)
    filled = 0
    ended = False
    while not ended:
        filled, ended = _fill(source, store, filled, wide)
        slab = Slab(store)
        used, wanted, large = _parse(store, filled, slab)
        if slab.answered:
            yield slab
        if large:
            name, size = large
            stream = LargeStream(source, bytes(store[used:filled]), size)
            yield Large(name, size, stream)
            stream.skip()
            filled, ended = len(stream.rest), stream.left > 0
            store[:filled] = stream.rest
            continue
        filled -= used
        store[:filled] = store[used : used + filled]
        if wanted > len(store):
            store.extend(bytes(wanted - len(store)))


class LargeStream(io.RawIOBase):
    """The bytes of one large object: those that are here already, then those still to come.

    Reading raises OSError where the object breaks off. `left` counts the bytes to come, with the line feed
    that ends the object.
    """

    def __init__(self, source: io.FileIO, begun: bytes, size: int) -> None:
        super().__init__()
        self._source = source
        self._begun = memoryview(begun)
        self.left = size + 1
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), self.left - 1)
        if count <= 0:
            return 0
        if self._begun:
            count = min(count, len(self._begun))
            buffer[:count] = self._begun[:count]
            self._begun = self._begun[count:]
        else:
            with memoryview(buffer) as view:
                count = self._source.readinto(view[:count]) or 0
        if not count:
            raise OSError("the object breaks off")
        self.left -= count
        return count

    def skip(self) -> None:
        """Read what nobody has read, the line feed at the end included, and nothing of what comes after."""
        if self.left <= 0:
            return
        waste = bytearray(1 << 16)
        try:
            while self.left > 1:
                self.readinto(waste)
        except OSError:
            return
        feed = bytes(self._begun[:1]) or self._source.read(1)
        self.left -= len(feed or b"")
        self.rest = bytes(self._begun[1:])


def _fill(source: io.FileIO, store: bytearray, filled: int, wide: bool) -> tuple[int, bool]:
    """Read until the store holds enough for one scan. Returns the new fill, and whether that was the end."""
    with memoryview(store) as view:
        enough = max(_ENOUGH, filled + 1, len(store) // 2)
        while filled < min(enough, len(store)):
            count = source.readinto(view[filled:])
            if not count:
                return filled, True
            filled += count
            if wide and filled < enough:
                pipes.rest(count)
    return filled, False


def _parse(store: bytearray, filled: int, slab: Slab) -> tuple[int, int, tuple[bytes, int] | None]:
    """Find the whole objects among the first `filled` bytes.

    Returns how many bytes are done with, how many the next object needs, and id and size of a large object
    whose content begins there.
    """
    at = 0
    while True:
        line = store.find(b"\n", at, filled)
        if line < 0:
            return at, 0, None
        header = store[at:line].split(b" ")
        if len(header) != 3:
            slab.missing.append(bytes(header[0]))
            at = line + 1
            continue
        size = int(header[2])
        end = line + 1 + size
        if size > LARGE_BYTES:
            return line + 1, 0, (bytes(header[0]), size)
        if end + 1 > filled:
            return at, end + 1 - at + _MARGIN, None
        slab.ids.append(bytes(header[0]))
        slab.bounds.append((line + 1, end))
        at = end + 1
