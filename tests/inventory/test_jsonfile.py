"""Listings are read through a window that moves: what comes out does not depend on its size."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.errors import InventoryError
from keylint.inventory.jsonfile import JsonFile

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=5)


def read(data: bytes, piece: int) -> tuple[list[tuple[int, Any]], dict[str, Any]]:
    document = JsonFile(io.BytesIO(data), "f.json", piece=piece)
    return list(document), document.meta


@given(entries=ENTRIES, piece=st.integers(1, 40), indent=st.sampled_from([None, 0, 2]), plain=st.booleans())
def test_an_array_is_read_whatever_the_window(
    entries: list[Any], piece: int, indent: int | None, plain: bool
) -> None:
    text = json.dumps(entries, indent=indent, ensure_ascii=plain)
    found, _ = read(text.encode("utf-8", "replace"), piece)
    assert found == read(text.encode("utf-8", "replace"), 1 << 20)[0]
    assert [value for _, value in found] == json.loads(text.encode("utf-8", "replace"))


@given(meta=st.dictionaries(st.sampled_from("abc"), SCALARS), entries=ENTRIES, piece=st.integers(1, 9))
def test_an_envelope_is_read_whatever_the_window(
    meta: dict[str, Any], entries: list[Any], piece: int
) -> None:
    text = json.dumps({**meta, "keys": entries, "total": 12.5e3}, indent=1)
    found, rest = read(text.encode(), piece)
    assert [value for _, value in found] == entries
    assert rest == {**meta, "total": 12.5e3}


@given(prefix=st.sampled_from(["", "\n", " \n\n"]), count=st.integers(1, 6), piece=st.integers(1, 30))
def test_lines_are_counted_across_windows(prefix: str, count: int, piece: int) -> None:
    text = prefix + "[" + ",".join('\n{"id":\n 1}' for _ in range(count)) + "]"
    lines = [line for line, _ in read(text.encode(), piece)[0]]
    first = prefix.count("\n") + 2
    assert lines == [first + 2 * number for number in range(count)]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_characters_may_be_cut_by_the_window(piece: int, encoding: str) -> None:
    entries = [{"name": "Clé \U0001f511"}, {"name": "鍵"}]
    data = json.dumps(entries, ensure_ascii=False).encode(encoding)
    assert [value for _, value in read(data, piece)[0]] == entries


@pytest.mark.parametrize("piece", [1, 5, 1 << 20])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'[{"a": 1},\n {"b" 2}]', "f.json:2:7: broken JSON: expecting ':' delimiter"),
        (b'[{"a": 1},\n {"b": 2}}', "f.json:2:10: broken JSON: expected ',' or ']'"),
        (b'[{"a": 1},\n {"b": 2', "f.json:2:9: broken JSON: expecting ',' delimiter"),
        (b'[{"a": 1}]\n\n  x', "f.json:3:3: broken JSON: expected the end of the file"),
        (b'[{"a": "\xff"}]', "f.json: byte 9 is not UTF-8 text"),
    ],
)
def test_the_place_of_an_error_is_the_same_whatever_the_window(data: bytes, message: str, piece: int) -> None:
    with pytest.raises(InventoryError) as caught:
        read(data, piece)
    assert caught.value.message == message
