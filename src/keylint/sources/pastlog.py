"""A log that goes on where an earlier one ended.

What an earlier walk told is kept as far as it matters: the changes of objects that held something. Commits
never change, so a log that began at some of them says the same for ever: only what came since is walked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

from keylint.errors import SourceError
from keylint.sources.gitlog import LogChange, LogCommit, RawLog
from keylint.sources.gitrepo import GitRepo

MAX_STARTS = 10_000  # ids on one command line


Kind = tuple[str, str, str]  # of an object: its kind, and what its tags lead to, with that one's kind


class PastLog(NamedTuple):
    """What an earlier walk over all of a history told.

    `starts` are the commits that it began at, `commits` how many it met. `objects` are the ids of the blobs
    that matter still, `files` is how many there were at all. `changes` are those with one of `objects` on
    either side, in the order of the log. `kinds` are of what references name: see `Ref`.
    """

    starts: frozenset[str]
    commits: int
    files: int
    objects: tuple[bytes, ...]
    gitlinks: Mapping[bytes, bytes]
    changes: tuple[LogChange, ...]
    kinds: Mapping[str, Kind]


def follow(
    repo: GitRepo, past: PastLog, starts: frozenset[str], excluded: Callable[[bytes], bool] | None
) -> tuple[RawLog, list[bytes]] | None:
    """The log of all commits from `starts` on, and the ids of the blobs that matter or are new in it.

    None where only a new walk over all of it gives the same: where commits that were there are no longer
    reachable, or clocks were wrong.
    """
    if not _all_reachable(repo, past.starts - starts, starts):
        return None
    fresh = sorted(starts - past.starts)
    log = RawLog(repo, (*fresh, "--not", *sorted(past.starts)), excluded)
    log.seen.update(dict.fromkeys(past.objects, 0))
    log.seen.update((change.new, crc32(change.path)) for change in past.changes if change.new in log.seen)
    ids = list(past.objects)
    if fresh:
        try:
            for found in log.stream():
                ids += found
        except SourceError:
            log.close()
            return None
        commits = list(log.walked())
        if log.gitlinks or not _in_order(repo, commits):  # of gitlinks the newest counts
            log.close()
            return None
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
    """Whether no commit is older than one of its parents: then two logs can be merged by date."""
    dates = {commit.id: commit.committed for commit in commits}
    parents = {parent for commit in commits for parent in commit.parents}
    done = repo.attempt(
        "log",
        "--no-walk=unsorted",
        "--stdin",
        "--no-show-signature",
        "--no-mailmap",
        "--format=%H %ct",
        stdin="".join(f"{name}\n" for name in parents.difference(dates)).encode(),
    )
    for line in done.stdout.decode().splitlines():
        name, _, date = line.partition(" ")
        if date.isdigit():
            dates[name] = int(date)
    return all(
        parent in dates and dates[parent] <= commit.committed
        for commit in commits
        for parent in commit.parents
    )


def _without(changes: Iterable[LogChange], commits: Iterable[LogCommit]) -> tuple[LogChange, ...]:
    """The earlier log may have met commits that came after its starts were asked for."""
    names = {commit.id for commit in commits}
    return tuple(change for change in changes if change.commit.id not in names)
