"""A working tree, or any other folder or file on disk.

In a git work tree git lists the files, so that its own ignore rules hold to the letter and files that it
tracks are scanned even if a rule matches them. Elsewhere, and where git cannot be used, the folder is walked.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import BinaryIO

from keylint.errors import SourceError
from keylint.model import Origin, Problem, Repository, Skipped, SkipReason, Surface
from keylint.secret import Blob
from keylint.sources.base import INLINE_BYTES, MAX_FILE_BYTES, printable, skipped_for, too_large
from keylint.sources.beneath import Beneath, NotAFileError, open_beneath, read_all
from keylint.sources.excludes import Excludes
from keylint.sources.gitrepo import GitRepo, NotARepositoryError, is_below, real_but_last
from keylint.sources.tree import Listed, Tree, not_by_git

_IS_LINK = (errno.ELOOP, errno.EMLINK)
_IS_ABSENT = (errno.ENOENT, errno.ENOTDIR)


class FileSource:
    """What is on disk at `path`: one file, or everything below a folder.

    Paths are relative to the top level of the git work tree that holds `path`, else to the folder; a
    single file's to the current folder. `exclude` holds gitignore patterns relative to the same root; they
    don't apply to a file that the user names. Files over `max_file_size` bytes are left out.
    Raises SourceError if there is nothing that can be scanned at `path`.
    """

    surface = Surface.TREE
    honours_ignores = True

    def __init__(
        self, path: str = ".", *, exclude: Sequence[str] = (), max_file_size: int = MAX_FILE_BYTES
    ) -> None:
        self.problems: list[Problem] = []
        self.is_file = _is_file(path)
        self._target = os.path.realpath(path)
        self._excludes = Excludes(exclude)
        self._max_file_size = max_file_size
        place = real_but_last(path) if self.is_file else self._target
        self._repo = self._find_repository(place)
        self.root = self._repo.top if self._repo else _root(place, self.is_file)
        inside = os.path.relpath(place, self.root)
        self._below = "" if inside == "." else inside.replace(os.sep, "/")

    def repository(self) -> Repository:
        """Remote, revision and branch; empty outside a repository."""
        return self._repo.facts() if self._repo else Repository()

    def items(self) -> Iterator[Blob | Skipped]:
        """Every file once, in a fixed order."""
        if self.is_file:
            yield self._named_file()
            return
        try:
            folder = Beneath(self.root)
        except OSError as error:
            yield skipped_for(".", error)
            return
        with folder:
            for listed in self.listing(folder):
                item = listed if isinstance(listed, Skipped) else self.read(folder, listed)
                if item is not None:
                    yield item

    def listing(self, folder: Beneath) -> Iterator[Listed | Skipped]:
        """What there is to `read`, in a fixed order; for a folder only. `folder` is `root`."""
        tree = Tree(self.root, self._below, self._repo, self._excludes, self.problems)
        entries = tree.honouring_ignores(folder) if self.honours_ignores else tree.everything(folder)
        return self._not_excluded(entries) if self._excludes else entries

    def _not_excluded(self, entries: Iterator[Listed | Skipped]) -> Iterator[Listed | Skipped]:
        for entry in entries:
            excluded, notice = (
                (False, None) if isinstance(entry, Skipped) else self._excludes.check(entry.path)
            )
            if notice:
                yield notice
            elif not excluded:
                yield entry

    def open_small(self, folder: Beneath, listed: Listed, limit: int) -> tuple[int, int] | None:
        """Descriptor and size of an ordinary file of at most `limit` bytes; the caller closes it.

        None for everything else, about which `read` knows what to say.
        """
        try:
            fd, status = folder.open_file(listed.path)
        except OSError:
            return None
        if status.st_size <= min(limit, self._max_file_size):
            return fd, status.st_size
        os.close(fd)
        return None

    def _find_repository(self, place: str) -> GitRepo | None:
        if not _marked_folder(place) and "GIT_DIR" not in os.environ:
            return None
        try:
            repo = GitRepo.discover(place)
        except NotARepositoryError:
            return None
        except SourceError as error:
            self.problems.append(not_by_git(error))
            return None
        return repo if repo.top else None

    def _named_file(self) -> Blob | Skipped:
        """The file that the user named, reached through links if need be."""
        try:
            fd = os.open(self._target, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            return skipped_for(self._below, error)
        return self._content(fd, os.fstat(fd), self._below, partial(_open, self._target))

    def read(self, folder: Beneath, listed: Listed) -> Blob | Skipped | None:
        """A listed file's content, why it cannot be had, or None if nothing needs to be said."""
        path = listed.path
        try:
            fd, status = folder.open_file(path)
        except NotAFileError:
            return Skipped(path, SkipReason.SPECIAL_FILE)
        except OSError as error:
            if error.errno in _IS_LINK:
                return self._link(path)
            if listed.tracked and error.errno in (*_IS_ABSENT, errno.EISDIR):
                return None  # deleted, or replaced by a folder whose files are listed
            return skipped_for(path, error)
        return self._content(fd, status, path, partial(open_beneath, self.root, path))

    def _content(
        self, fd: int, status: os.stat_result, path: str, opener: Callable[[], BinaryIO]
    ) -> Blob | Skipped:
        """Read an open file and close it."""
        origin = Origin(self.surface, path)
        size = status.st_size
        try:
            if size > self._max_file_size:
                return too_large(path, size, self._max_file_size)
            data = read_all(fd, size, INLINE_BYTES) if size <= INLINE_BYTES else None
        except OSError as error:
            return skipped_for(path, error)
        finally:
            os.close(fd)
        return Blob(origin, b"", size, opener) if data is None else Blob(origin, data, len(data))

    def _link(self, path: str) -> Skipped | None:
        """A link into the tree is no news: what it points to is scanned by its own name."""
        target = os.path.realpath(os.path.join(self.root, path))
        if is_below(target, self._target):
            return None
        return Skipped(path, SkipReason.SYMLINK, "leads out of the tree")


def _is_file(path: str) -> bool:
    """Whether the user named a file (not a folder). Raises SourceError for anything else."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise SourceError(f"{printable(path)}: {error.strerror}") from None
    except ValueError:
        raise SourceError(f"{printable(path)}: not a path") from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise SourceError(f"{printable(path)}: neither a file nor a folder", hint='"-" reads standard input')
    return stat.S_ISREG(mode)


def _marked_folder(place: str) -> str:
    """The nearest folder at or above `place` with something named .git in it, "" if there is none."""
    while not os.path.lexists(os.path.join(place, ".git")):
        parent = os.path.dirname(place)
        if parent == place:
            return ""
        place = parent
    return place


def _root(place: str, is_file: bool) -> str:
    """What paths are relative to where git cannot tell."""
    marked = _marked_folder(place)
    if marked:
        return marked
    if not is_file:
        return place
    here = os.path.realpath(os.curdir)
    return here if is_below(place, here) else os.path.dirname(place)


def _open(path: str) -> BinaryIO:
    return open(path, "rb")
