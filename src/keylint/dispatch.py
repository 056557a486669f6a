"""Who gets which objects. Versions of one file go to the same reader or worker, and none is idle.

Git makes versions from each other, and what a worker confirmed in one version it remembers for the next: both
only help where the same processes get all of them. Safe to share between threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

_BLOCK = 256  # ids handed out at once, at most
_SMALLER = 32  # times is the smallest block
_SHARES = 32  # in which a reader gets its part of what is left: objects differ much in size

T = TypeVar("T")


class Dispatcher(Generic[T]):
    """Hands out ids to `number` readers, `block` of them at once at most, and fewer the fewer are left.

    `kin(id)` is a number that versions of one file share. Once all ids are known they come one after the
    other. Without it the order of the ids is kept, and each reader gets a stretch of it. `given` are the ids
    that each reader got, in order; `known` is how many there are so far. With fewer `shares` they come in
    larger portions, and readers may end further apart.
    """

    def __init__(
        self,
        number: int,
        kin: Callable[[T], int] | None = None,
        *,
        block: int = _BLOCK,
        shares: int = _SHARES,
    ) -> None:
        self.given: list[list[T]] = [[] for _ in range(number)]
        self.known = 0
        self._kin = kin
        self._block = block
        self._least = max(1, block // _SMALLER)
        self._shares = shares
        self._queues: list[deque[T]] = [deque() for _ in range(number)]
        self._open = True
        self._changed = threading.Condition()

    def add(self, ids: Sequence[T]) -> None:
        """Take ids in."""
        with self._changed:
            self.known += len(ids)
            if self._kin is None:
                share = -(-len(ids) // len(self._queues))
                for number, queue in enumerate(self._queues):
                    queue.extend(ids[number * share : (number + 1) * share])
            else:
                for name in ids:
                    self._queues[self._kin(name) % len(self._queues)].append(name)
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more comes: bring together what belongs together."""
        with self._changed:
            self._open = False
            if self._kin is not None:
                self._queues = [deque(sorted(queue, key=self._kin)) for queue in self._queues]
            self._changed.notify_all()

    def take(self, reader: int, most: int = _BLOCK) -> list[T]:
        """The next ids for a reader, `most` at most, which waits for them; none once there are no more.

        A reader that has had all of its own gets some of those that wait for the others.
        """
        with self._changed:
            while self._open and not any(self._queues):
                self._changed.wait()
            own = self._queues[reader]
            queue = own or max(self._queues, key=len)
            # Small portions at the end, so that all readers come to it together.
            share = max(self._least, self.left // (self._shares * len(self.given)))
            count = min(len(queue), self._block, most, share)
            block = [queue.popleft() if queue is own else queue.pop() for _ in range(count)]
            if queue is not own:
                block.reverse()
            self.given[reader] += block
            return block

    @property
    def left(self) -> int:
        """How many ids nobody has taken yet."""
        return sum(map(len, self._queues))

    def withdraw(self) -> list[T]:
        """Take back all that is left and let the readers come to an end."""
        with self._changed:
            self._open = False
            rest = [name for queue in self._queues for name in queue]
            for queue in self._queues:
                queue.clear()
            self._changed.notify_all()
            return rest
