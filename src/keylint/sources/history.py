"""Everything a repository has ever held: which blobs there are, and where their bytes come from."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence

from keylint.errors import SourceError, UsageError
from keylint.model import Level, Problem, Repository, Skipped, SkipReason
from keylint.records import dataclass
from keylint.sources.base import printable
from keylint.sources.gitlog import RawLog
from keylint.sources.gitrepo import GitRepo

EVERYTHING = ("--all", "--reflog")
_PROMISOR = r"^(remote\..*\.promisor|extensions\.partialclone)$"
_GIT_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?")


@dataclass(frozen=True)
class Span:
    """The part of history that is asked for: all of it, a range `A..B`, or all since a date or commit."""

    range: str = ""
    since: str = ""
    unreachable: bool = False


@dataclass(frozen=True)
class CommitFacts:
    """Who made a commit, and when."""

    date: dt.datetime
    name: str
    email: str


class History:
    """The history of the repository at `path`, which may be bare.

    Raises SourceError (see `GitRepo.discover`), or UsageError for a range or date that git does not know.
    After `blob_ids` has ended, `skipped` and `problems` tell what is not there.
    """

    def __init__(self, path: str, span: Span = Span()) -> None:
        self.repo = GitRepo.discover(path)
        self.root = self.repo.folder
        self.skipped: list[Skipped] = []
        self.problems: list[Problem] = []
        self._span = span
        self._partial = bool(self._config(_PROMISOR))
        self.log = RawLog(self.repo, self._revisions())

    @property
    def only_added(self) -> bool:
        """Whether only what a range adds is of interest, not what its files held before."""
        return bool(self._span.range)

    def repository(self) -> Repository:
        """Remote, revision and branch."""
        return self.repo.facts()

    def blob_ids(self) -> Iterator[list[bytes]]:
        """The ids of all blobs in reach, each once, in lists. A damaged log becomes a `Skipped`."""
        present = self._present() if self._partial else None
        seen: set[bytes] = set()
        absent = 0
        for found in self._reachable():
            fresh = [blob for blob in found if blob not in seen]
            seen.update(fresh)
            if present is not None:
                there = [blob for blob in fresh if blob in present]
                absent += len(fresh) - len(there)
                fresh = there
            yield fresh
        if self._span.unreachable:
            rest = (present if present is not None else self._present()) - seen
            yield sorted(rest)
        self._report(absent)

    def _reachable(self) -> Iterator[list[bytes]]:
        try:
            yield from self.log.stream()
        except SourceError as error:
            self.skipped.append(Skipped("", SkipReason.CORRUPT, str(error)))
        if not self._span.range and not self._span.since:
            yield self._beside_commits()

    def _revisions(self) -> tuple[str, ...]:
        if self._span.range:
            return self._resolved(self._span.range)
        if self._span.since:
            return (*EVERYTHING, *self._newer_than(self._span.since))
        return EVERYTHING

    def _resolved(self, text: str) -> tuple[str, ...]:
        """The object ids that a range stands for, so that nothing a branch is called is read as an option."""
        if ".." not in text:
            text = f"{text}..HEAD"
        done = self.repo.attempt("rev-parse", "--revs-only", "--end-of-options", text)
        ids = tuple(os.fsdecode(done.stdout).split())
        if done.returncode != 0 or not ids:
            raise UsageError(
                f"--range {printable(text)}: git does not know this range",
                hint="in a shallow clone, fetch the base first",
            )
        return ids

    def _newer_than(self, text: str) -> tuple[str, ...]:
        if _GIT_DATE.fullmatch(text):
            return (f"--since={text}",)
        done = self.repo.attempt("rev-parse", "--quiet", "--verify", "--end-of-options", f"{text}^{{commit}}")
        if done.returncode != 0:
            raise UsageError(
                f"--since {printable(text)}: neither a date nor a commit",
                hint="for example --since 2026-01-31",
            )
        return ("^" + os.fsdecode(done.stdout).strip(),)

    def _beside_commits(self) -> list[bytes]:
        """Blobs that references name without a commit: tags on blobs and trees."""
        answer = self.repo.run(
            "for-each-ref", "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname)"
        )
        found: list[bytes] = []
        for line in answer.splitlines():
            words = line.split()
            for kind, name in zip(words[::2], words[1::2], strict=False):
                if kind == b"blob":
                    found.append(name)
                elif kind == b"tree":
                    found += self.tree(name.decode()).values()
        return found

    def tree(self, name: str) -> dict[bytes, bytes]:
        """Path to blob id of every file in a tree, "HEAD" for example; empty if git has no such tree."""
        done = self.repo.attempt("ls-tree", "-r", "-z", "--full-tree", name)
        if done.returncode != 0:
            return {}
        entries = (entry.split(b"\t", 1) for entry in done.stdout.split(b"\0") if entry)
        return {path: meta.split()[2] for meta, path in entries if meta.split()[1] == b"blob"}

    def tips(self) -> dict[str, str]:
        """Name to commit id of every branch, local and remote."""
        answer = self.repo.run(
            "for-each-ref", "--format=%(objectname) %(refname:short)", "refs/heads", "refs/remotes"
        )
        rows = (os.fsdecode(line).split(" ", 1) for line in answer.splitlines())
        return {name: commit for commit, name in rows}

    def blobs_at(self, places: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """The blob id at each (commit, path); empty where there is none."""
        names = [f"{commit}:".encode() + path for commit, path in places]
        askable = [name for name in names if b"\n" not in name]
        answer = self.repo.run("cat-file", "--batch-check", stdin=b"".join(name + b"\n" for name in askable))
        known = dict(zip(askable, answer.splitlines(), strict=True))
        words = [known.get(name, b"").split() for name in names]
        return [row[0] if len(row) == 3 and row[1] == b"blob" else b"" for row in words]

    def facts(self, commits: Collection[str]) -> Mapping[str, CommitFacts]:
        """Author and date of commits; those that cannot be read are left out."""
        if not commits:
            return {}
        form = "--format=%H%x00%at%x00%an%x00%ae"
        done = self.repo.attempt(
            "log",
            "--no-walk=unsorted",
            "--stdin",
            "--no-show-signature",
            form,
            stdin="\n".join(commits).encode(),
        )
        found = {}
        for line in done.stdout.decode("utf-8", "replace").split("\n"):
            fields = line.split("\0")
            if len(fields) == 4:
                found[fields[0]] = CommitFacts(_date(int(fields[1])), fields[2], fields[3])
        return found

    def start_reader(self) -> subprocess.Popen[bytes]:
        """A `git cat-file --batch` that takes ids on standard input."""
        return self.repo.start("cat-file", "--batch", "--buffer")

    def _present(self) -> set[bytes]:
        """The ids of all blobs that are in this clone; asks the object store only, so nothing is fetched."""
        answer = self.repo.run(
            "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)"
        )
        return {line[5:] for line in answer.splitlines() if line.startswith(b"blob ")}

    def _config(self, pattern: str) -> bytes:
        return self.repo.attempt("config", "--local", "--name-only", "--get-regexp", pattern).stdout

    def _report(self, absent: int) -> None:
        if absent:
            text = f"{absent} objects are not in this partial clone and were not scanned; nothing was fetched"
            self.skipped.append(Skipped("", SkipReason.MISSING_OBJECT, text))
        if self.repo.shallow:
            text = (
                f"this clone is shallow: history is cut at {self._cuts()}; what came before was not scanned"
            )
            self.skipped.append(Skipped("", SkipReason.TRUNCATED_HISTORY, text))
        if self._span.unreachable is False and self.log.commits == 0 and not self._span.range:
            self.problems.append(Problem("empty-history", Level.NOTE, "there is no commit to scan"))

    def _cuts(self) -> str:
        """The commits at which a shallow clone ends, a few of them by name."""
        done = self.repo.attempt("rev-parse", "--git-path", "shallow")
        try:
            with open(
                os.path.join(self.repo.folder, os.fsdecode(done.stdout).strip()), encoding="ascii"
            ) as stream:
                cuts = stream.read().split()
        except (OSError, ValueError):
            return "some commits"
        more = f" and {len(cuts) - 3} more" if len(cuts) > 3 else ""
        return ", ".join(cut[:12] for cut in cuts[:3]) + more


def _date(seconds: int) -> dt.datetime:
    """A date in UTC, clamped to what a datetime can hold: commits may claim any."""
    return dt.datetime.fromtimestamp(min(max(seconds, 0), 253402300799), dt.timezone.utc)
