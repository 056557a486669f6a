"""Lint results and key lists for people, and the list of checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from keylint.keys.checks import REGISTRY, Issue
from keylint.keys.report import KeyList, KeyRow, LintReport
from keylint.keys.words import key_name
from keylint.report.clean import clean

_COLUMNS = ("KEY", "NAME", "TEMPLATE", "PRIVACY", "SENSITIVITY", "STATUS", "LAST USED", "EXPIRES", "FOUND IN")
_WIDEST = 40


def render_lint(report: LintReport) -> Iterator[str]:
    """Lines without their newline: issues grouped by check, each group with its remedy, then the sum."""
    group = ""
    for issue in report.issues:
        if issue.check.id != group:
            if group:
                yield ""
            group = issue.check.id
            yield f"{issue.check.title} [{group}]"
            yield f"  {issue.check.remedy} {issue.check.source}"
        yield f"  {issue.grade.value:8} {issue_line(issue, report.path)}"
    if report.issues:
        yield ""
    counts = ", ".join(f"{count} {grade.value}" for grade, count in report.counts().items() if count)
    total = f"{counted(report.keys, 'key')}, {counted(len(report.issues), 'issue')}"
    yield f"{total}{': ' + counts if counts else ''}"
    if not report.complete:
        yield f"The inventory is partial ({clean(report.partial_reason)}): absence from it proves nothing."


def counted(number: int, what: str) -> str:
    """A number with its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def issue_line(issue: Issue, path: str) -> str:
    """Place, key and what is wrong, on one line that is safe to print."""
    record = issue.record
    if record is None:
        place = f"{issue.found.path}:{issue.found.line}" if issue.found else path
        return clean(f"{place}: {issue.text}")
    line = f"{path}:{record.line}: {key_name(record)}: {issue.text}"
    return line if line.isprintable() else clean(line)  # few are not, and lines are many


def render_list(keys: KeyList) -> Iterator[str]:
    """A table with one line for each key."""
    rows = [_COLUMNS, *(_cells(row) for row in keys.rows)]
    widths = [min(_WIDEST, max(len(row[i]) for row in rows)) for i in range(len(_COLUMNS))]
    for cells in rows:
        yield "  ".join(_fit(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()
    if not keys.complete:
        yield f"The inventory is partial: {clean(keys.partial_reason)}."


def render_checks() -> Iterator[str]:
    """Every check: id, usual grade, what it reports."""
    for check in REGISTRY.checks.values():
        yield f"{check.id}  ({check.grade.value}{', ' + check.grades if check.grades else ''})"
        yield f"    {check.title}: {check.when}"
        yield f"    looks at: {check.looks_at}; for: {', '.join(check.providers)}"
        yield f"    remedy: {check.remedy}"
        yield f"    source: {check.source}"


def places(row: KeyRow) -> Iterable[str]:
    """Where a scan found the key, safe to print."""
    for found in row.places:
        more = f" (+{found.occurrences - 1})" if found.occurrences > 1 else ""
        unsure = " ?" if found.certainty in ("suffix", "ambiguous") else ""
        yield clean(f"{found.path}:{found.line}{more}{unsure}")


def day(date: dt.datetime | None) -> str:
    """The day of a date; a dash for none."""
    return date.strftime("%Y-%m-%d") if date else "-"


def _cells(row: KeyRow) -> tuple[str, ...]:
    record = row.record
    return tuple(
        clean(cell)
        for cell in (
            record.key_id,
            record.label or "-",
            row.template or "-",
            row.privacy,
            row.sensitivity or "-",
            record.raw_status
            if record.raw_status and record.status.value != "exposed"
            else record.status.value,
            day(record.last_used),
            day(record.expires) if record.expires else "never" if record.provider == "coveo" else "-",
            ", ".join(places(row)) or "-",
        )
    )


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 3] + "..."
