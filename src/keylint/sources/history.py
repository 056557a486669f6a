"""Everything a repository has ever held: which blobs there are, and where their bytes come from."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from keylint.errors import SourceError
from keylint.model import Level, Origin, Problem, Repository, Skipped, SkipReason, Surface
from keylint.records import dataclass
from keylint.secret import Blob
from keylint.sources import salvage
from keylint.sources.base import INLINE_BYTES
from keylint.sources.gitlog import RawLog
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.gitrepo import GitRepo
from keylint.sources.gittrees import blobs_at
from keylint.sources.span import EVERYTHING, Span, revisions

if TYPE_CHECKING:
    from keylint.sources.pastlog import Kind, PastLog

_MAX_TIPS = 10_000  # ids on one command line
_MAX_STARTS = 5_000  # on one that has those of the time before, too
_PROMISOR = r"^(remote\..*\.promisor|extensions\.partialclone)$"
_MAX_NAMED = 20  # damaged commits that get a line of their own
_MAX_TAG_DEPTH = 50  # tags on tags that are followed
_TAG_ON_TAG = re.compile(rb"object ([0-9a-f]+)\ntype tag\n")


@dataclass(frozen=True)
class CommitFacts:
    """Who made a commit, when, and when it came into this history."""

    date: dt.datetime
    committed: dt.datetime
    name: str
    email: str


@dataclass(frozen=True)
class Ref:
    """A reference, the object that it names, and what that leads to when annotated tags are followed."""

    name: str
    id: str
    kind: str  # of the object itself; "" where it is missing
    peeled: str
    peeled_kind: str


class History:
    """The history of the repository at `path`, which may be bare. `past` is what its listing goes on from.

    Raises SourceError (see `GitRepo.discover`), or UsageError for a range or date that git does not know.
    After `object_ids` has ended, `skipped` and `problems` tell what is not there, `named` holds the blobs
    that references name without a commit (id -> a name that git knows), and `messages` the ids of the
    commits and tags whose messages are asked for.
    """

    def __init__(self, path: str, span: Span = EVERYTHING) -> None:
        self.repo = GitRepo.discover(path)
        self.span = span
        self.skipped: list[Skipped] = []
        self.problems: list[Problem] = []
        self.named: dict[bytes, bytes] = {}
        self.messages: dict[bytes, str] = {}  # id -> the place that a report names
        self.log = RawLog(self.repo, revisions(self.repo, span))
        self.past: PastLog | None = None
        self._head: bytes | None = None
        self._heads: list[str] | None = None
        self._has_broken_refs = False
        self._listed: list[bytes] | None = None
        self._rows: list[list[str]] = []
        self._refs: list[Ref] | None = None
        self._facts: Repository | None = None

    def start(self, *, resumable: bool = False) -> None:
        """Let git begin to list, while the caller is busy with something else.

        `resumable` if a later listing is to go on from where this one begins.
        """
        if resumable and self.span == EVERYTHING and not self.repo.shallow:
            # First of all: what comes while git lists is then new to the next listing.
            self._rows, self._heads = self._named_ids(), self._head_ids()
        self.log.start()

    def starts(self) -> frozenset[str] | None:
        """The commits at which the listing begins; None if no later one can go on from there."""
        if self._heads is None or self._has_broken_refs:
            return None
        starts = {ref.peeled for ref in self.refs() if ref.peeled_kind == "commit"}.union(self._heads)
        return frozenset(starts) if len(starts) <= _MAX_STARTS else None

    def is_unchanged(self) -> bool:
        """Whether references and reflogs are as they were when the listing began."""
        return (self._named_ids(), self._head_ids()) == (self._rows, self._heads)

    def resume(self, past: PastLog) -> bool:
        """List what mattered in an earlier listing and what is new since; False if all must be listed."""
        from keylint.sources.pastlog import follow  # git is at work sooner without it

        self._refs = self._known_refs(past.kinds)
        starts = self.starts() if all(ref.kind for ref in self._refs) else None
        followed = follow(self.repo, past, starts, self.log.excluded) if starts else None
        if followed:
            self.log.close()
            self.past = past
            self.log, self._listed = followed
        return bool(followed)

    def close(self) -> None:
        """End what is still at work."""
        self.log.close()

    def repository(self) -> Repository:
        """Remote, revision and branch."""
        self._facts = self._facts or self.repo.facts()
        return self._facts

    def object_ids(self) -> Iterator[list[bytes]]:
        """The ids of everything to scan, each once, in lists. What is damaged becomes a `Skipped`.

        After `resume` those of objects that neither mattered nor are new are left out.
        """
        if self._listed is None:
            self.start()
        present = set(self._present()) if self._is_partial() else None
        absent = 0
        for found in self._reachable():
            there = found if present is None else [blob for blob in found if blob in present]
            absent += len(found) - len(there)
            yield there
        if self.span.unreachable:
            yield from self._unseen(present)
        if self.span.messages:
            self._find_messages()
            yield list(self.messages)
        self._report(absent)
        self.repository()  # asked now, while others scan
        if self._listed is None:
            self._head = self._listing("HEAD")

    def _reachable(self) -> Iterator[list[bytes]]:
        try:
            if self._listed is None:
                yield from self.log.stream()
            else:
                yield self._listed
        except SourceError as error:
            self.skipped.append(Skipped("", SkipReason.CORRUPT, str(error)))
            if self.span.whole:
                yield from self._salvaged()
        else:
            if self.span.whole and not all(ref.kind for ref in self.refs()):
                # Git passes over references to nowhere in silence; what only they led to may still be here.
                self.skipped += salvage.sound_tips(self.repo)[1]
                yield from self._unseen(None)
        if self.span.whole:
            self._find_named()
            fresh = [blob for blob in self.named if blob not in self.log.seen]
            self.log.seen.update(dict.fromkeys(fresh, 0))
            yield fresh

    def _salvaged(self) -> Iterator[list[bytes]]:
        """What a damaged history still holds: first without the broken references, then commit by commit."""
        tips, lost = salvage.sound_tips(self.repo)
        self.skipped += lost
        if lost and len(tips) <= _MAX_TIPS:
            self.log.restart(("--reflog", *tips))
            try:
                yield from self.log.stream()
                yield from self._unseen(None)
                return
            except SourceError as error:
                self.skipped.append(Skipped("", SkipReason.CORRUPT, str(error)))
        self.log.restart(())
        yield from self.log.one_by_one(salvage.commits_newest_first(self.repo))
        damaged = self.log.damaged
        for name in damaged[:_MAX_NAMED]:
            self.skipped.append(Skipped("", SkipReason.CORRUPT, f"commit {name} or its files cannot be read"))
        if damaged[_MAX_NAMED:]:
            text = f"{len(damaged) - _MAX_NAMED} more commits or their files cannot be read"
            self.skipped.append(Skipped("", SkipReason.CORRUPT, text))
        # What only lost commits and folders named is there all the same.
        yield from self._unseen(None)

    def _unseen(self, present: set[bytes] | None) -> Iterator[list[bytes]]:
        there = set(self._present()) if present is None else present
        rest = there.difference(self.log.seen, self.log.left_out)
        self.log.seen.update(dict.fromkeys(rest, 0))
        yield sorted(rest)

    def refs(self) -> list[Ref]:
        """Every reference, also those that lead nowhere."""
        if self._refs is None:
            self._refs = self._known_refs({})
        return self._refs

    def _known_refs(self, known: Mapping[str, Kind]) -> list[Ref]:
        """References, of which some objects are known."""
        rows = self._rows or self._named_ids()
        fresh = list(dict.fromkeys(name for name, _ in rows if name not in known))
        kinds = dict(zip(fresh, (kind for _, kind in self._kinds(fresh)), strict=True))
        tags = [name for name, kind in kinds.items() if kind == "tag"]
        peeled = dict(zip(tags, self._kinds([f"{name}^{{}}" for name in tags]), strict=True))
        told = {name: (kind, *peeled.get(name, (name, kind))) for name, kind in kinds.items()}
        return [Ref(ref, name, *(known.get(name) or told[name])) for name, ref in rows]

    def _named_ids(self) -> list[list[str]]:
        """The ids that references have, each with the name of the reference."""
        done = self.repo.attempt("for-each-ref", "--format=%(objectname) %(refname) %(symref)")
        self._has_broken_refs = b"broken ref" in done.stderr
        rows = [os.fsdecode(line).split(" ") for line in done.stdout.splitlines()]
        return [row[:2] for row in rows if len(row) == 3 and not row[2]]

    def _head_ids(self) -> list[str] | None:
        """The commits that HEADs and reflogs name; None if git does not tell."""
        done = self.repo.attempt("rev-list", "--no-walk=unsorted", "--exclude=refs/*", "--all", "--reflog")
        return os.fsdecode(done.stdout).split() if done.returncode == 0 else None

    def _kinds(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Id and type of objects; type "" for those that are not there."""
        if not names:
            return []
        stdin = "".join(f"{name}\n" for name in names).encode()
        answer = self.repo.attempt(
            "cat-file", "--buffer", "--batch-check=%(objectname) %(objecttype)", stdin=stdin
        ).stdout
        told = [line.split(" ") for line in answer.decode("utf-8", "replace").splitlines()]
        told += [["", "missing"]] * (len(names) - len(told))
        return [(row[0], "" if row[-1] == "missing" else row[-1]) for row in told]

    def _find_named(self) -> None:
        """Blobs that references name without a commit: tags on blobs and trees."""
        for ref in self.refs():
            if ref.peeled_kind == "blob":
                self.named.setdefault(ref.peeled.encode(), os.fsencode(ref.name))
            elif ref.peeled_kind == "tree":
                for path, blob in self.tree(ref.peeled).items():
                    if not self.log.leaves_out(path):
                        self.named.setdefault(blob, os.fsencode(ref.name) + b":" + path)

    def _find_messages(self) -> None:
        if self.span.whole:
            self._find_tags()
        for commit in self.log.walked():
            self.messages[commit.id.encode()] = "commit message"
        if self.span.unreachable:
            for kind in ("commit", "tag"):
                for name in self._present(kind):
                    self.messages.setdefault(name, f"{kind} message")

    def _find_tags(self) -> None:
        """The tags that references name, and those that lie between these and what they are for."""
        tags = {ref.id: ref.name for ref in self.refs() if ref.kind == "tag"}
        with ObjectReader(self.repo, max_bytes=INLINE_BYTES) as reader:
            for _ in range(_MAX_TAG_DEPTH):
                self.messages.update({tag.encode(): name for tag, name in tags.items()})
                tags = self._tags_beneath(tags, reader)
                if not tags:
                    return
        text = f"tags on tags are followed {_MAX_TAG_DEPTH} deep; messages further down were not scanned"
        self.skipped += [Skipped(name, SkipReason.BUDGET, text) for name in tags.values()]

    def _tags_beneath(self, tags: Mapping[str, str], reader: ObjectReader) -> dict[str, str]:
        """The tags that some tags are on and that are new, with the same names."""
        found = {}
        for tag, name in tags.items():
            item = reader.blob(tag, Origin(Surface.HISTORY, name))
            if isinstance(item, Blob):
                inner = _TAG_ON_TAG.match(item.data)
                if inner and inner[1] not in self.messages:
                    found[inner[1].decode()] = name
            elif item.reason is SkipReason.TOO_LARGE:  # other reasons are told when its message is scanned
                self.skipped.append(item)
        return found

    def tree(self, name: str) -> dict[bytes, bytes]:
        """Path to blob id of every file in a tree; empty if git has no such tree."""
        return _files(self._listing(name))

    def head(self) -> dict[bytes, bytes]:
        """Path to blob id of every file in HEAD."""
        if self._head is None:
            self._head = self._listing("HEAD")
        return _files(self._head)

    def _listing(self, name: str) -> bytes:
        """What git lists of a tree, which is less than all if a folder in it is damaged."""
        told = self.repo.attempt("ls-tree", "-r", "-z", "--full-tree", name).stdout
        return told[: told.rfind(b"\0") + 1]

    def tips(self) -> dict[str, str]:
        """Name to commit id of every branch, local and remote."""
        found = {}
        for ref in self.refs():
            for prefix in ("refs/heads/", "refs/remotes/"):
                if ref.name.startswith(prefix) and ref.kind == "commit":
                    found[ref.name[len(prefix) :]] = ref.id
        return found

    def blobs_at(self, places: Mapping[str, Iterable[bytes]]) -> dict[str, dict[bytes, bytes]]:
        """For each commit the blobs at some paths: path -> id. What is not there is left out."""
        return blobs_at(self.repo, places)

    def facts(self, commits: Iterable[str]) -> Mapping[str, CommitFacts]:
        """Author and date of commits; those that cannot be read are left out."""
        return self.ask_facts(commits)()

    def ask_facts(self, commits: Iterable[str]) -> Callable[[], Mapping[str, CommitFacts]]:
        """Let git look up commits. What is returned waits for that and gives what `facts` does."""
        names = sorted({*commits}.difference([""]))
        if not names:
            return dict
        question = self.repo.ask(
            "log",
            "--no-walk=unsorted",
            "--stdin",
            "--ignore-missing",
            "--no-show-signature",
            "--no-mailmap",
            "--encoding=UTF-8",
            "--format=%H%x00%at%x00%ct%x00%an%x00%ae",
            stdin="".join(f"{name}\n" for name in names).encode(),
        )
        return lambda: dict(_facts(question.answer().stdout))

    def start_reader(self, cache: str) -> subprocess.Popen[bytes]:
        """A `git cat-file --batch` that takes ids on standard input.

        `cache` is how much it may keep to rebuild further versions from, such as `24m`.
        """
        return self.repo.start("-c", f"core.deltaBaseCacheLimit={cache}", "cat-file", "--batch", "--buffer")

    def pack_order(self) -> list[bytes]:
        """The ids of all objects as they lie on disk: versions of one file beside each other."""
        return self.repo.attempt(
            "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"
        ).stdout.split()

    def _present(self, kind: str = "blob") -> Iterator[bytes]:
        """The ids of all blobs that are in this clone; asks the object store only, so nothing is fetched."""
        done = self.repo.attempt(
            "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)"
        )
        if done.returncode != 0:
            text = "not all objects could be listed; git fsck tells what is wrong"
            self.skipped.append(Skipped("", SkipReason.CORRUPT, text))
        start = f"{kind} ".encode()
        return (line[len(start) :] for line in done.stdout.splitlines() if line.startswith(start))

    def _is_partial(self) -> bool:
        return bool(self.repo.attempt("config", "--name-only", "--get-regexp", _PROMISOR).stdout)

    def _report(self, absent: int) -> None:
        self.skipped += salvage.packs_without_index(self.repo)
        if absent:
            text = (
                f"{absent} objects are not in this partial clone and were not scanned; nothing was fetched "
                "(git fetch --refetch --no-filter brings them)"
            )
            self.skipped.append(Skipped("", SkipReason.MISSING_OBJECT, text))
        if self.repo.shallow:
            self._report_cuts()
        if self.span.whole and self.log.commits == 0 and not self.skipped:
            self.problems.append(Problem("empty-history", Level.NOTE, "there is no commit to scan"))

    def _report_cuts(self) -> None:
        """Say where a shallow clone ends, if that is within the part of history that is asked for."""
        cuts = self._cuts()
        if not self.span.whole:
            walked = {commit.id for commit in self.log.walked()}
            cuts = [cut for cut in cuts if cut in walked]
            if not cuts:
                return
        names = ", ".join(cut[:12] for cut in cuts[:3])
        more = f" and {len(cuts) - 3} more" if len(cuts) > 3 else ""
        text = (
            f"this clone is shallow: history is cut at {names or 'some commits'}{more}; what came before was "
            "not scanned (git fetch --unshallow brings it)"
        )
        self.skipped.append(Skipped("", SkipReason.TRUNCATED_HISTORY, text))

    def _cuts(self) -> list[str]:
        """The commits at which a shallow clone ends."""
        done = self.repo.attempt("rev-parse", "--git-path", "shallow")
        path = os.path.join(self.repo.folder, os.fsdecode(done.stdout).strip())
        try:
            with open(path, encoding="ascii") as stream:
                return stream.read().split()
        except (OSError, ValueError):
            return []


def _files(listing: bytes) -> dict[bytes, bytes]:
    """Path to blob id of the files that `git ls-tree -z` lists."""
    entries = (entry.split(b"\t", 1) for entry in listing.split(b"\0") if entry)
    return {path: meta.split()[2] for meta, path in entries if meta.split()[1] == b"blob"}


def _facts(told: bytes) -> Iterator[tuple[str, CommitFacts]]:
    for line in told.decode("utf-8", "replace").split("\n"):
        fields = line.split("\0")
        if len(fields) == 5:
            yield fields[0], CommitFacts(_date(fields[1]), _date(fields[2]), fields[3], fields[4])


def _date(seconds: str) -> dt.datetime:
    """A date in UTC, clamped to what a datetime can hold: commits may claim any, or none."""
    number = int(seconds) if re.fullmatch("-?[0-9]{1,20}", seconds) else 0
    return dt.datetime.fromtimestamp(min(max(number, 0), 253402300799), dt.timezone.utc)
