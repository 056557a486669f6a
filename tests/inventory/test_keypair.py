from __future__ import annotations

from pathlib import Path

import pytest

from keylint.errors import InventoryError
from keylint.inventory import load_inventory
from keylint.model import KeyStatus, Level, Privacy
from keylint.secret import Secret
from tests.inventory.samples import pair, private_half, public_half, write


@pytest.mark.parametrize("member", [None, "items", "data", "results", "api_keys", "keys"])
def test_a_bare_array_and_every_envelope_is_read(tmp_path: Path, member: str | None) -> None:
    content = [pair(1)] if member is None else {"total": 1, member: [pair(1)]}
    snapshot = load_inventory(write(tmp_path, content))
    assert snapshot.provider == "keypair"
    assert snapshot.complete
    assert [(r.half, r.privacy, r.key_id) for r in snapshot.records] == [
        ("public", Privacy.PUBLIC, "pair1"),
        ("private", Privacy.PRIVATE, "pair1"),
    ]


def test_the_public_half_is_hashed_for_exact_matching_without_a_problem(tmp_path: Path) -> None:
    snapshot = load_inventory(write(tmp_path, [pair(1)]))
    public, private = snapshot.records
    assert public.digests == (Secret(public_half(1).encode()).digest(snapshot.salt),)
    assert private.digests == ()
    assert private.masks == ("sk" + "_live_..." + private_half(1)[-4:],)
    assert snapshot.problems == ()
    assert snapshot.unmasked == 0


@pytest.mark.parametrize("member", ["private_key", "private_key_display"])
def test_a_private_half_in_the_listing_is_hashed_and_reported(tmp_path: Path, member: str) -> None:
    value = private_half(1)
    snapshot = load_inventory(write(tmp_path, [pair(1, **{member: value, "description": f"is {value}!"})]))
    private = snapshot.records[1]
    assert private.digests == (Secret(value.encode()).digest(snapshot.salt),)
    assert private.unmasked
    assert [(p.code, p.level) for p in snapshot.problems] == [("unmasked-inventory", Level.ERROR)]
    assert value not in repr(snapshot)


@pytest.mark.parametrize(
    ("revoked", "at", "status", "odd"),
    [
        (False, None, KeyStatus.ENABLED, False),
        (None, None, KeyStatus.ENABLED, False),
        (True, "2024-01-01T00:00:00Z", KeyStatus.REVOKED, False),
        (True, None, KeyStatus.REVOKED, True),
        (False, "2024-01-01T00:00:00Z", KeyStatus.UNKNOWN, True),
        (None, "2024-01-01T00:00:00Z", KeyStatus.UNKNOWN, True),
    ],
)
def test_is_revoked_decides_and_a_date_that_disagrees_is_reported(
    tmp_path: Path, revoked: bool | None, at: str | None, status: KeyStatus, odd: bool
) -> None:
    snapshot = load_inventory(write(tmp_path, [pair(1, is_revoked=revoked, revoked_at=at)]))
    assert {r.status for r in snapshot.records} == {status}
    assert bool(snapshot.problems) is odd


def test_an_entry_without_any_value_or_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="public_key"):
        load_inventory(write(tmp_path, [{"id": "a", "public_key": None}]))
    with pytest.raises(InventoryError, match=":2: id: expected text"):
        load_inventory(write(tmp_path, [pair(1, id="")]))


def test_paging_counts_pairs_and_not_halves(tmp_path: Path) -> None:
    assert not load_inventory(write(tmp_path, {"data": [pair(1), pair(2)], "total": 3})).complete
    assert load_inventory(write(tmp_path, {"data": [pair(1), pair(2)], "total": 2})).complete
