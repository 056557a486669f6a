"""Regular expressions that are compiled when they are first used.

A scan that finds little uses few of keylint's hundred patterns, and compiling all of them takes 15 ms, longer
than Python takes to start.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import compile as late
    from re import compile as late_backwards
    from typing import Any
else:

    def late(pattern, flags=0):
        """As `re.compile`, but an error in the pattern shows at the first use."""
        return _Late(pattern, flags)

    def late_backwards(pattern, flags=0):
        """For a pattern of bytes that ends with `\\Z`: searched from the end, where it fails at once.

        Forwards, such a pattern is tried at every place, and a long repetition takes its time at each.
        """
        return _Backwards(pattern, flags)


__all__ = ["late", "late_backwards"]


class _Late:
    """Stands for a compiled pattern and passes on what is asked of it."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self._given = pattern, flags

    def _compile(self) -> Any:
        return re.compile(*self._given)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # `copy` and the like ask before there is anything to compile
            raise AttributeError(name)
        compiled = self._compile()
        for method in ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split"):
            setattr(self, method, getattr(compiled, method))  # from now on without this detour
        return getattr(compiled, name)


class _Backwards(_Late):
    """A pattern of the `regex` package, whose reverse mode it uses."""

    def _compile(self) -> Any:
        import regex  # loaded already where there is a find to look at

        pattern, flags = self._given
        return regex.compile(b"(?r)" + pattern, regex.V0 | (regex.IGNORECASE if flags & re.IGNORECASE else 0))
