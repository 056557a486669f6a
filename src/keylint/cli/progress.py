"""A progress line for long scans, on a terminal only."""

from __future__ import annotations

import sys
import time

from keylint.historyscan import Progress

_INTERVAL_S = 0.2
_QUIET_S = 1.0  # a scan that is over sooner shows nothing


class ProgressLine:
    """Draws one line on standard error and takes it away again."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._started = time.monotonic()
        self._drawn = 0.0

    def show(self, progress: Progress) -> None:
        """Draw the line, unless that was done a moment ago."""
        now = time.monotonic()
        if not self._terminal or now - self._started < _QUIET_S or now - self._drawn < _INTERVAL_S:
            return
        self._drawn = now
        sys.stderr.write(f"\r\x1b[K{self._text(progress, now - self._started)}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _text(self, progress: Progress, seconds: float) -> str:
        rate = progress.bytes / seconds
        left = (progress.known - progress.objects) / (progress.objects / seconds) if progress.objects else 0
        return (
            f"keylint: {progress.objects} of {progress.known} objects, {rate / 1e6:.0f} MB/s, "
            f"{progress.hits} with candidates, about {left:.0f} s left"
        )
