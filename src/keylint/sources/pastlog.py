"""A log that goes on where an earlier one ended.

What an earlier walk told is kept as far as it matters: the changes of objects that held something. Commits
never change, so a log that began at some of them says the same for ever, and only what came since is walked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import NamedTuple
from zlib import crc32

from keylint.errors import SourceError
from keylint.sources.gitlog import LogChange, LogCommit, RawLog
from keylint.sources.gitrepo import GitRepo

_MAX_TIED = 10  # commits of which it is found out, one by one, what came before them
_PREFIX = 16  # digits of an id, which tell objects apart where nothing depends on it but a count

Kind = tuple[str, str, str]  # of an object: its kind, and what its tags lead to, with that one's kind


class PastLog(NamedTuple):
    """What an earlier walk over all of a history told.

    `starts` are the commits that it began at, `commits` how many it met. `objects` are the ids of the blobs
    that matter still, `listed` the beginnings of the ids of all. `changes` are those with one of `objects` on
    either side, in the order of the log. `kinds` are of what references name: see `Ref`. `partial` says that
    paths were left out: whether other commits bring more of these blobs cannot be told. `skewed` is the date
    until which clocks were wrong, as `latest_behind` tells it.
    """

    starts: frozenset[str]
    commits: int
    listed: bytes
    objects: tuple[bytes, ...]
    gitlinks: Mapping[bytes, bytes]
    changes: tuple[LogChange, ...]
    kinds: Mapping[str, Kind]
    partial: bool
    skewed: int

    def count(self, more: Iterable[bytes]) -> int:
        """How many blobs there are, with some more of which some may be the same."""
        new = _prefixes(more).difference(_prefixes(self.objects))
        if new:  # else there is no need to look at all, which may be millions
            new.difference_update(unpack(self.listed, _PREFIX))
        return len(self.listed) // (_PREFIX // 2) + len(new)


def join(ids: Iterable[bytes], past: PastLog | None) -> bytes:
    """The beginnings of ids, and of those that a log listed, as `listed` has them."""
    return pack(_prefixes(ids).union(unpack(past.listed, _PREFIX) if past else ()))


def pack(ids: Iterable[bytes]) -> bytes:
    """Ids of the same length, in hexadecimal digits, as the bytes that they stand for, in order."""
    return bytes.fromhex(b"".join(sorted(ids)).decode())


def unpack(packed: bytes | memoryview, width: int) -> set[bytes]:
    """The ids of so many digits each that were packed."""
    digits = packed.hex().encode()
    return {digits[at : at + width] for at in range(0, len(digits), width)}


def _prefixes(ids: Iterable[bytes]) -> set[bytes]:
    return {name[:_PREFIX] for name in ids}


def latest_behind(commits: Iterable[LogCommit]) -> int:
    """The latest date of a commit that stands behind an older one in a log; 0 if there is none.

    Such a commit had to wait for a child with a wrong clock: its date does not tell its place in a log.
    """
    oldest, latest = None, 0
    for commit in commits:
        if oldest is None or commit.committed <= oldest:
            oldest = commit.committed
        else:
            latest = max(latest, commit.committed)
    return latest


def follow(
    repo: GitRepo, past: PastLog, starts: frozenset[str], excluded: Callable[[bytes], bool] | None
) -> tuple[RawLog, list[bytes]] | None:
    """The log of all commits from `starts` on, and the ids of the blobs that matter or are new in it.

    None where only a new walk over all of it gives the same: where commits that were there are no longer
    reachable, or their order cannot be told.
    """
    try:
        return _follow(repo, past, starts, excluded)
    except (SourceError, OSError):  # there, all of it is walked again, and says what is wrong
        return None


def _follow(
    repo: GitRepo, past: PastLog, starts: frozenset[str], excluded: Callable[[bytes], bool] | None
) -> tuple[RawLog, list[bytes]] | None:
    fresh = sorted(starts - past.starts)
    if (fresh and past.partial) or not _all_reachable(repo, past.starts - starts, starts):
        return None
    log = RawLog(repo, (*fresh, "--not", *sorted(past.starts)), excluded)
    log.seen.update(dict.fromkeys(past.objects, 0))
    log.seen.update((change.new, crc32(change.path)) for change in past.changes if change.new in log.seen)
    ids = list(past.objects)
    if fresh:
        with ExitStack() as stack:
            stack.callback(log.close)
            for found in log.stream():
                ids += found
            commits = list(log.walked())
            # Of gitlinks the newest counts.
            if log.gitlinks or any(commit.committed <= past.skewed for commit in commits):
                return None
            if not _in_order(repo, commits) or not _untied(repo, commits, past.changes):
                return None
            stack.pop_all()
        past = past._replace(changes=_without(past.changes, commits))
    log.past = past.changes
    log.commits += past.commits
    log.gitlinks.update(past.gitlinks)
    return log, ids


def _all_reachable(repo: GitRepo, commits: Iterable[str], starts: Iterable[str]) -> bool:
    names = sorted(commits)
    if not names:
        return True
    done = repo.attempt("rev-list", "--max-count=1", *names, "--not", *sorted(starts))
    return done.returncode == 0 and not done.stdout


def _in_order(repo: GitRepo, commits: Sequence[LogCommit]) -> bool:
    """Whether no commit is older than one of its parents. Then logs can be merged by date, but for ties."""
    dates = {commit.id: commit.committed for commit in commits}
    asked = {parent for commit in commits for parent in commit.parents}.difference(dates)
    for name, date in _dates(repo, asked) if asked else ():
        dates[name] = date
    return all(
        parent in dates and dates[parent] <= commit.committed
        for commit in commits
        for parent in commit.parents
    )


def _dates(repo: GitRepo, commits: Iterable[str]) -> Iterator[tuple[str, int]]:
    """When commits were committed, for those of which git tells a date after 1970."""
    show = ("--no-walk=unsorted", "--stdin", "--no-show-signature", "--no-mailmap", "--format=%H %ct")
    answer = repo.attempt("log", *show, stdin="".join(f"{name}\n" for name in commits).encode()).stdout
    for line in answer.decode().splitlines():
        name, _, date = line.partition(" ")
        if date.isdigit():
            yield name, int(date)


def _untied(repo: GitRepo, commits: Iterable[LogCommit], past: Iterable[LogChange]) -> bool:
    """Whether every commit with the date of an earlier one comes from that: others could be in any order."""
    dates: dict[int, set[str]] = {}
    for change in past:
        dates.setdefault(change.commit.committed, set()).add(change.commit.id)
    tied = [commit for commit in commits if not dates.get(commit.committed, {commit.id}) <= {commit.id}]
    return len(tied) <= _MAX_TIED and all(
        _all_reachable(repo, dates[commit.committed], [commit.id]) for commit in tied
    )


def _without(changes: Iterable[LogChange], commits: Iterable[LogCommit]) -> tuple[LogChange, ...]:
    """The earlier log may have met commits that came after its starts were asked for."""
    names = {commit.id for commit in commits}
    return tuple(change for change in changes if change.commit.id not in names)
