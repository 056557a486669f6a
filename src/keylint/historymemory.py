"""What one scan of a history leaves for the next, and what the next makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import groupby

from keylint.held import Known, Version, numbered
from keylint.historycache import HistoryCache, KeptLook, Memory
from keylint.historyscan import Swept
from keylint.keptlooks import pack, unpack
from keylint.secret import Match
from keylint.sources.gitlog import LogChange
from keylint.sources.history import History
from keylint.sources.pastlog import PastLog, join, latest_behind


class HistoryMemory:
    """Takes up what an earlier scan of a history left in a cache, and leaves what this one finds.

    `left_out` are the paths that the user's patterns leave out, as they come up. `holds_key` says whether one
    of some names holds a key: then nothing is left. With `masked` off, matches show whole secrets: then none
    are taken up or left.
    """

    def __init__(
        self,
        cache: HistoryCache,
        history: History,
        left_out: dict[str, None],
        *,
        holds_key: Callable[[Iterable[str]], bool],
        masked: bool = True,
    ) -> None:
        self._holds_key = holds_key
        self._cache = cache
        self._masked = masked
        self._values: dict[int, bytes] = {}
        self._looks: dict[Version, tuple[set[bytes], list[Match]]] = {}
        self._looked = False
        self._history = history
        self._left_out = left_out
        self._memory = cache.load()
        self._clean: set[bytes] | None = None
        self.known = Known(self._memory.held, self._load_clean)

    def resume(self) -> None:
        """Let only that be listed which came since the earlier scan, if that gives the same."""
        if self._memory.log and self._history.resume(self._memory.log):
            self._left_out.update(dict.fromkeys(self._memory.left_out))

    def learn(self, swept: Swept) -> None:
        """Take what the sweep found, and leave those that hold nothing: what comes may be interrupted."""
        if swept.clean:
            self._cache.store_clean(self._load_clean().union(swept.clean))
        for name in swept.held:
            self._values.update(zip(self.known.held[name].numbers, swept.values[name], strict=True))

    def look(self, version: Version, values: set[bytes]) -> list[Match] | None:
        """The matches of some values in a version of a file; None if they are not known."""
        kept = self._memory.looks.get(version) if self._masked else None
        told = {self._values.get(number, b"") for number in kept.numbers} if kept else set()
        if kept is None or not values <= told:
            return None
        matches = unpack(kept.packed, self._values)
        if matches is not None:
            self._looks[version] = told, matches
        return matches

    def keep_look(self, version: Version, values: set[bytes], matches: list[Match]) -> None:
        """Remember all matches of some values in a version of a file."""
        self._looks[version] = values, matches
        self._looked = True

    def keep(self, swept: Swept, changes: list[LogChange]) -> None:
        """Remember what the others hold, and the log that is about them, after a scan of a whole history.

        `changes` are at least those of the objects that hold values.
        """
        history = self._history
        same = history.past and history.past.starts == history.starts()
        if swept.interrupted or not history.span.whole or (same and not (self._looked and self._masked)):
            return
        before = {name: self.known.held[name] for name in swept.held}
        held, numbers = numbered(swept.found, before, swept.values)
        log = self._log(swept, changes) if self._can_resume(swept) else None
        memory = Memory(held, log, tuple(self._left_out), self._kept_looks(numbers))
        if not self._holds_key({*_names(memory), *_shown(self._looks.values())}):
            self._cache.store(memory)

    def _kept_looks(self, numbers: Mapping[bytes, int]) -> dict[Version, KeptLook]:
        if not self._masked or not self._looks:
            return {}
        kept = {}
        for version, (values, matches) in self._looks.items():
            packed = pack(matches, numbers)
            if packed is not None and values <= numbers.keys():
                kept[version] = KeptLook(tuple(numbers[value] for value in values), packed)
        return kept

    def _can_resume(self, swept: Swept) -> bool:
        """Whether all was there and could be read: nothing has to be said again next time."""
        history = self._history
        troubled = swept.missing or swept.damaged or swept.left_out or history.skipped or history.problems
        return not (troubled or history.named) and history.starts() is not None and history.is_unchanged()

    def _log(self, swept: Swept, changes: list[LogChange]) -> PastLog:
        log, starts = self._history.log, self._history.starts()
        assert starts is not None
        objects = {name for name in (*swept.values, *swept.limited) if name in log.seen}
        if objects.difference(swept.values):
            changes = list(log.changes(objects))
        return PastLog(
            starts=starts,
            commits=log.commits,
            listed=join(log.seen, self._history.past),
            objects=tuple(objects),
            gitlinks=log.gitlinks,
            changes=tuple(_renumbered(changes, objects)),
            kinds={
                ref.id: (ref.kind, ref.peeled, ref.peeled_kind)
                for ref in self._history.refs()
                if ref.kind and ref.peeled_kind
            },
            partial=bool(self._left_out),
            skewed=max(latest_behind(log.walked()), self._history.past.skewed if self._history.past else 0),
        )

    def _load_clean(self) -> set[bytes]:
        if self._clean is None:
            self._clean = self._cache.load_clean()
        return self._clean


def _names(memory: Memory) -> Iterator[str]:
    """Everything in what is kept that somebody else chose, apart from masked lines."""
    yield from memory.left_out
    yield from (os.fsdecode(path) for _, path in memory.looks)
    if memory.log:
        paths = {change.path for change in memory.log.changes} | memory.log.gitlinks.keys()
        yield from map(os.fsdecode, paths)


def _shown(looks: Iterable[tuple[set[bytes], list[Match]]]) -> Iterator[str]:
    """The same of matches. Their paths may be longer than the log's: that of a submodule comes first."""
    for _, matches in looks:
        for match in matches:
            yield match.location.origin.path
            yield from (value for _, value in match.evidence.facts)


def _renumbered(changes: Iterable[LogChange], objects: Collection[bytes]) -> Iterator[LogChange]:
    """Changes of some objects, with their comparisons numbered from one."""
    wanted = (change for change in changes if change.new in objects or change.old in objects)
    for number, (_, group) in enumerate(groupby(wanted, key=lambda change: change.diff), 1):
        for change in group:
            yield change._replace(diff=number)
