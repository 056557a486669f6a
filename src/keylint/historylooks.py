"""What blobs of a history hold under their paths: told by the workers that know them, else found out here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Protocol

from keylint.held import Version
from keylint.model import Origin, Skipped, SkipReason, Surface
from keylint.pipeline import Intake
from keylint.revisit import Seen, Visit
from keylint.secret import Blob, Match
from keylint.sources.gitobjects import ObjectReader

if TYPE_CHECKING:
    from keylint.historymemory import HistoryMemory

_NOTHING = Seen([])


class Revisit(Protocol):
    """What answers visits in order; None where no worker is left to tell."""

    def __call__(
        self, visits: Sequence[Visit], meanwhile: Callable[[], bool] = ...
    ) -> Iterator[Seen | None]: ...


class Looks:
    """Looks at versions of files. What cannot be read goes into an intake, and what cuts a look short.

    `limited` are the blobs of which it was told already that they were not scanned wholly. `show` turns a
    path into what may be shown. What is found goes into a `memory`, and what that knows is not looked for.
    """

    def __init__(
        self,
        intake: Intake,
        reader: ObjectReader,
        *,
        revisit: Revisit,
        limited: Collection[bytes],
        show: Callable[[bytes], str],
        memory: HistoryMemory | None = None,
    ) -> None:
        self._intake = intake
        self._reader = reader
        self._revisit = revisit
        self._limited = limited
        self._show = show
        self._memory = memory
        self.stopped = False
        self._ahead: dict[Version, Seen] = {}
        self._remembered: dict[Version, list[Match]] = {}
        self._texts: dict[Version, tuple[Blob | None, list[Match]]] = {}

    def look_ahead(self, wanted: Mapping[Version, set[bytes]], meanwhile: Callable[[], bool]) -> None:
        """Look at versions of which `at` will be asked, for some values in each.

        `meanwhile()` does a little of what is to be done anyway, until it says that there is nothing more. An
        interrupt ends the looking for good: then `stopped` says so.
        """
        rest = self._unknown(wanted)
        try:
            for version, seen in zip(rest, self._revisit(self._visits(rest), meanwhile), strict=True):
                if seen:
                    self._ahead[version] = seen
                    self._keep(version, wanted[version], seen)
        except KeyboardInterrupt:
            self.stopped = True
        while meanwhile():
            pass

    def at(self, wanted: Mapping[Version, set[bytes]]) -> Iterator[list[Match]]:
        """The matches in each version, in order: all of some values, perhaps some of others.

        Where looking was stopped, what was not seen by then has none. Who is to answer is there when this
        returns: no process is forked later.
        """
        rest = self._unknown(wanted)
        answers = repeat(_NOTHING) if self.stopped else self._revisit(self._visits(rest))
        return self._matches(wanted, rest, answers)

    def _matches(
        self,
        wanted: Mapping[Version, set[bytes]],
        rest: Mapping[Version, set[bytes]],
        answers: Iterator[Seen | None],
    ) -> Iterator[list[Match]]:
        for version, values in wanted.items():
            if version in self._remembered:
                yield self._remembered[version]
                continue
            seen = next(answers) if version in rest else self._ahead[version]
            if seen is None:
                yield self.read(*version)[1]
                continue
            self.note_cuts(version[0], seen.skipped)
            if version in rest:
                self._keep(version, values, seen)
            yield seen.matches

    def _keep(self, version: Version, values: set[bytes], seen: Seen) -> None:
        """Tell the memory what was found of some values, if all was."""
        if self._memory and not self.stopped and not seen.skipped:
            self._memory.keep_look(version, values, seen.matches)

    def _unknown(self, wanted: Mapping[Version, set[bytes]]) -> dict[Version, set[bytes]]:
        """The versions that neither were looked at yet nor does the memory know them."""
        rest = {}
        for version, values in wanted.items():
            if version in self._ahead or version in self._remembered:
                continue
            matches = self._memory.look(version, values) if self._memory else None
            if matches is None:
                rest[version] = values
            else:
                self._remembered[version] = matches
        return rest

    def _visits(self, wanted: Mapping[Version, set[bytes]]) -> list[Visit]:
        return [Visit(name, self._show(path), values) for (name, path), values in wanted.items()]

    def read(self, name: bytes, path: bytes) -> tuple[Blob | None, list[Match]]:
        """A blob under a path with its matches, from here; no blob where it cannot be read."""
        if (name, path) not in self._texts:
            item = self._reader.blob(name.decode(), Origin(Surface.HISTORY, self._show(path)))
            if isinstance(item, Skipped):
                self._intake.skipped.append(item)
                return None, []
            if len(self._texts) > 1:  # the two sides of one change are all that is asked for twice
                self._texts.clear()
            examined = self._intake.examiner.examine(item)
            self.note_cuts(name, examined.skipped)
            self._texts[name, path] = item, list(examined.matches)
        return self._texts[name, path]

    def content(self, name: bytes) -> Blob | None:
        """A blob, if it can be read; nothing is noted where not."""
        item = self._reader.blob(name.decode(), Origin(Surface.HISTORY, ""))
        return None if isinstance(item, Skipped) else item

    def note_cuts(self, name: bytes, skipped: Iterable[Skipped]) -> None:
        """Say what a look did not read, apart from the limits that the first one met already."""
        known = name in self._limited
        self._intake.skipped += [s for s in skipped if not (known and s.reason is SkipReason.BUDGET)]
