"""What a check is: a small pure function, and beside it everything that there is to say about it.

The registry is the one source of `keylint keys lint --list`, of `docs/checks.md` and of the SARIF rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import NamedTuple, TypeVar

from keylint.keys.config import LintConfig
from keylint.keys.found import Found
from keylint.keys.profile import Profile
from keylint.model import KeyRecord, Level, Problem

COVEO_DOCS = "https://docs.coveo.com/en/1718/"
SEARCH_PROVIDERS = ("coveo", "algolia")
KEYPAIR_DOCS = "https://docs.nekuda.ai/api-reference/v2/api-keys/create-api-key"


class Grade(str, Enum):
    """How bad it is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return ("info", "low", "medium", "high", "critical").index(self.value)

    @property
    def level(self) -> Level:
        """The SARIF level, which `--fail-on` looks at."""
        if self.rank >= Grade.HIGH.rank:
            return Level.ERROR
        return Level.WARNING if self is Grade.MEDIUM else Level.NOTE


@dataclass(frozen=True)
class Check:
    """Documentation of a check. `grade` is the usual one; `grades` says when a result has another."""

    id: str
    grade: Grade
    title: str  # what is wrong, as a heading
    looks_at: str
    when: str
    remedy: str
    providers: tuple[str, ...] = ("coveo",)
    grades: str = ""
    source: str = COVEO_DOCS


# A check of key pairs, as its documentation is elsewhere.
pair_check = partial(Check, providers=("keypair",), source=KEYPAIR_DOCS)


class Issue(NamedTuple):
    """One result: this check fails for this key. `text` is one phrase that names the field.

    Without a record it is about a found value or the inventory as a whole; `place` is where, if not the
    record's line.
    """

    check: Check
    grade: Grade
    text: str
    record: KeyRecord | None = None
    found: Found | None = None


@dataclass(frozen=True)
class Context:
    """What a check may look at beside the record. `now` is given, so that runs can be repeated."""

    now: dt.datetime
    config: LintConfig
    profile_of: Callable[[KeyRecord], Profile]
    complete: bool = True
    members: frozenset[str] | None = None  # current members, in lower case; None: not given
    found: Mapping[str, tuple[Found, ...]] = field(default_factory=dict)  # key id -> places
    strangers: tuple[Found, ...] = ()  # findings that fit no record
    commerce_keys: frozenset[str] = frozenset()  # ids of keys that Commerce code uses
    problems: tuple[Problem, ...] = ()  # what the reader of the inventory noticed

    def days_since(self, date: dt.datetime) -> int:
        """Whole days between a date and now."""
        return (self.now - date).days


Hit = tuple[Grade, str]
RecordCheck = Callable[[KeyRecord, Context], Iterable[Hit]]
FoundCheck = Callable[[Found, KeyRecord, Context], Iterable[Hit]]
WholeCheck = Callable[[tuple[KeyRecord, ...], Context], Iterator[Issue]]
_F = TypeVar("_F", bound=Callable[..., object])


class RecordEntry(NamedTuple):
    """A check of one record, and when it is worth asking: many keys share a profile, so that is worked out
    once. `any_state` also asks for keys that no longer work."""

    check: Check
    run: RecordCheck
    applies: Callable[[Profile], bool] | None
    any_state: bool


@dataclass
class Registry:
    """All checks by id, in the order of their documentation."""

    checks: dict[str, Check] = field(default_factory=dict)
    by_record: list[RecordEntry] = field(default_factory=list)
    by_found: list[tuple[Check, FoundCheck]] = field(default_factory=list)
    by_whole: list[tuple[Check, WholeCheck]] = field(default_factory=list)

    def record(
        self, check: Check, *, applies: Callable[[Profile], bool] | None = None, any_state: bool = False
    ) -> Callable[[RecordCheck], RecordCheck]:
        """Register a function that looks at one record: of a live key unless `any_state`, and only where
        `applies` holds for its profile."""
        self._add(check)

        def register(function: RecordCheck) -> RecordCheck:
            self.by_record.append(RecordEntry(check, function, applies, any_state))
            return function

        return register

    def place(self, check: Check) -> Callable[[FoundCheck], FoundCheck]:
        """Register a function that looks at one place of a key together with its record."""
        return self._register(check, self.by_found)

    def whole(self, check: Check) -> Callable[[WholeCheck], WholeCheck]:
        """Register a function that looks at all records together."""
        return self._register(check, self.by_whole)

    def _register(self, check: Check, where: list[tuple[Check, _F]]) -> Callable[[_F], _F]:
        self._add(check)

        def register(function: _F) -> _F:
            where.append((check, function))
            return function

        return register

    def _add(self, check: Check) -> None:
        if check.id in self.checks:
            raise ValueError(f"two checks are called {check.id}")
        self.checks[check.id] = check


REGISTRY = Registry()
