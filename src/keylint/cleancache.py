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
from collections.abc import Collection, Sequence

from keylint import __version__, privatefile
from keylint.rule import Rule, to_plain

_MAGIC = b"keylint-clean\x01"  # the last byte is the version of this format
_DIGEST = 32  # bytes of SHA-256
_KEPT = 32  # files of other repositories and rule sets that stay
_MAX_BYTES = 512 << 20


class CleanObjects:
    """The known clean objects of the repository at `git_dir` under some rules, stored in `folder`."""

    def __init__(self, folder: str, git_dir: str, rules: Sequence[Rule]) -> None:
        self._folder = folder
        self._key = _digest(_rule_key(rules) + os.fsencode(os.path.realpath(git_dir)))
        self._path = os.path.join(folder, f"clean-{self._key.hex()[:32]}.bin")

    def load(self) -> set[bytes]:
        """The ids, in hexadecimal digits; empty where there is no sound file."""
        content = privatefile.read(self._path, _MAX_BYTES) or b""
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
            privatefile.write(self._path, (_MAGIC, _digest(body), body))
            privatefile.prune(self._folder, "clean-", _KEPT)


def _rule_key(rules: Sequence[Rule]) -> bytes:
    """Everything that decides what an object holds: the rules, and the code that looks for them."""
    here = os.path.dirname(os.path.abspath(__file__))
    sources = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(here)
        for name in names
        if name.endswith(".py")
    ]
    files = sorted((os.path.relpath(source, here), os.stat(source).st_size) for source in sources)
    plain = tuple(to_plain(rule) for rule in rules)
    return marshal.dumps((__version__, tuple(files), plain), 2)  # version 2: always the same bytes


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
