"""A compiled database as bytes: packing, unpacking, and the one question that the hook asks first.

Imports `marshal` and the extension only.
"""

from __future__ import annotations

import marshal

from keylint.engine import extension

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Stored = bytes | memoryview
    Plans = tuple[tuple[tuple[int, ...], bytes], ...]

_LENGTH = 4  # bytes of the head's length, big-endian


def pack(unvectored: Sequence[int], database: bytes, plans: Plans = ()) -> bytes:
    """The stored form: rule numbers that Hyperscan cannot search for, how to confirm each rule (the fields of
    `window.Plan`, and a pattern from `precompiled`), and Hyperscan's own serialised database.
    """
    packed = marshal.dumps(plans)
    head = marshal.dumps((tuple(unvectored), len(packed)))
    return b"".join((len(head).to_bytes(_LENGTH, "big"), head, packed, database))


def unpack(stored: Stored) -> tuple[tuple[int, ...], bytes, Stored]:
    """What `pack` put together: numbers, database, and the plans for `unpack_plans`.

    Raises ValueError for anything else. Only bytes whose digest was checked may come here: `marshal` is not
    safe on damaged ones.
    """
    end = _LENGTH + int.from_bytes(stored[:_LENGTH], "big")
    try:
        unvectored, size = marshal.loads(stored[_LENGTH:end])  # noqa: S302  (own file, digest checked)
    except (EOFError, TypeError, ValueError):
        raise ValueError("not a stored database") from None
    return unvectored, bytes(stored[end + size :]), stored[end : end + size]


def unpack_plans(packed: Stored) -> Plans:
    """The plans that `unpack` gave."""
    plans: Plans = marshal.loads(packed)  # noqa: S302  (own file, digest checked by the caller)
    return plans


class QuickDatabase:
    """Answers whether the prefilter hits at all. Raises ValueError if `stored` cannot be used here."""

    def __init__(self, stored: Stored) -> None:
        module = extension.load()
        if module is None:
            raise ValueError("hyperscan is not installed")
        self._unvectored, raw, _ = unpack(stored)
        self._terminated: type[Exception] = module.ScanTerminated
        self._database: Any = None
        if raw:
            try:
                self._database = module.loadb(raw, extension.BLOCK)
                self._scratch = module.Scratch(self._database)
            except module.error as exc:
                raise ValueError(f"the stored database does not load: {exc}") from None

    def could_match(self, data: bytes) -> bool:
        """False only if no rule can match anywhere in `data`."""
        if self._unvectored:
            return True
        if self._database is None or not data:
            return False
        try:
            self._database.scan(data, match_event_handler=_stop, scratch=self._scratch)
        except self._terminated:
            return True
        return False


def _stop(*_event: object) -> bool:
    return True
