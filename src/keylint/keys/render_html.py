"""Lint results and key lists as one HTML page without scripts, for a browser or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape

from keylint.keys.checks import Check, Grade
from keylint.keys.render_text import counted, day, issue_line, places
from keylint.keys.report import KeyList, LintReport
from keylint.report.clean import clean

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:75rem}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    ".critical,.high{color:#a40000;font-weight:600}.medium{color:#8a5a00;font-weight:600}"
    "code{overflow-wrap:anywhere}"
    "@media (prefers-color-scheme:dark){body{background:#111;color:#ddd}"
    ".critical,.high{color:#ff8a80}.medium{color:#ffc164}a{color:#8ab4f8}td,th{border-color:#444}}"
)


def render_lint(report: LintReport) -> Iterator[str]:
    """The issues as a table."""
    counts = ", ".join(f"{count} {grade.value}" for grade, count in report.counts().items() if count)
    yield from _head(
        f"Keys of {report.path}",
        f"{counted(report.keys, 'key')}, {counted(len(report.issues), 'issue')}. {counts}",
    )
    if not report.complete:
        yield f"<p>The inventory is partial: {_text(report.partial_reason)}.</p>"
    yield from _table_head("Severity", "Check", "Key and field", "Remedy")
    for issue in report.issues:
        before, after = _around(issue.check, issue.grade)
        yield f"{before}{escape(issue_line(issue, report.path))}{after}"
    yield "</table>"


@lru_cache(maxsize=256)
def _around(check: Check, grade: Grade) -> tuple[str, str]:
    """What stands before and after the message of every issue of this check and grade."""
    link = f'<a href="{escape(check.source)}" title="{escape(check.title)}">{check.id}</a>'
    before = f'<tr><td class="{grade.value}">{grade.value}</td><td>{link}</td><td>'
    return before, f"</td><td>{_text(check.remedy)}</td></tr>"


def render_list(keys: KeyList) -> Iterator[str]:
    """The keys as a table."""
    yield from _head(f"Keys of {keys.path}", counted(len(keys.rows), "key"))
    if not keys.complete:
        yield f"<p>The inventory is partial: {_text(keys.partial_reason)}.</p>"
    yield from _table_head(
        "Key", "Name", "Template", "Privacy", "Sensitivity", "Status", "Last used", "Expires", "Found in"
    )
    for row in keys.rows:
        record = row.record
        cells: Iterable[str] = (
            f"<code>{_text(record.key_id)}</code>",
            _text(record.label),
            _text(row.template),
            _text(row.privacy),
            _text(row.sensitivity),
            _text(record.raw_status or record.status.value),
            day(record.last_used),
            day(record.expires),
            "<br>".join(escape(place) for place in places(row)),
        )
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    yield "</table>"


def _head(title: str, summary: str) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="en"><meta charset="utf-8"><title>{_text(title)}</title><style>{_STYLE}</style>'
    yield f"<h1>{_text(title)}</h1><p>{_text(summary)}</p>"


def _table_head(*names: str) -> Iterator[str]:
    yield "<table><tr>" + "".join(f"<th>{escape(name)}</th>" for name in names) + "</tr>"


def _text(text: str) -> str:
    return escape(clean(text))
