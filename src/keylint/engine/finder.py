"""All places of one pattern in large content, by the same two steps as rules: prefilter, then confirm."""

from __future__ import annotations

import threading
from functools import lru_cache

from keylint.engine import extension
from keylint.engine.confirm import Budget, Confirmer, Memory, Raw
from keylint.engine.vector import MAX_BUFFER, Vector
from keylint.records import replace
from keylint.rule import Rule

_WORTH = 1 << 16  # bytes from which on compiling for Hyperscan pays
_MAX_EVENTS = 100_000


def find(pattern: str, data: bytes, rule: Rule) -> list[tuple[int, int]]:
    """Start and end of the first group of each match, in order; matches without one are left out.

    `rule` is the one that the pattern belongs to. Raises ConfigError, naming it, if the pattern does not
    compile. What takes too long ends early: this is for hints.
    """
    ends: list[int] | None = None
    if _WORTH <= len(data) <= MAX_BUFFER and extension.load() is not None:
        vector = _vector(pattern, threading.get_ident())
        if not vector.unvectored:
            clusters, flooded = vector.clusters(data, _MAX_EVENTS)
            ends = None if flooded else clusters.get(0, [])
    if ends == []:
        return []
    confirmer = Confirmer(replace(rule, regex=pattern, secret_group=0), Memory())
    raws = confirmer.search(data, ends, Budget(len(data)))
    return [(raw.secret_start, raw.secret_end) for raw in raws if _has_group(confirmer, data, raw)]


def _has_group(confirmer: Confirmer, data: bytes, raw: Raw) -> bool:
    """A match whose groups took no part counts as a secret as a whole; here it says nothing."""
    # As a whole means without the line ends around it (`Confirmer`).
    if data[raw.secret_start : raw.secret_end] != data[raw.start : raw.end].strip(b"\r\n"):
        return True
    match = confirmer.pattern.match(data, raw.start)
    return bool(match and any(match.groups()))


@lru_cache(maxsize=64)
def _vector(pattern: str, _thread: int) -> Vector:
    return Vector([pattern])
