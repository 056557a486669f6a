"""Do one thing while waiting for another."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Aside:
    """Runs `work` in a thread from now on. It must share nothing with what goes on meanwhile."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._error = error

    def wait(self) -> None:
        """Wait until it is done. Raises what it raised."""
        self._thread.join()
        if self._error:
            raise self._error
