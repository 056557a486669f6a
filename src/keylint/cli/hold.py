"""Interrupts that come when everything is scanned: the first one waits until the report is written."""

from __future__ import annotations

from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Hold:
    """From a call to `begin` until `end`, the first signal that would interrupt is only `noted`."""

    def __init__(self) -> None:
        self.noted = False
        self._before: dict[int, Any] = {}

    def begin(self) -> None:
        """Let interrupts wait. Signals that are ignored, or end the process anyway, go on to do so."""
        import signal

        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            handler = signal.getsignal(number)
            if not callable(handler) or number in self._before:
                continue
            try:
                self._before[number] = signal.signal(number, self._note)
            except ValueError:  # not in the main thread
                return

    def end(self) -> None:
        """Let signals do what they did before."""
        import signal

        while self._before:
            signal.signal(*self._before.popitem())

    def _note(self, _number: int, _frame: object) -> None:
        if self.noted:  # somebody is impatient
            raise KeyboardInterrupt
        self.noted = True
