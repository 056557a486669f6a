"""A hand-written inventory in TOML: the members of keylint's own format, with `[[keys]]` tables.

The same interface as `JsonFile`: iterate it once for (line, entry); `meta` holds the rest.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from keylint.errors import InventoryError
from keylint.inventory.jsonfile import TextInput

_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*keys[ \t]*\]\]", re.MULTILINE)
_DEFAULTS = {"format": "keylint-inventory", "version": 1}


class TomlFile:
    """The entries of one TOML file. Raises InventoryError for anything that is no inventory."""

    single = False

    def __init__(self, stream: BinaryIO, source: str) -> None:
        import tomli

        text = TextInput(stream, source).whole()
        try:
            document = tomli.loads(text)
        except tomli.TOMLDecodeError as error:
            raise InventoryError(f"{source}: not valid TOML: {error}") from None
        except RecursionError:
            raise InventoryError(f"{source}: nested too deeply") from None
        keys = document.pop("keys", [])
        if not isinstance(keys, list):
            raise InventoryError(f"{source}: keys: expected [[keys]] tables")
        self.meta: dict[str, Any] = {**_DEFAULTS, **_plain(document)}
        self._keys = keys
        self._lines = [text.count("\n", 0, found.start()) + 1 for found in _HEADER.finditer(text)]

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        """Each key with the 1-based line of its header; 1 where it has none (an inline array)."""
        lines = self._lines if len(self._lines) == len(self._keys) else [1] * len(self._keys)
        yield from zip(lines, map(_plain, self._keys), strict=True)


def _plain(value: Any) -> Any:
    """TOML's dates as the text that JSON would have."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else value
