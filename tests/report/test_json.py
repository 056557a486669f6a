"""The JSON report and its published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema_rs
import pytest

from keylint.model import (
    Certainty,
    Finding,
    KeyStatus,
    Link,
    Privacy,
    Report,
    SkipReason,
    Surface,
    VerdictKind,
)
from keylint.report import render
from keylint.report.options import RenderOptions
from tests.report import builders
from tests.report.builders import finding, place, report

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/report-v1.schema.json").read_text())


def check(shown: Report, **options: Any) -> dict[str, Any]:
    text = render("json", shown, RenderOptions(**options))
    assert text.isascii()
    document = json.loads(text)
    errors = [f"{error.instance_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]
    assert not errors
    assert isinstance(document, dict)
    return document


VALIDATOR = jsonschema_rs.validator_for(SCHEMA)


def one(shown: Finding) -> dict[str, Any]:
    (found,) = check(report((shown,)))["findings"]
    assert isinstance(found, dict)
    return found


def objects(schema: Any) -> list[dict[str, Any]]:
    found = [schema] if isinstance(schema, dict) and schema.get("type") == "object" else []
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    return found + [item for value in inner for item in objects(value)]


def test_the_schema_is_strict_everywhere() -> None:
    assert len(objects(SCHEMA)) > 15
    for schema in objects(SCHEMA):
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])


def test_a_report_of_everything_fits_the_schema() -> None:
    check(builders.full_report(), exit_code=1)
    check(report(builders.every_combination()))
    check(report())


@pytest.mark.parametrize("certainty", Certainty)
def test_every_certainty_fits_the_schema(certainty: Certainty) -> None:
    assert one(replace(finding(), link=Link(certainty)))["link"]["certainty"] == certainty.value


@pytest.mark.parametrize("status", KeyStatus)
def test_every_status_fits_the_schema(status: KeyStatus) -> None:
    record = builders.record(status=status, privileges=None, privacy=None, exposure=None)
    assert (
        one(replace(finding(), link=Link(Certainty.EXACT, (record,))))["link"]["records"][0]["status"]
        == status.value
    )


@pytest.mark.parametrize("surface", Surface)
def test_every_surface_fits_the_schema(surface: Surface) -> None:
    assert one(finding(places=[place(surface=surface)]))["places"][0]["surface"] == surface.value


@pytest.mark.parametrize("privacy", Privacy)
def test_every_privacy_fits_the_schema(privacy: Privacy) -> None:
    shown = replace(finding(), verdict=replace(finding().verdict, privacy=privacy))
    assert one(shown)["verdict"]["privacy"] == privacy.value


def test_every_skip_reason_fits_the_schema_and_says_if_it_matters() -> None:
    document = check(builders.full_report())
    told = {item["reason"]: item["incomplete"] for item in document["skipped"]}
    assert told == {reason.value: reason.incomplete for reason in SkipReason}


def test_every_verdict_is_in_the_report_with_its_level() -> None:
    document = check(report(builders.every_verdict()))
    told = [(found["verdict"]["kind"], found["verdict"]["level"]) for found in document["findings"]]
    assert told == [(kind.value, kind.level.value) for kind in VerdictKind]
    assert document["summary"]["by_verdict"] == {kind.value: 1 for kind in VerdictKind}
    assert document["summary"]["by_level"] == {"error": 2, "warning": 1, "note": 1, "none": 1}


def test_a_finding_carries_what_a_baseline_compares() -> None:
    shown = finding()
    assert one(shown)["fingerprint"] == shown.fingerprint
    document = check(builders.full_report())
    assert [found["suppression"]["kind"] for found in document["suppressed"]] == [
        "baseline",
        "config",
        "inline",
    ]
    assert all(found["fingerprint"] for found in document["suppressed"])


def test_a_finding_carries_what_flagging_the_key_needs() -> None:
    found = one(replace(finding(), first_seen=builders.commit(1), in_client=True))
    assert found["link"]["records"][0]["key_id"] == "k-1"
    assert found["link"]["records"][0]["organization"] == "acme"
    assert found["verdict"]["severity"] == "CRITICAL"
    assert found["first_seen"] == {
        "id": f"{1:040x}",
        "date": "2026-03-02T12:30:00Z",
        "author": "z***@example.com",
    }
    assert found["advice"]["deactivate_within_days"] == 2
    assert "keylint's own" in found["advice"]["deactivation_note"]
    assert len(found["advice"]["rotation"]) == 3
    assert found["in_client"] is True


def test_a_path_that_is_not_utf8_is_readable_in_path_and_exact_in_uri() -> None:
    raw = b"a\xff\x80 \xc3\xbc.js"
    found = one(finding(places=[place(raw.decode("utf-8", "surrogateescape"))]))
    assert found["places"][0]["path"] == "a\ufffd\ufffd ü.js"
    assert unquote_to_bytes(found["places"][0]["uri"]) == raw


def test_places_name_their_containers_and_commits() -> None:
    shown = one(finding(places=[place("a.zip", container=("b.zip", "c.js"), commit=builders.commit())]))[
        "places"
    ][0]
    assert shown["container"] == ["b.zip", "c.js"]
    assert shown["commit"]["id"] == f"{1:040x}"
    assert (shown["line"], shown["column"], shown["end_column"]) == (12, 15, 51)


def test_snippets_are_passed_on_verbatim() -> None:
    snippet = "\tx = '********'  // ::\x1b \u202e"
    assert one(finding(places=[place(snippet=snippet)]))["places"][0]["snippet"] == snippet


def test_an_incomplete_scan_says_so() -> None:
    document = check(builders.full_report(), exit_code=3)
    assert document["complete"] is False
    assert document["exit_code"] == 3
    assert document["summary"]["incomplete"] == 26
    assert check(report())["complete"] is True


def test_the_schema_refuses_an_unknown_field() -> None:
    document = check(report((finding(),)))
    document["findings"][0]["key"]["value"] = "x"
    assert not VALIDATOR.is_valid(document)
