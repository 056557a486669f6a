"""Where matches of a pattern that begins with one of several words may start.

`regex` tries such a pattern at every place. To look for the words first, and for the pattern only where one
stands, finds the same in two thirds of the time (measured on the generic rules).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keylint.latepattern import late
from keylint.precompiled import restored

if TYPE_CHECKING:
    import regex

_WORDS = late(r"\(\?i\)\(\?:([a-z]{2,}(?:\|[a-z]{2,})+)\)")


class Opening(NamedTuple):
    """`pattern` matches, without width, wherever a match may begin; it looks at `reach` bytes from there.

    `text` is what it was compiled from.
    """

    text: str
    pattern: regex.Pattern[bytes]
    reach: int


def opening(pattern: str) -> Opening | None:
    """The opening of a rule's pattern; None where it does not begin with words."""
    found = _WORDS.match(pattern)
    if found is None:
        return None
    words = found[1].split("|")
    pairs = "".join(f"[{''.join(sorted({word[n] for word in words}))}]" for n in range(2))
    text = f"(?i)(?={pairs})(?={found[1]})"
    return Opening(text, restored(text) or _compile(text), max(len(word) for word in words))


def _compile(text: str) -> regex.Pattern[bytes]:
    import regex

    return regex.compile(text.encode(), regex.V0)
