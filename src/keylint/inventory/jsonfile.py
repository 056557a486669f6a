"""JSON entry by entry, with the line of each.

The standard parser tells no positions and holds a whole file at once. Here the outer level is walked by
hand and the entries are parsed one at a time with the same fast scanner, so lines are exact and memory
stays small.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from typing import Any, NoReturn

from keylint.errors import InventoryError

_SPACE = re.compile(r"[ \t\r\n]*")
# Members of an envelope that may hold the entries.
_MEMBERS = ("keys", "items", "data", "results", "api_keys", "apiKeys", "apikeys", "templates")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


class JsonFile:
    """A listing: a bare array, an envelope object with one, or a single object.

    Iterate it once; `meta` then holds the other members of the envelope, `single` says that the file is
    one entry.
    """

    def __init__(self, text: str, source: str) -> None:
        self.meta: dict[str, Any] = {}
        self.single = False
        self._text = text
        self._source = source
        self._counted = 0
        self._line = 1

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        """Each entry with its 1-based line. Raises InventoryError with line and column."""
        at = self._skip(0)
        first = self._text[at : at + 1]
        if not first:
            raise InventoryError(f"{self._source}: the file is empty", hint="save the listing again")
        if first == "[":
            at = yield from self._array(at)
        elif first == "{":
            at = yield from self._envelope(at)
        else:
            self._fail("expected a JSON array or object", at)
        if at != len(self._text):
            self._fail("expected the end of the file", at)

    def _envelope(self, start: int) -> Generator[tuple[int, Any], None, int]:
        found = False
        at = self._skip(start + 1)
        while self._text[at : at + 1] != "}":
            name, at = self._name(at)
            if not found and name in _MEMBERS and self._text[at : at + 1] == "[" and self._holds_objects(at):
                found = True
                at = yield from self._array(at)
            else:
                self.meta[name], at = self._value(at)
            at = self._next(at, "}")
        if not found:
            self.single = True
            yield self._line_of(start), self.meta
        return self._skip(at + 1)

    def _holds_objects(self, at: int) -> bool:
        inside = self._skip(at + 1)
        return self._text[inside : inside + 1] in ("{", "]", "")

    def _array(self, at: int) -> Generator[tuple[int, Any], None, int]:
        at = self._skip(at + 1)
        while self._text[at : at + 1] != "]":
            line = self._line_of(at)
            value, at = self._value(at)
            yield line, value
            at = self._next(at, "]")
        return self._skip(at + 1)

    def _name(self, at: int) -> tuple[str, int]:
        if self._text[at : at + 1] != '"':
            self._fail("expected a member name in double quotes", at)
        name, at = self._value(at)
        if self._text[at : at + 1] != ":":
            self._fail("expected ':'", at)
        return name, self._skip(at + 1)

    def _value(self, at: int) -> tuple[Any, int]:
        try:
            value, end = _DECODER.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            self._fail(error.msg[0].lower() + error.msg[1:], error.pos)
        except RecursionError:
            self._fail("nested too deeply", at)
        except ValueError:  # NaN, or a number of thousands of digits
            self._fail("a number that JSON does not have", at)
        return value, self._skip(end)

    def _next(self, at: int, end: str) -> int:
        """Past a comma, or at the end sign."""
        sign = self._text[at : at + 1]
        if sign == end:
            return at
        if sign != ",":
            self._fail(f"expected ',' or '{end}'", at)
        at = self._skip(at + 1)
        if self._text[at : at + 1] == end:
            self._fail("a comma before the end", at)
        return at

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _line_of(self, at: int) -> int:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def _fail(self, what: str, at: int) -> NoReturn:
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        raise InventoryError(
            f"{self._source}:{line}:{column}: broken JSON: {what}", hint="save the listing again, unchanged"
        ) from None
