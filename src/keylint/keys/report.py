"""What `keys lint` and `keys list` found, ready to be rendered."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from keylint.keys.checks import Grade, Issue
from keylint.keys.checks.base import Context
from keylint.keys.found import Found
from keylint.model import KeyRecord, Level

GRADES = tuple(sorted(Grade, key=lambda grade: -grade.rank))


@dataclass(frozen=True)
class LintReport:
    """The issues of one inventory, the worst first. `path` is the inventory file as it was named."""

    path: str
    provider: str
    organization: str
    now: dt.datetime
    complete: bool
    partial_reason: str
    keys: int
    issues: tuple[Issue, ...]

    def counts(self) -> dict[Grade, int]:
        """How many issues each grade has."""
        counted = Counter(issue.grade for issue in self.issues)
        return {grade: counted[grade] for grade in GRADES}

    def failing(self, fail_on: Level) -> bool:
        """Whether an issue is at or above `fail_on`; Level.NONE means never."""
        return fail_on is not Level.NONE and any(i.grade.level.rank >= fail_on.rank for i in self.issues)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key as the table shows it. Dates are days."""

    record: KeyRecord
    template: str
    privacy: str
    sensitivity: str
    places: tuple[Found, ...]


@dataclass(frozen=True)
class KeyList:
    """All keys of one inventory."""

    path: str
    provider: str
    organization: str
    complete: bool
    partial_reason: str
    rows: tuple[KeyRow, ...]


def ordered(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """The worst first, then by check and by line of the inventory."""
    # There are many issues of few kinds, so kinds are compared, and not issues.
    kinds: dict[tuple[str, str], list[Issue]] = {}
    for issue in issues:
        kinds.setdefault((issue.check.id, issue.grade._value_), []).append(issue)
    groups = sorted(kinds.values(), key=lambda group: (-group[0].grade.rank, group[0].check.id))
    return tuple(issue for group in groups for issue in sorted(group, key=_line))


def key_rows(records: Iterable[KeyRecord], context: Context) -> tuple[KeyRow, ...]:
    """One row for each key, in the order of the inventory; a pair is one row, by its private half."""
    return tuple(_row(record, context) for record in records if record.half != "public")


def _row(record: KeyRecord, context: Context) -> KeyRow:
    profile = context.profile_of(record)
    template = profile.template or record.template_id or ("Custom" if profile.custom else "")
    rated = record.provider == "coveo" and record.privileges is not None
    return KeyRow(
        record=record,
        template=template,
        privacy="pair" if record.half else profile.privacy.value,
        sensitivity=profile.sensitivity.value if rated else "",
        places=context.found.get(record.key_id, ()),
    )


def _line(issue: Issue) -> int:
    return issue.record.line if issue.record else 0
