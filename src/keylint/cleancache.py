"""Which objects of a repository are known to hold nothing, from one scan to the next.

One file for each repository and rule set, in the user's cache folder: whole object ids (a prefix could be
forged), nothing of their content. Any difference in rules, engine or version makes another file, and a file
that is damaged, foreign or gone is as good as empty.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
from collections.abc import Collection, Iterable, Sequence

from keylint import __version__
from keylint.rule import Rule, to_plain

_MAGIC = b"keylint-clean\x01"  # the last byte is the version of this format
_DIGEST = 32  # bytes of SHA-256
_KEPT = 32  # files of other repositories and rule sets that stay
_MAX_BYTES = 512 << 20
_CODE = ("engine", "sift.py", "textmap.py", "examine.py", "historyscan.py")


class CleanObjects:
    """The known clean objects of the repository at `git_dir` under some rules, stored in `folder`."""

    def __init__(self, folder: str, git_dir: str, rules: Sequence[Rule]) -> None:
        self._folder = folder
        self._key = _digest(_rule_key(rules) + os.fsencode(os.path.realpath(git_dir)))
        self._path = os.path.join(folder, f"clean-{self._key.hex()[:32]}.bin")

    def load(self) -> set[bytes]:
        """The ids, in hexadecimal digits; empty where there is no sound file."""
        content = _own_bytes(self._path)
        head = len(_MAGIC) + 2 * _DIGEST + 1
        if len(content) < head or content[: len(_MAGIC)] != _MAGIC:
            return set()
        checksum = content[len(_MAGIC) : len(_MAGIC) + _DIGEST]
        body = content[len(_MAGIC) + _DIGEST :]
        width = body[_DIGEST]
        if body[:_DIGEST] != self._key or width not in (20, 32) or checksum != _digest(body):
            return set()
        digits = body[_DIGEST + 1 :].hex().encode()
        return {digits[at : at + 2 * width] for at in range(0, len(digits), 2 * width)}

    def store(self, ids: Collection[bytes]) -> None:
        """Replace what is stored. Whatever prevents it is no problem of the run: it only costs time."""
        if not ids:
            return
        width = len(next(iter(ids))) // 2
        body = self._key + bytes([width]) + bytes.fromhex(b"".join(sorted(ids)).decode())
        with contextlib.suppress(OSError):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            _write(self._path, (_MAGIC, _digest(body), body))
            _prune(self._folder)


def _rule_key(rules: Sequence[Rule]) -> bytes:
    """Everything that decides what an object holds: the rules, and which code looks for them."""
    here = os.path.dirname(os.path.abspath(__file__))
    files = []
    for name in _CODE:
        path = os.path.join(here, name)
        names = sorted(os.listdir(path)) if os.path.isdir(path) else [""]
        sources = [os.path.join(path, n) if n else path for n in names if not n or n.endswith(".py")]
        files += [(os.path.basename(source), os.stat(source).st_size) for source in sources]
    plain = tuple(to_plain(rule) for rule in rules)
    return marshal.dumps((__version__, tuple(files), plain), 2)  # version 2: always the same bytes


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _own_bytes(path: str) -> bytes:
    """The bytes of a regular file that belongs to this user and that nobody else may write, else nothing."""
    flags = os.O_RDONLY
    for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return b""
    try:
        status = os.fstat(descriptor)
        if status.st_mode & 0o170000 != 0o100000 or status.st_size > _MAX_BYTES:
            return b""
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
            return b""
        with open(descriptor, "rb", closefd=False) as stream:
            return stream.read()
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _write(path: str, parts: Iterable[bytes]) -> None:
    """Write beside the file and put it in its place, so that others see the old or the new one."""
    draft = f"{path}.{os.getpid():x}-{os.urandom(4).hex()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with open(descriptor, "wb") as stream:
            stream.writelines(parts)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def _prune(folder: str) -> None:
    """Remove all but the newest files, and drafts that a killed run left."""
    with os.scandir(folder) as entries:
        ours = [e for e in entries if e.name.startswith("clean-") and e.is_file(follow_symlinks=False)]
    ours.sort(key=lambda e: e.stat().st_mtime_ns, reverse=True)
    for entry in ours[_KEPT:]:
        os.unlink(entry.path)
