"""Hand-written inventories in TOML."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from keylint.errors import InventoryError
from keylint.inventory import load_inventory
from keylint.model import KeyStatus, Privacy, Privilege

TEXT = """
provider = "stripe"
organization = "acme"

[[keys]]
key_id = "checkout"
label = "Checkout page"
masks = ["pk_live_...ab12"]
privacy = "public"
status = "enabled"
owner = "payments team"
created = 2026-01-31T09:00:00Z

[[keys]]
provider = "algolia"
key_id = "indexer"
masks = ["****************************9f3e"]
privileges = ["addObject", "SEARCH_API/IMPERSONATE"]
expires = 2027-03-01
"""


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "keys.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_keys_of_several_providers_are_read_with_their_lines(tmp_path: Path) -> None:
    snapshot = load_inventory(write(tmp_path, TEXT))
    first, second = snapshot.records
    assert (first.provider, first.key_id, first.owner, first.line) == (
        "stripe",
        "checkout",
        "payments team",
        5,
    )
    assert first.privacy is Privacy.PUBLIC
    assert first.status is KeyStatus.ENABLED
    assert first.created == dt.datetime(2026, 1, 31, 9, tzinfo=dt.timezone.utc)
    assert (second.provider, second.line) == ("algolia", 14)
    assert second.privileges == (Privilege("", "addObject"), Privilege("SEARCH_API", "IMPERSONATE"))
    assert second.expires is not None and second.expires.date() == dt.date(2027, 3, 1)
    assert snapshot.complete


def test_a_partial_inventory_says_so(tmp_path: Path) -> None:
    snapshot = load_inventory(write(tmp_path, "complete = false\n" + TEXT))
    assert not snapshot.complete


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keys = ", "not valid TOML"),
        ("keys = 3", "keys: expected"),
        ("[[keys]]\nlabel = 'x'", "key_id"),
        ("[[keys]]\nkey_id = 'x'\nstatus = 'dead'", "status"),
        ("[[keys]]\nkey_id = 'x'\nprivacy = 'maybe'", "privacy"),
    ],
)
def test_a_mistake_names_file_and_member(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InventoryError, match=words) as caught:
        load_inventory(path)
    assert path in str(caught.value)
    assert "\n" not in str(caught.value)
