"""Read and search, and nothing else: what would be left if the rest of a scan cost nothing.

    python bench/least.py tree|history

In the current folder, in as many processes as keylint has workers, with its compiled rules. Nothing is
confirmed, judged, attributed or reported, and no log is read: blobs come in the order of the packs, those
included that nothing refers to.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence

from keylint import rulecache, workers
from keylint.engine import quickdb
from keylint.engine.vector import Vector
from keylint.sources.slabs import Large, read_slabs

_BUFFER = 1 << 20  # bytes that are searched at once, at least
_LARGEST = 8 << 20  # and at most
_EVENTS = 1 << 40  # never too many
_CAT_FILE = ("git", "-c", "core.deltaBaseCacheLimit=16m", "cat-file")


def main() -> None:
    """Do it, in forked processes."""
    if sys.argv[1:] not in (["tree"], ["history"]):
        sys.exit(str(__doc__))
    work = _search_files if sys.argv[1] == "tree" else _search_blobs
    vector = _vector()
    items = list(_files(".") if sys.argv[1] == "tree" else _blobs())
    share = -(-len(items) // workers.count()) or 1
    children = []
    for first in range(0, len(items), share):
        child = os.fork()
        if not child:
            work(vector, items[first : first + share])
            os._exit(0)
        children.append(child)
    if any(os.waitpid(child, 0)[1] for child in children):
        sys.exit("a worker failed")


def _vector() -> Vector:
    """The compiled rules, from keylint's cache."""
    stored = rulecache.stored_rules()
    if stored is None:
        rulecache.load_engine()
        stored = rulecache.stored_rules()
    if stored is None:
        sys.exit("the rules cannot be stored")
    unvectored, database, _ = quickdb.unpack(stored[2])
    return Vector((), (unvectored, database))


def _files(folder: str) -> Iterator[bytes]:
    for place, folders, names in os.walk(os.fsencode(folder)):
        if b".git" in folders:
            folders.remove(b".git")
        yield from (os.path.join(place, name) for name in names)


def _blobs() -> Iterator[bytes]:
    """All blobs, in the order in which they are stored."""
    listed = subprocess.run(
        [*_CAT_FILE, "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)"],
        stdout=subprocess.PIPE,
        check=True,
    )
    return (line[5:] for line in listed.stdout.split(b"\n") if line.startswith(b"blob "))


def _search_files(vector: Vector, paths: Iterable[bytes]) -> None:
    buffer = memoryview(bytearray(_LARGEST))
    filled = 0
    for path in paths:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            continue
        while count := os.readv(fd, [buffer[filled:]]):
            filled += count
            if filled >= _BUFFER:
                vector.clusters(buffer[:filled], _EVENTS)
                filled = 0
        os.close(fd)
    vector.clusters(buffer[:filled], _EVENTS)


def _search_blobs(vector: Vector, names: Sequence[bytes]) -> None:
    git = subprocess.Popen([*_CAT_FILE, "--batch", "--buffer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert git.stdin and git.stdout
    stdin = git.stdin

    def ask() -> None:
        with stdin:
            stdin.write(b"\n".join(names) + b"\n")

    threading.Thread(target=ask, daemon=True).start()
    for part in read_slabs(git.stdout.fileno()):
        if isinstance(part, Large):
            vector.clusters(part.stream.read(), _EVENTS)
        else:
            with memoryview(part.buffer) as view:
                vector.clusters(view[: part.bounds[-1][1]] if part.bounds else b"", _EVENTS)


if __name__ == "__main__":
    main()
