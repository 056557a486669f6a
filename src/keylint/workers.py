"""Run one function in several processes at once, where the system can fork, else in threads.

Forked children inherit everything that was set up before and send back only what `marshal` carries. They
hold raw secrets while they work, so results travel through pipes that nobody else can open.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from keylint.records import dataclass, field

# Forking a process that already has threads can deadlock the child, and macOS's libraries start threads.
CAN_FORK = hasattr(os, "fork") and sys.platform == "linux"


def count() -> int:
    """How many workers this machine can keep busy: the processors that this process may use, at most 16."""
    if hasattr(os, "sched_getaffinity"):
        return min(16, len(os.sched_getaffinity(0)))
    return min(16, os.cpu_count() or 1)


@dataclass
class Crew:
    """Running workers. `results` waits for all of them."""

    _children: list[tuple[int, int]] = field(default_factory=list)  # process id, end of the pipe to read
    _threads: list[tuple[threading.Thread, list[Any]]] = field(default_factory=list)

    def results(self) -> list[Any]:
        """What each worker returned, in order; None for one that died."""
        found = [_receive(pid, fd) for pid, fd in self._children]
        for thread, box in self._threads:
            thread.join()
            found.append(box[0] if box else None)
        self._children, self._threads = [], []
        return found

    def kill(self) -> None:
        """End the workers at once, without results."""
        for pid, fd in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.close(fd)
            os.waitpid(pid, 0)
        self._children = []


def start(work: Callable[[int], Any], number: int, *, close_in_child: Callable[[int], Sequence[int]]) -> Crew:
    """Start `number` workers; worker n runs `work(n)` and returns what `marshal` can carry.

    `close_in_child(n)` names descriptors that child n must not keep: the other workers' pipe ends, so that
    an end of file is seen.
    """
    crew = Crew()
    for n in range(number):
        if CAN_FORK:
            crew._children.append(_fork(work, n, close_in_child(n), crew))
        else:
            crew._threads.append(_thread(work, n))
    return crew


def _fork(work: Callable[[int], Any], n: int, unwanted: Sequence[int], crew: Crew) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 1
    try:
        os.close(reading)
        for fd in (*unwanted, *(fd for _, fd in crew._children)):
            os.close(fd)
        _send(writing, work(n))
        status = 0
    finally:
        # Neither exit handlers nor buffers of the parent may run twice, and no traceback may be printed.
        os._exit(status)


def _send(fd: int, result: Any) -> None:
    with os.fdopen(fd, "wb") as stream:
        stream.write(marshal.dumps(result))


def _receive(pid: int, fd: int) -> Any:
    with os.fdopen(fd, "rb") as stream:
        data = stream.read()
    _, status = os.waitpid(pid, 0)
    return marshal.loads(data) if status == 0 and data else None  # noqa: S302 - from our own child


def _thread(work: Callable[[int], Any], n: int) -> tuple[threading.Thread, list[Any]]:
    box: list[Any] = []
    thread = threading.Thread(target=lambda: box.append(work(n)), daemon=True)
    thread.start()
    return thread, box
