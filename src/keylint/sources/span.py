"""Which part of a history is asked for, and how git is told."""

from __future__ import annotations

import datetime as dt
import os
import re

from keylint.errors import UsageError
from keylint.records import dataclass
from keylint.sources.base import printable
from keylint.sources.gitrepo import GitRepo

_ALL = ("--all", "--reflog")
_DATE = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([T ](?P<clock>[0-9]{2}:[0-9]{2}(:[0-9]{2})?)(\.[0-9]+)? ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_AGO = re.compile(r"[0-9]+[ .](second|minute|hour|day|week|month|year)s?([ .]ago)?|yesterday")


@dataclass(frozen=True)
class Span:
    """The part of history that is asked for: all of it, a range `A..B`, or all since a date or commit.

    `unreachable` adds objects that nothing refers to, `messages` those of commits and tags.
    """

    range: str = ""
    since: str = ""
    unreachable: bool = False
    messages: bool = False

    @property
    def whole(self) -> bool:
        """Whether all of history is asked for. Otherwise only what a part of it adds is of interest."""
        return not self.range and not self.since


EVERYTHING = Span()


def revisions(repo: GitRepo, span: Span) -> tuple[str, ...]:
    """Arguments for `git log`. Raises UsageError for a range or a date that git does not know."""
    start = _range(repo, span.range) if span.range else _ALL
    return (*start, *_since(repo, span.since)) if span.since else start


def _range(repo: GitRepo, text: str) -> tuple[str, ...]:
    """The object ids that a range stands for, so that nothing a branch is called is read as an option.

    `A...B` means here what it means in a pull request: what B adds to the commit that it shares with A.
    """
    single = text.replace("...", "..")
    if single.startswith(".."):  # to git it is HEAD: with nothing in the range a scan would pass
        raise UsageError(f"--range {printable(text)}: has no start", hint="A..B")
    if ".." not in single:
        single += "..HEAD"
    done = repo.attempt("rev-parse", "--revs-only", "--end-of-options", single)
    ids = tuple(os.fsdecode(done.stdout).split())
    known = done.returncode == 0 and any(name.startswith("^") for name in ids)
    # Git takes any forty digits for an id, such as the zeros with which CI tells of a new branch.
    if not known or not all(_is_commit(repo, name.lstrip("^")) for name in ids):
        raise UsageError(
            f"--range {printable(text)}: git does not know this range",
            hint="in a shallow clone, fetch the base first; a new branch has none, so scan all of it",
        )
    return ids


def _is_commit(repo: GitRepo, name: str) -> bool:
    """Whether an id is one of a commit that is here, or of a tag on one."""
    return repo.attempt("cat-file", "-e", f"{name}^{{commit}}").returncode == 0


def is_date(text: str) -> bool:
    """Whether this is a date or a time ago, and not a commit."""
    return bool(_DATE.fullmatch(text) or _AGO.fullmatch(text))


def _since(repo: GitRepo, text: str) -> tuple[str, ...]:
    if is_date(text):
        return (_newer_than(repo, text),)
    done = repo.attempt("rev-parse", "--quiet", "--verify", "--end-of-options", f"{text}^{{commit}}")
    if done.returncode != 0:
        raise UsageError(
            f"--since {printable(text)}: neither a date nor a commit",
            hint="for example --since 2026-01-31 or --since v1.2",
        )
    return ("^" + os.fsdecode(done.stdout).strip(),)


def _newer_than(repo: GitRepo, text: str) -> str:
    date = _DATE.fullmatch(text)
    # Git itself takes a day without a time for the present time on that day, and few dates after 2099.
    moment = f"@{_seconds(date)} +0000" if date else text
    # A filter looks at every commit; plain --since stops at the first older one, which a wrong clock can
    # put anywhere. Git has the filter since 2.37.
    wanted = f"--since-as-filter={moment}"
    known = repo.attempt("rev-list", "--max-count=0", wanted, "--all").returncode == 0
    return wanted if known else f"--since={moment}"


def _seconds(date: re.Match[str]) -> int:
    """A date as seconds since 1970; without a zone it is that of this machine, without a time midnight."""
    zone = (date["zone"] or "").replace(":", "").replace("Z", "+0000")
    try:
        moment = dt.datetime.fromisoformat(f"{date['day']}T{date['clock'] or '00:00'}")
        if zone:
            ahead = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
            moment = moment.replace(tzinfo=dt.timezone(-ahead if zone[0] == "-" else ahead))
        return max(0, int(moment.timestamp()))
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since {date[0]}: there is no such day or time", hint="year-month-day, as 2026-01-31"
        ) from None
