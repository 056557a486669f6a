"""What several formats say in the same way: order, places, dates and addresses."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from keylint.latepattern import late
from keylint.model import (
    CommitRef,
    Finding,
    KeyRecord,
    Level,
    Location,
    Partner,
    Problem,
    Report,
    Skipped,
    VerdictKind,
)
from keylint.report.clean import clean

URGENCY = {kind: number for number, kind in enumerate(VerdictKind)}  # 0 is the most urgent

MEANING = {
    VerdictKind.EXPOSED: "is exposed",
    VerdictKind.OVER_PRIVILEGED: "is over-privileged where only a public key belongs",
    VerdictKind.UNKNOWN: "may be public or private, which is unknown",
    VerdictKind.RETIRED: "is retired and no longer works",
    VerdictKind.ALLOWED: "is allowed in public",
}

# https://docs.coveo.com/en/1718/ documents the 2 to 30 days; it does not tie them to a severity.
DEACTIVATION_NOTE = (
    "The number of days by severity is keylint's own suggestion, "
    "inside the 2 to 30 days that Coveo documents."
)

_FOREIGN = late("[\ud800-\udc7f\udd00-\udfff]")  # surrogates that stand for no byte
_URL = late(r"https?://", re.IGNORECASE)
_PLAIN = late(r"[0-9A-Za-z_.~-]+(?:/[0-9A-Za-z_.~-]+)*")  # nothing to encode


def order(finding: Finding) -> tuple[int, int, int, str, int, int, str]:
    """Sort key: highest level first, then most urgent verdict, then severity, then place."""
    verdict, place = finding.verdict, finding.locations[0]
    return (
        -verdict.level.rank,
        URGENCY[verdict.kind],
        -verdict.severity.rank,
        place.origin.path,
        place.line,
        place.column,
        finding.fingerprint,
    )


def visible(report: Report, *, allowed: bool, suppressed: bool) -> list[Finding]:
    """The findings to list, most urgent first."""
    found = [*report.findings, *(report.suppressed if suppressed else ())]
    if not allowed:
        found = [finding for finding in found if finding.verdict.kind is not VerdictKind.ALLOWED]
    return sorted(found, key=order)


def place(location: Location) -> str:
    """`path:line:column`, or `path@byte` in a binary file, safe to print."""
    name = clean(location.origin.display)
    if location.binary:
        return f"{name}@{location.byte_offset}"
    return f"{name}:{location.line}:{location.column}"


def commit_text(commit: CommitRef) -> str:
    """A commit as `0123456789ab of 2026-01-31`, safe to print."""
    return f"{clean(commit.id)[:12]} of {(iso(commit.date) or '')[:10]}"


def skipped_text(item: Skipped) -> str:
    """Why something was not read, as one phrase."""
    reason = item.reason.value.replace("-", " ")
    return f"{reason}: {clean(item.detail)}" if item.detail else reason


def successful(report: Report) -> bool:
    """Whether the run read all that was asked for and met no problem of level error."""
    return report.complete and not any(p.level is Level.ERROR for p in report.problems)


def problem_place(problem: Problem) -> str:
    """`path:line` of a problem, safe to print; empty where it has none."""
    if not problem.path:
        return ""
    return f"{clean(problem.path)}:{problem.line}" if problem.line else clean(problem.path)


def partner_text(partner: Partner) -> str:
    """What stands with a key, such as `AWS access key id <id> on line 3 (account id 123456789012)`."""
    line = f" on line {partner.line}" if partner.line else ""
    facts = ", ".join(f"{clean(name)} {clean(value)}" for name, value in partner.facts)
    return f"{clean(partner.title)} {clean(partner.value)}{line}" + (f" ({facts})" if facts else "")


def record_name(record: KeyRecord) -> str:
    """How people know an inventory entry: its label, its id and its organisation."""
    label = f"'{clean(record.label)}', " if record.label else ""
    organization = f" of {clean(record.organization)}" if record.organization else ""
    return f"{label}id {clean(record.key_id)}{organization}, {record.status.value}"


@lru_cache(maxsize=4096)  # many places are of a few commits
def iso(date: dt.datetime | None) -> str | None:
    """A date as `2026-01-31T12:00:00Z`."""
    if date is None:
        return None
    return date.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_url(path: str) -> bool:
    """Whether a place was fetched instead of read from a file."""
    return _URL.match(path) is not None


@lru_cache(maxsize=4096)
def uri(path: str) -> str:
    """A path as a relative URI reference (RFC 3986): the raw bytes, percent-encoded; URLs stay URLs."""
    if _PLAIN.fullmatch(path):
        return path
    from urllib.parse import quote  # 3 ms, and few paths need it

    raw = _FOREIGN.sub("\ufffd", path).encode("utf-8", "surrogateescape")
    if is_url(path):
        return quote(raw, safe="/:?#[]@!$&'()*+,;=%~-._")
    return quote(raw, safe="/").lstrip("/")
