"""What a caller decides about a report. Terminal detection and NO_COLOR are the caller's business."""

from __future__ import annotations

from keylint.records import dataclass


@dataclass(frozen=True)
class RenderOptions:
    """How to render.

    `include_allowed` and `include_suppressed` list what is quiet by default (the JSON report always holds
    both). `color` and `width` (columns, 0: lines are never wrapped) only concern text for people, and so does
    `verbose`, which lists every place and everything that was skipped. `exit_code` is written to SARIF.
    """

    include_allowed: bool = False
    include_suppressed: bool = False
    verbose: bool = False
    color: bool = False
    width: int = 0
    exit_code: int | None = None
