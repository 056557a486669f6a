"""The canonical form of a value."""

from __future__ import annotations

from collections.abc import Sequence

from keylint.latepattern import late

_PERCENT = late(rb"%([0-9A-Fa-f]{2})")


def normalize(value: bytes, names: Sequence[str]) -> bytes:
    """The canonical form of a value, so that one key written in two ways is one key."""
    if "percent" in names:
        value = _PERCENT.sub(lambda m: bytes.fromhex(m[1].decode()), value)
    return value
