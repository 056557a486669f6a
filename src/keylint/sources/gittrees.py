"""Which blobs lie at some paths in many commits. Each tree is read once, however many commits share it.

Asked for one `commit:path` after the other, git reads every tree on the way anew: with eighty branches and as
many paths that takes longer than looking at all the files (measured).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from keylint.model import Origin, Surface
from keylint.records import dataclass, field
from keylint.secret import Blob
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.gitrepo import GitRepo

_BLOCK = 500  # names of trees that git is told at once: they fit into a pipe
_MAX_TREE = 16 << 20  # bytes
# A tree is a row of these, with an id of so many bytes (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects).
_ENTRY = rb"([0-7]+) ([^\0]+)\0(.{%d})"
_FOLDER = b"40000"
_ORIGIN = Origin(Surface.HISTORY, "")


@dataclass
class _Wanted:
    """What is wanted in a folder: names of files in `here`, and what is wanted in the folders in it."""

    folders: dict[bytes, _Wanted] = field(default_factory=dict)
    here: set[bytes] = field(default_factory=set)


def _wanted(paths: Iterable[bytes]) -> _Wanted:
    """The files at some paths are wanted."""
    root = _Wanted()
    for path in paths:
        *folders, name = path.split(b"/")
        inner = root
        for folder in folders:
            inner = inner.folders.setdefault(folder, _Wanted())
        inner.here.add(name)
    return root


@dataclass
class _Found:
    """What was found in a folder: ids of files, and of folders in which something is wanted."""

    files: dict[bytes, bytes] = field(default_factory=dict)
    folders: dict[bytes, str] = field(default_factory=dict)


class _Trees:
    """The folders that were read, by the name under which git was asked for them, from the top down."""

    def __init__(self, repo: GitRepo) -> None:
        self._repo = repo
        self._entry = re.compile(_ENTRY % (len(repo.empty_tree) // 2), re.DOTALL)
        self._found: dict[tuple[str, int], _Found] = {}
        self._wanted: dict[tuple[str, int], _Wanted] = {}

    def read(self, roots: Iterable[tuple[str, _Wanted]]) -> None:
        """Read trees, and those in them, as far as something is wanted there."""
        level = {(name, id(wanted)): wanted for name, wanted in roots}
        with ObjectReader(self._repo, max_bytes=_MAX_TREE) as reader:
            while level:
                self._wanted |= level
                deeper: dict[tuple[str, int], _Wanted] = {}
                content = dict(_contents(reader, sorted({name for name, _ in level})))
                for key, wanted in level.items():
                    found = self._found[key] = self._search(content.get(key[0], b""), wanted)
                    for name, tree in found.folders.items():
                        inner = wanted.folders[name]
                        if (tree, id(inner)) not in self._found:
                            deeper[tree, id(inner)] = inner
                level = deeper

    def files(self) -> dict[tuple[str, int], dict[bytes, bytes]]:
        """For each folder with what was wanted in it: path below it -> blob id, of files that are there."""
        files: dict[tuple[str, int], dict[bytes, bytes]] = {}
        for key, found in reversed(self._found.items()):
            inside = files[key] = dict(found.files)
            for name, tree in found.folders.items():
                below = files[tree, id(self._wanted[key].folders[name])]
                inside.update((name + b"/" + path, blob) for path, blob in below.items())
        return files

    def _search(self, content: bytes, wanted: _Wanted) -> _Found:
        found = _Found()
        for mode, name, blob in self._entry.findall(content):
            if mode == _FOLDER:
                if name in wanted.folders:
                    found.folders[name] = blob.hex()
            elif name in wanted.here:
                found.files[name] = blob.hex().encode()
        return found


def blobs_at(repo: GitRepo, places: Mapping[str, Iterable[bytes]]) -> dict[str, dict[bytes, bytes]]:
    """For each commit the blobs at some paths: path -> id in hexadecimal digits. Others are not there."""
    asked = {commit: frozenset(paths) for commit, paths in places.items()}
    # Commits that are asked about the same paths share what is wanted, and so what is found.
    shared = {paths: _wanted(paths) for paths in set(asked.values())}
    roots = {commit: (f"{commit}^{{tree}}", shared[paths]) for commit, paths in asked.items()}
    trees = _Trees(repo)
    trees.read(roots.values())
    files = trees.files()
    return {commit: files[root, id(wanted)] for commit, (root, wanted) in roots.items()}


def _contents(reader: ObjectReader, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The trees of these names as git stores them, without those that cannot be read."""
    for at in range(0, len(names), _BLOCK):
        block = names[at : at + _BLOCK]
        reader.announce(block)
        for name in block:
            item = reader.blob(name, _ORIGIN)
            if isinstance(item, Blob):
                yield name, item.data
