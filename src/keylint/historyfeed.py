"""From a sweep over a history to matches with their story: first and last commit, and today's place."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from keylint.allowing import Allowing, Spot, spot
from keylint.aside import Aside
from keylint.findings import Sighting
from keylint.held import Version
from keylint.historyadditions import Additions, as_change
from keylint.historycommits import CommitFinder
from keylint.historylooks import Looks, Revisit
from keylint.historymessages import deliver_messages
from keylint.historyplans import Plan, Shown, add_places, located, make_plan
from keylint.historyscan import Sweeper, Swept
from keylint.model import CommitRef, Skipped, SkipReason
from keylint.pipeline import Intake
from keylint.revisit import EVERY_SIZE
from keylint.rule import Rule
from keylint.secret import Match
from keylint.sources.gitlog import LogChange
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.history import CommitFacts, History
from keylint.sources.salvage import is_loose
from keylint.timeline import Change, Place, Story, tell

if TYPE_CHECKING:
    from keylint.historymemory import HistoryMemory

_MAX_LISTED = 1000  # unreadable objects that get a line of their own
_NO_KEYS: frozenset[int] = frozenset()

MakeAuthor = Callable[[str, str], str]


class HistoryFeed:
    """Feeds a whole history to an intake. `author` turns a name and an address into what may be shown.

    `prefix` is put before every path: a submodule's place in the repository around it. What is found goes
    into a `memory`, too. A key that came in with a commit which its rule's allowlists name is left out, if
    `rules` are given.
    """

    def __init__(
        self,
        history: History,
        sweeper: Sweeper,
        *,
        author: MakeAuthor,
        prefix: bytes = b"",
        memory: HistoryMemory | None = None,
        rules: Iterable[Rule] = (),
    ) -> None:
        self._history = history
        self._sweeper = sweeper
        self._author = author
        self._prefix = prefix
        self._memory = memory
        self._allowing = Allowing(rules)

    def __call__(self, intake: Intake) -> None:
        """Sweep, then deliver. Raises KeyboardInterrupt at the end if the sweep was interrupted."""
        try:
            self._feed(intake)
        finally:
            self._sweeper.close()

    def _feed(self, intake: Intake) -> None:
        swept = self._sweeper.sweep(self._history.object_ids(), intake.examiner)
        intake.files += self._count(swept)
        intake.bytes += swept.bytes
        if self._memory:
            self._memory.learn(swept)
        with ObjectReader(self._history.repo, max_bytes=EVERY_SIZE) as reader:
            delivery = _Delivery(
                self._history,
                swept,
                intake,
                reader,
                revisit=self._sweeper.revisit,
                author=self._author,
                prefix=self._prefix,
                allowing=self._allowing,
                memory=self._memory,
            )
            delivery.deliver()
        if self._memory:
            self._memory.keep(swept, delivery.changes)
        intake.skipped += [*self._history.skipped, *swept.skipped()]
        intake.problems += self._history.problems
        if swept.interrupted:
            raise KeyboardInterrupt

    def _count(self, swept: Swept) -> int:
        """How many objects there are, those included that an earlier listing met."""
        past = self._history.past
        if past:
            return past.count(self._history.log.seen) - len(swept.missing) - len(swept.damaged)
        return swept.objects + swept.known_clean + len(swept.held)


class _Delivery:
    """Turns what one sweep found into matches."""

    def __init__(
        self,
        history: History,
        swept: Swept,
        intake: Intake,
        reader: ObjectReader,
        *,
        revisit: Revisit,
        author: MakeAuthor,
        prefix: bytes,
        allowing: Allowing,
        memory: HistoryMemory | None,
    ) -> None:
        self._history = history
        self._swept = swept
        self._intake = intake
        self._reader = reader
        self._looks = Looks(
            intake, reader, revisit=revisit, limited=swept.limited, show=self._shown_path, memory=memory
        )
        self._author = author
        self._prefix = prefix
        self._allowing = allowing
        self.changes: list[LogChange] = []  # all that have an object which holds something
        self._numbers: dict[bytes, int] = {}
        self._values: list[bytes] = []
        self._holders: dict[bytes, frozenset[int]] = {}
        self._additions = Additions(
            history.log,
            self._holders,
            self._looks,
            keys_of=self._keys,
            number_of=self._numbers.get,
            value_of=lambda key: self._values[key],
        )

    def deliver(self) -> None:
        """Examine the blobs that are worth showing and hand their matches over, story by story."""
        messages = self._number_values()
        self._note_unread()
        deliver_messages(
            self._history, messages, self._intake, self._reader, self._refs, note=self._looks.note_cuts
        )
        if not self._holders:
            return
        head = self._history.head()
        changes = self.changes
        parts = self._history.log.parts(self._holders.keys())

        def read_on() -> bool:
            part = next(parts, None)
            changes.extend(part or ())
            return part is not None

        self._looks.look_ahead(self._today(head), read_on)
        self._learn_today({change.path for change in changes}, head)
        today = {
            (key, change.path)
            for change in changes
            for key in self._holders.get(head.get(change.path, b""), _NO_KEYS)
        }
        told = tell(self._changes(changes), today)
        copies = self._copies(head)
        plans = [
            make_plan(key, story, self._of_today(key, story, head) or _renamed(story, told[key], copies))
            for key in sorted(told)
            for story in told[key]
        ]
        add_places(plans)
        plans += self._outside(changes)
        users = self._users(plans)
        finder = CommitFinder(self._history, self._holders)
        facts: Mapping[str, CommitFacts] = {}
        try:
            # First of all, because this may fork: children would hold the pipes of what goes on aside.
            looks = self._looks.at({v: {self._values[plan.key] for plan, _ in users[v]} for v in users})
            commits = Aside(lambda: finder.learn(plans))  # git has some work with them
            self._examine(users, looks)
            facts = commits.wait()
        finally:  # an interrupt, too, leaves what was examined so far
            self._intake.problems += finder.problems
            examined = [plan for plan in plans if any(plan.matches.values())]
            self._hand_over(examined, facts or finder.learn(examined, branches=False))
        if self._looks.stopped:
            raise KeyboardInterrupt

    def _number_values(self) -> list[bytes]:
        """Give every value a number, whatever workers found it first: the order decides which of many places
        are shown. Returns the ids of the messages that hold one.
        """
        found = self._swept.values
        messages = sorted(name for name in found if name in self._history.messages)
        holders = found.keys() - set(messages)
        self._values = sorted({value for name in holders for value in found[name]})
        self._numbers.update((value, number) for number, value in enumerate(self._values))
        for name in sorted(holders):
            self._holders[name] = frozenset(self._numbers[value] for value in found[name])
        return messages

    def _note_unread(self) -> None:
        """Say what was not read, or not wholly, with a path where one is known."""
        swept = self._swept
        notes = [(name, SkipReason.MISSING_OBJECT, "") for name in swept.missing]
        notes += [(name, SkipReason.CORRUPT, "") for name in swept.damaged]
        notes += [
            (name, SkipReason.BUDGET, f": {limit}")
            for name, limits in swept.limited.items()
            for limit in limits
        ]
        if not notes:
            return
        paths: dict[bytes, bytes] = {}
        for change in self._history.log.changes({name for name, _, _ in notes}):
            paths.setdefault(change.new, change.path)
        notes.sort(key=lambda note: (paths.get(note[0], b""), note[0]))  # workers end in any order
        for name, reason, text in notes[:_MAX_LISTED]:
            path = self._shown_path(paths[name]) if name in paths else ""
            there = reason is SkipReason.MISSING_OBJECT and is_loose(self._history.repo, name)
            why = SkipReason.CORRUPT if there else reason
            self._intake.skipped.append(Skipped(path, why, f"object {name.decode()}{text}"))
        if notes[_MAX_LISTED:]:
            text = f"{len(notes) - _MAX_LISTED} more objects could not be read, or not wholly"
            self._intake.skipped.append(Skipped("", SkipReason.UNREADABLE, text))

    def _today(self, head: Mapping[bytes, bytes]) -> dict[Version, set[bytes]]:
        """The versions of today that are to be looked at whatever the log says, with their values."""
        if not self._history.span.whole:
            return {}
        return {
            (blob, path): {self._values[key] for key in self._holders[blob]}
            for path, blob in head.items()
            if blob in self._holders
        }

    def _learn_today(self, paths: Iterable[bytes], head: Mapping[bytes, bytes]) -> None:
        """Part of a history was swept: look also at what its files hold now."""
        if not self._history.span.whole:
            for path in paths:
                blob = head.get(path, b"")
                if blob and blob not in self._history.log.seen:
                    self._holders[blob] = self._keys(blob, path)

    def _keys(self, blob: bytes, path: bytes) -> frozenset[int]:
        _, matches = self._looks.read(blob, path)
        found = (self._numbers.get(match.value.reveal()) for match in matches)
        return frozenset(number for number in found if number is not None)

    # ---- changes

    def _changes(self, changes: Sequence[LogChange]) -> Iterator[Change]:
        if not self._history.span.whole:
            yield from self._additions.changes(changes)
            return
        for change in changes:
            old, new = (self._holders.get(blob, _NO_KEYS) for blob in (change.old, change.new))
            yield as_change(change, old, new)

    # ---- plans

    def _copies(self, head: Mapping[bytes, bytes]) -> Mapping[bytes, Shown]:
        """Today's place of each blob with keys that a part of a history brought in, whatever it is called
        now: a commit after that part may have renamed it.
        """
        if self._history.span.whole:
            return {}
        held = ((path, blob) for path, blob in head.items() if blob in self._holders)
        return {blob: Shown(path, blob, "") for path, blob in held}

    def _of_today(self, key: int, story: Story, head: Mapping[bytes, bytes]) -> list[Shown]:
        """Where a key is in HEAD, at the paths of its story."""
        return [
            Shown(path, head[path], "")
            for path in story.paths
            if key in self._holders.get(head.get(path, b""), _NO_KEYS)
        ]

    def _outside(self, changes: Iterable[LogChange]) -> list[Plan]:
        """Keys in blobs that no commit names: unreachable ones and those that tags point at."""
        placed = {change.new for change in changes}
        plans = []
        for blob, keys in self._holders.items():
            if blob in placed or blob not in self._swept.values:
                continue
            path = self._history.named.get(blob) or _object_path(blob)
            for key in sorted(keys):
                plans.append(Plan(key, Story([Place(0, "", path, blob)]), [Shown(path, blob, "")]))
        return plans

    def _users(self, plans: Iterable[Plan]) -> Mapping[Version, list[tuple[Plan, int]]]:
        """The versions that are shown: for each the plans that show it, and as which of their places."""
        users: dict[Version, list[tuple[Plan, int]]] = defaultdict(list)
        for plan in plans:
            for number, place in enumerate(plan.shown):
                users[place.blob, place.path].append((plan, number))
        return users

    def _examine(
        self, wanted: Mapping[Version, list[tuple[Plan, int]]], looks: Iterable[list[Match]]
    ) -> None:
        """Give each plan its matches, from a look at each (blob, path)."""
        for ((name, path), users), seen in zip(wanted.items(), looks, strict=True):
            matches: dict[bytes, list[Match]] = defaultdict(list)
            for match in seen:
                matches[match.value.reveal()].append(match)
            left: dict[str, Collection[Spot]] = {}
            for plan, number in users:
                first = plan.story.first.commit
                found = matches.get(self._values[plan.key], [])
                if found and first in self._allowing.commits:
                    if first not in left:
                        left[first] = self._left(name, path, first)
                    found = [m for m in found if spot(m) in left[first]]
                new = self._additions.offsets((name, path), plan.key)
                if new is not None:
                    found = [m for m in found if m.location.byte_offset in new]
                plan.matches[number] = found

    def _left(self, name: bytes, path: bytes, commit: str) -> Collection[Spot]:
        """Where the matches of a blob are that no allowlist covers, now that their commit is known."""
        blob, matches = self._looks.read(name, path)
        left = self._allowing.remaining(blob, commit) if blob else None
        return {spot(match) for match in matches} if left is None else left

    # ---- handing over

    def _hand_over(self, plans: list[Plan], facts: Mapping[str, CommitFacts]) -> None:
        head = self._history.repository().revision
        refs = {name: self._ref(name, known) for name, known in facts.items()}
        for plan in plans:
            names = [name for name in plan.last if name in facts]
            newest = max(names, key=lambda name: facts[name].committed, default="")
            shown = {(place.path, place.blob) for place in plan.shown}
            others = {(place.path, place.blob) for place in plan.story.places} - shown
            sighting = Sighting(
                first_seen=refs.get(plan.story.first.commit),
                last_seen=refs.get(head if plan.today else newest),
                in_head=plan.today,
                branches=plan.branches,
                branch_count=plan.branch_count,
                more=len(others),
            )
            file = self._shown_path(plan.shown[0].path)
            self._intake.collector.add(located(plan, refs), sighting, file=file)

    def _refs(self, commits: Iterable[str]) -> dict[str, CommitRef]:
        return {name: self._ref(name, known) for name, known in self._history.facts(commits).items()}

    def _ref(self, name: str, known: CommitFacts) -> CommitRef:
        return CommitRef(name, known.date, self._author(known.name, known.email))

    def _shown_path(self, path: bytes) -> str:
        return os.fsdecode(self._prefix + path)


def _renamed(story: Story, all_of_key: Iterable[Story], copies: Mapping[bytes, Shown]) -> list[Shown]:
    """Today's place of a story of which nothing says that it ended: its newest version at another path."""
    copy = copies.get(story.places[0].blob)
    if copy is None or story.removal or any(copy.path in other.paths for other in all_of_key):
        return []
    return [copy]


def _object_path(name: bytes) -> bytes:
    """Where git keeps a loose object: the only path that a blob without a commit has."""
    return b".git/objects/" + name[:2] + b"/" + name[2:]
