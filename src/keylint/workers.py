"""Run one function in several processes at once, where the system can fork, else in threads.

Forked children inherit everything that was set up before and exchange only what `marshal` carries. They
hold raw secrets while they work, so results travel through pipes that nobody else can open.
"""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import selectors
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple

from keylint.records import dataclass, field

# Forking a process that already has threads can deadlock the child, and macOS's libraries start threads.
CAN_FORK = hasattr(os, "fork") and sys.platform == "linux"
_TICK_S = 0.1
_FAREWELL_S = 2.0
_LENGTH = struct.Struct("<Q")  # of what follows, in bytes


class Outcome(NamedTuple):
    """What became of one worker: its result, or why there is none.

    `failure` names the exception and its place, never its message, which may quote scanned content. A worker
    that was ended from outside has neither.
    """

    result: Any = None
    failure: str = ""


# A worker's work: a generator that yields its result, and then an answer for each request that it is sent.
Work = Generator[Any, Any, None]


class WorkerError(RuntimeError):
    """A worker failed: a bug in keylint. Names the place, not the content."""


@dataclass
class _Child:
    """A forked worker, the two ends of its pipes, and what it has sent so far."""

    pid: int
    pipe: int
    requests: int
    received: bytearray = field(default_factory=bytearray)
    ended: bool = False

    @property
    def answered(self) -> bool:
        """Whether a whole answer is there, or none will come."""
        if self.ended or len(self.received) < _LENGTH.size:
            return self.ended
        return len(self.received) - _LENGTH.size >= int(_LENGTH.unpack_from(self.received)[0])

    def read(self) -> None:
        """Take what is in its pipe, which has something or has ended."""
        data = os.read(self.pipe, 1 << 20)
        self.received += data
        self.ended = not data

    def end(self) -> None:
        """End it at once: nothing more comes."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.received.clear()
        self.ended = True

    def take(self) -> Outcome:
        """The answer that came, which may have broken off."""
        body = bytes(self.received[_LENGTH.size :])
        self.received.clear()
        try:
            return Outcome(*marshal.loads(body)) if body else Outcome()  # noqa: S302 - from our own child
        except (EOFError, ValueError, TypeError):
            return Outcome()


@dataclass
class _Thread:
    """A worker that is a thread, and where it leaves its outcome. Further requests need no thread."""

    thread: threading.Thread
    work: Work
    box: list[Outcome]


def count() -> int:
    """How many workers this machine can keep busy: the processors that this process may use, at most 16."""
    if hasattr(os, "sched_getaffinity"):
        return min(16, len(os.sched_getaffinity(0)))
    return min(16, os.cpu_count() or 1)


def nothing_else() -> bool:
    """What a caller of `Crew.ask` has to do meanwhile: nothing."""
    return False


class Crew:
    """Workers that run at the same time, and stay to answer questions about what they have seen."""

    def __init__(self) -> None:
        self._children: list[_Child] = []
        self._threads: list[_Thread] = []

    def start(
        self, work: Callable[[int], Work], number: int, *, close_in_child: Callable[[int], Sequence[int]]
    ) -> None:
        """Start `number` workers; worker n runs `work(n)`, which yields what `marshal` can carry.

        `close_in_child(n)` names descriptors that child n must not keep: the other workers' pipe ends, so
        that an end of file is seen. Children ignore interrupts from the keyboard: the parent ends them.
        """
        if not CAN_FORK:
            self._threads += [_in_thread(work(n)) for n in range(number)]
            return
        gc.freeze()  # what exists now is left alone by the children's collections, and so stays shared
        try:
            for n in range(number):
                self._fork(work, n, close_in_child(n))
        finally:
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
        self._wait(tick, end)
        return [child.take() if child.answered else Outcome() for child in self._children]

    def ask(
        self,
        next_request: Callable[[int], Any],
        *,
        limit_s: float,
        meanwhile: Callable[[], bool] = nothing_else,
    ) -> Generator[tuple[int, Any], None, None]:
        """Keep all workers busy with requests, after `results`: the number of a worker with each answer.

        `next_request(n)` is what worker n is to answer next, None if nothing is left for it; it is called
        before the answer that came is given, so that the worker need not wait for who digests it. The answer
        is None where a process was lost, or took longer than `limit_s` seconds and was ended. `meanwhile()`
        does a little of what is to be done while they work, until it says that there is nothing more. Raises
        WorkerError where a worker fails. Left early, it ends workers that are at work.
        """
        if self._threads:
            for n, worker in enumerate(self._threads):
                while (request := next_request(n)) is not None:
                    yield n, sound(_step(worker.work, request))
            return
        asked: dict[int, float] = {}  # worker -> when its time is over
        with selectors.DefaultSelector() as selector:

            def ask(n: int) -> None:
                request = next_request(n)
                if request is not None:
                    with contextlib.suppress(BrokenPipeError):  # it is gone, and its pipe says so below
                        _send(self._children[n].requests, request)
                    selector.register(self._children[n].pipe, selectors.EVENT_READ, n)
                    asked[n] = time.monotonic() + limit_s

            try:
                for n, child in enumerate(self._children):
                    if not child.ended:
                        ask(n)
                busy = True
                while asked:
                    busy = busy and meanwhile()
                    outcomes = []
                    for n in self._answering(selector, asked, 0.0 if busy else _TICK_S):
                        child = self._children[n]
                        selector.unregister(child.pipe)
                        del asked[n]
                        outcomes.append((n, child.take()))
                        if not child.ended:
                            ask(n)
                    for n, outcome in outcomes:
                        yield n, sound(outcome)
            finally:
                for n in asked:
                    self._children[n].end()

    def _answering(
        self, selector: selectors.BaseSelector, asked: Mapping[int, float], wait_s: float
    ) -> list[int]:
        """The workers from which no more is to come for now. Those whose time is over are ended."""
        for key, _ in selector.select(wait_s):
            self._children[key.data].read()
        now = time.monotonic()
        for n, end in asked.items():
            if now > end and not self._children[n].answered:
                self._children[n].end()
        return [n for n in asked if self._children[n].answered]

    @property
    def size(self) -> int:
        """How many workers there are, those that were lost included."""
        return len(self._threads or self._children)

    def _wait(self, tick: Callable[[], None] | None, end: float | None) -> None:
        with selectors.DefaultSelector() as selector:
            for child in self._children:
                if not child.answered:
                    selector.register(child.pipe, selectors.EVENT_READ, child)
            while selector.get_map() and (end is None or time.monotonic() < end):
                for key, _ in selector.select(_TICK_S):
                    key.data.read()
                    if key.data.answered:
                        selector.unregister(key.fd)
                if tick:
                    tick()

    def close(self) -> None:
        """Let workers that have answered everything end by themselves."""
        for child in self._children:
            requests, child.requests = child.requests, -1
            os.close(requests)
        try:
            self._wait(None, time.monotonic() + _FAREWELL_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """End the workers that still run, and leave nothing of them behind. Threads end with their input."""
        for worker in self._threads:
            with contextlib.suppress(ValueError):  # it is still at work
                worker.work.close()
        self._threads = []
        while self._children:
            child = self._children[-1]
            child.end()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, 0)
            os.close(child.pipe)
            if child.requests >= 0:
                os.close(child.requests)
            self._children.pop()

    def _join(self, tick: Callable[[], None] | None, end: float | None) -> list[Outcome]:
        for worker in self._threads:
            while worker.thread.is_alive() and (end is None or time.monotonic() < end):
                worker.thread.join(_TICK_S)
                if tick:
                    tick()
        return [worker.box[0] if worker.box else Outcome() for worker in self._threads]

    def _fork(self, work: Callable[[int], Work], n: int, unwanted: Sequence[int]) -> None:
        reading, writing = os.pipe()
        asking, requests = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            for fd in (reading, writing, asking, requests):
                os.close(fd)
            raise
        if pid:
            os.close(writing)
            os.close(asking)
            self._children.append(_Child(pid, reading, requests))
            return
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            others = (fd for child in self._children for fd in (child.pipe, child.requests))
            for fd in (reading, requests, *unwanted, *others):
                os.close(fd)
            _serve(work(n), asking, writing)
            status = 0
        finally:
            # Neither exit handlers nor buffers of the parent may run twice, and no traceback may be printed.
            os._exit(status)


def sound(outcome: Outcome) -> Any:
    """The result of a worker that did not fail. Raises WorkerError for one that did."""
    if outcome.failure:
        raise WorkerError(outcome.failure)
    return outcome.result


def _serve(work: Work, asking: int, answering: int) -> None:
    """What a child does: its work, and then what it is asked, until nobody can ask any more."""
    _send(answering, tuple(_step(work, None)))
    with os.fdopen(asking, "rb") as requests:
        while head := requests.read(_LENGTH.size):
            request = marshal.loads(requests.read(*_LENGTH.unpack(head)))  # noqa: S302 - from our own parent
            _send(answering, tuple(_step(work, request)))
    work.close()


def _send(fd: int, value: Any) -> None:
    body = marshal.dumps(value)
    with memoryview(_LENGTH.pack(len(body)) + body) as view:
        sent = 0
        while sent < len(view):
            sent += os.write(fd, view[sent:])


def _step(work: Work, request: Any) -> Outcome:
    """Let a worker go on to its next answer."""
    try:
        return Outcome(work.send(request))
    except Exception as error:  # noqa: BLE001 - reported by the parent
        import traceback

        frame = traceback.extract_tb(error.__traceback__)[-1]
        return Outcome(failure=f"{type(error).__name__} in {os.path.basename(frame.filename)}:{frame.lineno}")


def _in_thread(work: Work) -> _Thread:
    box: list[Outcome] = []
    thread = threading.Thread(target=lambda: box.append(_step(work, None)), daemon=True)
    thread.start()
    return _Thread(thread, work, box)
