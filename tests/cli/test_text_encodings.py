"""Text as it comes: whatever the encoding, the key is found, and its place cut from the file is the key."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.cli import call_keylint
from tests.helpers.make import coveo_key

KEY = coveo_key(11)
TEXT = f"première ligne \u2013 “prix”\nconst a = 1;\n  const 🔑 = '{KEY}'; // fin\nlast\n"
NARROW = f"première ligne\nconst a = 1;\n  clé = '{KEY}'; // fin\nlast\n"

ENCODED = {
    "utf-8": TEXT.encode(),
    "utf-8 with mark": codecs.BOM_UTF8 + TEXT.encode(),
    "utf-16-le with mark": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "utf-16-be with mark": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "utf-16-le": TEXT.encode("utf-16-le"),
    "utf-16-be": TEXT.encode("utf-16-be"),
    "latin-1": NARROW.encode("latin-1"),
    "cp1252": NARROW.replace("première", "“première”").encode("cp1252"),
    "crlf": TEXT.replace("\n", "\r\n").encode(),
    "cr": TEXT.replace("\n", "\r").encode(),
    "crlf utf-16": codecs.BOM_UTF16_LE + TEXT.replace("\n", "\r\n").encode("utf-16-le"),
}


def places(path: Path | str, **more: Any) -> list[dict[str, Any]]:
    done = call_keylint("scan", path, "--format", "json", **more)
    assert done.status == 0, done
    [finding] = done.findings
    assert finding["key"]["mask"].endswith(KEY[-4:])
    found: list[dict[str, Any]] = finding["places"]
    return found


def lines_of(data: bytes, encoding: str) -> list[str]:
    """The lines of a file as an editor shows them, without byte-order mark and line ends."""
    text = data.decode(encoding).removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def cut(lines: list[str], place: dict[str, Any]) -> str:
    """The region of a place, cut from the lines; columns count UTF-16 code units."""
    assert place["line"] == place["end_line"]
    units = lines[place["line"] - 1].encode("utf-16-le")
    return units[2 * place["column"] - 2 : 2 * place["end_column"] - 2].decode("utf-16-le")


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("way", ["file", "stdin"])
def test_the_key_is_found_at_its_line_and_column(tmp_path: Path, name: str, way: str) -> None:
    data = ENCODED[name]
    (tmp_path / "f.txt").write_bytes(data)
    [place] = places(tmp_path / "f.txt") if way == "file" else places("-", stdin=data)
    encoding = "utf-16-le" if "utf-16-le" in name or name == "crlf utf-16" else name.split(" ", maxsplit=1)[0]
    encoding = {"crlf": "utf-8", "cr": "utf-8"}.get(encoding, encoding)
    assert place["line"] == 3
    assert cut(lines_of(data, encoding), place) == KEY
    raw = KEY.encode(encoding if encoding.startswith("utf-16") else "ascii")
    assert data[place["byte_offset"] :].startswith(raw)


@pytest.mark.parametrize("padding", ["", "\n", "\r\n", ";\n" * 5000, "é" * 300 + "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16"])
def test_a_key_at_the_first_and_at_the_last_byte(tmp_path: Path, padding: str, encoding: str) -> None:
    for text, line in ((KEY + padding, 1), (padding + KEY, 1 + padding.count("\n"))):
        data = text.encode(encoding)
        (tmp_path / "f.txt").write_bytes(data)
        [place] = places(tmp_path / "f.txt")
        assert (place["line"], place["column"], place["end_column"]) == (line, 1, 1 + len(KEY))


def test_nuls_in_between_hide_nothing(tmp_path: Path) -> None:
    data = b"first\0line\n\0\0" + f"k = {KEY}\n".encode() + b"\0" * 50
    (tmp_path / "f.txt").write_bytes(data)
    [place] = places(tmp_path / "f.txt")
    assert place["byte_offset"] == data.index(KEY.encode())


def test_a_nul_late_in_a_long_text_hides_nothing(tmp_path: Path) -> None:
    data = b"line\n" * 20_000 + b"\0\n" + f"k = {KEY}\n".encode() + b"more\n" * 100
    (tmp_path / "f.txt").write_bytes(data)
    [place] = places(tmp_path / "f.txt")
    assert place["byte_offset"] == data.index(KEY.encode())


@pytest.mark.parametrize("at", ["first", "middle", "last"])
def test_a_line_of_five_megabytes(tmp_path: Path, at: str) -> None:
    filler = "é,1;" * 600_000
    text = {"first": KEY + ";" + filler, "middle": f"{filler};{KEY};{filler}", "last": f"{filler};{KEY}"}[at]
    (tmp_path / "f.js").write_text("//\n" + text, encoding="utf-8")
    [place] = places(tmp_path / "f.js")
    assert place["line"] == 2
    assert cut(["//", text], place) == KEY
    assert len(place["snippet"]) <= 200


PIECE = 8 << 20  # files over this size are read in pieces


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("shift", [-37, -20, 0])
def test_a_key_across_a_read_boundary(tmp_path: Path, encoding: str, shift: int) -> None:
    width = 2 if encoding != "utf-8" else 1
    for boundary in (PIECE, 2 * PIECE, 64 << 20) if shift == -20 else (PIECE,):
        start = boundary // width + shift
        line = "0123456789abcde\n"
        head = (line * (start // len(line) + 1))[:start]
        total = (64 << 20) // width + 1000  # large enough to be read in pieces
        tail = "\n" + line * max(1, (total - start) // len(line))
        path = tmp_path / "f.txt"
        path.write_bytes((head + " " + KEY + tail).encode(encoding))
        [place] = places(path)
        assert place["line"] == head.count("\n") + 1
        assert place["column"] == len(head) - head.rfind("\n") - 1 + 2
        assert place["byte_offset"] == (start + 1) * width


def test_every_offset_around_small_pieces_gives_the_key_once(tmp_path: Path) -> None:
    """The same as above with pieces small enough to try every offset."""
    import io

    from keylint.examine import Examiner
    from keylint.model import Origin, Surface
    from keylint.rulecache import load_engine
    from keylint.secret import Blob

    examiner = Examiner(load_engine(()), piece_bytes=4096)
    for start in range(4096 - 60, 4096 + 60):
        data = b"x\n" * (start // 2) + b" " * (start % 2) + KEY.encode() + b"\n" * 9000
        blob = Blob(Origin(Surface.TREE, "f"), b"", len(data), lambda data=data: io.BytesIO(data))  # type: ignore[misc]
        [match] = examiner.examine(blob).matches
        assert match.location.byte_offset == start
        assert match.location.line == start // 2 + 1


def test_the_percent_form_of_a_key_is_the_same_key(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(f"fetch('https://x.example/?access_token={KEY.replace('-', '%2D')}')\n")
    (tmp_path / "b.js").write_text(f"fetch(u, {{headers: {{Authorization: 'Bearer {KEY}'}}}})\n")
    done = call_keylint("scan", tmp_path, "--format", "json")
    assert len({finding["key"]["fingerprint"] for finding in done.findings}) == 1
    assert len(done.findings) == 2
