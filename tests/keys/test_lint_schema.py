"""`keys lint --format json` and its published schema."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from keylint.inventory.base import Snapshot
from keylint.keys.found import Found, join
from keylint.keys.lint import check_ids, lint, make_context
from keylint.keys.render_json import render_lint
from keylint.keys.report import LintReport, ordered
from keylint.model import Certainty, KeyRecord, Surface
from tests.keys.make import NOW, found, key, pair
from tests.keys.test_checks import CASES

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/keys-lint-v1.schema.json").read_text())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


def document(items: Iterable[KeyRecord | Found], **options: Any) -> dict[str, Any]:
    """What is written about these records and findings, after it was held against the schema."""
    things = list(items)
    records = tuple(item for item in things if isinstance(item, KeyRecord))
    findings = [item for item in things if isinstance(item, Found)]
    snapshot = Snapshot(provider="coveo", records=records, organization="acme", **options)
    context = make_context(snapshot, now=NOW, joined=join(findings, records))
    report = LintReport(
        path="keys.json",
        provider=snapshot.provider,
        organization=snapshot.organization,
        now=NOW,
        complete=snapshot.complete,
        partial_reason=snapshot.partial_reason,
        keys=len(records),
        issues=ordered(lint(records, context)),
    )
    text = "\n".join(render_lint(report))
    assert text.isascii()
    written = json.loads(text)
    errors = [f"{error.instance_path}: {error.message}" for error in VALIDATOR.iter_errors(written)]
    assert not errors
    assert isinstance(written, dict)
    return written


def objects(schema: Any) -> list[dict[str, Any]]:
    own = [schema] if isinstance(schema, dict) and schema.get("type") == "object" else []
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    return own + [item for value in inner for item in objects(value)]


def test_the_schema_is_strict_everywhere() -> None:
    assert len(objects(SCHEMA)) == 5
    for schema in objects(SCHEMA):
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])


def test_issues_of_every_check_fit_the_schema() -> None:
    seen = set()
    for case in CASES:
        if case.grade and not case.options.keys() - {"problems", "complete", "partial_reason"}:
            seen |= {issue["check"] for issue in document(case.items, **case.options)["issues"]}
    # Some need members or thresholds, which change nothing in the shape of an issue.
    assert len(seen) > len(check_ids()) - 5


def test_an_inventory_without_issues_fits_the_schema() -> None:
    written = document([key()], complete=False, partial_reason="it is one page of several")
    assert written["issues"] == []
    assert written["summary"] == {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0}


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize("certainty", Certainty)
def test_every_kind_of_place_fits_the_schema(surface: Surface, certainty: Certainty) -> None:
    place = found(surface=surface.value, certainty=certainty.value)
    for record in (key(), replace(key(), privacy=None, template_id="", privileges=None)):
        document([record, place, replace(place, key_ids=(), mask="xx********0000")])


def test_names_of_any_characters_are_escaped_and_come_back() -> None:
    name = "Zoë 鍵 \U0001f511 \u202e \x9b"
    issues = document([replace(key(description=""), label=name), pair(description="")])["issues"]
    assert name in {issue["label"] for issue in issues}
    assert {issue["half"] for issue in issues} == {"", "private"}


def test_a_date_without_time_zone_differences_is_written_in_utc() -> None:
    now = dt.datetime.fromisoformat(document([key()])["now"].replace("Z", "+00:00"))
    assert now == NOW
