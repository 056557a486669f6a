"""Regular expressions that are compiled when they are first used.

A scan that finds little uses few of keylint's hundred patterns, and compiling all of them takes 15 ms, longer
than Python takes to start.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import compile as late
    from typing import Any
else:

    def late(pattern, flags=0):
        """As `re.compile`, but an error in the pattern shows at the first use."""
        return _Late(pattern, flags)


__all__ = ["late"]


class _Late:
    """Stands for a compiled pattern and passes on what is asked of it."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # `copy` and the like ask before there is anything to compile
            raise AttributeError(name)
        compiled = re.compile(*self._given)
        for method in ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split"):
            setattr(self, method, getattr(compiled, method))  # from now on without this detour
        return getattr(compiled, name)
