"""Which blobs lie at some paths in many commits. Each tree is read once, however many commits share it.

Asked for one `commit:path` after the other, git reads every tree on the way anew: with eighty branches and as
many paths that takes longer than looking at all the files (measured).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from keylint.model import Origin, Surface
from keylint.records import dataclass, field
from keylint.secret import Blob
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.gitrepo import GitRepo

_BLOCK = 500  # names of trees that git is told at once: they fit into a pipe
_MAX_TREE = 16 << 20  # bytes
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
    """The folders that were read, by the name under which git was asked for them."""

    def __init__(self, repo: GitRepo) -> None:
        self._repo = repo
        self._width = len(repo.empty_tree) // 2
        self._found: dict[tuple[str, int], _Found] = {}

    def read(self, roots: Iterable[tuple[str, _Wanted]]) -> None:
        """Read trees, and those in them, as far as something is wanted there."""
        level = {(name, id(wanted)): wanted for name, wanted in roots}
        with ObjectReader(self._repo, max_bytes=_MAX_TREE) as reader:
            while level:
                deeper: dict[tuple[str, int], _Wanted] = {}
                content = dict(_contents(reader, sorted({name for name, _ in level})))
                for key, wanted in level.items():
                    found = self._found[key] = _search(content.get(key[0], b""), wanted, self._width)
                    for name, tree in found.folders.items():
                        inner = wanted.folders[name]
                        if (tree, id(inner)) not in self._found:
                            deeper[tree, id(inner)] = inner
                level = deeper

    def blob(self, root: str, wanted: _Wanted, path: bytes) -> bytes:
        """The id of the file at a path, b"" if there is none."""
        *folders, name = path.split(b"/")
        tree = root
        for folder in folders:
            tree = self._found[tree, id(wanted)].folders.get(folder, "")
            if not tree:
                return b""
            wanted = wanted.folders[folder]
        return self._found[tree, id(wanted)].files.get(name, b"")


def blobs_at(repo: GitRepo, places: Sequence[tuple[str, bytes]]) -> list[bytes]:
    """The blob id at each (commit, path), in hexadecimal digits; b"" where there is none."""
    asked = [(f"{commit}^{{tree}}", path) for commit, path in places]
    paths: defaultdict[str, list[bytes]] = defaultdict(list)
    for root, path in asked:
        paths[root].append(path)
    # Commits that are asked about the same paths share what is wanted, and so what is found.
    shared = {wanted: _wanted(wanted) for wanted in map(tuple, paths.values())}
    roots = {root: shared[tuple(wanted)] for root, wanted in paths.items()}
    trees = _Trees(repo)
    trees.read(roots.items())
    return [trees.blob(root, roots[root], path) for root, path in asked]


def _contents(reader: ObjectReader, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The trees of these names as git stores them, without those that cannot be read."""
    for at in range(0, len(names), _BLOCK):
        block = names[at : at + _BLOCK]
        reader.announce(block)
        for name in block:
            item = reader.blob(name, _ORIGIN)
            if isinstance(item, Blob):
                yield name, item.data


def _search(content: bytes, wanted: _Wanted, width: int) -> _Found:
    """What of a folder is wanted. A tree is a row of `MODE NAME NUL ID`, the id in `width` bytes.

    https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    found = _Found()
    at = 0
    while (end := content.find(b"\0", at)) >= 0:
        mode, _, name = content[at:end].partition(b" ")
        at = end + 1 + width
        if mode == _FOLDER:
            if name in wanted.folders:
                found.folders[name] = content[end + 1 : at].hex()
        elif name in wanted.here:
            found.files[name] = content[end + 1 : at].hex().encode()
    return found
