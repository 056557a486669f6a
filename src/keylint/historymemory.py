"""What one scan of a history leaves for the next, and what the next makes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

from keylint.held import Known, numbered
from keylint.historycache import HistoryCache, Memory
from keylint.historyscan import Swept
from keylint.sources.gitlog import LogChange
from keylint.sources.history import History
from keylint.sources.pastlog import PastLog


class HistoryMemory:
    """Takes up what an earlier scan of a history left in a cache, and leaves what this one finds.

    `left_out` are the paths that the user's patterns leave out, as they come up.
    """

    def __init__(self, cache: HistoryCache, history: History, left_out: dict[str, None]) -> None:
        self._cache = cache
        self._history = history
        self._left_out = left_out
        self._memory = cache.load()
        self._clean: set[bytes] | None = None
        self.known = Known(self._memory.held, self._load_clean)

    def resume(self) -> None:
        """Let only that be listed which came since the earlier scan, if that gives the same."""
        if self._memory.log and self._history.resume(self._memory.log):
            self._left_out.update(dict.fromkeys(self._memory.left_out))

    def keep_clean(self, swept: Swept) -> None:
        """Remember the objects that hold nothing. What comes after may be interrupted."""
        if swept.clean:
            self._cache.store_clean(self._load_clean().union(swept.clean))

    def keep(self, swept: Swept, changes: list[LogChange], files: int) -> None:
        """Remember what the others hold, after a whole scan, and the log that is about them.

        `changes` are at least those of the objects that hold values, `files` is how many objects there are.
        """
        history = self._history
        if swept.interrupted or (history.past and history.past.starts == history.starts()):
            return
        before = {name: self.known.held[name] for name in swept.held}
        held = numbered(swept.found, before, swept.values)
        log = self._log(swept, changes, files) if self._can_resume(swept) else None
        self._cache.store(Memory(held, log, tuple(self._left_out)))

    def _can_resume(self, swept: Swept) -> bool:
        """Whether all was there and could be read: nothing has to be said again next time."""
        history = self._history
        troubled = swept.missing or swept.damaged or swept.left_out or history.skipped or history.problems
        return not troubled and not history.named and history.starts() is not None

    def _log(self, swept: Swept, changes: list[LogChange], files: int) -> PastLog:
        log, starts = self._history.log, self._history.starts()
        assert starts is not None
        objects = {name for name in (*swept.values, *swept.limited) if name in log.seen}
        if objects.difference(swept.values):
            changes = list(log.changes(objects))
        return PastLog(
            starts=starts,
            commits=log.commits,
            files=files,
            objects=tuple(objects),
            gitlinks=log.gitlinks,
            changes=tuple(_renumbered(changes, objects)),
            kinds={
                ref.id: (ref.kind, ref.peeled, ref.peeled_kind)
                for ref in self._history.refs()
                if ref.kind and ref.peeled_kind
            },
        )

    def _load_clean(self) -> set[bytes]:
        if self._clean is None:
            self._clean = self._cache.load_clean()
        return self._clean


def _renumbered(changes: Iterable[LogChange], objects: Collection[bytes]) -> Iterator[LogChange]:
    """Changes of some objects, with their comparisons numbered from one."""
    wanted = (change for change in changes if change.new in objects or change.old in objects)
    for number, (_, group) in enumerate(groupby(wanted, key=lambda change: change.diff), 1):
        for change in group:
            yield change._replace(diff=number)
