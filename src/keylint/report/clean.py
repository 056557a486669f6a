"""Text of unknown origin (file names, snippets, labels), made safe for a terminal and a log.

File names and key labels come from whoever wrote the repository. Raw, they could move the cursor, hide or
reorder text, or start a workflow command.
"""

from __future__ import annotations

import re
from functools import lru_cache

from keylint.latepattern import late

# C0, DEL and C1; bidirectional marks, embeddings and isolates; line and paragraph separators; byte-order
# mark and interlinear annotations; surrogates (bytes that are not UTF-8 arrive as U+DC80 to U+DCFF).
_UNSAFE = late(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SURROGATE = late("[\ud800-\udfff]")


@lru_cache(maxsize=8192)  # the same labels, steps and paths come again and again
def clean(text: str) -> str:
    r"""`text` on one line; control, bidirectional and undecodable characters become `\xNN` or `\uNNNN`."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escape, text)


def without_surrogates(text: str) -> str:
    """`text` with undecodable bytes as U+FFFD, so that it can be written as UTF-8; else unchanged."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def inert(line: str) -> str:
    r"""`line` changed so that the GitHub Actions runner takes no part of it for a command.

    The runner reads `::name::` at the start of a line, blanks aside, and the old `##[name]` anywhere in it:
    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    if "##[" in line:
        line = line.replace("##[", "#\\x23[")
    bare = line.lstrip()
    if bare.startswith("::"):
        return line[: len(line) - len(bare)] + "\\x3a" + bare[1:]
    return line


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
