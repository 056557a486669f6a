"""The Hyperscan prefilter: one pass over the bytes for all rules at once.

It reports where a match of some rule may end. Nothing that it reports is a finding yet, and it misses
nothing: patterns that Hyperscan would have to read differently are searched by the pure path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from keylint.engine import extension
from keylint.engine.patterns import Vectored, for_hyperscan

_CASELESS = 1
_MULTILINE = 4
_ONCE = 8
_PREFILTER = 128
# Hits of one rule that end this close together become one cluster: a flood stays small in memory.
_CLUSTER = 16
# Buffers of 4 GiB and more are cut silently by the binding; the overlap of pieces is the caller's.
MAX_BUFFER = 1 << 30

Clusters = dict[int, list[int]]  # rule number -> [first end, last end, first end, last end, ...]


class Vector:
    """A compiled database with its own scratch space: one per thread and process.

    `unvectored` are the numbers of the rules that it does not search for. What is to be done `meanwhile` is
    called once, if anything is compiled: that takes seconds for a thousand patterns, and one processor.
    """

    name = "hyperscan"

    def __init__(
        self,
        patterns: Sequence[str],
        stored: tuple[tuple[int, ...], bytes] | None = None,
        *,
        meanwhile: Callable[[], object] | None = None,
    ) -> None:
        self._module: Any = extension.load()
        if self._module is None:
            raise RuntimeError("hyperscan is not installed")
        unvectored, database = (
            self._compile(patterns, meanwhile) if stored is None else self._restore(*stored)
        )
        self.unvectored: tuple[int, ...] = unvectored
        self._database: Any = database
        self._scratch: Any = self._module.Scratch(database) if database is not None else None

    def dump(self) -> tuple[tuple[int, ...], bytes]:
        """The database for `stored`, with the numbers of the rules that are not in it."""
        return self.unvectored, self._module.dumpb(self._database) if self._database is not None else b""

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

    def _restore(self, unvectored: tuple[int, ...], raw: bytes) -> tuple[tuple[int, ...], Any]:
        try:
            return unvectored, self._module.loadb(raw, extension.BLOCK) if raw else None
        except self._module.error as exc:
            raise ValueError(f"the stored database does not load: {exc}") from None

    def _compile(
        self, patterns: Sequence[str], meanwhile: Callable[[], object] | None
    ) -> tuple[tuple[int, ...], Any]:
        wanted = {number: _searched(pattern) for number, pattern in enumerate(patterns)}
        try:
            database = self._build(wanted, meanwhile)
        except self._module.error:
            wanted = {number: self._usable(expressions) for number, expressions in wanted.items()}
            database = self._build(wanted)
        return tuple(number for number, expressions in wanted.items() if not expressions), database

    def _build(
        self, wanted: dict[int, tuple[Vectored, ...]], meanwhile: Callable[[], object] | None = None
    ) -> Any:
        every = [(number, expression) for number, found in wanted.items() for expression in found]
        if not every:
            return None
        database = self._module.Database(mode=extension.BLOCK)
        compile_all = partial(
            database.compile,
            expressions=[expression.pattern for _, expression in every],
            ids=[number for number, _ in every],
            elements=len(every),
            flags=[_MULTILINE | (_PREFILTER if expression.approximate else 0) for _, expression in every],
        )
        if meanwhile is None:
            compile_all()
        else:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(1) as pool:  # the binding lets other threads run
                compiling = pool.submit(compile_all)
                meanwhile()
                compiling.result()
        return database

    def _usable(self, expressions: tuple[Vectored, ...]) -> tuple[Vectored, ...]:
        """The expressions of a rule as they compile: as they are, relaxed, or none at all."""
        for candidate in (expressions, tuple(e._replace(approximate=True) for e in expressions)):
            try:
                self._build({0: candidate})
            except self._module.error:
                continue
            return candidate
        return ()


def _searched(pattern: str) -> tuple[Vectored, ...]:
    """What is searched for one rule; nothing where Hyperscan would read its pattern in another way."""
    from keylint.engine.outline import outline  # a stored database needs none

    if found := outline(pattern):
        return tuple(Vectored(expression, approximate=False) for expression in found.expressions)
    own = for_hyperscan(pattern)
    return (own,) if own else ()


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
