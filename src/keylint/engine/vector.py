"""The Hyperscan prefilter: one pass over the bytes for all rules at once.

It reports where a match of some rule may end. Nothing that it reports is a finding yet, and it misses
nothing: patterns that Hyperscan would have to read differently are searched by the pure path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keylint.engine import extension
from keylint.engine.patterns import Vectored, for_hyperscan
from keylint.engine.quickdb import pack, unpack
from keylint.engine.window import plan

_CASELESS = 1
_MULTILINE = 4
_ONCE = 8
_PREFILTER = 128
# Hits of one rule that end this close together become one cluster: a flood stays small in memory.
_CLUSTER = 64
# Buffers of 4 GiB and more are cut silently by the binding; the overlap of pieces is the caller's.
MAX_BUFFER = 1 << 30

Clusters = dict[int, list[int]]  # rule number -> [first end, last end, first end, last end, ...]


class Vector:
    """A compiled database with its own scratch space: one per thread and process.

    `unvectored` are the numbers of the rules that it does not search for.
    """

    name = "hyperscan"

    def __init__(self, patterns: Sequence[str], stored: bytes | None = None) -> None:
        self._module: Any = extension.load()
        if self._module is None:
            raise RuntimeError("hyperscan is not installed")
        unvectored, database = self._compile(patterns) if stored is None else self._restore(stored)
        self.unvectored: tuple[int, ...] = unvectored
        self._database: Any = database
        self._scratch: Any = self._module.Scratch(database) if database is not None else None

    def dump(self) -> bytes:
        """The database for `stored`."""
        raw = self._module.dumpb(self._database) if self._database is not None else b""
        return pack(self.unvectored, raw)

    def clusters(self, data: bytes | bytearray | memoryview, max_events: int) -> tuple[Clusters, bool]:
        """Where matches may end, in ascending order, and whether there were more than `max_events` of them.

        After more than that the clusters are of no use: Hyperscan stopped somewhere.
        """
        found: Clusters = {}
        if self._database is None or not len(data):
            return found, False
        events = 0

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            nonlocal events
            events += 1
            ends = found.get(number)
            if ends is None:
                found[number] = [end, end]
            elif ends[-1] <= end <= ends[-1] + _CLUSTER:
                ends[-1] = end
            elif end > ends[-1]:
                ends += (end, end)
            elif end < ends[-2]:
                _insert(ends, end)
            return events > max_events

        try:
            self._database.scan(data, match_event_handler=on_match, scratch=self._scratch)
        except self._module.ScanTerminated:
            return found, True
        return found, False

    def _restore(self, stored: bytes) -> tuple[tuple[int, ...], Any]:
        unvectored, raw = unpack(stored)
        try:
            return unvectored, self._module.loadb(raw, extension.BLOCK) if raw else None
        except self._module.error as exc:
            raise ValueError(f"the stored database does not load: {exc}") from None

    def _compile(self, patterns: Sequence[str]) -> tuple[tuple[int, ...], Any]:
        numbered = {i: v for i, p in enumerate(patterns) if (v := for_hyperscan(plan(p).opening))}
        try:
            database = self._build(numbered)
        except self._module.error:
            numbered = {i: usable for i, v in numbered.items() if (usable := self._usable(v))}
            database = self._build(numbered)
        return tuple(i for i in range(len(patterns)) if i not in numbered), database

    def _build(self, numbered: dict[int, Vectored]) -> Any:
        if not numbered:
            return None
        database = self._module.Database(mode=extension.BLOCK)
        database.compile(
            expressions=[v.pattern for v in numbered.values()],
            ids=list(numbered),
            elements=len(numbered),
            flags=[_MULTILINE | (_PREFILTER if v.approximate else 0) for v in numbered.values()],
        )
        return database

    def _usable(self, vectored: Vectored) -> Vectored | None:
        """The pattern as it compiles: as it is, relaxed, or not at all."""
        for candidate in (vectored, vectored._replace(approximate=True)):
            try:
                self._build({0: candidate})
            except self._module.error:
                continue
            return candidate
        return None


class Words:
    """Finds out in one pass which of many words are in a buffer, in any case. One per thread and process."""

    def __init__(self, words: Sequence[bytes]) -> None:
        module: Any = extension.load()
        self._words = words
        self._database = module.Database(mode=extension.BLOCK)
        self._database.compile(
            expressions=["".join(f"\\x{byte:02x}" for byte in word) for word in words],
            ids=list(range(len(words))),
            elements=len(words),
            flags=[_CASELESS | _ONCE] * len(words),
        )
        self._scratch = module.Scratch(self._database)

    def inside(self, data: bytes) -> dict[bytes, bool]:
        """For each word whether `data` (less than MAX_BUFFER bytes) has it."""
        present = dict.fromkeys(self._words, False)

        def on_match(number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
            present[self._words[number]] = True

        self._database.scan(data, match_event_handler=on_match, scratch=self._scratch)
        return present


def _insert(ends: list[int], end: int) -> None:
    """Put a late end in its place. Hyperscan promises no order between ends, so this must not be lost."""
    pairs = sorted([*zip(ends[::2], ends[1::2], strict=True), (end, end)])
    ends[:] = [offset for pair in pairs for offset in pair]
