"""Files that the pre-commit framework names: it has put the staged content into the working tree."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from keylint.model import Skipped, SkipReason, Surface
from keylint.secret import Blob
from keylint.sources.base import MAX_FILE_BYTES
from keylint.sources.beneath import Beneath
from keylint.sources.files import FileSource
from keylint.sources.gitrepo import is_below, real_but_last
from keylint.sources.tree import Listed


class NamedFilesSource(FileSource):
    """The given files of the repository that holds the current folder, as content about to be committed.

    Names are relative to the current folder. Raises SourceError as `FileSource` does.
    """

    surface = Surface.STAGED

    def __init__(
        self, names: Sequence[str], *, exclude: Sequence[str] = (), max_file_size: int = MAX_FILE_BYTES
    ) -> None:
        super().__init__(".", exclude=exclude, max_file_size=max_file_size)
        self._names = names

    def items(self) -> Iterator[Blob | Skipped]:
        """Each named file once; a name outside the repository is not read."""
        with Beneath(self.root) as folder:
            for name in dict.fromkeys(self._names):
                place = real_but_last(name)
                if not is_below(place, self.root):
                    yield Skipped(name, SkipReason.UNSAFE, "not in the repository")
                    continue
                path = os.path.relpath(place, self.root).replace(os.sep, "/")
                excluded, notice = self._excludes.check(path)
                item = notice if excluded else self.read(folder, Listed(path))
                if item is not None:
                    yield item
