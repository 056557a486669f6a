from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keylint.errors import InventoryError
from keylint.inventory import Snapshot, dump_snapshot, load_inventory, read_inventory
from keylint.model import (
    ExposureReport,
    KeyRecord,
    KeyStatus,
    Privacy,
    Privilege,
    Severity,
)
from tests.inventory.samples import coveo_key, coveo_value, pair, private_half, write

UTC = dt.timezone.utc
FULL = KeyRecord(
    provider="coveo",
    key_id="a",
    label="Clé",
    description="d",
    organization="acme",
    masks=("xx*****1343",),
    digests=("hmac-sha256:" + "0" * 64,),
    half="private",
    status=KeyStatus.EXPOSED,
    raw_status="ENABLED",
    privacy=Privacy.PRIVATE,
    template_id="t",
    privileges=(Privilege("O", "D", "EDIT", ("x",)), Privilege("O", "D")),
    environment="live",
    owner="team",
    created=dt.datetime(2024, 1, 1, tzinfo=UTC),
    activated=dt.datetime(2024, 1, 2, tzinfo=UTC),
    disabled=dt.datetime(2024, 1, 3, tzinfo=UTC),
    expires=dt.datetime(2024, 1, 4, 5, 6, 7, 89000, tzinfo=UTC),
    last_used=dt.datetime(2024, 1, 5, tzinfo=UTC),
    exposure=ExposureReport(Severity.LOW, None, dt.datetime(2024, 1, 6, tzinfo=UTC), ("why",)),
    allowed_ips=("203.0.113.1",),
    denied_ips=("203.0.113.2",),
    search_hub="hub",
    catalog_id="cat",
    allowed_user_ids=("User",),
    editors=("Admins",),
    created_by="ann@example.com",
    extra=(("k", "v"),),
)


def test_every_field_survives_a_round_trip(tmp_path: Path) -> None:
    other = KeyRecord(provider="algolia", key_id="b", privileges=())
    snapshot = Snapshot(
        provider="coveo",
        organization="acme",
        records=(FULL, other),
        taken_at=dt.datetime(2026, 2, 3, tzinfo=UTC),
        complete=False,
        partial_reason="HTTP 500",
        salt=b"0123456789abcdef",
    )
    path = tmp_path / "s.json"
    path.write_text(dump_snapshot(snapshot, personal=True), encoding="utf-8")
    again = load_inventory(path, personal=True)
    assert [replace(record, line=0) for record in again.records] == [FULL, other]
    assert replace(again, records=(), source="", problems=()) == replace(snapshot, records=())


def test_personal_data_stays_out_unless_asked() -> None:
    text = dump_snapshot(Snapshot("coveo", records=(FULL,)))
    assert "ann@example.com" not in text
    assert "ann@example.com" in dump_snapshot(Snapshot("coveo", records=(FULL,)), personal=True)


def test_a_dump_holds_no_value_of_an_unmasked_listing_and_still_matches_exactly(tmp_path: Path) -> None:
    value, secret = coveo_value(1), private_half(2)
    coveo = load_inventory(write(tmp_path, [coveo_key(1, value=value, displayName=f"k {value}")]))
    pairs = load_inventory(write(tmp_path, [pair(2, private_key=secret)]))
    for snapshot, raw in ((coveo, value), (pairs, secret)):
        text = dump_snapshot(snapshot)
        assert raw not in text
        assert raw not in repr(snapshot)
        again = read_inventory(text.encode(), "f")
        assert again.salt == snapshot.salt
        assert [r.digests for r in again.records] == [r.digests for r in snapshot.records]


def test_templates_survive_a_round_trip(tmp_path: Path) -> None:
    export = [{"id": "T", "privacyLevel": "PUBLIC", "privileges": [{"owner": "O", "targetDomain": "D"}]}]
    snapshot = load_inventory(write(tmp_path, export))
    again = read_inventory(dump_snapshot(replace(snapshot, records=(FULL,))).encode(), "f")
    assert again.templates == snapshot.templates


def document(**more: Any) -> bytes:
    head = {"format": "keylint-inventory", "version": 1, "provider": "coveo"}
    return json.dumps({**head, **more}).encode()


def test_an_empty_snapshot_says_that_there_are_no_keys() -> None:
    snapshot = read_inventory(document(keys=[]), "f")
    assert snapshot.listing
    assert snapshot.complete
    assert snapshot.records == ()


def test_a_value_written_by_hand_is_hashed_and_reported() -> None:
    value = coveo_value(4)
    for entry in ({"key_id": "a", "value": value}, {"key_id": "a", "masks": [value]}):
        snapshot = read_inventory(document(keys=[entry]), "f")
        assert snapshot.unmasked == 1
        assert snapshot.records[0].digests
        assert value not in repr(snapshot)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": 2}, "version: expected 1, found 2"),
        ({"version": None}, "version: expected 1, found none"),
        ({"salt": "zz"}, "salt: expected hex digits"),
        ({"keys": [{}]}, "key_id: expected text"),
        ({"keys": [{"key_id": "a", "status": "x"}]}, "status: expected one of enabled"),
        ({"keys": [{"key_id": "a", "privacy": "secret"}]}, "privacy: expected public or private"),
        ({"keys": [{"key_id": "a", "digests": ["sha1:x"]}]}, "digests: expected hmac-sha256"),
        ({"keys": [{"key_id": "a", "masks": 5}]}, "masks: expected a list"),
        ({"keys": [{"key_id": "a", "extra": [1]}]}, "extra: expected pairs"),
        ({"keys": [{"key_id": "a", "extra": 1}]}, "extra: expected pairs"),
        ({"keys": [{"key_id": "a", "exposure": {"severity": "BAD"}}]}, "severity: expected one of CRITICAL"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read_inventory(document(**change), "f")
    assert says in str(caught.value)


def test_format_after_the_keys_is_explained() -> None:
    text = json.dumps({"keys": [{"key_id": "a"}], "format": "keylint-inventory"})
    with pytest.raises(InventoryError, match="stand before"):
        read_inventory(text.encode(), "f")
