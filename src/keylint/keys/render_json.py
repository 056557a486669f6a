"""Lint results and key lists as JSON, piece by piece: a large inventory has many issues.

What lint writes is described by `docs/schema/keys-lint-v1.schema.json`. All of it is ASCII, so no name in it
can do anything to a terminal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from keylint import __version__
from keylint.inventory.dates import format_date
from keylint.keys.checks import Check, Grade, Issue
from keylint.keys.found import Found
from keylint.keys.report import KeyList, KeyRow, LintReport
from keylint.model import KeyRecord
from keylint.report.clean import without_surrogates

SCHEMA_VERSION = 1
_NOBODY = KeyRecord("", "")
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_quote = json.encoder.encode_basestring  # one text, without what an encoder does around it
_FOREIGN = re.compile("[^\x00-\x7f]+")


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
    return _document(_head("keys list", keys), "keys", (_dump(_key(row)) for row in keys.rows))


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


def _document(head: dict[str, Any], name: str, items: Iterable[str]) -> Iterator[str]:
    yield "{"
    for key, value in head.items():
        yield f" {_dump(key)}: {_dump(value)},"
    yield f" {_dump(name)}: ["
    before = None
    for item in items:
        if before is not None:
            yield before + ","
        before = "  " + item
    if before is not None:
        yield before
    yield " ]"
    yield "}"


def _dump(value: Any) -> str:
    return _ascii(_ENCODER.encode(value))


def _ascii(text: str) -> str:
    """JSON text with escapes for everything that is not ASCII: such characters stand in strings only."""
    if text.isascii():
        return text
    return _FOREIGN.sub(lambda found: json.dumps(found[0])[1:-1], without_surrogates(text))


def _issue(issue: Issue) -> str:
    """One issue as JSON text: what belongs to the check is encoded once, since issues are many."""
    record = issue.record or _NOBODY
    field, colon, _ = issue.text.partition(":")
    text = (
        f'{_of_check(issue.check, issue.grade)}"key_id": {_quote(record.key_id)}, '
        f'"label": {_quote(record.label)}, "organization": {_quote(record.organization)}, '
        f'"half": {_quote(record.half)}, "field": {_quote(field if colon and " " not in field else "")}, '
        f'"message": {_quote(issue.text)}, "line": {record.line}, '
        f'"place": {_dump(_place(issue.found)) if issue.found else "null"}}}'
    )
    return _ascii(text)


@lru_cache(maxsize=256)
def _of_check(check: Check, grade: Grade) -> str:
    """The members that all issues of one check and grade share, as the beginning of an object."""
    shared = {
        "check": check.id,
        "severity": grade.value,
        "level": grade.level.value,
        "remedy": check.remedy,
        "source": check.source,
    }
    return _dump(shared)[:-1] + ", "


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
