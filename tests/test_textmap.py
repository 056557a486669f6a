"""Encodings, lines and columns."""

from __future__ import annotations

import codecs
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.textmap import Coding, LineCursor, Position, Transcoder, decode, is_binary, locate, settle, sniff

TEXT = 'API_URL = "https://example.com/ünïcode"\r\nNAME = "😀"\nplain = ascii\n'
BOMS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize("encoding", BOMS)
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    mark = BOMS[encoding]
    assert sniff(mark + TEXT.encode(encoding)) == Coding(encoding, len(mark))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_told_by_its_nuls(encoding: str) -> None:
    assert sniff(TEXT.encode(encoding)) == Coding(encoding)
    assert sniff(("日本語のコメント " * 5 + TEXT).encode(encoding)) == Coding(encoding)
    assert sniff(("\U0001f600" * 30 + TEXT).encode(encoding)) == Coding(encoding)  # ends in a NUL byte


def test_text_with_a_few_nuls_is_text_and_stays_as_it_is() -> None:
    data = b"HOME=/root\0PATH=/bin:/usr/bin\0TOKEN=abc\0"
    assert sniff(data) == Coding()
    assert decode(data).data is data
    assert not is_binary(data)


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 40,
        b"\x7fELF\x02\x01\x01" + bytes(57),
        random.Random(1).randbytes(5000),
        b"".join(n.to_bytes(2, "little") for n in range(4000)),
        b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(100),
    ],
    ids=["all bytes", "ELF header", "random", "numbers of 16 bits", "PNG"],
)
def test_binary_data_is_neither_text_nor_utf16(data: bytes) -> None:
    assert not sniff(data).unit
    assert is_binary(data)


def test_coloured_logs_and_empty_files_are_text() -> None:
    assert not is_binary(b"\x1b[31merror\x1b[0m\r\n\f")
    assert not is_binary(b"")


def test_bytes_that_are_not_utf8_count_one_column_each() -> None:
    assert settle(Coding(), "schön".encode("latin-1")) == Coding("cp1252")
    assert settle(Coding(), "schön".encode()) == Coding()
    assert settle(Coding(), "schön".encode()[:4]) == Coding(), "a character cut by the end is no error"
    assert settle(Coding("utf-16-le"), b"") == Coding("utf-16-le")


def test_utf8_is_not_copied() -> None:
    data = TEXT.encode()
    assert decode(data).data is data


def test_an_odd_byte_at_the_end_of_utf16_is_dropped() -> None:
    assert decode(codecs.BOM_UTF16_LE + "abc".encode("utf-16-le") + b"x").data == b"abc"


def test_damaged_utf16_and_utf32_keep_their_offsets() -> None:
    lone = codecs.BOM_UTF16_BE + b"\xd8\x00\x00A\xdc\x00\x00B"
    text = decode(lone)
    assert locate(LineCursor(text.coding), text.data, 0, [len(text.data)]) == {
        len(text.data): Position(1, 5, len(lone))
    }
    beyond = codecs.BOM_UTF32_LE + b"\xff\xff\xff\xff" + "A".encode("utf-32-le")
    text = decode(beyond)
    assert text.data == "\ufffdA".encode()
    assert locate(LineCursor(text.coding), text.data, 0, [3])[3].byte_offset == 8


def reference(text: str, index: int) -> tuple[int, int]:
    """Line and column of a character, the slow way."""
    before = text[:index]
    if before.endswith("\r") and text[index : index + 1] == "\n":
        before = before[:-1] + "x"
    before = before.replace("\r\n", "\n").replace("\r", "\n")
    line = before[before.rfind("\n") + 1 :]
    return before.count("\n") + 1, len(line.encode("utf-16-le")) // 2 + 1


CHARS = st.sampled_from("ab\t\r\né😀語\u2028\x0b\x85")


@given(
    st.text(CHARS, max_size=60),
    st.sampled_from(sorted(BOMS)),
    st.booleans(),
    st.integers(1, 7),
    st.data(),
)
def test_every_offset_has_the_line_and_column_that_people_see(
    text: str, encoding: str, mark: bool, step: int, data: st.DataObject
) -> None:
    mark = mark or encoding.startswith("utf-32")
    bom = BOMS[encoding] if mark else b""
    coding = Coding(encoding, len(bom))
    original = bom + text.encode(encoding)
    transcoder = Transcoder(coding)
    scanned = b"".join(transcoder.feed(original[i : i + step]) for i in range(0, len(original), step))
    index = data.draw(st.integers(0, len(text)))
    shift = len(bom) if not coding.unit else 0
    offset = shift + len(text[:index].encode())
    offsets = [offset, *data.draw(st.lists(st.integers(shift, len(scanned)), max_size=5))]
    position = locate(LineCursor(coding), scanned, 0, offsets)[offset]
    assert position[:2] == reference(text, index)
    assert position.byte_offset == len(bom) + len(text[:index].encode(encoding))


def test_a_cr_is_a_line_end_whatever_piece_brings_what_follows() -> None:
    for pieces, expected in (
        ([b"a\r", b"\nb"], (2, 2)),
        ([b"a\r", b"b"], (2, 2)),
        ([b"a\r", b"\r", b"\n", b"b"], (3, 2)),
    ):
        cursor = LineCursor(Coding())
        for piece in pieces:
            cursor.feed(piece)
        assert cursor.position(b"")[:2] == expected


def test_a_copy_walks_alone() -> None:
    cursor = LineCursor(Coding())
    cursor.feed(b"a\nb")
    twin = cursor.copy()
    twin.feed(b"\nccc")
    assert cursor.position(b"") == (2, 2, 3)
    assert twin.position(b"") == (3, 4, 7)


def test_a_place_between_cr_and_lf_belongs_to_the_line_they_end() -> None:
    assert locate(LineCursor(Coding()), b"ab\r\ncd", 0, [2, 3, 4]) == {
        2: Position(1, 3, 2),
        3: Position(1, 4, 3),
        4: Position(2, 1, 4),
    }


def test_many_places_on_one_long_line_take_linear_time() -> None:
    line = "é" * 2_500_000
    offsets = list(range(0, len(line), 500))
    started = time.process_time()
    positions = locate(LineCursor(Coding()), line.encode(), 0, [2 * offset for offset in offsets])
    assert [positions[2 * offset].column for offset in offsets] == [offset + 1 for offset in offsets]
    assert time.process_time() - started < 2


@pytest.mark.parametrize("cut", range(4))
def test_a_long_text_is_utf_8_wherever_it_is_cut_and_not_with_one_wrong_byte(cut: int) -> None:
    text = ("ä€😀" * 30_000).encode()
    text = text[: len(text) - cut]
    assert settle(Coding("utf-8"), text) == Coding("utf-8")
    for at in (0, 65_535, 65_536, len(text) // 2):
        assert settle(Coding("utf-8"), text[:at] + b"\xff" + text[at:]) == Coding("cp1252")
