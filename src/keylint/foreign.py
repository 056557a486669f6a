"""Baselines of other scanners: which values somebody has accepted, and where they stand.

`.gitleaksignore` names places (https://github.com/gitleaks/gitleaks#gitleaksignore), `.secrets.baseline`
names files and SHA-1 digests of values (https://github.com/Yelp/detect-secrets#the-baseline-file). Pure:
text in, entries out; finding the values is the caller's business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from keylint.errors import InventoryError
from keylint.secret import Match

_HINT = "a .gitleaksignore or a .secrets.baseline of detect-secrets"
_DIGEST_LENGTH = 40


@dataclass(frozen=True)
class Accepted:
    """One accepted value: in a file (of a commit, if `commit` is set), on a line (0: any) or by its digest.

    `number` is the line of the entry in the file that it was read from, 0 if unknown.
    """

    path: str
    line: int = 0
    commit: str = ""
    sha1: str = ""
    number: int = 0

    @property
    def label(self) -> str:
        """A short name for messages."""
        place = f"{self.commit[:12]}:{self.path}" if self.commit else self.path
        return f"{place}:{self.line}" if self.line else place

    def covers(self, match: Match) -> bool:
        """Whether a match in the entry's file is the accepted value."""
        if self.sha1:
            return hashlib.sha1(match.value.reveal(), usedforsecurity=False).hexdigest() == self.sha1
        return match.location.line <= self.line <= match.location.end_line


def read_accepted(text: str, source: str) -> tuple[Accepted, ...]:
    """The entries of another scanner's baseline; its kind is told by its content.

    Raises InventoryError naming the file, and the line of an entry that makes no sense.
    """
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return tuple(_detect_secrets(text, source))
    return tuple(_gitleaksignore(text, source))


def _gitleaksignore(text: str, source: str) -> Iterator[Accepted]:
    """`commit:file:rule:line` or `file:rule:line`; a file name may hold colons itself."""
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        parts = line.rsplit(":", 2)
        if len(parts) != 3 or not parts[2].isdigit() or not parts[0]:
            raise InventoryError(f"{source}: line {number}: expected [commit:]file:rule:line", hint=_HINT)
        head, _, rest = parts[0].partition(":")
        is_commit = bool(rest) and len(head) in (40, 64) and not set(head) - set("0123456789abcdef")
        path, commit = (rest, head) if is_commit else (parts[0], "")
        yield Accepted(path.replace("\\", "/"), int(parts[2]), commit, number=number)


def _detect_secrets(text: str, source: str) -> Iterator[Accepted]:
    try:
        document = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InventoryError(f"{source}: not valid JSON: {error.msg} at {where}", hint=_HINT) from None
    except RecursionError:
        raise InventoryError(f"{source}: nested too deeply", hint=_HINT) from None
    results: Any = document.get("results")
    if not isinstance(results, dict):
        raise InventoryError(f"{source}: results: expected a table of files", hint=_HINT)
    for path, entries in results.items():
        if not isinstance(entries, list):
            raise InventoryError(f"{source}: results.{path}: expected a list", hint=_HINT)
        for entry in entries:
            digest = entry.get("hashed_secret") if isinstance(entry, dict) else None
            if not isinstance(digest, str) or len(digest) != _DIGEST_LENGTH:
                raise InventoryError(f"{source}: results.{path}: an entry has no hashed_secret", hint=_HINT)
            yield Accepted(path.replace("\\", "/"), sha1=digest.lower())
