"""Patterns in RE2 syntax, as other scanners' configurations have them, in the syntax of `regex`.

https://github.com/google/re2/wiki/Syntax. Most of it is the same; what `regex` refuses or reads in another
way is rewritten here. Not translated: `\\C` and `(?U)`, which are errors, and characters beyond ASCII in
classes, since patterns work on bytes.
"""

from __future__ import annotations

import re

from keylint.latepattern import late

_DIFFERENT = late(
    r"""
    \\Q(?P<quoted>.*?)(?:\\E|\Z)
  | \\x\{(?P<code>[0-9A-Fa-f]{1,6})\}
  | (?P<text_end>\\z|\$)
  | \\.
  | (?P<set>\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\])
    """,
    re.VERBOSE | re.DOTALL,
)
_CODE = late(r"\\x\{([0-9A-Fa-f]{1,6})\}|\\.", re.DOTALL)
_MULTILINE = late(r"\(\?[a-zA-Z]*m")
_LAST_ASCII = 0x7F


def from_re2(pattern: str) -> str:
    """The pattern as `regex` reads it; unchanged where both agree.

    `$` becomes the end of the text, never the place before a last line feed, unless lines are asked for.
    """
    lines = bool(_MULTILINE.search(pattern))

    def rewritten(found: re.Match[str]) -> str:
        if found["quoted"] is not None:
            return re.escape(found["quoted"])
        if found["code"]:
            return _character(found[0], found["code"])
        if found["set"]:
            return _CODE.sub(lambda code: _character(code[0], code[1]), found[0])
        if found["text_end"] and not (lines and found[0] == "$"):
            return r"\Z"
        return found[0]

    return _DIFFERENT.sub(rewritten, pattern)


def _character(written: str, code: str | None) -> str:
    """`\\x{...}` of ASCII; others are left for the compiler to refuse."""
    if code is None or int(code, 16) > _LAST_ASCII:
        return written
    return f"\\x{int(code, 16):02x}"
