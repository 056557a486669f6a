from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.errors import InventoryError
from keylint.inventory import load, load_inventory, read_inventory
from tests.inventory.samples import coveo_key, coveo_value, pair, write

KEY = json.dumps(coveo_key(1))


def read(text: str | bytes) -> InventoryError:
    """The error that this content gives."""
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(InventoryError) as caught:
        read_inventory(data, "f.json")
    return caught.value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "f.json: the file is empty"),
        (" \n ", "f.json: the file is empty"),
        ("[]", "f.json: the list is empty"),
        ('{"items": []}', "f.json: the list is empty"),
        ("[1]", "f.json:1: not an inventory"),
        ("[null]", "f.json:1: not an inventory"),
        ('{"a": 1}', "f.json:1: not an inventory"),
        ('[\n  {"id": "a",\n  "x" 1}]', "f.json:3:7: broken JSON: expecting ':' delimiter"),
        ('[{"id": "a"', "f.json:1:12: broken JSON"),
        (f"[{KEY}, ", "broken JSON: expecting value"),
        (f"[{KEY},]", "broken JSON: a comma before the end"),
        (f"[{KEY} 2]", "broken JSON: expected ',' or ']'"),
        ("[] x", "f.json:1:4: broken JSON: expected the end of the file"),
        ("{1: 2}", "f.json:1:2: broken JSON: expected a member name"),
        ('{"a" 2}', "f.json:1:6: broken JSON: expected ':'"),
        ("hello", "f.json:1:1: broken JSON: expected a JSON array or object"),
        ("[NaN]", "a number that JSON does not have"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"a": ' + "9" * 10_000 + "}]", "f.json:1"),
        (b'["\xff"]', "f.json: byte 3 is not UTF-8 text"),
    ],
)
def test_a_broken_file_gives_one_line_with_place_and_expectation(text: str | bytes, says: str) -> None:
    error = read(text)
    assert says in str(error)
    assert "\n" not in str(error)
    assert error.hint


def test_broken_json_after_good_entries_is_reported_where_it_breaks() -> None:
    text = json.dumps([coveo_key(1), coveo_key(2)], indent=1)
    cut = text[: text.rindex('"organizationId"')]
    assert f"f.json:{cut.count(chr(10)) + 1}:" in str(read(cut))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(encoding: str) -> None:
    data = json.dumps([coveo_key(1, displayName="Clé")], ensure_ascii=False).encode(encoding)
    assert read_inventory(data, "f").records[0].label == "Clé"


@pytest.mark.parametrize("indent", [None, 0, 4])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("envelope", [False, True])
def test_each_record_knows_its_line(indent: int | None, newline: str, envelope: bool) -> None:
    keys = [coveo_key(n, description='a "quoted" } ] text') for n in range(5)]
    text = json.dumps({"note": ["x"], "items": keys} if envelope else keys, indent=indent)
    lines = text.split("\n")
    for record in read_inventory(text.replace("\n", newline).encode(), "f").records:
        start = next(n for n, line in enumerate(lines, 1) if f'"{record.key_id}"' in line)
        # The id is the first member: it stands on the entry's first line, or on the next.
        assert record.line in (start, start - 1)
        assert "{" in lines[record.line - 1]


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.json", tmp_path):
        with pytest.raises(InventoryError) as caught:
            load_inventory(path)
        assert str(path) in str(caught.value)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        os.truncate(file.fileno(), load.MAX_BYTES + 1)
    with pytest.raises(InventoryError, match="256 MiB"):
        load_inventory(path)


def test_entries_of_another_kind_in_between_are_refused() -> None:
    assert "f.json:2: id" in str(read(json.dumps([coveo_key(1)])[:-1] + ',\n{"public_key": "x"}]'))
    assert "entry: expected an object" in str(read(json.dumps([pair(1), 5])))


def test_two_loads_use_different_salts(tmp_path: Path) -> None:
    path = write(tmp_path, [coveo_key(1, value=coveo_value(1))])
    one, other = load_inventory(path), load_inventory(path)
    assert one.records[0].digests != other.records[0].digests


@given(st.binary(max_size=300))
def test_any_bytes_give_a_snapshot_or_a_clear_error(data: bytes) -> None:
    try:
        read_inventory(data, "f")
    except InventoryError as error:
        assert "\n" not in str(error)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from([*sorted(coveo_key(1)), "additionalConfiguration", "exposureReport", "createdDate"]),
    _json,
)
def test_any_json_in_any_member_gives_a_snapshot_or_a_clear_error(member: str, value: object) -> None:
    text = json.dumps([coveo_key(1, **{member: value})])
    try:
        assert len(read_inventory(text.encode(), "f").records) == 1
    except InventoryError as error:
        assert str(error).startswith("f")


def test_privileges_nested_without_end_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    nested = "[" * 900 + "]" * 900
    path.write_text(f'[{{"id": "a", "displayName": "x", "status": "ENABLED", "privileges": {nested}}}]')
    with pytest.raises(InventoryError, match=r"privileges: expected|nested too deeply"):
        load.load_inventory(path)
