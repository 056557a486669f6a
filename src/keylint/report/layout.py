"""Lines of styled segments: wrapping, labelled fields, colour."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence

from keylint.report.clean import inert

Line = list[tuple[str, str]]  # text and rich style; the text is clean already

_LABEL = 11  # columns
_MARGIN = "    "
_LEAST = 30  # columns: below that, wrapping helps nobody


def field(label: str, paragraphs: Sequence[str], width: int) -> list[Line]:
    """A label and its paragraphs beside it; nothing without paragraphs. `width` 0 does not wrap."""
    lines: list[Line] = []
    for paragraph in paragraphs:
        for text in _fold(paragraph, width - len(_MARGIN) - _LABEL if width else 0):
            name = label if not lines else ""
            lines.append([(_MARGIN, ""), (name.ljust(_LABEL), "dim"), (text, "")])
    return lines


def wrapped(head: Line, text: str, width: int) -> list[Line]:
    """`head` and `text` after it, with further lines indented."""
    taken = sum(len(part) for part, _ in head)
    first, *rest = _fold(text, width - taken if width else 0)
    return [[*head, (first, "")], *([(_MARGIN + line, "")] for line in rest)]


def _fold(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns. Long words stay whole, so that paths can be copied."""
    if not width:
        return [text]
    return textwrap.wrap(
        text, max(width, _LEAST), break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def paint(lines: Iterable[Line], *, color: bool) -> str:
    """The lines as text, with ANSI colours if wanted. No line can be taken for a workflow command."""
    safe = [_inert(line) for line in lines]
    if color:
        return _paint_with_rich(safe)
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in safe)


def _inert(line: Line) -> Line:
    whole = "".join(text for text, _ in line)
    safe = inert(whole)
    return line if safe == whole else [(safe, "")]


def _paint_with_rich(lines: Iterable[Line]) -> str:
    from rich.console import Console
    from rich.text import Text

    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for line in lines:
        text = Text.assemble(*line, end="")
        text.rstrip()
        console.print(text, soft_wrap=True, end="\n")
    return buffer.getvalue()
