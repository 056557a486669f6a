"""Scan all objects of a history at once.

Every blob is scanned once, whatever number of commits and paths it has; only the few blobs that a report
names are read again, for lines and snippets.
"""

from __future__ import annotations

import mmap
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from keylint import revisit, workers
from keylint.dispatch import Dispatcher
from keylint.held import Found, Known, values_of
from keylint.historywork import COUNTERS, Recall, stand_by, work
from keylint.model import Origin, Skipped, SkipReason, Surface
from keylint.records import dataclass, field
from keylint.sources import pipes
from keylint.sources.gitobjects import ObjectReader

if TYPE_CHECKING:
    from keylint.engine import Engine
    from keylint.examine import Examiner
    from keylint.revisit import Seen, Visit
    from keylint.sources.history import History

# A scan that has taken this long and would go on for that long goes on in the order of the packs instead.
_SHORT_S = 2.0
_LONG_S = 6.0
# What a reader keeps to rebuild further versions from: with those of a file in a row more than the first
# makes no difference (measured), and there is a reader for each processor.
_CACHE = "6m"
_PACKED_CACHE = "24m"
_PORTION = 32  # objects that a reader is given at once at first
_PORTION_BYTES = 1 << 20  # of them, about
_ANNOUNCED = 32  # ids: they fit into any pipe
_MAX_RETRIES = 500  # after readers that died
_MAX_LOSSES = 8  # after workers that died
_GRACE_S = 5.0  # at most: how long an interrupted scan waits for what its workers have found


@dataclass(frozen=True)
class Progress:
    """How far a scan is. `known` is how many objects are in sight so far."""

    objects: int
    bytes: int
    hits: int
    known: int


@dataclass
class Swept:
    """What a sweep over all objects found: id -> the values in it, raw, and what could not be read.

    `held` are the objects whose values were known before, `found` tells where those are that were not.
    """

    values: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    found: dict[bytes, Found] = field(default_factory=dict)
    held: list[bytes] = field(default_factory=list)
    limited: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    missing: list[bytes] = field(default_factory=list)
    damaged: list[bytes] = field(default_factory=list)
    clean: list[bytes] = field(default_factory=list)
    known_clean: int = 0
    left_out: int = 0  # objects that a lost worker or too many damaged ones left unscanned
    objects: int = 0
    bytes: int = 0
    interrupted: bool = False

    def __repr__(self) -> str:
        return f"Swept({self.objects} objects)"  # never the values

    def skipped(self) -> Iterator[Skipped]:
        """What was left out as a whole."""
        if self.left_out:
            yield Skipped("", SkipReason.UNREADABLE, f"{self.left_out} objects were not scanned")


class _Left(NamedTuple):
    """What a pass left: for each reader the ids that it took and did not answer, those that none took, and
    those that were lost with a worker.
    """

    unanswered: list[list[bytes]]
    withdrawn: list[bytes]
    lost: list[bytes]


class _Pass:
    """The processes of one go, a reader and a worker for each processor, and who feeds the readers."""

    def __init__(self, dispatcher: Dispatcher[bytes], done: Callable[[int], tuple[int, int]]) -> None:
        self.dispatcher = dispatcher
        self._done = done  # number of a worker -> objects and bytes that it is through with
        self.readers: list[subprocess.Popen[bytes]] = []
        self.crew = workers.Crew()
        self._feeders: list[threading.Thread] = []

    def feed(self) -> None:
        """Begin to write ids to the readers, each as fast as it takes them. Only after all forks."""
        for number in range(len(self.readers)):
            feeder = threading.Thread(target=self._feed, args=(number,), daemon=True)
            feeder.start()
            self._feeders.append(feeder)

    def _feed(self, number: int) -> None:
        stdin = self.readers[number].stdin
        assert stdin
        pipes.narrow(stdin.fileno())
        portion, objects, size = _PORTION, 0, 0
        with suppress(OSError), stdin:  # it may have died; what it did not answer is found later
            while block := self.dispatcher.take(number, portion):
                stdin.write(b"\n".join(block) + b"\n")
                stdin.flush()
                more, larger = self._done(number)
                if more > objects:  # of large ones a few: no other reader can take over what it was given
                    portion = max(1, _PORTION_BYTES * (more - objects) // max(1, larger - size))
                    objects, size = more, larger

    def stop(self) -> None:
        """End the readers at once; the workers see the end of their input."""
        self.dispatcher.withdraw()
        for reader in self.readers:
            reader.kill()

    def close(self) -> None:
        """Leave no reader and no thread behind."""
        self.stop()
        for feeder in self._feeders:
            feeder.join()
        for reader in self.readers:
            with suppress(OSError), reader:
                pass


class Sweeper:
    """Reads and scans objects with one `git cat-file` and one worker for each processor.

    What is `known` of objects is not looked for again, and what is found becomes something to be known: where
    that is. None: nothing of that kind.
    """

    def __init__(
        self,
        history: History,
        make_engine: Callable[[], Engine],
        *,
        progress: Callable[[Progress], None] | None = None,
        known: Known | None = None,
        number: int = 0,
    ) -> None:
        self._history = history
        self._make_engine = make_engine
        self._progress = progress
        self._known = known
        self._number = number or workers.count()
        self._board = mmap.mmap(-1, COUNTERS.size * self._number)
        self._before = Progress(0, 0, 0, 0)
        self._crew: workers.Crew | None = None
        self._standing_by: Known | None = None  # what workers are to know that are not started yet
        self._given: Sequence[Sequence[bytes]] = ()  # what each worker of the crew was to scan
        self._examiner: Examiner | None = None

    def sweep(self, lists: Iterator[list[bytes]], examiner: Examiner) -> Swept:
        """Scan the objects of all lists. An interrupt ends it early, with what was found so far.

        The workers stay for `revisit`, in which they use `examiner`, until `close`.
        """
        swept = Swept()
        self._examiner = examiner
        try:
            self._sweep(self._unknown(lists, swept), swept)
        except KeyboardInterrupt:
            swept.interrupted = True
        finally:
            if close := getattr(lists, "close", None):
                close()
        if swept.interrupted:
            swept.held = [name for name in swept.held if name in swept.values]
        return swept

    def revisit(
        self, visits: Sequence[Visit], meanwhile: Callable[[], bool] = workers.nothing_else
    ) -> Iterator[Seen | None]:
        """The matches in blobs that were scanned, in order; None where no worker is left to tell.

        `meanwhile` is as for `Crew.ask`.
        """
        if not visits:
            return iter(())
        if self._crew is None and self._standing_by:
            self._start_to_answer(self._standing_by)
        if self._crew is None:
            return repeat(None, len(visits))
        wanted = {visit.blob for visit in visits}
        owners = {name: n for n, given in enumerate(self._given) for name in given if name in wanted}
        kin, number = self._history.log.kin, self._crew.size
        # The remainder decides who is asked: the worker that scanned a blob remembers what it found.
        return revisit.revisit(
            self._crew, visits, lambda name: kin(name) * number + owners.get(name, 0), meanwhile
        )

    def _answering(self, recall: Recall) -> AbstractContextManager[Callable[[Any], bytes]]:
        assert self._examiner
        return revisit.answering(self._history.repo, self._examiner, recall)

    def close(self) -> None:
        """Let the workers go."""
        crew, self._crew = self._crew, None
        if crew:
            crew.close()

    def _sweep(self, lists: Iterable[list[bytes]], swept: Swept) -> None:
        if self._known:  # perhaps there is nothing to do; else the workers start while git gets ready
            first = next((ids for ids in lists if ids), [])
            if not first:
                self._stand_by(self._known, swept)
                return
            lists = chain([first], lists)
        dispatcher = Dispatcher(self._number, self._history.log.kin)
        left = self._pass(lists, dispatcher, swept, hurried=True)
        if left.withdrawn:
            more = self._pass_over(self._in_pack_order(left.withdrawn), swept, _PACKED_CACHE)
            left = _Left([*left.unanswered, *more.unanswered], more.withdrawn, [*left.lost, *more.lost])
        self._rescue(left, swept)
        if self._known and swept.held and not swept.interrupted:
            self._recover(self._known, swept)

    def _stand_by(self, known: Known, swept: Swept) -> None:
        """Nothing is to be scanned. Workers start when they are asked."""
        if swept.held:
            self._standing_by = known
            self._recover(known, swept)

    def _start_to_answer(self, known: Known) -> None:
        make_engine = self._engine_for_workers()
        self._crew = workers.Crew()
        self._crew.start(
            lambda n: stand_by(make_engine(), self._answering, known.held),
            self._number,
            close_in_child=lambda n: (),
        )
        for outcome in self._crew.results():
            workers.sound(outcome)

    def _recover(self, known: Known, swept: Swept) -> None:
        """Get the values of objects back that are known to hold some, or scan them after all."""
        held = {name: known.held[name] for name in swept.held}
        with ObjectReader(self._history.repo, max_bytes=revisit.EVERY_SIZE) as reader:
            values = values_of(held, self._make_engine().rules, lambda names: _contents(reader, names))
        swept.values.update(values)
        swept.held = list(values)
        if lost := [name for name in held if name not in values]:
            self._rescue(self._pass_over(lost, swept), swept)

    def _rescue(self, left: _Left, swept: Swept) -> None:
        """Scan again what was left, without the objects of which readers died.

        What a worker dies of cannot be told: what it had is shared out anew, and each time less is lost.
        """
        lost: list[bytes] = []
        retries = losses = 0
        while not swept.interrupted:
            lost += left.lost
            again = [*left.withdrawn, *(name for queue in left.unanswered for name in queue[1:])]
            swept.damaged += [queue[0] for queue in left.unanswered if queue]
            if again and retries < _MAX_RETRIES and any(left.unanswered):
                retries += 1
            elif (again or lost) and losses < _MAX_LOSSES:
                losses += 1
                again, lost = again + lost, []
            else:
                swept.left_out += len(again) + len(lost)
                return
            left = self._pass_over(again, swept)

    def _unknown(self, lists: Iterable[list[bytes]], swept: Swept) -> Iterator[list[bytes]]:
        if not self._known:
            yield from lists
            return
        held = self._known.held
        for ids in lists:
            swept.held += [name for name in ids if name in held]
            fresh = [name for name in ids if name not in held]
            if fresh:
                clean = self._known.load_clean()
                unknown = [name for name in fresh if name not in clean]
                swept.known_clean += len(fresh) - len(unknown)
                fresh = unknown
            yield fresh

    def _in_pack_order(self, ids: list[bytes]) -> list[bytes]:
        """Versions of one large file are read much faster beside each other."""
        wanted = set(ids)
        ordered = [name for name in self._history.pack_order() if name in wanted]
        return [*ordered, *wanted.difference(ordered)]

    def _pass_over(self, ids: list[bytes], swept: Swept, cache: str = _CACHE) -> _Left:
        return self._pass([ids], Dispatcher(self._number), swept, cache=cache)

    def _pass(
        self,
        lists: Iterable[list[bytes]],
        dispatcher: Dispatcher[bytes],
        swept: Swept,
        *,
        cache: str = _CACHE,
        hurried: bool = False,
    ) -> _Left:
        """One go over some ids; one that is `hurried` ends early where much would be left to do."""
        self.close()
        run = _Pass(dispatcher, lambda number: self._rows()[number][:2])
        self._crew = run.crew
        self._given = dispatcher.given
        outcomes: list[workers.Outcome] = []
        withdrawn: list[bytes] = []
        begun = time.monotonic()

        def tick() -> None:
            self._show(run)
            if hurried and not withdrawn and self._is_long(time.monotonic() - begun, dispatcher.left):
                withdrawn.extend(dispatcher.withdraw())

        try:
            self._start(run, cache)
            for ids in lists:
                dispatcher.add(ids)
                self._show(run)
            dispatcher.end()
            outcomes = run.crew.results(tick=tick)
            withdrawn += dispatcher.withdraw()  # what no reader lived to take
        except KeyboardInterrupt:
            swept.interrupted = True
            run.stop()
            outcomes = self._last_words(run.crew)
        finally:
            run.close()
        unanswered, lost = self._merge(outcomes, run, swept)
        return _Left(unanswered, withdrawn, lost)

    def _last_words(self, crew: workers.Crew) -> list[workers.Outcome]:
        """What interrupted workers have found. One that does not say it in time ends them all."""
        outcomes: list[workers.Outcome] = []
        try:
            outcomes = crew.results(limit_s=_GRACE_S)
        finally:
            if not outcomes or any(outcome.result is None for outcome in outcomes):
                crew.kill()
        return outcomes

    def _is_long(self, seconds: float, left: int) -> bool:
        """Whether so many objects will take long, going by those that were scanned in so many seconds."""
        done = sum(answered for answered, _, _ in self._rows())
        return seconds >= _SHORT_S and left * seconds > _LONG_S * done

    def _rows(self) -> list[tuple[int, int, int]]:
        """What each worker has done: objects, bytes, objects with candidates."""
        return [COUNTERS.unpack_from(self._board, n * COUNTERS.size) for n in range(self._number)]

    def _start(self, run: _Pass, cache: str) -> None:
        self._board[:] = bytes(len(self._board))
        for _ in range(self._number):
            run.readers.append(self._history.start_reader(cache))
        board = self._board
        make_engine = self._engine_for_workers()
        run.crew.start(
            lambda n: work(
                run.readers[n],
                make_engine(),
                board,
                n,
                self._answering,
                held=self._known.held if self._known else None,
            ),
            self._number,
            close_in_child=lambda n: _foreign_ends(run.readers, n),
        )
        if workers.CAN_FORK:
            for reader in run.readers:  # else a reader whose worker died would wait for ever to be read
                assert reader.stdout
                reader.stdout.close()
        run.feed()

    def _engine_for_workers(self) -> Callable[[], Engine]:
        """What makes a worker's engine. Children share the one that exists before they are forked."""
        if not workers.CAN_FORK:
            return self._make_engine
        engine = self._make_engine()
        engine.load()
        return lambda: engine

    def _merge(
        self, outcomes: Sequence[workers.Outcome], run: _Pass, swept: Swept
    ) -> tuple[list[list[bytes]], list[bytes]]:
        """Add what the workers found.

        Returns what their readers were given and did not answer, and what was lost with a worker.
        """
        unanswered = []
        lost = []
        for given, outcome in zip(run.dispatcher.given, outcomes, strict=False):
            if outcome.failure:
                raise workers.WorkerError(outcome.failure)
            if outcome.result is None:
                lost += given
                continue
            answered, size, found, missing = outcome.result
            told = {*missing, *(name for name, *_ in found)}
            if not told.issubset(given):  # its answers are not those to what was asked: none can be trusted
                lost += given
                continue
            swept.objects += answered - len(missing)
            swept.bytes += size
            swept.missing += missing
            for name, values, limits, where in found:
                if values:
                    swept.values[name] = values
                if where:
                    swept.found[name] = Found(*where)
                if limits:
                    swept.limited[name] = limits
            swept.clean += [name for name in given[:answered] if name not in told]
            unanswered.append(given[answered:])
        self._before = Progress(swept.objects + len(swept.missing), swept.bytes, len(swept.values), 0)
        return unanswered, lost

    def _show(self, run: _Pass) -> None:
        if self._progress:
            objects, size, hits = (sum(column) for column in zip(*self._rows(), strict=True))
            before = self._before
            known = before.objects + run.dispatcher.known
            self._progress(Progress(before.objects + objects, before.bytes + size, before.hits + hits, known))


def _contents(reader: ObjectReader, names: Sequence[bytes]) -> Iterator[bytes | None]:
    """The bytes of objects, None for one that cannot be read or held."""
    for start in range(0, len(names), _ANNOUNCED):
        some = [name.decode() for name in names[start : start + _ANNOUNCED]]
        reader.announce(some)
        for name in some:
            item = reader.blob(name, Origin(Surface.HISTORY, ""))
            yield None if isinstance(item, Skipped) or item.open else item.data


def _foreign_ends(readers: Sequence[subprocess.Popen[bytes]], own: int) -> list[int]:
    """Descriptors that the child of reader `own` must not hold, or no reader would ever see an end."""
    ends = []
    for number, reader in enumerate(readers):
        assert reader.stdin and reader.stdout
        ends.append(reader.stdin.fileno())
        if number != own:
            ends.append(reader.stdout.fileno())
    return ends
