"""Do one thing while waiting for another."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# For so long one thread may keep the other waiting. With Python's own 5 ms each write to a worker, say, can
# take that long while the work aside goes on.
_SWITCH_S = 0.0005


class Aside(Generic[T]):
    """Runs `work` in a thread from now on. It must share nothing with what goes on meanwhile."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._usual_s = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._error = error
        finally:
            sys.setswitchinterval(self._usual_s)

    def wait(self) -> T:
        """Wait until it is done: its result. Raises what it raised."""
        self._thread.join()
        if self._error:
            raise self._error
        return self._results[0]
