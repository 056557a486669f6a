"""The engine: prefilter, confirm, judge, relate."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from keylint.engine import extension
from keylint.engine.confirm import Budget, Raw
from keylint.engine.hit import Hit, Refusal, ScanResult
from keylint.engine.judge import marks
from keylint.engine.literal import Blob, Keywords
from keylint.engine.perrule import PerRule
from keylint.engine.places import batched
from keylint.engine.quickdb import pack, unpack, unpack_plans
from keylint.engine.relate import Settled, pair, settle_overlaps
from keylint.engine.vector import MAX_BUFFER, Clusters, Vector, Words
from keylint.errors import ConfigError
from keylint.precompiled import matcher
from keylint.rule import Rule
from keylint.rulelist import listed

_BINARY_PROBE = 8000  # bytes: git's own test for binary content
_EVENTS = 500_000  # prefilter events that one buffer may always have; more come with its size
_BYTES_PER_EVENT = 16
_LARGE = 1 << 20  # bytes


class Engine:
    """Finds the values of a rule set in bytes. One engine per thread; not safe to share between threads.

    `prefilter` is `hyperscan`, `pure` or `auto` (Hyperscan where it is installed); both find the same.
    `database` is what `dump_database` of an engine with the same rules gave; for one that is to be dumped,
    `complete` has everything compiled at once.

    Raises ConfigError where `hyperscan` is asked for and missing or a rule cannot be used, ValueError for a
    `database` that does not load on this machine.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        prefilter: str = "auto",
        database: bytes | memoryview | None = None,
        complete: bool = False,
    ) -> None:
        self.explain = False  # True: results tell which matches were refused, and by which test
        self.identity = b""  # what tells its rules from others, if that is known: see `rulecache`
        self.rules = listed(rules)
        index = self.rules.index
        order = (index.ids[number] for number in index.searched)
        self._order = {name: number for number, name in enumerate(order)}
        self._by_path = frozenset(index.ids[number] for number in index.by_path)
        self._keywords = Keywords(index.keywords)
        unvectored, raw, plans = unpack(database) if database is not None else ((), b"", b"")
        self._of = PerRule(self.rules, unpack_plans(plans) if plans else ())
        if database is None:  # else the rules were checked when it was made
            for number in range(len(self._of)):
                self._of.judge(number)
        self._vector = self._make_vector(
            prefilter, None if database is None else (unvectored, raw), complete=complete
        )
        self._words: Words | None = None  # made for the first flood

    def _make_vector(
        self, prefilter: str, database: tuple[tuple[int, ...], bytes] | None, *, complete: bool
    ) -> Vector | None:
        if prefilter not in ("auto", "hyperscan", "pure"):
            raise ConfigError(f"prefilter: unknown value {prefilter!r}", hint="auto, hyperscan or pure")
        if prefilter == "pure":
            return None
        if extension.load() is None:
            if prefilter == "hyperscan":
                raise ConfigError("prefilter: hyperscan is not installed", hint="use auto or pure")
            return None
        patterns = () if database else [self._of.rule(number).regex for number in range(len(self._of))]
        return Vector(patterns, database, meanwhile=self._of.compile if complete else None)

    def load(self) -> None:
        """Load what the first hit would: before a fork, so that not each child does it for itself."""
        matcher()

    def prepare(self, numbers: Iterable[int]) -> None:
        """Get ready for hits of some rules, by their numbers in `places`: else the first takes long."""
        from keylint.engine import inspect  # noqa: F401 - the judges load it when they need it

        for number in numbers:
            if number < len(self._of):
                self._of.judge(number)

    @property
    def prefilter_name(self) -> str:
        """`hyperscan` or `pure`."""
        return self._vector.name if self._vector else "pure"

    @property
    def max_window(self) -> int:
        """Bytes that two neighbouring pieces of a stream must share so that no match is lost between them."""
        return max((self._of.span(number) for number in range(len(self._of))), default=0)

    def dump_database(self) -> bytes:
        """The compiled prefilter and patterns for `database`; empty on the pure path.

        Raises ConfigError if a pattern does not compile.
        """
        if self._vector is None:
            return b""
        return pack(*self._vector.dump(), self._of.dump_plans())

    def scan(self, data: bytes, *, path: str | None = "", binary: bool = False) -> ScanResult:
        """All hits in one blob, sorted by start. Look at `.limits` of the result: it may be incomplete.

        `path` is for rules and allowlists with path conditions; "" satisfies none of them. None means that
        the path is not known yet: then the hits are those of any path. With `binary`, rules that are for text
        only do not apply. Time and memory are bounded whatever the bytes are.
        """
        return self._hits(data, self._candidates(data), path, binary)

    def under(self, hits: Iterable[Hit], data: bytes, path: str) -> ScanResult:
        """What `scan` would find under a path, without a search; `hits` are those `anywhere` in the data."""
        kept = [
            hit
            for hit in hits
            if hit.base.id not in self._by_path
            or self._of.judge(self._order[hit.base.id]).stays(data, hit, path)
        ]
        settled, hidden = self._settled(kept)
        return ScanResult(settled, hidden=hidden)

    def places(self, hits: Iterable[Hit]) -> tuple[int, ...]:
        """Where hits are, as `engine.places` reads it: nothing of their values.

        Any engine with the same rules understands them.
        """
        order = self._order
        rows = ((order[h.base.id], h.start, h.end, h.secret_start, h.secret_end, marks(h)) for h in hits)
        return tuple(number for row in rows for number in row)

    def hits_at(self, places: Sequence[int], data: bytes) -> list[Hit]:
        """The hits that have these places in the same bytes."""
        return [
            self._of.judge(number).recall(data, Raw(*raw), kept) for number, *raw, kept in batched(places)
        ]

    def scan_slab(
        self, buffer: bytes | bytearray | memoryview, bounds: Sequence[tuple[int, int]]
    ) -> list[tuple[int, ScanResult]]:
        """The hits of many whole objects that lie in one buffer, for objects that have hits or limits only.

        `bounds` are (start, end) of each object, ascending. Each object must have a line feed or the
        buffer's edge on both sides. Offsets in the hits count from the object's start. An object with a NUL
        byte in its first 8000 bytes counts as binary. Paths are not known, so the hits are those of any path.
        Gives the index in `bounds` with each result.
        """
        clusters, flooded = self._vectored(buffer)
        if flooded:
            return self._scan_each(buffer, bounds)
        found: dict[int, Clusters] = {}
        starts = [start for start, _ in bounds]
        ends = [end for _, end in bounds]
        for number, spans in clusters.items():
            _share(number, spans, starts, ends, found)
        always = self._unvectored()
        out = []
        for i in range(len(bounds)) if always else sorted(found):
            data = bytes(buffer[starts[i] : ends[i]])
            result = self._hits(data, self._with_pure(found.get(i, {}), data, always), None, _is_binary(data))
            if result or result.limits:
                out.append((i, result))
        return out

    def _scan_each(
        self, buffer: bytes | bytearray | memoryview, bounds: Sequence[tuple[int, int]]
    ) -> list[tuple[int, ScanResult]]:
        out = []
        for i, (start, end) in enumerate(bounds):
            data = bytes(buffer[start:end])
            result = self.scan(data, path=None, binary=_is_binary(data))
            if result or result.limits:
                out.append((i, result))
        return out

    # ---- prefilter

    def _unvectored(self) -> Sequence[int]:
        return self._vector.unvectored if self._vector else range(len(self._of))

    def _vectored(self, data: bytes | bytearray | memoryview) -> tuple[Clusters, bool]:
        """Clusters of the Hyperscan pass, and whether there were too many events to go on with it."""
        if self._vector is None:
            return {}, False
        allowance = _EVENTS + len(data) // _BYTES_PER_EVENT
        if len(data) <= MAX_BUFFER:
            return self._vector.clusters(data, allowance)
        return self._in_pieces(memoryview(data), allowance)

    def _in_pieces(self, data: memoryview, allowance: int) -> tuple[Clusters, bool]:
        assert self._vector is not None
        merged: Clusters = {}
        overlap = self.max_window
        for start in range(0, len(data), MAX_BUFFER - overlap):
            found, flooded = self._vector.clusters(data[start : start + MAX_BUFFER], allowance)
            if flooded:
                return {}, True
            for number, ends in found.items():
                merged.setdefault(number, []).extend(start + end for end in ends)
        return {n: _in_order(ends) for n, ends in merged.items()}, False

    def _candidates(self, data: bytes) -> dict[int, list[int] | None]:
        """Rule number -> clusters of ends; None where the whole blob must be searched."""
        clusters, flooded = self._vectored(data)
        if flooded:
            return self._with_pure({}, data, range(len(self._of)))
        return self._with_pure(clusters, data, self._unvectored())

    def _with_pure(
        self, clusters: Clusters, data: bytes, numbers: Sequence[int]
    ) -> dict[int, list[int] | None]:
        out: dict[int, list[int] | None] = dict(clusters)
        if numbers and data:
            known = self._keywords_in(data) if len(numbers) > 1 else None
            out.update(dict.fromkeys(self._keywords.gate(numbers, Blob(data), known)))
        return out

    def _keywords_in(self, data: bytes) -> dict[bytes, bool] | None:
        """Which keywords large data has; to look for one after the other would take seconds."""
        if self._vector is None or not _LARGE <= len(data) <= MAX_BUFFER:
            return None
        if self._words is None:
            self._words = Words(self._keywords.words)
        return self._words.inside(data)

    # ---- confirm and judge

    def _hits(
        self, data: bytes, candidates: dict[int, list[int] | None], path: str | None, binary: bool
    ) -> ScanResult:
        if not candidates:
            return ScanResult(anywhere=() if path is None else None)
        budget = Budget(len(data))
        blob = Blob(data)
        hits: list[Hit] = []
        for number in sorted(candidates, key=lambda n: _extent(candidates[n], len(data))):
            if self._of.rule(number).binary or not binary:
                hits += self._of_rule(number, blob, candidates[number], path, budget)
        settled, hidden = self._settled(hits)
        by_path = path is None and any(hit.base.id in self._by_path for hit in hits)
        if by_path and len(settled) < len(hits):
            # Where such a rule does not apply, it hides nothing either.
            others, more = self._settled([hit for hit in hits if hit.base.id not in self._by_path])
            known = {_span(hit) for hit in settled}
            settled += [hit for hit in others if _span(hit) not in known]
            hidden += more
        return ScanResult(
            settled,
            budget.limits,
            self._refused(candidates, settled) if self.explain else (),
            hidden=hidden,
            anywhere=hits if path is None and not budget.limits and not self.explain else None,
        )

    def _refused(self, numbers: Iterable[int], kept: Sequence[Hit]) -> Iterator[Refusal]:
        """The matches that were refused, apart from those that another rule found after all."""
        for number in numbers:
            for refusal in self._of.judge(number).refusals or ():
                if not any(
                    h.secret_start < refusal.secret_end and refusal.secret_start < h.secret_end for h in kept
                ):
                    yield refusal

    def _settled(self, hits: list[Hit]) -> Settled:
        told = (hit for hit in pair(hits) if not hit.base.silent)
        return settle_overlaps(told, self._order)

    def _of_rule(
        self, number: int, blob: Blob, ends: list[int] | None, path: str | None, budget: Budget
    ) -> list[Hit]:
        judge = self._of.judge(number)
        judge.refusals = [] if self.explain else None
        if not judge.allowed.applies(path):
            return []
        raws = self._of.confirmer(number).search(blob.data, ends, budget)
        if not raws or not self._has_keyword(number, blob, raws):
            return []
        return [hit for raw in raws if (hit := judge.judge(blob.data, raw, path))]

    def _has_keyword(self, number: int, blob: Blob, raws: list[Raw]) -> bool:
        """Keywords usually stand in the match itself, so the lower-case copy of the blob is rarely made."""
        first = blob.data[raws[0].start : raws[0].end]
        return self._keywords.inside(number, first) or bool(self._keywords.gate((number,), blob))


def _span(hit: Hit) -> tuple[str, int, int]:
    """What tells the hits of one blob apart: comparing all they hold would be slow."""
    return hit.base.id, hit.secret_start, hit.secret_end


def _is_binary(data: bytes) -> bool:
    return data.find(b"\0", 0, _BINARY_PROBE) >= 0


def _extent(ends: list[int] | None, size: int) -> int:
    """Roughly how many bytes must be searched: rules with little to search come first."""
    return size if ends is None else sum(ends[1::2]) - sum(ends[::2]) + len(ends)


def _share(
    number: int, spans: list[int], starts: list[int], ends: list[int], found: dict[int, Clusters]
) -> None:
    """Give each object its part of a rule's clusters, as offsets in the object."""
    start, end, part = 1, 0, list[int]()  # the object of the last cluster (none yet), and its part
    for first, last in zip(spans[::2], spans[1::2], strict=True):
        if start <= first and last <= end:  # one more in the same object, as a rule
            part += (first - start, last - start)
            continue
        begin = bisect_left(ends, first)
        for i in range(begin, bisect_right(starts, last)):
            size = ends[i] - starts[i]
            low, high = max(0, first - starts[i]), min(size, last - starts[i])
            if low <= high and size:
                start, end = starts[i], ends[i]
                part = found.setdefault(i, {}).setdefault(number, [])
                part += (low, high)


def _in_order(ends: list[int]) -> list[int]:
    pairs = sorted(zip(ends[::2], ends[1::2], strict=True))
    return [offset for single in pairs for offset in single]
