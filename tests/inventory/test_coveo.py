from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from keylint.errors import InventoryError
from keylint.inventory import load_inventory, load_templates
from keylint.model import KeyStatus, Level, Privacy, Privilege, Severity
from keylint.secret import Secret
from tests.inventory.samples import coveo_key, coveo_value, write

UTC = dt.timezone.utc


def test_the_shape_of_old_pages_is_read(tmp_path: Path) -> None:
    old = {
        "id": "wduuqg3ip2c3i3gpopapxhcgxe",
        "value": "**********-****-****-****-********1b3e",
        "organizationId": "acme",
        "displayName": "My Source API Key",
        "description": "An API key to edit and view sources.",
        "privileges": [
            {"type": "EDIT", "targetDomain": "SOURCE", "targetIds": [], "owner": "PLATFORM", "global": False}
        ],
    }
    snapshot = load_inventory(write(tmp_path, [old]))
    (record,) = snapshot.records
    assert snapshot.provider == "coveo"
    assert snapshot.organization == "acme"
    assert snapshot.complete
    assert record.masks == ("**********-****-****-****-********1b3e",)
    assert record.status is KeyStatus.UNKNOWN
    assert record.privileges == (Privilege("PLATFORM", "SOURCE", "EDIT"),)
    assert record.privacy is None
    assert record.line == 2


def test_every_field_of_the_new_shape_is_read(tmp_path: Path) -> None:
    new = coveo_key(
        1,
        privacyLevel="PUBLIC",
        apiKeyTemplateId="AnonymousSearch",
        createdDate=1700000000000,
        lastUsedDate="2026-01-02T03:04:05.678Z",
        expirationDate="2026-01-31",
        allowedIps=["203.0.113.0/24"],
        additionalConfiguration={
            "search": {
                "enforcedQueryPipelineConfiguration": {"searchHub": "Main"},
                "impersonationRestrictions": {
                    "allowedUserIds": [{"name": "ann@example.com", "type": "User"}]
                },
            },
            "commerce": {"catalogId": "c"},
        },
        groupsThatCanEdit=[{"id": "g", "displayName": "Administrators"}],
        createdBy={"email": "ann@example.com"},
        exposureReport={
            "severity": "CRITICAL",
            "createdDate": 1700000000000,
            "reasons": [{"id": "1", "source": "GITHUB", "url": "https://example.com/a"}],
        },
        unheardOf={"x": 1},
    )
    (record,) = load_inventory(write(tmp_path, {"items": [new]})).records
    assert record.status is KeyStatus.EXPOSED
    assert record.raw_status == "ENABLED"
    assert record.privacy is Privacy.PUBLIC
    assert record.created == dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert record.last_used == dt.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    assert record.expires == dt.datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    assert record.search_hub == "Main"
    assert record.catalog_id == "c"
    assert record.editors == ("Administrators",)
    assert record.exposure is not None
    assert record.exposure.severity is Severity.CRITICAL
    assert record.exposure.reasons == ("GITHUB: https://example.com/a",)
    assert "ann@example.com" not in repr(record)


def test_personal_data_is_kept_only_on_request(tmp_path: Path) -> None:
    path = write(tmp_path, [coveo_key(1, createdBy={"email": "ann@example.com"})])
    assert load_inventory(path).records[0].created_by == ""
    assert load_inventory(path, personal=True).records[0].created_by == "ann@example.com"


@pytest.mark.parametrize(
    ("status", "enabled", "report", "expected"),
    [
        ("ENABLED", True, None, KeyStatus.ENABLED),
        ("SOON_TO_BE_EXPIRED", True, None, KeyStatus.ENABLED),
        ("SOON_TO_BE_DISABLED", True, {"severity": "LOW"}, KeyStatus.EXPOSED),
        ("DISABLED", False, None, KeyStatus.DISABLED),
        ("DISABLED_FOR_INACTIVITY", False, None, KeyStatus.DISABLED),
        ("DISABLED_EXPOSED", False, {"severity": "HIGH"}, KeyStatus.DISABLED),
        ("EXPIRED", False, None, KeyStatus.EXPIRED),
        (None, True, None, KeyStatus.ENABLED),
        (None, False, None, KeyStatus.DISABLED),
        (None, None, {"severity": "WARN"}, KeyStatus.EXPOSED),
        ("NEW_WORD", None, None, KeyStatus.UNKNOWN),
    ],
)
def test_status_comes_from_status_enabled_and_report(
    tmp_path: Path, status: str | None, enabled: bool | None, report: object, expected: KeyStatus
) -> None:
    entry = coveo_key(1, status=status, enabled=enabled, exposureReport=report)
    assert load_inventory(write(tmp_path, [entry])).records[0].status is expected


def test_status_and_enabled_that_disagree_are_reported(tmp_path: Path) -> None:
    snapshot = load_inventory(write(tmp_path, [coveo_key(1, status="DISABLED", enabled=True)]))
    assert [p.code for p in snapshot.problems] == ["status-contradiction"]


def test_full_values_become_hashes_and_a_problem_with_file_and_line(tmp_path: Path) -> None:
    value = coveo_value(7)
    entry = coveo_key(7, value=value, description=f"use {value} for tests", rotationSecret="r" * 20)
    path = write(tmp_path, [coveo_key(1), entry])
    snapshot = load_inventory(path)
    record = snapshot.records[1]
    assert record.unmasked
    assert record.digests == (Secret(value.encode()).digest(snapshot.salt),)
    assert snapshot.unmasked == 1
    problem = next(p for p in snapshot.problems if p.code == "unmasked-inventory")
    assert (problem.level, problem.path, problem.line) == (Level.ERROR, str(path), record.line)
    assert value not in repr(snapshot)
    assert snapshot.salt.hex() not in repr(snapshot)
    assert any(p.code == "rotation-secret-in-inventory" for p in snapshot.problems)
    assert "r" * 20 not in repr(snapshot)


def test_a_thousand_full_values_give_a_bounded_list_of_problems(tmp_path: Path) -> None:
    path = write(tmp_path, [coveo_key(n, value=coveo_value(n)) for n in range(1000)])
    snapshot = load_inventory(path)
    assert snapshot.unmasked == 1000
    assert len(snapshot.problems) == 101
    assert "900 more" in snapshot.problems[-1].text


def test_masks_that_show_too_much_are_cut(tmp_path: Path) -> None:
    value = coveo_value(3)
    snapshot = load_inventory(write(tmp_path, [coveo_key(3, value=value[:-3] + "***")]))
    assert value[:12] not in repr(snapshot)


def test_the_same_entry_twice_counts_once_and_a_different_one_is_refused(tmp_path: Path) -> None:
    snapshot = load_inventory(write(tmp_path, [coveo_key(1), coveo_key(1)]))
    assert len(snapshot.records) == 1
    assert [p.code for p in snapshot.problems] == ["duplicate-entry"]
    path = write(tmp_path, [coveo_key(1), coveo_key(1, status="DISABLED")], indent=None)
    with pytest.raises(InventoryError, match="same id but differ"):
        load_inventory(path)


@pytest.mark.parametrize(
    ("envelope", "says"),
    [
        ({"filter": "ACTIVE"}, "filter"),
        ({"complete": False, "partial_reason": "HTTP 500"}, "HTTP 500"),
        ({"complete": False}, "not complete"),
        ({"totalEntries": 5}, "1 of 5"),
        ({"has_more": True}, "one page"),
    ],
)
def test_an_envelope_that_shows_gaps_makes_the_listing_partial(
    tmp_path: Path, envelope: dict[str, object], says: str
) -> None:
    snapshot = load_inventory(write(tmp_path, {"items": [coveo_key(1)], **envelope}))
    assert not snapshot.complete
    assert says in snapshot.partial_reason
    assert [(p.code, p.level) for p in snapshot.problems] == [("partial-inventory", Level.NOTE)]


def test_a_saved_create_response_is_a_partial_listing_of_one(tmp_path: Path) -> None:
    snapshot = load_inventory(write(tmp_path, coveo_key(1, value=coveo_value(1))))
    assert len(snapshot.records) == 1
    assert not snapshot.complete
    assert snapshot.unmasked == 1


def test_a_date_that_cannot_be_read_is_reported_and_counts_as_absent(tmp_path: Path) -> None:
    snapshot = load_inventory(write(tmp_path, [coveo_key(1, expirationDate="next week")]))
    assert snapshot.records[0].expires is None
    assert snapshot.problems[0].code == "bad-date"


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"privileges": {}}, "privileges"),
        ({"privileges": ["EXECUTE_QUERY"]}, "privileges"),
        ({"privileges": [{"owner": "PLATFORM"}]}, "privileges"),
        ({"displayName": 5}, "displayName"),
        ({"enabled": "yes"}, "enabled"),
        ({"id": None}, "id"),
        ({"allowedIps": "1.2.3.4"}, "allowedIps"),
        ({"additionalConfiguration": []}, None),
        ({"additionalConfiguration": {"search": 3}}, "search"),
    ],
)
def test_a_member_of_another_type_is_named_with_its_line(
    tmp_path: Path, change: dict[str, object], member: str | None
) -> None:
    path = write(tmp_path, [coveo_key(1), coveo_key(2, **change)])
    if member is None:
        assert len(load_inventory(path).records) == 2
        return
    with pytest.raises(InventoryError, match=rf"inventory\.json:\d+: {member}: expected"):
        load_inventory(path)


def test_a_templates_export_is_told_from_a_listing(tmp_path: Path) -> None:
    export = [
        {
            "id": "AnonymousSearch",
            "displayName": "Anonymous search",
            "privacyLevel": "PUBLIC",
            "creationType": "MANUAL",
            "enforcedLifetimePeriod": "P14D",
            "privileges": [{"owner": "SEARCH_API", "targetDomain": "EXECUTE_QUERY", "type": "ENABLE"}],
        }
    ]
    path = write(tmp_path, export)
    snapshot = load_inventory(path)
    assert not snapshot.listing
    assert snapshot.records == ()
    (template,) = load_templates(path)
    assert template.template_id == "AnonymousSearch"
    assert template.privacy is Privacy.PUBLIC
    assert template.longest_lifetime == "P14D"
    with pytest.raises(InventoryError, match="no templates"):
        load_templates(write(tmp_path, [coveo_key(1)]))


def test_lone_surrogates_are_replaced(tmp_path: Path) -> None:
    (record,) = load_inventory(
        write(tmp_path, [coveo_key(1, value="\ud800****abcd", displayName="a\udfffb")])
    ).records
    assert "\ud800" not in record.masks[0]
    assert record.label.encode()
