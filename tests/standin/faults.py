"""Faults by switch: what goes wrong, where, and how often."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.standin.http import Reply, Request


@dataclass
class Fault:
    """Something that goes wrong with a request whose method and path match.

    With `after` the request is carried out first, so that only its answer is lost or replaced. `drop`
    closes the connection without an answer. `times` counts down; a negative number never ends.
    `call` runs at that moment (a test kills a process there).
    """

    method: str = ".*"
    path: str = ".*"
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    drop: bool = False
    after: bool = False
    latency_s: float = 0.0
    times: int = 1
    skip: int = 0
    call: Callable[[], None] | None = None

    def matches(self, request: Request) -> bool:
        """Whether this fault is about such a request."""
        return bool(re.fullmatch(self.method, request.method) and re.search(self.path, request.path))

    def reply(self) -> Reply | None:
        """The answer in place of the service's, or None to keep that."""
        return Reply(self.status, self.body, dict(self.headers)) if self.status else None


class Faults:
    """The faults that are switched on. Safe to change while the server runs."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def take(self, request: Request) -> Fault | None:
        """The first fault that is due for this request; uses up one of its times."""
        with self._lock:
            for fault in self._faults:
                if fault.times == 0 or not fault.matches(request):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None
