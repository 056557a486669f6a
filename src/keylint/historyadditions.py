"""What a part of a history adds: keys in new lines, and not those that only moved to another path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from keylint.addedlines import added, may_be_added
from keylint.held import Version
from keylint.historylooks import Looks
from keylint.sources.gitlog import LogChange, RawLog
from keylint.textmap import decode
from keylint.timeline import Change

# Files in which keys that moved are looked for: of those that one comparison changes, and all together.
_MAX_COMPARED = 500
_MAX_SEARCHED = 5000
_BEGINNING = 16  # bytes of a value: what follows may be written in another way

Keys = frozenset[int]
_NO_KEYS: Keys = frozenset()
_Sources = Mapping[int, Mapping[int, Sequence[LogChange]]]  # comparison -> key -> what it was taken out of


class _Addition(NamedTuple):
    """The keys in lines of a path that a commit adds, compared with each of its parents."""

    changes: Sequence[LogChange]
    keys: Keys


class _Told(NamedTuple):
    """The keys of an addition that count, and for those that came from another path the way they did."""

    keys: Keys
    come: Mapping[int, LogChange]


class Additions:
    """Tells the changes of a log as far as they add keys, or take them away.

    `holders` are the blobs that hold some. `keys_of` gives the numbers of the keys in a blob under a path,
    `number_of` that of a value, and `value_of` the value of a number.
    """

    def __init__(
        self,
        log: RawLog,
        holders: Mapping[bytes, Keys],
        looks: Looks,
        *,
        keys_of: Callable[[bytes, bytes], Keys],
        number_of: Callable[[bytes], int | None],
        value_of: Callable[[int], bytes],
    ) -> None:
        self._log = log
        self._holders = holders
        self._looks = looks
        self._keys_of = keys_of
        self._number_of = number_of
        self._value_of = value_of
        self._made: set[Version] = set()  # versions of which all is new
        self._offsets: dict[Version, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))

    def offsets(self, version: Version, key: int) -> Collection[int] | None:
        """At which byte offsets of a version a key counts as added; None: wherever it stands."""
        return None if version in self._made else self._offsets.get(version, {}).get(key)

    def changes(self, changes: Sequence[LogChange]) -> Iterator[Change]:
        """Changes as the story of a key is told from, newest first. A key that came in with this part of the
        history is followed to where it moved.
        """
        told = self._told(list(self._additions(changes)))
        for change in changes:
            keys, come = told.get((change.diff, change.path), (_NO_KEYS, {}))
            if keys:
                yield as_change(change, _NO_KEYS, keys)
            for key, source in come.items():
                yield as_change(source, frozenset((key,)), _NO_KEYS)._replace(diff=change.diff)
            if gone := self._taken(change):
                yield as_change(change, gone, _NO_KEYS)

    def _told(self, additions: Sequence[_Addition]) -> Mapping[tuple[int, bytes], _Told]:
        """What counts of the additions (newest first), by comparison and path."""
        sources = self._sources(additions)
        here: set[tuple[int, bytes]] = set()
        told = {}
        for compared, keys in reversed(additions):
            moved: dict[int, list[LogChange]] = defaultdict(list)
            for change in compared:
                for key in keys & sources.get(change.diff, {}).keys():
                    moved[key] += sources[change.diff][key]
            come = {
                key: source for key, found in moved.items() for source in found if (key, source.path) in here
            }
            first = compared[0]
            counted = (keys - moved.keys()) | come.keys()
            here.update((key, first.path) for key in counted)
            told[first.diff, first.path] = _Told(counted, come)
        return told

    # ---- what is new

    def _additions(self, changes: Iterable[LogChange]) -> Iterator[_Addition]:
        """What each commit adds: in a merge, what no parent has."""
        for commit, group in groupby(changes, key=lambda change: change.commit):
            paths: dict[bytes, list[LogChange]] = defaultdict(list)
            for change in group:
                paths[change.path].append(change)
            for compared in paths.values():
                if len(compared) < max(1, len(commit.parents)):
                    continue  # the same as in one of the parents
                if keys := self._added_keys(compared):
                    yield _Addition(compared, keys)

    def _added_keys(self, compared: Sequence[LogChange]) -> Keys:
        """The keys in lines that none of the old sides has."""
        change = compared[0]
        keys = self._holders.get(change.new, _NO_KEYS)
        if not keys:
            return keys
        version = change.new, change.path
        found = [places for change in compared if (places := self._new_places(change)) is not None]
        if not found:
            self._made.add(version)
            return keys
        places = frozenset.intersection(*found)
        for key, offset in places:
            self._offsets[version][key].add(offset)
        return frozenset(key for key, _ in places)

    def _new_places(self, change: LogChange) -> frozenset[tuple[int, int]] | None:
        """Keys in new lines and their offsets; None where all lines are new."""
        if not _is(change.old):
            return None
        if self._leaves_lines(change):
            return frozenset()
        new, matches = self._looks.read(change.new, change.path)
        old, before = self._looks.read(change.old, change.path)
        if not new or not old:
            return None
        if new.open or old.open:  # too large to compare line by line
            known = {match.value.reveal() for match in before}
            fresh = [match for match in matches if match.value.reveal() not in known]
        else:
            fresh = list(added(matches, old.data, new.data))
        return frozenset(
            (number, match.location.byte_offset)
            for match in fresh
            if (number := self._number_of(match.value.reveal())) is not None
        )

    def _leaves_lines(self, change: LogChange) -> bool:
        """Whether all keys stand in lines that were there before, as far as that is easily told."""
        new, old = self._looks.content(change.new), self._looks.content(change.old)
        if new is None or old is None or new.open or old.open:
            return False
        values = [self._value_of(key) for key in self._holders[change.new]]
        return not may_be_added(values, old.data, new.data)

    # ---- what moved

    def _taken(self, change: LogChange) -> Keys:
        """The keys that a change is known to take out of its path."""
        return self._holders.get(change.old, _NO_KEYS) - self._holders.get(change.new, _NO_KEYS)

    def _sources(self, additions: Iterable[_Addition]) -> _Sources:
        """Which of the added keys the same comparisons take out of other paths."""
        wanted: dict[int, set[int]] = defaultdict(set)
        names: dict[int, set[bytes]] = defaultdict(set)
        for compared, keys in additions:
            for change in compared:
                wanted[change.diff] |= keys
                names[change.diff].add(_name(change.path))
        changed: dict[int, list[LogChange]] = defaultdict(list)
        for change in self._log.comparisons(wanted) if wanted else ():
            if _is(change.old):
                changed[change.diff].append(change)
        sources: dict[int, dict[int, list[LogChange]]] = defaultdict(lambda: defaultdict(list))
        left = _MAX_SEARCHED
        for diff, candidates in changed.items():
            unknown = [change for change in candidates if not self._is_known(change.old)]
            unknown.sort(key=lambda change: _name(change.path) not in names[diff])
            searched = unknown[: min(left, _MAX_COMPARED)]
            left -= len(searched)
            for change in candidates:
                for key in self._taken(change) & wanted[diff]:
                    sources[diff][key].append(change)
            for change in searched:
                for key in self._search(change, wanted[diff]):
                    sources[diff][key].append(change)
        return sources

    def _is_known(self, blob: bytes) -> bool:
        """Whether the keys of a blob are in `holders`, or it has none."""
        return blob in self._holders or blob in self._log.seen

    def _search(self, change: LogChange, wanted: Collection[int]) -> Keys:
        """Which of some keys a change takes out of a file whose old content is older than the log."""
        missing = frozenset(wanted) - self._holders.get(change.new, _NO_KEYS)
        blob = self._looks.content(change.old) if missing else None
        if blob is None:
            return _NO_KEYS
        text = None if blob.open else decode(blob.data).data
        if text is None or any(self._value_of(key)[:_BEGINNING] in text for key in missing):
            return missing & self._keys_of(change.old, change.path)
        return _NO_KEYS


def as_change(change: LogChange, old: Keys, new: Keys) -> Change:
    """A change of the log as the story of a key is told from, with the keys before and after it."""
    commit = change.commit
    return Change(commit.id, commit.parents, change.diff, change.path, change.old, change.new, old, new)


def _is(name: bytes) -> bool:
    """Whether there is something on a side of a change."""
    return bool(name.strip(b"0"))


def _name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]
