"""What the index holds and HEAD does not: the content that the next commit would add.

Blobs are read by id. A diff would be shorter to read, but attributes (`-diff`, `binary`), textconv and a
dozen settings can hide content from it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from keylint.errors import SourceError
from keylint.model import Origin, Problem, Repository, Skipped, SkipReason, Surface
from keylint.records import dataclass
from keylint.secret import Blob
from keylint.sources.base import MAX_FILE_BYTES, printable
from keylint.sources.excludes import Excludes
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.gitrepo import GitRepo, NotARepositoryError
from keylint.sources.gitsafe import STAGED

_SUBMODULE = "160000"


@dataclass(frozen=True)
class RawChange:
    """One record of git's raw diff format: the new side."""

    mode: str
    object_id: str
    status: str
    path: str


def parse_raw(output: bytes) -> Iterator[RawChange]:
    """Records of `git diff-index --raw -z` without renames (https://git-scm.com/docs/git-diff-index#_raw_output_format)."""
    fields = output.split(b"\0")
    for header, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, object_id, status = header.decode("ascii").split(" ")
        yield RawChange(mode, object_id, status[:1], os.fsdecode(path))


class StagedSource:
    """The staged content of the repository that holds `path`, limited to what is below `path`.

    Without a path it is all of what is staged around the current folder, as `git commit` takes it.
    Raises SourceError (see `GitRepo.discover`) where there is no repository with a work tree, or nothing
    of that name in it.
    """

    def __init__(
        self, path: str | None = None, *, exclude: Sequence[str] = (), max_file_size: int = MAX_FILE_BYTES
    ) -> None:
        self._repo = GitRepo.discover(path or ".")
        if not self._repo.top:
            raise NotARepositoryError(
                f"{printable(path or '.')}: a bare repository has nothing staged",
                hint="run it in a work tree",
            )
        self.root = self._repo.top
        self.problems: list[Problem] = []
        self._below = self._repo.relative(path) if path else ""
        self._excludes = Excludes(exclude)
        self._max_file_size = max_file_size
        if path and not os.path.lexists(path) and not self._repo.run("ls-files", "-z", "--", self._below):
            raise SourceError(f"{printable(path)}: no such file or folder, nor is there one in the index")

    def repository(self) -> Repository:
        """Remote, revision and branch."""
        return self._repo.facts()

    def items(self) -> Iterator[Blob | Skipped]:
        """Every staged blob once, in the order of its path."""
        with ObjectReader(self._repo, max_bytes=self._max_file_size) as reader:
            for change in parse_raw(self._changes()):
                item = self._item(change, reader)
                if item is not None:
                    yield item

    def _changes(self) -> bytes:
        below = ("--", self._below) if self._below else ("--",)
        done = self._repo.attempt(*STAGED, "HEAD", *below)
        if done.returncode == 0:
            return done.stdout
        # Before the first commit there is no HEAD; if HEAD is damaged, all of the index may be new.
        return self._repo.run(*STAGED, self._repo.empty_tree, *below)

    def _item(self, change: RawChange, reader: ObjectReader) -> Blob | Skipped | None:
        excluded, notice = self._excludes.check(change.path)
        if excluded:
            return notice
        if change.status == "U":
            return Skipped(change.path, SkipReason.UNMERGED, "resolve the conflict and stage the file")
        if change.mode == _SUBMODULE:
            return Skipped(change.path, SkipReason.SUBMODULE, f"commit {change.object_id}")
        if not change.object_id.strip("0"):
            return None  # `git add --intent-to-add`: a name without content
        return reader.blob(change.object_id, Origin(Surface.STAGED, change.path))
