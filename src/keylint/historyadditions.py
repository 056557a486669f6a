"""What a part of a history adds: keys in new lines, and not those that only moved to another path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from keylint.addedlines import added
from keylint.historylooks import Looks
from keylint.sources.gitlog import LogChange, RawLog
from keylint.timeline import Change

# Files that are searched for keys that moved: those that one comparison takes away, and all together.
_MAX_REMOVALS = 100
_MAX_SEARCHED = 2000

Keys = frozenset[int]
_NO_KEYS: Keys = frozenset()


class _Addition(NamedTuple):
    """The keys that one commit puts into a path: new ones, and others with what it took them from."""

    change: LogChange
    fresh: Keys
    moved: Mapping[int, LogChange]


class Additions:
    """Tells the changes of a log as far as they add keys. `holders` are the blobs that hold some.

    `keys_of` gives the numbers of the keys in a blob under a path, and `number_of` that of a value. What is
    `added` to a blob under a path are keys and their offsets, for those of which only some lines are new.
    """

    def __init__(
        self,
        log: RawLog,
        holders: Mapping[bytes, Keys],
        looks: Looks,
        *,
        keys_of: Callable[[bytes, bytes], Keys],
        number_of: Callable[[bytes], int | None],
    ) -> None:
        self._log = log
        self._holders = holders
        self._looks = looks
        self._keys_of = keys_of
        self._number_of = number_of
        self._moved: dict[int, Mapping[int, LogChange]] = {}
        self.added: dict[tuple[bytes, bytes], set[tuple[int, int]]] = defaultdict(set)

    def changes(self, changes: Sequence[LogChange]) -> Iterator[Change]:
        """Changes as the story of a key is told from, newest first. A key that came in with this part of the
        history is followed to where it moved.
        """
        self._learn_moves(changes)
        additions = list(self._additions(changes))
        here: set[tuple[int, bytes]] = set()
        followed: list[Keys] = []
        for change, fresh, moved in reversed(additions):
            come = frozenset(key for key, source in moved.items() if (key, source.path) in here)
            here.update((key, change.path) for key in fresh | come)
            followed.append(come)
        for (change, fresh, moved), come in zip(additions, reversed(followed), strict=True):
            yield as_change(change, _NO_KEYS, fresh | come)
            for key in come:
                yield as_change(moved[key], frozenset((key,)), _NO_KEYS)._replace(diff=change.diff)

    def _learn_moves(self, changes: Iterable[LogChange]) -> None:
        """Find out, for comparisons that make files with keys, which keys they take away elsewhere."""
        made = {change.diff for change in changes if _is_made(change) and change.new in self._holders}
        removals: dict[int, list[LogChange]] = defaultdict(list)
        for removal in self._log.removals(made) if made else ():
            removals[removal.diff].append(removal)
        left = _MAX_SEARCHED
        for diff, gone in removals.items():
            known = [removal for removal in gone if removal.old in self._holders]
            others = [removal for removal in gone if removal.old not in self._holders]
            searched = others[: min(left, _MAX_REMOVALS)]
            left -= len(searched)
            self._moved[diff] = {
                key: removal
                for removal in (*searched, *known)
                for key in self._holders.get(removal.old) or self._keys_of(removal.old, removal.path)
            }

    def _additions(self, changes: Iterable[LogChange]) -> Iterator[_Addition]:
        """What each commit adds: in a merge, what no parent has."""
        for commit, group in groupby(changes, key=lambda change: change.commit):
            paths: dict[bytes, list[LogChange]] = defaultdict(list)
            for change in group:
                paths[change.path].append(change)
            for found in paths.values():
                if len(found) < max(1, len(commit.parents)):
                    continue  # the same as in one of the parents
                keys = frozenset.intersection(*map(self._added_keys, found))
                moved = {
                    key: self._moved[change.diff][key]
                    for change in found
                    if _is_made(change)
                    for key in keys & self._moved.get(change.diff, {}).keys()
                }
                yield _Addition(found[0], keys - moved.keys(), moved)

    def _added_keys(self, change: LogChange) -> Keys:
        keys = self._holders.get(change.new, _NO_KEYS)
        if not keys or _is_made(change):
            return keys
        new, matches = self._looks.read(change.new, change.path)
        old, before = self._looks.read(change.old, change.path)
        if not new or not old:
            return keys
        if new.open or old.open:  # too large to compare line by line
            known = {match.value.reveal() for match in before}
            fresh = [match for match in matches if match.value.reveal() not in known]
        else:
            fresh = list(added(matches, old.data, new.data))
        places = {
            (number, match.location.byte_offset)
            for match in fresh
            if (number := self._number_of(match.value.reveal())) is not None
        }
        self.added[change.new, change.path] |= places
        return frozenset(number for number, _ in places)


def as_change(change: LogChange, old: Keys, new: Keys) -> Change:
    """A change of the log as the story of a key is told from, with the keys before and after it."""
    commit = change.commit
    return Change(commit.id, commit.parents, change.diff, change.path, change.old, change.new, old, new)


def _is_made(change: LogChange) -> bool:
    """Whether there was nothing at the path before."""
    return not change.old.strip(b"0")
