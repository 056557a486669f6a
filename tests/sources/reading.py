"""Drain a source into plain dictionaries."""

from __future__ import annotations

from keylint.model import Skipped, SkipReason
from keylint.secret import Blob
from keylint.sources.base import Source


def items(source: Source) -> list[Blob | Skipped]:
    return list(source.items())


def contents(source: Source) -> dict[str, bytes]:
    """Path to content. Fails if a path comes twice."""
    found: dict[str, bytes] = {}
    for item in source.items():
        if isinstance(item, Blob):
            assert item.origin.path not in found
            found[item.origin.path] = whole(item)
    return found


def skips(source: Source) -> dict[str, SkipReason]:
    return {item.path: item.reason for item in source.items() if isinstance(item, Skipped)}


def whole(blob: Blob) -> bytes:
    if blob.open is None:
        return blob.data
    with blob.open() as stream:
        return stream.read()
