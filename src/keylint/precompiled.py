"""Compiled patterns as bytes, made once with the database and restored in a tenth of the time of compiling.

`regex` itself says how, for `pickle`: a function and plain arguments. Only the arguments are kept, packed by
`marshal`, with the version of its code; a pattern of another one is compiled anew. Where patterns are kept
for later runs, `rulecache` sees to it that the extension module is still the same. To restore one takes that
module alone: the whole package, which takes 10 ms and 3 MB, is loaded where there is something to compile.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keylint import extensions

if TYPE_CHECKING:
    import regex

_stored: dict[str, bytes] = {}
_restored: dict[str, regex.Pattern[bytes]] = {}


def dump(pattern: regex.Pattern[bytes]) -> bytes:
    """The bytes for `load`; none if this version of `regex` does not tell."""
    import copyreg

    reduce: Any = copyreg.dispatch_table.get(type(pattern))
    function, arguments = reduce(pattern) if reduce else (None, ())
    if function is None or function is not getattr(matcher(), "compile", None):
        return b""
    try:
        return marshal.dumps((_version(), arguments))
    except ValueError:
        return b""


def load(stored: bytes) -> regex.Pattern[bytes] | None:
    """The pattern, or None if it is of another version.

    Only for bytes of our own whose checksum fits: neither `marshal` nor `regex` is safe on others.
    """
    version, arguments = marshal.loads(stored)  # noqa: S302  (own file, checksum verified by the caller)
    if version != _version():
        return None
    try:
        pattern: regex.Pattern[bytes] = matcher().compile(*arguments)
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return None
    return pattern


def restore(stored: Mapping[str, bytes]) -> None:
    """Note patterns that `dump` packed, by their text, for `restored`."""
    _stored.update(stored)


def restored(text: str) -> regex.Pattern[bytes] | None:
    """The pattern of this text, if it was stored by this version of `regex`."""
    packed = _stored.pop(text, b"")
    if packed and (pattern := load(packed)) is not None:
        _restored[text] = pattern
    return _restored.get(text)


def matcher() -> Any:
    """The extension module of `regex`, or None in a layout of the package that is not known here."""
    return extensions.load("regex._regex")


def _version() -> tuple[int, ...]:
    """What compiled code depends on: its version and the size of a word."""
    module = matcher()
    return getattr(module, "MAGIC", 0), getattr(module, "CODE_SIZE", 0)
