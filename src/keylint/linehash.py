"""GitHub's `primaryLocationLineHash`, by which code scanning follows an alert when lines move.

The algorithm is the one of `upload-sarif` (`src/fingerprints.ts` in
https://github.com/github/codeql-action), which logs a warning where a file brings another value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from keylint.latepattern import late

_WINDOW = 100  # UTF-16 code units
_FACTOR = 37
_MODULUS = 1 << 64
_END = "\uffff"
_ASTRAL = late("[\U00010000-\U0010ffff]")


def line_hashes(text: str, wanted: AbstractSet[int]) -> dict[int, str]:
    """The hashes of some lines (1-based) of a file.

    `text` is the file decoded as UTF-8 with replacement characters and with its byte-order mark. A line's
    hash covers the 100 code units from its start, without spaces and tabs, then `:n` where it is the n-th
    line with that hash. Lines that the file does not have are left out.
    """
    units = _normalise(text)
    windows = {
        line: window
        for line, window in enumerate(_windows(units, max(wanted, default=0)), 1)
        if line in wanted
    }
    # Only the windows that are asked for are kept: a file may have millions of lines.
    seen = dict.fromkeys(windows.values(), 0)
    hashes: dict[int, str] = {}
    for line, window in enumerate(_windows(units, max(windows, default=0)), 1):
        if window in seen:
            seen[window] += 1
            if line in windows:
                hashes[line] = f"{_polynomial(window):x}:{seen[window]}"
    return hashes


def _windows(units: str, count: int) -> Iterator[str]:
    """What the hashes of the first `count` lines cover."""
    start = 0
    for _ in range(count):
        yield units[start : start + _WINDOW]
        start = units.find("\n", start) + 1
        if not start:
            return


def _normalise(text: str) -> str:
    """The text with LF line ends, without blanks, one character for each UTF-16 code unit."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    return (text if text.isascii() else _ASTRAL.sub(_surrogates, text)) + _END


def _surrogates(match: re.Match[str]) -> str:
    code = ord(match[0]) - 0x10000
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


def _polynomial(window: str) -> int:
    value = 0
    for char in window:
        value = value * _FACTOR + ord(char)
    return value * pow(_FACTOR, _WINDOW - len(window), _MODULUS) % _MODULUS
