"""The submodules that a history has had, and which of them are here to be scanned."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

from keylint.errors import SourceError
from keylint.model import Skipped, SkipReason
from keylint.sources.gitrepo import GitRepo, is_below


def find(repo: GitRepo, paths: Collection[bytes]) -> Iterator[tuple[bytes, str] | Skipped]:
    """For each of some submodule paths the folder of its repository, or why it is not scanned.

    A submodule is taken only where its repository lies within the one around it: a `.git` file can name any
    folder of this machine.
    """
    for path in sorted(paths):
        shown = os.fsdecode(path)
        if not repo.top:
            yield Skipped(shown, SkipReason.SUBMODULE, "a bare repository holds no submodules")
            continue
        folder = os.path.join(repo.top, *shown.split("/"))
        try:
            inner = GitRepo.discover(folder) if os.path.isdir(folder) else None
        except SourceError as error:
            yield Skipped(shown, SkipReason.UNREADABLE, error.message)
            continue
        if inner is None or inner.top != os.path.realpath(folder):
            if inner is not None and not is_below(os.path.realpath(folder), repo.top):
                yield Skipped(shown, SkipReason.UNSAFE, "it leads out of the repository")
            else:
                yield Skipped(shown, SkipReason.SUBMODULE, "it is not checked out here")
        elif not is_below(inner.top, repo.top) or not _owned(inner, repo):
            yield Skipped(shown, SkipReason.UNSAFE, "its repository lies outside of this one")
        else:
            yield path, folder


def _owned(inner: GitRepo, outer: GitRepo) -> bool:
    return is_below(inner.git_dir, outer.git_dir) or is_below(inner.git_dir, inner.top)
