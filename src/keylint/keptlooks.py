"""Matches as a file may keep them: with numbers for their secrets, and read back into nothing but matches."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

from keylint.model import Evidence, Location, Origin, Surroundings
from keylint.secret import Match, Secret

# What a stored match is made of. A file that names anything else is not read: unpickling could run it.
_PARTS = {
    "keylint.model": ("Evidence", "Location", "Origin", "Partner", "Privacy", "Surface", "Surroundings"),
    "keylint.secret": ("Allow", "Match"),
    "datetime": ("datetime", "timedelta", "timezone"),
}
_KNOWN = frozenset((module, name) for module, names in _PARTS.items() for name in names)


class _Pickler(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, numbers: Mapping[bytes, int]) -> None:
        super().__init__(buffer, 4)
        self._numbers = numbers

    def reducer_override(self, value: object) -> Any:
        if isinstance(value, Secret):
            return _secret, (self._numbers[value.reveal()], value.prefix_len, value.weak)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, buffer: io.BytesIO, values: Mapping[int, bytes]) -> None:
        super().__init__(buffer)
        self._values = values

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, _secret.__name__):
            return lambda number, prefix_len, weak: Secret(
                self._values[number], prefix_len=prefix_len, weak=weak
            )
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a match")
        return super().find_class(module, name)


def _secret(_number: int, _prefix_len: int, _weak: bool) -> Secret:
    """Stands for a secret in a file."""
    raise TypeError("a secret is read from its object again")


def pack(matches: Sequence[Match], numbers: Mapping[bytes, int]) -> bytes | None:
    """The bytes to keep; None if one of the secrets has no number."""
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, numbers).dump(list(matches))
    except KeyError:
        return None
    return buffer.getvalue()


def unpack(packed: bytes, values: Mapping[int, bytes]) -> list[Match] | None:
    """The matches that were packed; None if they cannot be had. `values` are the secrets by their numbers."""
    try:
        found = _Unpickler(io.BytesIO(packed), values).load()
    except Exception:  # noqa: BLE001 - damaged bytes may raise anything (docs.python.org/3/library/pickle.html)
        return None
    return found if isinstance(found, list) and all(map(_is_whole, found)) else None


def _is_whole(match: object) -> bool:
    """Whether it is a match with all its parts, and these have theirs."""
    return isinstance(match, Match) and all(
        isinstance(part, kind) and all(hasattr(part, name) for name in kind.__match_args__)
        for kind, part in (
            (Match, match),
            (Location, getattr(match, "location", None)),
            (Evidence, getattr(match, "evidence", None)),
            (Surroundings, getattr(match, "surroundings", None)),
            (Origin, getattr(getattr(match, "location", None), "origin", None)),
        )
    )
