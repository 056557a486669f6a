"""Lint results and key lists as JSON, piece by piece: a large inventory has many issues."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from keylint import __version__
from keylint.inventory.dates import format_date
from keylint.keys.checks import Issue
from keylint.keys.found import Found
from keylint.keys.report import KeyList, KeyRow, LintReport
from keylint.model import KeyRecord
from keylint.report.clean import without_surrogates

SCHEMA_VERSION = 1
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def render_lint(report: LintReport) -> Iterator[str]:
    """The report as one JSON object, an issue a line."""
    head = {
        **_head("keys lint", report),
        "now": format_date(report.now),
        "keys": report.keys,
        "summary": {grade.value: count for grade, count in report.counts().items()},
    }
    return _document(head, "issues", (_issue(issue) for issue in report.issues))


def render_list(keys: KeyList) -> Iterator[str]:
    """The list as one JSON object, a key a line."""
    return _document(_head("keys list", keys), "keys", (_key(row) for row in keys.rows))


def _head(command: str, of: LintReport | KeyList) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "keylint", "version": __version__},
        "command": command,
        "inventory": of.path,
        "provider": of.provider,
        "organization": of.organization,
        "complete": of.complete,
        "partial_reason": of.partial_reason,
    }


def _document(head: dict[str, Any], name: str, items: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "{"
    for key, value in head.items():
        yield f" {_dump(key)}: {_dump(value)},"
    yield f" {_dump(name)}: ["
    before = None
    for item in items:
        if before is not None:
            yield before + ","
        before = "  " + _dump(item)
    if before is not None:
        yield before
    yield " ]"
    yield "}"


def _dump(value: Any) -> str:
    return without_surrogates(_ENCODER.encode(value))


def _issue(issue: Issue) -> dict[str, Any]:
    record = issue.record
    field, colon, _ = issue.text.partition(":")
    return {
        "check": issue.check.id,
        "severity": issue.grade.value,
        "level": issue.grade.level.value,
        "key_id": record.key_id if record else "",
        "label": record.label if record else "",
        "organization": record.organization if record else "",
        "half": record.half if record else "",
        "field": field if colon and " " not in field else "",
        "message": issue.text,
        "remedy": issue.check.remedy,
        "source": issue.check.source,
        "line": record.line if record else 0,
        "place": _place(issue.found) if issue.found else None,
    }


def _place(found: Found) -> dict[str, Any]:
    return {
        "path": found.path,
        "line": found.line,
        "column": found.column,
        "surface": found.surface,
        "occurrences": found.occurrences,
        "certainty": found.certainty,
        "rule_id": found.rule_id,
        "mask": found.mask,
    }


def _key(row: KeyRow) -> dict[str, Any]:
    record = row.record
    return {
        "key_id": record.key_id,
        "label": record.label,
        "template": row.template,
        "privacy": row.privacy,
        "sensitivity": row.sensitivity,
        "status": record.status.value,
        "raw_status": record.raw_status,
        "privileges": None if record.privileges is None else [p.name for p in record.privileges],
        **_dates(record),
        "line": record.line,
        "places": [_place(found) for found in row.places],
    }


def _dates(record: KeyRecord) -> dict[str, str | None]:
    dates = {
        "created": record.created,
        "last_used": record.last_used,
        "expires": record.expires,
    }
    return {name: format_date(date) if date else None for name, date in dates.items()}
