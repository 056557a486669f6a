"""Scan the history of a test repository with a handful of rules and keep what is handed over."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from keylint.engine import Engine
from keylint.examine import Examiner
from keylint.findings import Collector, Sighting
from keylint.held import Known
from keylint.historycache import HistoryCache
from keylint.historyfeed import HistoryFeed
from keylint.historymemory import HistoryMemory
from keylint.historyscan import Sweeper, Swept
from keylint.model import Location, Problem, Skipped
from keylint.names import NameMask
from keylint.pipeline import Intake
from keylint.rule import Rule
from keylint.secret import Match
from keylint.sources.history import History
from keylint.sources.span import EVERYTHING, Span

PATTERN = r"tok_[A-Za-z0-9]{20}"
RULE = Rule("token", "Token", "test", regex=PATTERN, filters=("none",))


def token(seed: int) -> str:
    """A value that the rule finds, the same for the same seed."""
    return "tok_" + "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=20))


@dataclass
class File:
    """What was told about one key in one file."""

    sighting: Sighting
    places: list[Location] = field(default_factory=list)

    @property
    def first(self) -> str:
        """The first commit."""
        return self.sighting.first_seen.id if self.sighting.first_seen else ""

    @property
    def last(self) -> str:
        """The last commit that held it."""
        return self.sighting.last_seen.id if self.sighting.last_seen else ""


@dataclass
class Result:
    """What one scan told. `files` is by value and file."""

    files: dict[tuple[str, str], File] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    swept: Swept = field(default_factory=Swept)
    objects: int = 0
    resumed: bool = False

    @property
    def values(self) -> set[str]:
        """Every value that was found."""
        return {value for value, _ in self.files}

    def of(self, value: str) -> File:
        """The only file of a value."""
        (found,) = (file for (found, _), file in self.files.items() if found == value)
        return found

    def paths(self, value: str) -> list[str]:
        """The files of a value."""
        return sorted(path for found, path in self.files if found == value)

    def details(self) -> str:
        """All that was said about what was not read."""
        return "\n".join(f"{s.path} {s.reason.value} {s.detail}" for s in self.skipped)


class Recorder:
    """Stands in for the collector."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], File] = {}

    def add(self, matches: Iterable[Match], sighting: Sighting = Sighting(), *, file: str = "") -> None:  # noqa: B008
        """Keep what a feed hands over."""
        for match in matches:
            kept = self.files.setdefault((match.value.reveal().decode(), file), File(sighting))
            kept.places.append(match.location)


def _name(name: str, _email: str) -> str:
    return name


def scan(
    path: Path,
    span: Span = EVERYTHING,
    *,
    rules: tuple[Rule, ...] = (RULE,),
    known: Known | None = None,
    cache: Path | None = None,
    number: int = 2,
) -> Result:
    """Scan a history and keep all that comes out. What is in a `cache` folder is made use of."""
    make: Callable[[], Engine] = lambda: Engine(rules, prefilter="hyperscan")  # noqa: E731
    recorder = Recorder()
    intake = Intake(Examiner(make()), cast("Collector", cast("Any", recorder)))
    kept: list[Swept] = []
    with closing(History(str(path), span)) as history:
        memory = None
        if cache:
            history.start(resumable=True)
            memory = HistoryMemory(
                HistoryCache(str(cache), history.repo.git_dir, b"rules"),
                history,
                {},
                holds_key=NameMask(intake.examiner._engine.scan).hits_any,
            )
            memory.resume()
            known = memory.known
        sweeper = _Keeping(kept, history, make, known=known, number=number)
        HistoryFeed(history, sweeper, author=_name, memory=memory, rules=rules)(intake)
        resumed = history.past is not None
    return Result(
        recorder.files, intake.skipped, intake.problems, kept[0], objects=intake.files, resumed=resumed
    )


class _Keeping(Sweeper):
    """Keeps what it finds for a test to see."""

    def __init__(self, kept: list[Swept], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._kept = kept

    def sweep(self, lists: Iterator[list[bytes]], examiner: Examiner) -> Swept:
        """As usual."""
        self._kept.append(super().sweep(lists, examiner))
        return self._kept[-1]
