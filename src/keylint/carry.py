"""Carry matches between our own processes, secrets and all. Only for private pipes, never for a file."""

from __future__ import annotations

import io
import pickle
from typing import Any

from keylint.secret import Secret


class _Pickler(pickle.Pickler):
    """Secrets refuse to be serialised anywhere else."""

    def reducer_override(self, value: object) -> Any:
        if isinstance(value, Secret):
            return _secret, (value.reveal(), value.prefix_len, value.weak)
        return NotImplemented


def pack(value: object) -> bytes:
    """The bytes to send."""
    buffer = io.BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def unpack(packed: bytes) -> Any:
    """What was packed, by a process that this one has forked."""
    return pickle.loads(packed)  # noqa: S301 - from our own child


def _secret(value: bytes, prefix_len: int, weak: bool) -> Secret:
    return Secret(value, prefix_len=prefix_len, weak=weak)
