"""Compiled patterns as bytes, made once with the database and restored in a tenth of the time of compiling.

`regex` itself says how, for `pickle`: a function and plain arguments. Only the arguments are kept, packed by
`marshal`, with the version of `regex` that made them; a pattern of another version is compiled anew.
"""

from __future__ import annotations

import copyreg
import marshal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import regex


def dump(pattern: regex.Pattern[bytes]) -> bytes:
    """The bytes for `load`; none if this version of `regex` does not tell."""
    reduce: Any = copyreg.dispatch_table.get(type(pattern))
    function, arguments = reduce(pattern) if reduce else (None, ())
    if function is not _compiler():
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
        restored: regex.Pattern[bytes] = _compiler()(*arguments)
    except (RuntimeError, TypeError, ValueError):
        return None
    return restored


def _version() -> tuple[Any, ...]:
    """What compiled code depends on: the version of `regex`, and of its code and the size of a code word."""
    import regex

    engine = getattr(regex, "_regex", None)
    return regex.__version__, getattr(engine, "MAGIC", None), getattr(engine, "CODE_SIZE", None)


def _compiler() -> Any:
    """What `regex` names as the function that restores a pattern."""
    import regex

    return getattr(getattr(regex, "_regex", None), "compile", None)
