"""JSON entry by entry, with the line of each.

The standard parser tells no positions and holds a whole file at once. Here the outer level is walked by
hand over a window of text that moves through the file, and the entries are parsed one at a time with the
same fast scanner, so lines are exact and memory stays small however large a listing is.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Generator, Iterator
from typing import Any, BinaryIO, NoReturn

from keylint.errors import InventoryError

_SPACE = re.compile(r"[ \t\r\n]*")
# Members of an envelope that may hold the entries.
_MEMBERS = ("keys", "items", "data", "results", "api_keys", "apiKeys", "apikeys", "templates")
_ENDS = (",", "]", "}", " ", "\t", "\r", "\n")
_CLOSED = (dict, list, str)  # their last character is their own
MAX_BYTES = 256 * 2**20
_PIECE = 4 * 2**20  # bytes that are read at a time, while what was read so far does not suffice


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


class JsonFile:
    """A listing: a bare array, an envelope object with one, or a single object.

    Iterate it once; `meta` then holds the other members of the envelope, `single` says that the file is
    one entry.
    """

    def __init__(self, stream: BinaryIO, source: str, *, piece: int = _PIECE) -> None:
        self.meta: dict[str, Any] = {}
        self.single = False
        self._window = _Window(stream, source, piece)

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        """Each entry with its 1-based line. Raises InventoryError with line and column."""
        window = self._window
        first = window.sign()
        if not first:
            raise InventoryError(f"{window.source}: the file is empty", hint="save the listing again")
        if first == "[":
            yield from self._array()
        elif first == "{":
            yield from self._envelope()
        else:
            window.fail("expected a JSON array or object")
        if window.sign():
            window.fail("expected the end of the file")

    def _envelope(self) -> Generator[tuple[int, Any], None, None]:
        window = self._window
        start = window.line()
        found = False
        window.step()
        while window.sign() != "}":
            name = self._name()
            if not found and name in _MEMBERS and window.sign() == "[" and window.sign(after=1) in "{]":
                found = True
                yield from self._array()
            else:
                self.meta[name] = window.value()
            self._next("}")
        if not found:
            self.single = True
            yield start, self.meta
        window.step()

    def _array(self) -> Generator[tuple[int, Any], None, None]:
        window = self._window
        window.step()
        while window.sign() != "]":
            line = window.line()
            yield line, window.value()
            self._next("]")
        window.step()

    def _name(self) -> str:
        window = self._window
        if window.sign() != '"':
            window.fail("expected a member name in double quotes")
        name: str = window.value()
        if window.sign() != ":":
            window.fail("expected ':'")
        window.step()
        return name

    def _next(self, end: str) -> None:
        """Past a comma, or at the end sign."""
        window = self._window
        sign = window.sign()
        if sign == end:
            return
        if sign != ",":
            window.fail(f"expected ',' or '{end}'")
        window.step()
        if window.sign() == end:
            window.fail("a comma before the end")


class _Window:
    """The part of the text around the place that is read, and the line and column where it begins."""

    def __init__(self, stream: BinaryIO, source: str, piece: int) -> None:
        self.source = source
        self._input = TextInput(stream, source)
        self._piece = piece
        self._text = ""
        self._at = 0
        self._line = 1  # of the character at _counted
        self._column = 1
        self._counted = 0

    def sign(self, after: int = 0) -> str:
        """The next character that is no blank, at the place or `after` characters further; "" at the end."""
        here = self._text[self._at : self._at + 1]
        if here > " " and not after:  # no blank, which is the usual case
            return here
        while True:
            found = _SPACE.match(self._text, self._at + after)
            at = found.end() if found else self._at + after
            if not after:
                self._at = at
            if at < len(self._text) or not self._more():
                return self._text[at : at + 1]

    def step(self) -> None:
        """Past one character."""
        self._at += 1

    def value(self) -> Any:
        """The value at the place, which is then behind it."""
        self.sign()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._more():
                    continue
                self._at = error.pos
                self.fail(error.msg[0].lower() + error.msg[1:])
            except RecursionError:
                self.fail("nested too deeply")
            except ValueError:  # NaN, or a number of thousands of digits
                self.fail("a number that JSON does not have")
            # What looks like a whole number may go on behind the window.
            if self._text[end : end + 1] in _ENDS or isinstance(value, _CLOSED) or not self._more():
                self._at = end
                return value

    def line(self) -> int:
        """The 1-based line of the place."""
        self._count()
        return self._line

    def fail(self, what: str) -> NoReturn:
        """Raise InventoryError with the place."""
        self._count()
        raise InventoryError(
            f"{self.source}:{self._line}:{self._column}: broken JSON: {what}",
            hint="save the listing again, unchanged",
        ) from None

    def _count(self) -> None:
        """Move line and column on to the place."""
        at = min(self._at, len(self._text))
        lines = self._text.count("\n", self._counted, at)
        if lines:
            self._line += lines
            self._column = at - self._text.rfind("\n", self._counted, at)
        else:
            self._column += at - self._counted
        self._counted = at

    def _more(self) -> bool:
        """Drop what is behind the place and read at least as much again; False at the end of the file."""
        if self._input.ended:
            return False
        self._count()
        rest = self._text[self._at :]
        self._text = rest + self._input.read(max(self._piece, len(rest)))
        self._at = self._counted = 0
        return True


class TextInput:
    """The text of an inventory file, at most `MAX_BYTES`: UTF-16 with a mark, else UTF-8."""

    def __init__(self, stream: BinaryIO, source: str) -> None:
        self.ended = False
        self._stream = stream
        self._source = source
        self._waiting = stream.read(2)
        self._before = 0  # bytes that were turned into text
        self._name = "UTF-16" if self._waiting in (b"\xff\xfe", b"\xfe\xff") else "UTF-8"
        codec = "utf-16" if self._name == "UTF-16" else "utf-8-sig"
        self._codec = codecs.getincrementaldecoder(codec)()

    def read(self, size: int) -> str:
        """The text of the next `size` bytes. Raises InventoryError naming the byte that is no text."""
        data = self._waiting + self._stream.read(size)
        self.ended = len(data) == len(self._waiting)
        self._waiting = b""
        if self._before + len(data) > MAX_BYTES:
            raise InventoryError(f"{self._source}: larger than 256 MiB", hint="split the listing")
        held = len(self._codec.getstate()[0])
        try:
            text = self._codec.decode(data, self.ended)
        except UnicodeDecodeError as error:
            raise InventoryError(
                f"{self._source}: byte {self._before - held + error.start + 1} is not {self._name} text",
                hint="save the listing as UTF-8 JSON",
            ) from None
        self._before += len(data)
        return text

    def whole(self) -> str:
        """All the text that is left."""
        return self.read(MAX_BYTES) + self.read(1)
