"""What being told to end does: it stops a scan, and waits while the report is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def interruptible() -> Iterator[None]:
    """Treat being told to end as an interrupt: the scan stops and says what it found so far."""
    import signal

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = _replace(stop, lambda handler: handler is signal.SIG_DFL)
    try:
        yield
    finally:
        _restore(before)


class Hold:
    """From `begin` until it is left, the first signal that would interrupt is only `noted`."""

    def __init__(self) -> None:
        self.noted = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, *_: object) -> None:
        _restore(self._before)

    def begin(self) -> None:
        """Let interrupts wait. Signals that are ignored, or end the process anyway, go on to do so."""
        self._before = _replace(self._note, callable)

    def _note(self, _number: int, _frame: object) -> None:
        if self.noted:  # somebody is impatient
            raise KeyboardInterrupt
        self.noted = True


def _replace(handler: Callable[[int, Any], None], wanted: Callable[[Any], bool]) -> dict[int, Any]:
    """Handle the signals whose handlers are `wanted` for it; gives these. None outside of the main thread."""
    import signal  # the hook does without it as long as nothing is found

    before = {}
    for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
        old = signal.getsignal(number)
        if wanted(old):
            try:
                before[number] = signal.signal(number, handler)
            except ValueError:
                break
    return before


def _restore(before: dict[int, Any]) -> None:
    import signal

    for number, handler in before.items():
        signal.signal(number, handler)
