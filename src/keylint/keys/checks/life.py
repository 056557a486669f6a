"""Checks of a key's life: exposed, ending, unused, left over. https://docs.coveo.com/en/1718/"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from keylint.inventory.dates import format_date
from keylint.keys.checks.base import REGISTRY, SEARCH_PROVIDERS, Check, Context, Grade, Hit, pair_check
from keylint.model import KeyRecord, KeyStatus, Privacy, Severity

_BOTH = ("coveo", "keypair", "algolia")
_DEAD = (KeyStatus.DISABLED, KeyStatus.EXPIRED, KeyStatus.REVOKED)


def day(date: dt.datetime) -> str:
    """The calendar day of a date, for messages."""
    return format_date(date)[:10]


@REGISTRY.record(
    Check(
        "exposed-flag",
        Grade.HIGH,
        "Key flagged as exposed still works",
        "exposureReport, status",
        "a key that works has an exposure report",
        "Rotate the key, and deactivate the original yourself: a report often carries no date.",
        grades="critical where the report says CRITICAL or HIGH",
    )
)
def exposed_flag(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A working key that carries an exposure report."""
    if record.exposure is None:
        return
    severity = record.exposure.severity
    grade = Grade.CRITICAL if severity.rank >= Severity.HIGH.rank else Grade.HIGH
    yield grade, f"exposureReport: flagged as exposed with severity {severity.value}, and the key still works"


@REGISTRY.record(
    Check(
        "exposed-deadline",
        Grade.HIGH,
        "Exposed key will soon be deactivated",
        "exposureReport.deactivationDate",
        "the date is within 7 days (exposed-deadline-days)",
        "Rotate before the date: a key that was deactivated as exposed can't be activated again.",
    )
)
def exposed_deadline(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """The deactivation date of an exposure report is near."""
    report = record.exposure
    if report is None or report.deactivation is None:
        return
    left = report.deactivation - context.now
    if left <= dt.timedelta(days=context.config.exposed_deadline_days):
        when = "was due on" if left < dt.timedelta(0) else "is due on"
        yield Grade.HIGH, f"exposureReport.deactivationDate: deactivation {when} {day(report.deactivation)}"


@REGISTRY.record(
    Check(
        "expired-or-soon",
        Grade.MEDIUM,
        "Key is about to expire",
        "status",
        "SOON_TO_BE_EXPIRED, which begins 7 days before the date",
        "Create a key from the existing one before the date: an expired key can't be activated again.",
    )
)
def expired_or_soon(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """The service says that the key expires soon."""
    if record.raw_status == "SOON_TO_BE_EXPIRED":
        when = f" on {day(record.expires)}" if record.expires else ""
        yield Grade.MEDIUM, f"status: the key expires{when}"


@REGISTRY.record(
    Check(
        "soon-disabled",
        Grade.LOW,
        "Key is about to be deactivated for inactivity",
        "status",
        "SOON_TO_BE_DISABLED, the last month of a year without use",
        "Delete the key, or keep it active for a year if it is still needed.",
    )
)
def soon_disabled(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """The service is about to deactivate the key."""
    if record.raw_status == "SOON_TO_BE_DISABLED":
        yield Grade.LOW, "status: unused for nearly a year, and soon to be deactivated"


@REGISTRY.record(
    Check(
        "unused-key",
        Grade.MEDIUM,
        "Key has not been used for long",
        "lastUsedDate, else activationDate, else createdDate",
        "active, and the date is older than 90 days (unused-days)",
        "Ask the owner, then delete the key. The date counts refused calls too.",
        providers=SEARCH_PROVIDERS,
        grades="low for a public key",
    )
)
def unused_key(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """An active key without recent use."""
    date = record.last_used or record.activated or record.created
    if date is None or context.days_since(date) <= context.config.unused_days:
        return
    public = context.profile_of(record).privacy is Privacy.PUBLIC
    name = "lastUsedDate" if record.last_used else "activationDate" if record.activated else "createdDate"
    since = f"not used since {day(date)}" if record.last_used else f"no use recorded since {day(date)}"
    yield (Grade.LOW if public else Grade.MEDIUM), f"{name}: {since}, {context.days_since(date)} days ago"


@REGISTRY.record(
    pair_check(
        "unused-pair",
        Grade.MEDIUM,
        "Key pair has not been used for long",
        "last_used_at, else created_at",
        "not revoked, and the date is older than 90 days (unused-days)",
        "Ask the owner, then revoke the pair.",
    )
)
def unused_pair(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A pair without recent use."""
    date = record.last_used or record.created
    if date is not None and context.days_since(date) > context.config.unused_days:
        name = "last_used_at" if record.last_used else "created_at"
        yield Grade.MEDIUM, f"{name}: not used since {day(date)}, {context.days_since(date)} days ago"


@REGISTRY.record(
    Check(
        "never-used",
        Grade.LOW,
        "Key was never used",
        "lastUsedDate (Coveo), last_used_at (key pairs)",
        "active, no such date, and created more than 30 days ago (never-used-days)",
        "Delete or revoke the key.",
        providers=("coveo", "keypair"),
    )
)
def never_used(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key that nobody ever used."""
    if record.last_used is not None or record.created is None:
        return
    if context.days_since(record.created) > context.config.never_used_days:
        name = "last_used_at" if record.provider == "keypair" else "lastUsedDate"
        yield Grade.LOW, f"{name}: never used since the key was made on {day(record.created)}"


@REGISTRY.record(
    pair_check(
        "old-pair",
        Grade.MEDIUM,
        "Key pair is old",
        "created_at",
        "not revoked, and created more than 365 days ago (old-pair-days): such keys have no expiry",
        "Rotate the pair.",
    )
)
def old_pair(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A pair that is past its rotation age."""
    if record.created is not None and context.days_since(record.created) > context.config.old_pair_days:
        yield Grade.MEDIUM, f"created_at: {context.days_since(record.created)} days old, and it never expires"


@REGISTRY.record(
    Check(
        "disabled-not-deleted",
        Grade.INFO,
        "Dead key is still listed",
        "status, disabledDate, expirationDate",
        "deactivated or expired more than 90 days ago (disabled-days)",
        "Delete the key.",
    ),
    any_state=True,
)
def disabled_not_deleted(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key that stopped working long ago."""
    if record.status not in _DEAD:
        return
    date = record.disabled or record.expires or record.last_used or record.created
    if date is None or context.days_since(date) > context.config.disabled_days:
        when = f" since {day(date)}" if date else ""
        yield Grade.INFO, f"status: {record.raw_status or record.status.value}{when}"
