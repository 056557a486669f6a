"""The three dialects of a rule's pattern: as `regex` confirms it, as Hyperscan and as `sre` read it.

Rules are written in RE2 or `regex` syntax. The dialects differ in a few escapes only, so a flat list of
tokens is enough to move between them.
"""

from __future__ import annotations

import re
import sys
import warnings
from typing import Any, NamedTuple

from keylint.latepattern import late

if sys.version_info >= (3, 11):
    from re import _parser as sre_parse
else:
    import sre_parse

MAXREPEAT: Any = sre_parse.MAXREPEAT
REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
UNBOUNDED = 1 << 40  # the width of what has no bound, in bytes
_TOKEN = late(
    r"""
    \\.                                                   # an escape
  | \[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]            # a character class
  | \(\?[a-zA-Z]*(?:-[a-zA-Z]+)?\)                        # flags for what follows
  | \(\?\#[^)]*\)                                         # a comment
  | \((?:\?(?:P?<[A-Za-z_]\w*>|[a-zA-Z]*(?:-[a-zA-Z]+)?:|<[=!]|[=!>|&(RP0-9]))?   # an opening parenthesis
  | (?:[*+?]|\{\d+(?:,\d*)?\})[?+]?                       # a quantifier
  | .
    """,
    re.VERBOSE | re.DOTALL,
)
_SCOPED_FLAGS = late(r"\(\?([a-zA-Z]+)(?:-[a-zA-Z]+)?[:)]")
_POSIX = late(r"\[:\^?[a-z]+:\]")
# Escapes that mean the same in Hyperscan, `regex` on bytes and sre.
_SAME_ESCAPES = frozenset("dDwWsSbBnrtfaxAZz0123456789")
_ASSERTIONS = ("(?=", "(?!", "(?<=", "(?<!", "(?>")
_OPAQUE = ("(?|", "(?&", "(?(", "(?R", "(?P", "(*")


class Vectored(NamedTuple):
    """A pattern for Hyperscan. `approximate`: Hyperscan must relax constructs that it does not have."""

    pattern: bytes
    approximate: bool


def tokens(pattern: str) -> list[str]:
    """The pattern's bytes (UTF-8) as tokens of Latin-1 characters; joined they are the pattern."""
    return _TOKEN.findall(pattern.encode().decode("latin-1"))


def is_flags(token: str) -> bool:
    """Whether a token sets flags for what follows, such as `(?i)`."""
    return token.startswith("(?") and token.endswith(")") and not token.startswith("(?#")


def is_quantifier(token: str) -> bool:
    """Whether a token repeats what precedes it."""
    return token[0] in "*+?" or (token[0] == "{" and len(token) > 1)


def is_verbose(parts: list[str]) -> bool:
    """Whether free-spacing is switched on somewhere."""
    return any("x" in m[1] for part in parts if (m := _SCOPED_FLAGS.match(part)))


def has_posix_class(token: str) -> bool:
    """Whether a token is a character class that names another one, such as `[[:alpha:]]`."""
    return token[0] == "[" and bool(_POSIX.search(token))


def for_regex(pattern: str) -> bytes:
    """The pattern that confirms: `\\z` as `\\Z`, which every version of `regex` knows."""
    return "".join(r"\Z" if part == r"\z" else part for part in tokens(pattern)).encode("latin-1")


def for_hyperscan(pattern: str) -> Vectored | None:
    """The pattern that Hyperscan compiles, or None where it would read it in another way.

    Text anchors become line anchors, so that objects may lie side by side in one buffer.
    """
    parts = tokens(pattern)
    approximate = False
    out = []
    for part in parts:
        if part[0] == "\\":
            if part[1].isalnum() and part[1] not in _SAME_ESCAPES:
                return None
            approximate |= part[1] in "123456789"
        elif part.startswith(_ASSERTIONS):
            approximate = True
        elif _unlike(part):
            return None
        elif is_quantifier(part) and len(part) > 1 and part[-1] == "+":
            approximate = True
        out.append({r"\A": "^", r"\Z": "$", r"\z": "$"}.get(part, part))
    return Vectored("".join(out).encode("latin-1"), approximate)


def _unlike(part: str) -> bool:
    """Whether Hyperscan would refuse a token or read it in another way."""
    if part[0] == "[":
        escaped = re.findall(r"\\(.)", part, re.DOTALL)
        return any(c.isalnum() and c not in _SAME_ESCAPES for c in escaped)
    return part == "{" or (part.startswith(_OPAQUE) and not part.startswith("(?P<"))


def parsed(parts: list[str]) -> Any:
    """The parse tree of the standard library, or None for a pattern that it cannot read.

    Flags for what follows are left out (free-spacing patterns must not come here).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return sre_parse.parse(_for_sre(parts))
    except Exception:  # noqa: BLE001  (sre raises several types; an unread pattern only costs time)
        return None


def _for_sre(parts: list[str]) -> str:
    out = []
    for part in parts:
        if is_flags(part):
            continue
        if part.startswith("(?<") and part[3:4] not in ("=", "!"):
            out.append("(?P<" + part[3:])
        elif part[0] == "[":
            out.append(_POSIX.sub("a-z", part))
        else:
            out.append(r"\Z" if part == r"\z" else part)
    return "".join(out)
