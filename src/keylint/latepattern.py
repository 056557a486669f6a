"""Regular expressions that are compiled when they are first used, or restored as they were compiled before.

A scan that finds nothing uses few of keylint's hundred patterns. Another uses some seventy, and to compile
them takes 15 ms, longer than Python takes to start. `re` compiles to plain numbers, in Python, and hands them
to a matcher that checks them: they are stored with the compiled rules, and restored in 1 ms. Where this
version of Python has no such function, or gives something else than `re.compile`, patterns are compiled as
ever.
"""

from __future__ import annotations

import re
import struct
import sys

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


__all__ = ["dump", "late", "late_backwards", "restore"]

# What stored patterns of another version raise.
_UNUSABLE = (AttributeError, ImportError, RuntimeError, TypeError, ValueError, struct.error)
_made: list[_Late] = []
_stored: dict[tuple[Any, ...], Any] = {}


def dump() -> dict[tuple[Any, ...], Any]:
    """The compiled form of every late pattern of the modules that are loaded; `marshal` can carry it."""
    return {pattern.key: packed for pattern in _made if (packed := pattern.packed()) is not None}


def restore(stored: dict[tuple[Any, ...], Any]) -> None:
    """Use compiled patterns that `dump` gave, made by the same versions of Python and of keylint."""
    _stored.update(stored)


class _Late:
    """Stands for a compiled pattern and passes on what is asked of it."""

    kind = "re"

    def __init__(self, pattern: Any, flags: int) -> None:
        self._given = pattern, flags
        self.key = (self.kind, pattern, int(flags))
        _made.append(self)

    def packed(self) -> Any:
        """What `_unpack` makes the pattern of again, or None if that would not be the same."""
        try:
            arguments = _sre_arguments(*self._given)
            return arguments if _sre_pattern(arguments) == self._compile() else None
        except (*_UNUSABLE, re.error):
            return None

    def _unpack(self, packed: Any) -> Any:
        return _sre_pattern(packed)

    def _compile(self) -> Any:
        return re.compile(*self._given)

    def _restored(self) -> Any:
        packed = _stored.get(self.key)
        try:
            return None if packed is None else self._unpack(packed)
        except _UNUSABLE:
            return None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # `copy` and the like ask before there is anything to compile
            raise AttributeError(name)
        compiled = self._restored() or self._compile()
        for method in ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split"):
            setattr(self, method, getattr(compiled, method))  # from now on without this detour
        return getattr(compiled, name)


class _Backwards(_Late):
    """A pattern of the `regex` package, whose reverse mode it uses."""

    kind = "regex"

    def packed(self) -> Any:
        from keylint.precompiled import dump as dump_regex

        return dump_regex(self._compile()) or None

    def _unpack(self, packed: Any) -> Any:
        from keylint.precompiled import load

        return load(packed)

    def _compile(self) -> Any:
        import regex  # loaded already where there is a find to look at

        pattern, flags = self._given
        return regex.compile(b"(?r)" + pattern, regex.V0 | (regex.IGNORECASE if flags & re.IGNORECASE else 0))


def _sre_arguments(pattern: Any, flags: int) -> tuple[Any, ...]:
    """What `re.compile` hands to its matcher in the end."""
    if sys.version_info >= (3, 11):
        from re import _compiler, _parser
    else:
        import sre_compile as _compiler
        import sre_parse as _parser
    compiler: Any = _compiler
    parsed: Any = _parser.parse(pattern, flags)
    code = compiler._code(parsed, flags)
    state, packed = parsed.state, struct.pack(f"{len(code)}I", *code)
    return pattern, int(flags | state.flags), packed, state.groups - 1, dict(state.groupdict)


def _sre_pattern(arguments: tuple[Any, ...]) -> Any:
    import importlib

    matcher: Any = importlib.import_module("_sre")  # the stubs do not know it
    pattern, flags, code, groups, names = arguments
    index: list[str | None] = [None] * (groups + 1)
    for name, number in names.items():
        index[number] = name
    return matcher.compile(
        pattern, flags, list(struct.unpack(f"{len(code) // 4}I", code)), groups, names, tuple(index)
    )
