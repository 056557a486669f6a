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


Plans = tuple[tuple[int, ...], ...]


def pack(unvectored: Sequence[int], database: bytes, plans: Plans = ()) -> bytes:
    """The stored form: rule numbers that Hyperscan cannot search for, its own serialised database, and how to
    confirm each rule (the fields of `window.Plan`), by itself: where nothing could match, nobody unpacks it.
    """
    return marshal.dumps((tuple(unvectored), database, marshal.dumps(plans)))


def unpack(stored: bytes) -> tuple[tuple[int, ...], bytes, bytes]:
    """What `pack` put together, the plans for `unpack_plans`. Raises ValueError for anything else.

    Only bytes whose digest was checked may come here: `marshal` is not safe on damaged ones.
    """
    try:
        unvectored, database, plans = marshal.loads(stored)  # noqa: S302  (own file, digest checked by the caller)
    except (EOFError, TypeError, ValueError):
        raise ValueError("not a stored database") from None
    return unvectored, database, plans


def unpack_plans(packed: bytes) -> Plans:
    """The plans that `unpack` gave."""
    plans: Plans = marshal.loads(packed)  # noqa: S302  (own file, digest checked by the caller)
    return plans


class QuickDatabase:
    """Answers whether the prefilter hits at all. Raises ValueError if `stored` cannot be used here."""

    def __init__(self, stored: bytes) -> None:
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
