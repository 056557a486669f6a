"""Exact matches of one rule around the places that the prefilter named: what `regex.finditer` would give.

Why it is exact: the prefilter names every end of every match (of the pattern's opening). So the leftmost
match that starts after the previous one starts inside some window [end - back, end], and windows are searched
from left to right; text beyond the window is visible as far as the match and its assertions can reach.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from keylint.engine.lines import begin_of, end_of
from keylint.engine.opening import Opening, opening
from keylint.engine.patterns import for_regex
from keylint.engine.window import Plan, plan
from keylint.errors import ConfigError
from keylint.precompiled import load, restored
from keylint.rule import Rule

if TYPE_CHECKING:
    import regex

MAX_MATCHES = 100_000  # per rule and blob
_REMEMBERED_WINDOW = 4096  # bytes
_MEMORY = 16 << 20  # bytes of remembered windows


class Raw(NamedTuple):
    """A match and the span of the secret in it, as offsets in the blob."""

    start: int
    end: int
    secret_start: int
    secret_end: int


_Places = tuple[tuple[int, int, int, int], ...]  # of raws, from the start of a window


class _Window(NamedTuple):
    """Where matches may start (`begin` to `high`), and where the bytes end that they can see (`stop`)."""

    begin: int
    high: int
    stop: int


class Budget:
    """The time that one blob may take, and the limits that were reached in it.

    Each rule gets half of what is left, so that one which is slow on hostile bytes leaves time for the rest.
    """

    def __init__(self, size: int, *, base_s: float = 2.0, bytes_per_s: float = 20e6) -> None:
        self.seconds = base_s + size / bytes_per_s
        self._end = time.monotonic() + self.seconds
        self._rule_end = self._end
        self.limits: list[str] = []

    def begin_rule(self) -> None:
        """Share out the time for the next rule."""
        now = time.monotonic()
        self._rule_end = now + max(0.0, self._end - now) / 2

    def left(self) -> float:
        """Seconds left for this rule, never less than a little: a search that is due may at least begin."""
        return max(0.001, self._rule_end - time.monotonic())

    def timed_out(self, rule: Rule) -> None:
        self.limits.append(
            f"rule {rule.id}: stopped at its share of the {self.seconds:.0f} s that one file may take"
        )

    def too_many(self, rule: Rule) -> None:
        self.limits.append(f"rule {rule.id}: stopped after {MAX_MATCHES:,} matches in one file")


class Memory:
    """Matches of windows seen before. Versions of one file repeat most of them."""

    def __init__(self) -> None:
        self._windows: dict[tuple[object, ...], _Places] = {}
        self._bytes = 0

    def get(self, key: tuple[object, ...]) -> _Places | None:
        return self._windows.get(key)

    def put(self, key: tuple[object, ...], size: int, places: _Places) -> None:
        if self._bytes > _MEMORY:
            self._windows.clear()
            self._bytes = 0
        self._windows[key] = places
        self._bytes += size + 200


class Confirmer:
    """Confirms one rule. The pattern is compiled, or restored, when the first hit comes in."""

    def __init__(self, rule: Rule, memory: Memory) -> None:
        self.rule = rule
        self._memory = memory
        self._compiled: regex.Pattern[bytes] | None = None
        self._stored = b""
        self._named: int | None = None
        self._opening: Opening | None = None
        self._bounds: Plan | None = None

    @property
    def bounds(self) -> Plan:
        """How far matches reach: told, or found out from the pattern."""
        if self._bounds is None:
            self._bounds = plan(self.rule.regex)
        return self._bounds

    def prepare(self, bounds: Plan, compiled: bytes) -> None:
        """Take over what is known from an earlier run: how far matches reach, and the compiled pattern."""
        self._bounds = bounds
        self._stored = compiled

    @property
    def pattern(self) -> regex.Pattern[bytes]:
        """The compiled pattern. Raises ConfigError if it does not compile."""
        if self._compiled is None:
            stored = load(self._stored) if self._stored else None
            self._compiled = stored or compile_pattern(self.rule.regex, self.rule, "regex")
            self._named = self._compiled.groupindex.get("secret")
            self._opening = opening(self.rule.regex)
        return self._compiled

    def search(self, data: bytes, ends: list[int] | None, budget: Budget) -> list[Raw]:
        """All matches, in order. `ends` are clusters of the prefilter; None means to search everywhere."""
        out: list[Raw] = []
        budget.begin_rule()
        try:
            if ends is None or self.bounds.whole:
                self._collect(data, _Window(0, len(data), len(data)), budget, out)
            else:
                self._collect_near(data, ends, budget, out)
        except TimeoutError:
            budget.timed_out(self.rule)
        if len(out) > MAX_MATCHES:
            budget.too_many(self.rule)
            del out[MAX_MATCHES:]
        return out

    def _collect_near(self, data: bytes, ends: list[int], budget: Budget, out: list[Raw]) -> None:
        """Add the matches near the ends. There may be tens of thousands, most of them seen before."""
        _, reach, behind, ahead, _, breaks = self.bounds
        size = len(data)
        done = 0
        for low, high in _windows(data, ends, self.bounds):
            begin = low if low > done else done
            if begin > high:
                continue
            left = begin - behind if begin > behind else 0
            last = end_of(data, high, high + reach if high + reach < size else size, breaks)
            stop = min(size, last + ahead + 2)  # `$` also matches before a line feed at the very end
            window = _Window(begin, high, stop)
            if stop - left > _REMEMBERED_WINDOW:
                self._collect(data, window, budget, out)
            else:
                known = self._remembered(data, left, window, budget)
                out += [Raw(a + left, b + left, c + left, d + left) for a, b, c, d in known]
            if len(out) > MAX_MATCHES:
                return
            if out:
                done = out[-1].end

    def _remembered(self, data: bytes, left: int, window: _Window, budget: Budget) -> _Places:
        begin, high, stop = window
        key = (self.rule.id, data[left:stop], begin - left, high - left)
        known = self._memory.get(key)
        if known is None:
            found = self._search(data, window, budget)
            known = tuple((a - left, b - left, c - left, d - left) for a, b, c, d in found)
            self._memory.put(key, stop - left, known)
        return known

    def _collect(self, data: bytes, window: _Window, budget: Budget, out: list[Raw]) -> None:
        for raw in self._search(data, window, budget):
            out.append(raw)
            if len(out) > MAX_MATCHES:
                return

    def _search(self, data: bytes, window: _Window, budget: Budget) -> Iterator[Raw]:
        for match in self._found(data, window, budget):
            if match.start() > window.high:
                return
            start, end = self._secret(match)
            if start < end:
                yield Raw(match.start(), match.end(), start, end)

    def _found(self, data: bytes, window: _Window, budget: Budget) -> Iterator[regex.Match[bytes]]:
        """What `finditer` gives, quicker where the words are known with which a match begins."""
        pattern = self.pattern
        if self._opening is None:
            yield from pattern.finditer(data, window.begin, window.stop, timeout=budget.left())
            return
        done, end = window.begin, min(window.stop, window.high + self._opening.reach)
        for word in self._opening.pattern.finditer(data, done, end):
            start = word.start()
            if start >= done and (found := pattern.match(data, start, window.stop, timeout=budget.left())):
                yield found
                done = found.end()

    def _secret(self, match: Any) -> tuple[int, int]:
        """The span of the group named `secret`, the rule's group, the first that took part, or the match."""
        if self._named and match.start(self._named) >= 0:
            return match.span(self._named)  # type: ignore[no-any-return]
        if self.rule.secret_group:
            return match.span(self.rule.secret_group)  # type: ignore[no-any-return]
        for group in range(1, self.pattern.groups + 1):
            if match.start(group) < match.end(group):
                return match.span(group)  # type: ignore[no-any-return]
        # A pattern of somebody else's may take the end of the line with it: no key begins or ends with one.
        found = match.group()
        bare = found.lstrip(b"\r\n")
        start = match.start() + len(found) - len(bare)
        return start, start + len(bare.rstrip(b"\r\n"))


def _windows(data: bytes, ends: list[int], bounds: Plan) -> Iterator[tuple[int, int]]:
    """Clusters of ends as windows of starts; neighbours that touch become one."""
    low = high = -1
    back, breaks = bounds.back, bounds.breaks
    for first, last in zip(ends[::2], ends[1::2], strict=True):
        begin = begin_of(data, first - back if first > back else 0, first, breaks)
        if begin <= high:
            low, high = min(low, begin), max(high, last)
        else:
            if high >= 0:
                yield low, high
            low, high = begin, last
    yield low, high


def compile_pattern(pattern: str, rule: Rule, field: str) -> regex.Pattern[bytes]:
    """A pattern of `regex` for bytes, restored if it was stored. Raises ConfigError that names file, rule and
    field.
    """
    if (found := restored(pattern)) is not None:
        return found
    import regex  # 10 ms: only where something is to be compiled

    try:
        return regex.compile(for_regex(pattern), regex.V0)
    except (regex.error, ValueError) as exc:
        where = f"{rule.source}: " if rule.source else ""
        raise ConfigError(
            f"{where}rule {rule.id}: {field} does not compile: {exc}", hint="see rules/README.md"
        ) from None
