"""Run one function in several processes at once, where the system can fork, else in threads.

Forked children inherit everything that was set up before and send back only what `marshal` carries. They
hold raw secrets while they work, so results travel through pipes that nobody else can open.
"""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import selectors
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Forking a process that already has threads can deadlock the child, and macOS's libraries start threads.
CAN_FORK = hasattr(os, "fork") and sys.platform == "linux"
_TICK_S = 0.1


class Outcome(NamedTuple):
    """What became of one worker: its result, or why there is none.

    `failure` names the exception and its place, never its message, which may quote scanned content. A worker
    that was ended from outside has neither.
    """

    result: Any = None
    failure: str = ""


@dataclass
class _Child:
    """A forked worker, and what it has sent so far."""

    pid: int
    pipe: int
    received: bytearray = field(default_factory=bytearray)


@dataclass
class _Thread:
    """A worker that is a thread, and where it leaves its outcome."""

    thread: threading.Thread
    box: list[Outcome]


def count() -> int:
    """How many workers this machine can keep busy: the processors that this process may use, at most 16."""
    if hasattr(os, "sched_getaffinity"):
        return min(16, len(os.sched_getaffinity(0)))
    return min(16, os.cpu_count() or 1)


class Crew:
    """Workers that run at the same time."""

    def __init__(self) -> None:
        self._children: list[_Child] = []
        self._threads: list[_Thread] = []

    def start(
        self, work: Callable[[int], Any], number: int, *, close_in_child: Callable[[int], Sequence[int]]
    ) -> None:
        """Start `number` workers; worker n runs `work(n)` and returns what `marshal` can carry.

        `close_in_child(n)` names descriptors that child n must not keep: the other workers' pipe ends, so
        that an end of file is seen. Children ignore interrupts from the keyboard: the parent ends them.
        """
        if CAN_FORK:
            gc.freeze()  # what exists now is left alone by the children's collections, and so stays shared
        for n in range(number):
            if CAN_FORK:
                self._fork(work, n, close_in_child(n))
            else:
                self._threads.append(_in_thread(work, n))
        if CAN_FORK:
            gc.unfreeze()

    def results(
        self, *, tick: Callable[[], None] | None = None, limit_s: float | None = None
    ) -> list[Outcome]:
        """Wait for all workers, or `limit_s` seconds; calls `tick` about ten times a second meanwhile.

        Gives an outcome for each worker, in order. Those that still run after the limit are given up.
        """
        end = None if limit_s is None else time.monotonic() + limit_s
        if self._threads:
            return self._join(tick, end)
        with selectors.DefaultSelector() as selector:
            for child in self._children:
                selector.register(child.pipe, selectors.EVENT_READ, child)
            while selector.get_map() and (end is None or time.monotonic() < end):
                for key, _ in selector.select(_TICK_S):
                    if data := os.read(key.fd, 1 << 20):
                        key.data.received += data
                    else:
                        selector.unregister(key.fd)
                if tick:
                    tick()
        outcomes = [_outcome(child.received) for child in self._children]
        self.kill()
        return outcomes

    def kill(self) -> None:
        """End the workers that still run, and leave nothing of them behind. Threads end with their input."""
        while self._children:
            child = self._children[-1]
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, 0)
            os.close(child.pipe)
            self._children.pop()

    def _join(self, tick: Callable[[], None] | None, end: float | None) -> list[Outcome]:
        for worker in self._threads:
            while worker.thread.is_alive() and (end is None or time.monotonic() < end):
                worker.thread.join(_TICK_S)
                if tick:
                    tick()
        outcomes = [worker.box[0] if worker.box else Outcome() for worker in self._threads]
        self._threads = []
        return outcomes

    def _fork(self, work: Callable[[int], Any], n: int, unwanted: Sequence[int]) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            self._children.append(_Child(pid, reading))
            return
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            os.close(reading)
            for fd in (*unwanted, *(child.pipe for child in self._children)):
                os.close(fd)
            with os.fdopen(writing, "wb") as stream:
                stream.write(marshal.dumps(tuple(_run(work, n))))
            status = 0
        finally:
            # Neither exit handlers nor buffers of the parent may run twice, and no traceback may be printed.
            os._exit(status)


def _run(work: Callable[[int], Any], n: int) -> Outcome:
    try:
        return Outcome(work(n))
    except Exception as error:  # noqa: BLE001 - reported by the parent
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return Outcome(failure=f"{type(error).__name__} in {os.path.basename(frame.filename)}:{frame.lineno}")


def _outcome(received: bytearray) -> Outcome:
    """What a child sent, which may have broken off."""
    try:
        return Outcome(*marshal.loads(received)) if received else Outcome()  # noqa: S302 - from our own child
    except (EOFError, ValueError, TypeError):
        return Outcome()


def _in_thread(work: Callable[[int], Any], n: int) -> _Thread:
    box: list[Outcome] = []
    thread = threading.Thread(target=lambda: box.append(_run(work, n)), daemon=True)
    thread.start()
    return _Thread(thread, box)
