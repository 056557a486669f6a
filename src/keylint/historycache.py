"""What is known of a history from one scan to the next.

Three files for each repository and rule set, in the user's cache folder: whole ids of the objects that hold
nothing (a prefix could be forged); where the others have their hits, with the part of the log that is about
them; and a digest of the names in the last report, if they hold no key. Of the content of objects no more
than a report shows: lines with a key, in which all keys are masked. Any difference in rules, engine or
version makes other files, and a file that is damaged, foreign or gone is as good as empty.
"""

from __future__ import annotations

import contextlib
import functools
import marshal
import os
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from keylint import __version__, privatefile
from keylint.digests import sha256
from keylint.engine.places import PLACE_SIZE
from keylint.held import Held
from keylint.keptlooks import PackedLook
from keylint.sources.gitlog import LogChange, LogCommit
from keylint.sources.pastlog import PastLog, pack, unpack

_MAGIC = b"keylint-history\x01"  # the last byte is the version of this format
_CHECKSUM = 4  # bytes of CRC-32
_KEPT = 32  # files of other repositories and rule sets that stay
_MAX_BYTES = 512 << 20


class KeptLook(NamedTuple):
    """What a look at one version of a file found, packed, and the numbers of the values that it was for."""

    numbers: tuple[int, ...]
    packed: PackedLook


class Memory(NamedTuple):
    """What a scan leaves for the next one: where objects have their hits, and the log that is about them.

    No log if it cannot be followed. `left_out` are the paths that the user's patterns left out of it. `looks`
    are by blob and path.
    """

    held: Mapping[bytes, Held]
    log: PastLog | None = None
    left_out: tuple[str, ...] = ()
    looks: Mapping[tuple[bytes, bytes], KeptLook] = {}


class HistoryCache:
    """The stored knowledge of the repository at `git_dir`, in `folder`.

    `rules` tells the rules from others, as `rulecache.identity` gives it. `patterns` are what else decides
    which objects count, such as the user's `exclude`.
    """

    def __init__(self, folder: str, git_dir: str, rules: bytes, patterns: Sequence[str] = ()) -> None:
        self._folder = folder
        self._key = _digest(rules + _code_key() + os.fsencode(os.path.realpath(git_dir)))
        self._found_key = _digest(self._key + marshal.dumps(tuple(patterns), 2))

    def load_clean(self) -> set[bytes]:
        """Ids of the objects that hold nothing, in hexadecimal digits."""
        body = self._read("clean", self._key)
        if not body or body[0] not in (20, 32):
            return set()
        return unpack(body[1:], 2 * body[0])

    def store_clean(self, ids: Collection[bytes]) -> None:
        """Replace them. Whatever prevents it is no problem of the run: it only costs time."""
        if ids:
            width = len(next(iter(ids))) // 2
            self._write("clean", self._key, bytes([width]), pack(ids))

    def load(self) -> Memory:
        """What the last scan left."""
        body = self._read("found", self._found_key)
        if not body:
            return Memory({})
        try:  # our own file, private to this user, and its checksum fits
            held, log, left_out, looks = marshal.loads(body)  # noqa: S302
            memory = Memory(
                {name: Held(*one) for name, one in held.items()},
                _unpacked(log),
                left_out,
                {version: KeptLook(*look) for version, look in looks.items()},
            )
            is_sound = all(map(_is_sound, memory.held.values()))
        except Exception:  # noqa: BLE001 - somebody made it by hand
            return Memory({})
        return memory if is_sound else Memory({})

    def store(self, memory: Memory) -> None:
        """Replace it, as `store_clean` does."""
        held: Any = {name: tuple(one) for name, one in memory.held.items()}
        looks: Any = {version: tuple(look) for version, look in memory.looks.items()}
        body = marshal.dumps((held, _packed(memory.log), memory.left_out, looks))
        self._write("found", self._found_key, body)

    def has(self, texts: bytes) -> bool:
        """Whether these names were the last that were found to hold no key."""
        return self._read("names", self._key) == self._told(texts)

    def keep(self, texts: bytes) -> None:
        """Remember that these names hold no key, as `store_clean` does."""
        self._write("names", self._key, self._told(texts))

    def _told(self, texts: bytes) -> bytes:
        return _digest(self._key + texts)

    def _read(self, kind: str, key: bytes) -> bytes | memoryview:
        """What a sound file of our own holds that was made for this key, else nothing."""
        content = privatefile.read(self._path(kind, key), _MAX_BYTES) or b""
        view = memoryview(content)
        start = len(_MAGIC) + len(key) + _CHECKSUM
        head, body = view[:start], view[start:]
        return body if head == _MAGIC + key + _checksum(body) else b""

    def _write(self, kind: str, key: bytes, *parts: bytes) -> None:
        body = b"".join(parts)
        with contextlib.suppress(OSError):
            privatefile.write(self._path(kind, key), (_MAGIC, key, _checksum(body), body))
            privatefile.prune(self._folder, f"{kind}-", _KEPT)

    def _path(self, kind: str, key: bytes) -> str:
        return os.path.join(self._folder, f"{kind}-{key.hex()[:32]}.bin")


def _packed(log: PastLog | None) -> Any:
    """A log as `marshal` carries it."""
    if log is None:
        return None
    changes = tuple((tuple(c.commit), c.diff, c.path, c.old, c.new) for c in log.changes)
    return (
        tuple(log.starts),
        log.commits,
        log.listed,
        log.objects,
        dict(log.gitlinks),
        changes,
        dict(log.kinds),
        log.partial,
        log.skewed,
    )


def _unpacked(packed: tuple[Any, ...] | None) -> PastLog | None:
    if packed is None:
        return None
    starts, commits, listed, objects, gitlinks, changes, *others = packed
    commit = functools.cache(lambda parts: LogCommit(*parts))
    told = tuple(LogChange(commit(parts), *rest) for parts, *rest in changes)
    return PastLog(frozenset(starts), commits, listed, objects, gitlinks, told, *others)


def _is_sound(held: Held) -> bool:
    """Whether the parts fit to each other. Raises TypeError where they are no numbers."""
    places, values, numbers = held
    whole = len(places) % PLACE_SIZE == 0 and len(values) == len(numbers)
    inside = max(values, default=-1) * PLACE_SIZE < len(places)
    return whole and inside and all(min(part, default=0) >= 0 for part in held)


def _code_key() -> bytes:
    """The code that decides what an object holds."""
    sizes = []
    folders = [os.path.dirname(os.path.abspath(__file__))]
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    sizes.append((entry.path, entry.stat().st_size))
                elif entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
                    folders.append(entry.path)
    start = len(folders[0])
    files = tuple(sorted((path[start:], size) for path, size in sizes))
    return marshal.dumps((__version__, files), 2)  # version 2: always the same bytes


def _checksum(body: bytes | memoryview) -> bytes:
    return zlib.crc32(body).to_bytes(_CHECKSUM, "big")


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()
