"""From a sweep over a history to matches with their story: first and last commit, and today's place."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from keylint.engine import Engine
from keylint.findings import Sighting
from keylint.historyscan import Progress, Sweeper, Swept
from keylint.model import CommitRef, Origin, Skipped, SkipReason, Surface
from keylint.pipeline import Intake
from keylint.records import dataclass, field, replace
from keylint.secret import Blob, Match
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.history import CommitFacts, History
from keylint.timeline import Change, Place, Story, tell

MAX_STORY_PLACES = 12  # places of one story that get a location; the others are counted
MAX_BRANCHES = 10
_MAX_TIP_QUERIES = 200_000
_NO_KEYS: frozenset[int] = frozenset()
_EVERY_SIZE = 1 << 40  # bytes: blobs that were scanned once are read again whatever their size


@dataclass(frozen=True)
class _Today:
    """Where a story stands at HEAD: path and blob."""

    path: bytes
    blob: bytes


@dataclass
class _Plan:
    """One story, the places that will be shown and the matches found there."""

    key: int
    story: Story
    today: _Today | None
    shown: list[tuple[bytes, bytes, str]]  # path, blob, commit ("" for today)
    branches: tuple[str, ...] = ()
    matches: dict[int, list[Match]] = field(default_factory=dict)


class HistoryFeed:
    """Feeds a whole history to an intake. `author` turns a name and an address into what may be shown."""

    def __init__(
        self,
        history: History,
        make_engine: Callable[[], Engine],
        *,
        author: Callable[[str, str], str],
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._history = history
        self._sweeper = Sweeper(history, make_engine, progress=progress)
        self._author = author

    def __call__(self, intake: Intake) -> None:
        """Sweep, then deliver. Raises KeyboardInterrupt at the end if the sweep was interrupted."""
        swept = self._sweeper.sweep(self._history.blob_ids())
        intake.files += swept.objects
        intake.bytes += swept.bytes
        with ObjectReader(self._history.repo, max_bytes=_EVERY_SIZE) as reader:
            _Delivery(self._history, swept, intake, reader, self._author).deliver()
        intake.skipped += [*self._history.skipped, *swept.skipped()]
        intake.problems += self._history.problems
        if swept.interrupted:
            raise KeyboardInterrupt


class _Delivery:
    """Turns what one sweep found into matches."""

    def __init__(
        self,
        history: History,
        swept: Swept,
        intake: Intake,
        reader: ObjectReader,
        author: Callable[[str, str], str],
    ) -> None:
        self._history = history
        self._swept = swept
        self._intake = intake
        self._reader = reader
        self._author = author
        self._values: list[bytes] = []
        self._holders: dict[bytes, frozenset[int]] = {}

    def deliver(self) -> None:
        """Examine the blobs that are worth showing and hand their matches over, story by story."""
        self._number_values()
        self._note_limits()
        if not self._holders:
            return
        if self._history.only_added:
            self._learn_old_sides()
        told = tell(self._changes())
        head = self._history.tree("HEAD")
        plans = [self._plan(key, story, head) for key in sorted(told) for story in told[key]]
        plans += self._outside(told)
        self._find_branches([plan for plan in plans if plan.today is None])
        self._examine(plans)
        self._hand_over(plans)

    def _number_values(self) -> None:
        numbers: dict[bytes, int] = {}
        found = dict(self._swept.values)
        for name, size in self._swept.large:
            found[name] = self._values_of_large(name, size)
        for blob, values in found.items():
            if values:
                self._holders[blob] = frozenset(numbers.setdefault(value, len(numbers)) for value in values)
        self._values = list(numbers)

    def _values_of_large(self, name: bytes, size: int) -> tuple[bytes, ...]:
        opener = partial(self._history.repo.open_object, name.decode())
        blob = Blob(Origin(Surface.HISTORY, _object_path(name)), b"", size, opener)
        examined = self._intake.examiner.examine(blob)
        self._intake.files += 1
        self._intake.bytes += examined.size_bytes
        self._intake.skipped += examined.skipped
        return tuple({match.value.reveal() for match in examined.matches})

    def _note_limits(self) -> None:
        for name, limits in self._swept.limited.items():
            for limit in limits:
                text = f"object {name.decode()}: {limit}"
                self._intake.skipped.append(Skipped("", SkipReason.BUDGET, text))

    def _learn_old_sides(self) -> None:
        """A range was swept for what is new in it; look also at what its files held before."""
        numbers = {value: number for number, value in enumerate(self._values)}
        changes = [(c.old, c.path) for c in self._history.log.changes(self._holders.keys())]
        for name, path in dict.fromkeys(changes):
            if name in self._holders or not name.strip(b"0"):
                continue
            item = self._reader.blob(name.decode(), Origin(Surface.HISTORY, os.fsdecode(path)))
            if isinstance(item, Blob):
                found = {match.value.reveal() for match in self._intake.examiner.examine(item).matches}
                self._holders[name] = frozenset(numbers[value] for value in found if value in numbers)

    def _changes(self) -> Iterator[Change]:
        holders = self._holders
        for change in self._history.log.changes(holders.keys()):
            commit = change.commit
            old, new = holders.get(change.old, _NO_KEYS), holders.get(change.new, _NO_KEYS)
            yield Change(
                commit=commit.id,
                parent=commit.parents[0] if commit.parents else "",
                path=change.path,
                blob=change.new,
                old=old,
                new=new - old if self._history.only_added else new,
            )

    def _plan(self, key: int, story: Story, head: Mapping[bytes, bytes]) -> _Plan:
        today = None
        for path in story.paths:
            if key in self._holders.get(head.get(path, b""), _NO_KEYS):
                today = _Today(path, head[path])
                break
        shown = [(today.path, today.blob, "")] if today else []
        # The first place comes next, then the newest ones.
        for place in (story.first, *story.places):
            if len(shown) < MAX_STORY_PLACES and not any(s[:2] == (place.path, place.blob) for s in shown):
                shown.append((place.path, place.blob, place.commit))
        return _Plan(key, story, today, shown)

    def _outside(self, told: Mapping[int, list[Story]]) -> list[_Plan]:
        """Keys in blobs that no commit names: unreachable ones and those that tags point at."""
        placed = {(key, place.blob) for key, stories in told.items() for s in stories for place in s.places}
        plans = []
        for blob, keys in self._holders.items():
            path = _object_path(blob).encode()
            for key in sorted(keys):
                if key not in told and (key, blob) not in placed:
                    story = Story([Place(0, "", path, blob)])
                    plans.append(_Plan(key, story, None, [(path, blob, "")]))
        return plans

    def _find_branches(self, plans: list[_Plan]) -> None:
        """Name the branches at whose tips a key still is."""
        tips = self._history.tips() if plans else {}
        wanted = [(plan, path) for plan in plans for path in plan.story.paths]
        if not tips or len(tips) * len(wanted) > _MAX_TIP_QUERIES:
            return
        commits = sorted(set(tips.values()))
        blobs = self._history.blobs_at([(commit, path) for _, path in wanted for commit in commits])
        for number, (plan, _) in enumerate(wanted):
            row = blobs[number * len(commits) : (number + 1) * len(commits)]
            holding = {
                commit
                for commit, blob in zip(commits, row, strict=True)
                if plan.key in self._holders.get(blob, _NO_KEYS)
            }
            names = sorted(name for name, commit in tips.items() if commit in holding)
            plan.branches = tuple(dict.fromkeys((*plan.branches, *names)))[:MAX_BRANCHES]

    def _examine(self, plans: list[_Plan]) -> None:
        """Examine each (blob, path) once, for all stories that show it."""
        wanted: dict[tuple[bytes, bytes], list[tuple[_Plan, int]]] = defaultdict(list)
        for plan in plans:
            for number, (path, blob, _) in enumerate(plan.shown):
                wanted[blob, path].append((plan, number))
        for (name, path), users in wanted.items():
            origin = Origin(Surface.HISTORY, os.fsdecode(path))
            item = self._reader.blob(name.decode(), origin)
            if isinstance(item, Skipped):
                self._intake.skipped.append(item)
                continue
            matches: dict[bytes, list[Match]] = defaultdict(list)
            for match in self._intake.examiner.examine(item).matches:
                matches[match.value.reveal()].append(match)
            for plan, number in users:
                plan.matches[number] = matches.get(self._values[plan.key], [])

    def _hand_over(self, plans: list[_Plan]) -> None:
        commits = {plan.story.first.commit for plan in plans} | {plan.story.last_commit for plan in plans}
        commits |= {commit for plan in plans for _, _, commit in plan.shown}
        head = self._history.repository().revision
        facts = self._history.facts(sorted({*commits, head} - {""}))
        refs = {name: self._ref(name, known) for name, known in facts.items()}
        for plan in plans:
            sighting = Sighting(
                first_seen=refs.get(plan.story.first.commit),
                last_seen=refs.get(head if plan.today else plan.story.last_commit),
                in_head=plan.today is not None,
                branches=plan.branches,
                more=max(0, len(plan.story.places) - len(plan.shown)),
            )
            file = os.fsdecode(plan.shown[0][0])
            self._intake.collector.add(_located(plan, refs), sighting, file=file)

    def _ref(self, name: str, known: CommitFacts) -> CommitRef:
        return CommitRef(name, known.date, self._author(known.name, known.email))


def _located(plan: _Plan, refs: Mapping[str, CommitRef]) -> Iterable[Match]:
    """The matches of a plan in its order, each with the commit of its place.

    An allow comment in the newest version speaks for the older ones too.
    """
    newest = plan.matches.get(0, [])
    allow = newest[0].allow if plan.today and newest else None
    for number, (_, _, commit) in enumerate(plan.shown):
        for match in plan.matches.get(number, []):
            origin = replace(match.location.origin, commit=refs.get(commit))
            location = replace(match.location, origin=origin)
            yield replace(match, location=location, allow=match.allow or allow)


def _object_path(name: bytes) -> str:
    """Where git keeps a loose object: the only path that a blob without a commit has."""
    text = name.decode()
    return f".git/objects/{text[:2]}/{text[2:]}"
