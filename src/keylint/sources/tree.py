"""Which files a folder holds: listed by git in a work tree, walked elsewhere."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from keylint.errors import SourceError
from keylint.model import Level, Problem, Skipped, SkipReason
from keylint.sources.beneath import Beneath
from keylint.sources.excludes import Excludes
from keylint.sources.gitrepo import GitRepo, user_excludes
from keylint.sources.ignore import IgnoreRules, add_rules, read_ignore_file, read_user_file
from keylint.sources.walk import walk

_LIST = ("ls-files", "-z", "-t", "--stage", "--cached")
_OTHERS = ("--others", "--exclude-standard")
_SUBMODULE = "160000"


class Listed(NamedTuple):
    """A path to read, relative to the root. A `tracked` one may be absent: deleted or not checked out."""

    path: str
    tracked: bool = False


class Tree:
    """The files under `below` (a folder relative to `root`, "" for all of it).

    What goes wrong with git is appended to `problems`, and the folder walked instead.
    """

    def __init__(
        self, root: str, below: str, repo: GitRepo | None, excludes: Excludes, problems: list[Problem]
    ) -> None:
        self._root = root
        self._below = below
        self._repo = repo
        self._excludes = excludes
        self._problems = problems

    def everything(self, folder: Beneath) -> Iterator[Listed | Skipped]:
        """All files, whatever ignore rules say."""
        return _listed(walk(folder, self._below, self._excludes, ignore=False))

    def honouring_ignores(self, folder: Beneath) -> Iterator[Listed | Skipped]:
        """Files that no ignore rule excludes, and those that git tracks; each once."""
        if self._repo is None:
            return self._walk(folder)
        return _once(self._by_git(self._repo, folder))

    def _by_git(self, repo: GitRepo, folder: Beneath) -> Iterator[Listed | Skipped]:
        if self._below and repo.ignores(self._below):
            # The user named an ignored folder. Git would list only what it tracks in there.
            yield from self._repositories(repo, folder, _LIST)
            yield from self._walk(folder)
        else:
            yield from self._repositories(repo, folder, (*_LIST, *_OTHERS))

    def _repositories(
        self, outer: GitRepo, folder: Beneath, command: tuple[str, ...]
    ) -> Iterator[Listed | Skipped]:
        """Files of the repository and of those that are checked out inside it."""
        pending: deque[tuple[GitRepo, str, str]] = deque([(outer, "", self._below)])
        while pending:
            repo, prefix, below = pending.popleft()
            try:
                modes = _git_files(repo, command, below)
            except SourceError as error:
                self._problems.append(not_by_git(error))
                yield from self._walk(folder) if not prefix else _listed(walk(folder, prefix, self._excludes))
                continue
            for path in sorted(modes):
                inner = f"{prefix}/{path}" if prefix else path
                if modes[path] != _SUBMODULE and not path.endswith("/"):
                    yield Listed(inner, tracked=bool(modes[path]))
                    continue
                inner = inner.rstrip("/")
                excluded, notice = self._excludes.check(inner + "/")
                embedded = None if excluded else self._embedded(folder, inner)
                if embedded:
                    pending.append((embedded, inner, ""))
                elif notice:
                    yield notice
                elif not excluded:
                    yield from self._unattached(folder, inner)

    def _embedded(self, folder: Beneath, path: str) -> GitRepo | None:
        """The repository whose work tree is at `path`, None if there is none that git can use."""
        place = os.path.join(self._root, path)
        try:
            folder.mode(f"{path}/.git")
            repo = GitRepo.discover(place)
        except (OSError, SourceError):
            return None
        return repo if repo.top == place else None

    def _unattached(self, folder: Beneath, path: str) -> Iterator[Listed | Skipped]:
        """What lies where a submodule or an embedded repository should be."""
        found = False
        for listed in _listed(walk(folder, path, self._excludes)):
            if isinstance(listed, Listed):
                found = True
                yield listed
        if not found:
            yield Skipped(path, SkipReason.SUBMODULE, "not checked out")

    def _walk(self, folder: Beneath) -> Iterator[Listed | Skipped]:
        return _listed(walk(folder, self._below, self._excludes, rules=self._inherited(folder)))

    def _inherited(self, folder: Beneath) -> IgnoreRules | None:
        """The rules that hold in `below` from outside: the user's, the repository's, the folders' above."""
        own = os.path.join(self._root, ".git", "info", "exclude")
        if self._repo is not None:
            own = os.fsdecode(self._repo.run("rev-parse", "--git-path", "info/exclude")).removesuffix("\n")
            own = os.path.join(self._root, own)
        rules = add_rules(None, read_user_file(user_excludes()), "", never=self._below)
        rules = add_rules(rules, read_user_file(own), "", never=self._below)
        names = self._below.split("/") if self._below else []
        for depth in range(len(names)):
            base = "/".join(names[:depth])
            content = read_ignore_file(folder, f"{base}/.gitignore" if base else ".gitignore")
            rules = add_rules(rules, content, base, never=self._below)
        return rules


def not_by_git(error: SourceError) -> Problem:
    """Tell that git could not be asked."""
    text = f"{error}; files were listed without git, so tracked files that an ignore rule matches are missing"
    return Problem("listed-without-git", Level.WARNING, text)


def _git_files(repo: GitRepo, command: tuple[str, ...], below: str) -> dict[str, str]:
    """Path to mode, "" for files that git does not track; folders that are repositories end in "/"."""
    modes: dict[str, str] = {}
    for record in repo.run(*command, "--", *([below] if below else [])).split(b"\0"):
        if record.startswith(b"? "):
            modes[os.fsdecode(record[2:])] = ""
        elif record:
            meta, _, path = record.partition(b"\t")
            modes[os.fsdecode(path)] = meta[2:8].decode("ascii")
    return modes


def _once(entries: Iterator[Listed | Skipped]) -> Iterator[Listed | Skipped]:
    """Each path once: repositories inside of each other may list the same."""
    seen: set[str] = set()
    for entry in entries:
        if isinstance(entry, Skipped):
            yield entry
        elif entry.path not in seen:
            seen.add(entry.path)
            yield entry


def _listed(paths: Iterator[str | Skipped]) -> Iterator[Listed | Skipped]:
    for path in paths:
        yield Listed(path) if isinstance(path, str) else path
