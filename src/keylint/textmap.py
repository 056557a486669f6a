"""From bytes to what people see: encodings, lines and columns.

The engine scans UTF-8 or any other ASCII superset as it is; UTF-16 and UTF-32 are transcoded to UTF-8.
Lines end at LF, CRLF or a lone CR, as GitHub's line hash and editors count them. Lines and columns are
1-based, columns count UTF-16 code units, and a byte-order mark takes no column (SARIF 2.1.0, 3.30.2:
https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import NamedTuple

from keylint.latepattern import late
from keylint.records import dataclass

SNIFF_BYTES = 8192  # what git looks at, too
_DECODED_BYTES = 1 << 16

_CONTINUATION = bytes(range(0x80, 0xC0))  # bytes that never begin a UTF-8 character
_FOUR_BYTE_LEADS = bytes(range(0xF0, 0xF8))  # characters above U+FFFF: two UTF-16 code units
_PLAIN_CONTROLS = b"\t\n\r\f\x08\x1b"
_CONTROLS = bytes(set(range(1, 32)) - set(_PLAIN_CONTROLS)) + b"\x7f"

_TWO_UNITS = late("[\U00010000-\U0010ffff]+")
# UTF-32 LE first: its mark begins with the one of UTF-16 LE.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARK_STARTS = frozenset(mark[0] for mark, _ in _MARKS)
_UNIT = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}


@dataclass(frozen=True)
class Coding:
    """How the bytes of one blob are to be read.

    `encoding` is utf-8, utf-16-le, utf-16-be, utf-32-le, utf-32-be or cp1252 (which stands for every
    single-byte encoding); `bom` is the length of the byte-order mark in bytes.
    """

    encoding: str = "utf-8"
    bom: int = 0

    @property
    def unit(self) -> int:
        """Bytes in a code unit if the text must be transcoded for the engine (2 or 4), else 0."""
        return _UNIT.get(self.encoding, 0)

    @property
    def narrow(self) -> bool:
        """Whether every byte that the engine scans is one column."""
        return self.encoding == "cp1252"


_UTF8 = Coding()


def sniff(head: bytes) -> Coding:
    """Tell UTF-16 and UTF-32 from everything else by the first bytes of a blob (SNIFF_BYTES are enough).

    Everything else comes out as utf-8, which `settle` narrows down where it matters.
    """
    if head[:1] and head[0] in _MARK_STARTS:
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return Coding(encoding, len(mark))
    if head.find(b"\0", 0, SNIFF_BYTES) < 0:
        return _UTF8
    return _sniff_utf16(head[:SNIFF_BYTES])


def _sniff_utf16(sample: bytes) -> Coding:
    """UTF-16 without a mark has its NULs on one side: odd positions in LE, even ones in BE."""
    half = max(1, len(sample) // 2)
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    for encoding, empty, other, side in (("utf-16-le", odd, even, 0), ("utf-16-be", even, odd, 1)):
        if empty * 5 < half or empty <= other:
            continue
        text = sample[: 2 * half].decode(encoding, "replace")
        # Characters of two units have NULs where they like, such as U+1F600, the most used face.
        others = _TWO_UNITS.sub("", text).encode(encoding)[side::2].count(0)
        # Tables of small numbers look like UTF-16, too, but are full of control characters.
        if empty > 16 * others and _control_share(text.encode("utf-8")) < 0.02:
            return Coding(encoding)
    return _UTF8


def settle(coding: Coding, data: bytes) -> Coding:
    """Decide between UTF-8 and a single-byte encoding. `data` may end within a character."""
    if coding.encoding != "utf-8" or coding.bom or data.isascii():
        return coding
    return coding if _is_utf8(data) else Coding("cp1252")


def _is_utf8(data: bytes) -> bool:
    """Whether all of it is UTF-8, but for a character that its end may cut. A bit at a time: text takes up to
    four times the memory.
    """
    at = 0
    try:
        while piece := data[at : at + _DECODED_BYTES]:
            used = len(piece) if piece.isascii() else codecs.utf_8_decode(piece, "strict", False)[1]
            if not used:
                break
            at += used
    except UnicodeDecodeError:
        return False
    return True


def is_binary(head: bytes) -> bool:
    """Whether the start of a blob (not of UTF-16 or UTF-32 text) looks like something without lines.

    Text with NUL bytes in between, such as the output of `find -print0`, stays text.
    """
    sample = head[:SNIFF_BYTES]
    nuls = sample.count(0)
    return nuls * 8 > len(sample) or _control_share(sample.replace(b"\0", b"")) > 0.05


def _control_share(sample: bytes) -> float:
    return 1 - len(sample.translate(None, _CONTROLS)) / len(sample) if sample else 0.0


class Transcoder:
    """Turns UTF-16 or UTF-32 into UTF-8, piece by piece; other encodings pass through unchanged.

    One code unit becomes one character for certain, damaged ones included, so that offsets can be mapped
    back. What remains of a unit at the very end is dropped.
    """

    def __init__(self, coding: Coding) -> None:
        self._left = coding.bom if coding.unit else 0
        self._decoder: codecs.IncrementalDecoder | None = None
        if coding.unit:
            errors = "surrogatepass" if coding.unit == 2 else "replace"
            self._decoder = codecs.getincrementaldecoder(coding.encoding)(errors)

    def feed(self, piece: bytes) -> bytes:
        """The UTF-8 form of the next piece."""
        if self._decoder is None:
            return piece
        skip = min(self._left, len(piece))
        self._left -= skip
        return self._decoder.decode(piece[skip:]).encode("utf-8", "surrogatepass")


class Text(NamedTuple):
    """What the engine scans, and how it relates to the original bytes."""

    data: bytes
    coding: Coding


def decode(data: bytes) -> Text:
    """Prepare a whole blob for the engine: no copy unless it is UTF-16 or UTF-32."""
    coding = sniff(data)
    return Text(Transcoder(coding).feed(data), coding) if coding.unit else Text(data, coding)


class Position(NamedTuple):
    """A place in a text: 1-based line and column, and the 0-based offset in the original bytes."""

    line: int
    column: int
    byte_offset: int


class LineCursor:
    """Walks forward over the scanned bytes and counts lines, columns and original bytes in linear time.

    Feed it every byte once, in order; `position` tells the place after what was fed. The text may come in
    pieces of any size, also in the middle of a character or of a CRLF. `coding` may be settled later, as
    long as only ASCII was fed.
    """

    def __init__(self, coding: Coding) -> None:
        self.coding = coding
        # A mark that is still in the scanned bytes takes no column.
        self._column = 1 if coding.unit or not coding.bom else 0
        self._line = 1
        self._bytes = coding.bom if coding.unit else 0
        self._held = b""  # a CR whose LF may be in the next piece

    def copy(self) -> LineCursor:
        """A second cursor at the same place."""
        twin = LineCursor(self.coding)
        twin.__dict__.update(self.__dict__)
        return twin

    def position(self, following: bytes) -> Position:
        """The place after everything that was fed so far; `following` is the next byte, if there is one."""
        if not self._held:
            return Position(self._line, self._column, self._bytes)
        at = self._bytes + (self.coding.unit or 1)
        inside = following == b"\n"  # between CR and LF: still on the line that they end
        return Position(self._line, self._column + 1, at) if inside else Position(self._line + 1, 1, at)

    def feed(self, piece: bytes) -> None:
        """Move on over the next bytes."""
        piece = self._held + piece if self._held else piece
        self._held = b""
        if piece.endswith(b"\r"):
            piece, self._held = piece[:-1], b"\r"
        breaks, last = _line_breaks(piece)
        self._line += breaks
        self._column = 1 + self._units(piece[last:]) if breaks else self._column + self._units(piece)
        self._bytes += self._original(piece)

    def _units(self, piece: bytes) -> int:
        """UTF-16 code units. Counted by byte classes, so that a piece may end within a character."""
        if self.coding.narrow or piece.isascii():
            return len(piece)
        doubles = len(piece) - len(piece.translate(None, _FOUR_BYTE_LEADS))
        return _characters(piece) + doubles

    def _original(self, piece: bytes) -> int:
        unit = self.coding.unit
        if not unit:
            return len(piece)
        return 2 * self._units(piece) if unit == 2 else 4 * _characters(piece)


def _characters(piece: bytes) -> int:
    return len(piece.translate(None, _CONTINUATION))


def length(coding: Coding, piece: bytes) -> int:
    """The number of characters in a piece of the scanned bytes."""
    return len(piece) if coding.narrow else _characters(piece)


def line_edges(data: bytes, start: int, end: int, reach: int) -> tuple[int, int, bool]:
    """Where the line around `start:end` begins and ends, looking at most `reach` bytes to either side.

    The third value says whether both ends of the line are within reach; what is not is cut there.
    """
    floor, ceiling = max(0, start - reach), min(len(data), end + reach)
    low = max(data.rfind(b"\n", floor, start), data.rfind(b"\r", floor, start)) + 1
    ends = [at for at in (data.find(b"\n", end, ceiling), data.find(b"\r", end, ceiling)) if at >= 0]
    whole = bool(low or not floor) and bool(ends or ceiling == len(data))
    return max(low, floor), min(ends, default=ceiling), whole


def _line_breaks(piece: bytes) -> tuple[int, int]:
    """The number of line ends in a piece, and the offset after the last one."""
    breaks, last = piece.count(b"\n"), piece.rfind(b"\n")
    if b"\r" in piece:  # a question that takes a tenth of the time of counting
        breaks += piece.count(b"\r") - piece.count(b"\r\n")
        last = max(last, piece.rfind(b"\r"))
    return breaks, last + 1


def locate(cursor: LineCursor, data: bytes, start: int, offsets: Iterable[int]) -> dict[int, Position]:
    """The positions of some offsets in `data`, where `cursor` stands at `start`; no offset is before it.

    Linear in the distance to the last offset, however many there are.
    """
    found: dict[int, Position] = {}
    here = start
    for offset in sorted(set(offsets)):
        cursor.feed(data[here:offset])
        here = offset
        found[offset] = cursor.position(data[offset : offset + 1])
    return found
