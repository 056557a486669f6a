"""When a key came to which file and when it went, read off a repository's log. Pure: no git, no clock.

A key that one commit takes out of one path and puts into another has moved: both paths are one file to it,
however git would have called the change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from keylint.records import dataclass, field


class Change(NamedTuple):
    """One path that one commit changed: the keys that its content held before and holds now.

    Keys are numbers. `parents` are the commits before this one. A merge is compared with each of its parents;
    `diff` numbers the comparisons.
    """

    commit: str
    parents: tuple[str, ...]
    diff: int
    path: bytes
    old_blob: bytes
    blob: bytes
    old: frozenset[int]
    new: frozenset[int]


class Place(NamedTuple):
    """A version of a file that holds a key. `age` grows with every commit that the log goes back."""

    age: int
    commit: str
    path: bytes
    blob: bytes


class Removal(NamedTuple):
    """A commit that took a key out of a file: one of its parents still had `blob` at `path`."""

    age: int
    parents: tuple[str, ...]
    path: bytes
    blob: bytes


@dataclass
class Story:
    """One key in one file. `places` come newest first, and there is at least one.

    `removal` took the key out, None if nothing newer than all places did.
    """

    places: list[Place] = field(default_factory=list)
    removal: Removal | None = None

    @property
    def first(self) -> Place:
        """Where the key was seen first."""
        return self.places[-1]

    @property
    def paths(self) -> list[bytes]:
        """Every path that the file had, the newest first."""
        return list(dict.fromkeys(place.path for place in self.places))

    def add(self, place: Place) -> None:
        """Take the next older place. Cherry-picks of the same version are one place, the oldest."""
        if self.places and (self.places[-1].path, self.places[-1].blob) == (place.path, place.blob):
            self.places[-1] = place
        else:
            self.places.append(place)

    def remove(self, removal: Removal) -> None:
        """Take note of a removal; only one that is newer than every place counts."""
        if not self.places and not self.removal:
            self.removal = removal

    def merge(self, other: Story) -> None:
        """Take in the story of another path of the same file."""
        self.places = sorted((*self.places, *other.places), key=lambda place: place.age)
        removals = [removal for removal in (self.removal, other.removal) if removal]
        self.removal = min(removals, key=lambda removal: removal.age, default=None)
        # Of two removals the newer one counts, unless the file lived on under its other path.
        if self.places and self.removal and self.places[0].age <= self.removal.age:
            self.removal = None


def tell(
    changes: Iterable[Change], today: Collection[tuple[int, bytes]] = frozenset()
) -> dict[int, list[Story]]:
    """The stories of every key, from changes that come newest first.

    `today` are the (key, path) pairs that are there now: two of them are two files, whatever happened before.
    """
    stories: defaultdict[tuple[int, bytes], Story] = defaultdict(Story)
    moves = _Moves(today)
    age = 0
    commit = ""
    for change in changes:
        if change.commit != commit:
            age, commit = age + 1, change.commit
        moves.see(change)
        if change.new:
            place = Place(age, change.commit, change.path, change.blob)
            for key in change.new:
                stories[key, change.path].add(place)
        if gone := change.old - change.new:
            removal = Removal(age, change.parents, change.path, change.old_blob)
            for key in gone:
                stories[key, change.path].remove(removal)
    return _joined(stories, moves)


def _joined(stories: Mapping[tuple[int, bytes], Story], moves: _Moves) -> dict[int, list[Story]]:
    files: dict[tuple[int, bytes], Story] = {}
    for (key, path), story in stories.items():
        name = (key, moves.root(key, path))
        if name in files:
            files[name].merge(story)
        else:
            files[name] = story
    told: dict[int, list[Story]] = {}
    for (key, _), story in files.items():
        if story.places:  # a range may show only how a key went
            told.setdefault(key, []).append(story)
    return told


class _Moves:
    """Which paths are one file, key by key: a union-find over (key, path)."""

    def __init__(self, today: Collection[tuple[int, bytes]]) -> None:
        self._parent: dict[tuple[int, bytes], bytes] = {}
        self._alive = set(today)
        self._diff = 0
        self._gone: dict[int, bytes] = {}
        self._come: dict[int, bytes] = {}

    def see(self, change: Change) -> None:
        """Take the next change; those of one comparison come together."""
        if change.diff != self._diff:
            self._diff, self._gone, self._come = change.diff, {}, {}
        for key in change.old - change.new:
            self._gone[key] = change.path
            if key in self._come:
                self._join(key, change.path, self._come[key])
        for key in change.new - change.old:
            self._come[key] = change.path
            if key in self._gone:
                self._join(key, change.path, self._gone[key])

    def root(self, key: int, path: bytes) -> bytes:
        """The path that stands for all paths of the file."""
        while (key, path) in self._parent:
            path = self._parent[key, path]
        return path

    def _join(self, key: int, a: bytes, b: bytes) -> None:
        a, b = self.root(key, a), self.root(key, b)
        both = (key, a) in self._alive and (key, b) in self._alive
        if a != b and not both:
            self._parent[key, a] = b
            if (key, a) in self._alive:
                self._alive.add((key, b))
