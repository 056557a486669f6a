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
    import regex

    reduce: Any = copyreg.dispatch_table.get(type(pattern))
    function, arguments = reduce(pattern) if reduce else (None, ())
    if function is not _compiler():
        return b""
    try:
        return marshal.dumps((regex.__version__, arguments))
    except ValueError:
        return b""


def load(stored: bytes) -> regex.Pattern[bytes] | None:
    """The pattern, or None if it is of another version. Only for bytes whose digest was checked."""
    import regex

    version, arguments = marshal.loads(stored)  # noqa: S302  (own file, digest checked by the caller)
    if version != regex.__version__:
        return None
    try:
        restored: regex.Pattern[bytes] = _compiler()(*arguments)
    except (TypeError, ValueError):
        return None
    return restored


def _compiler() -> Any:
    """What `regex` names as the function that restores a pattern."""
    import regex

    return getattr(getattr(regex, "_regex", None), "compile", None)
