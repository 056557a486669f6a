"""One line of context around a key, with every key in it hidden.

Hidden are all matches of the blob, allowed ones and parts of longer ones included, and wherever else the
bytes of a found secret stand: as they are, percent-encoded, in hexadecimal or in base64.
"""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from keylint.latepattern import late
from keylint.textmap import Coding, line_edges

MAX_SNIPPET = 160  # characters
STARS = "********"
_CONTEXT = 64  # bytes on either side of the secret
_REACHES = (32, 64, 128, 512)  # bytes: forms of these lengths at most are sought so far around a place
_NEEDLE = _REACHES[-1]  # bytes: longer forms of a secret are sought in parts
_MAX_NEEDLES = 1000  # a blob with more shows no context: seeking them all would take too long
_MIN_PASSWORD = 4  # bytes: hiding every "a" would hide nothing
_SHORT = 8  # bytes: encoded forms and lines that are shorter than this say nothing
_CUT = "…"
_NOT_ALPHANUMERIC = late(rb"(?s)[^0-9A-Za-z]")


class Mask(NamedTuple):
    """A stretch of the scanned bytes (offsets, end exclusive) and what is shown in its place."""

    start: int
    end: int
    text: str


class Needles:
    """The forms of every secret found so far in a blob."""

    def __init__(self) -> None:
        # By their lengths, and as Latin-1: for bytes, `in` would first try to read them as a number.
        self._forms: dict[int, set[str]] = {reach: set() for reach in _REACHES}
        self._values: set[bytes] = set()
        self._added: set[tuple[bytes, bytes]] = set()
        self._number = 0  # of forms

    def add(self, raw: bytes, value: bytes) -> None:
        """Note a secret: its bytes as written and its canonical value."""
        if self.too_many or (raw, value) in self._added:
            return
        self._added.add((raw, value))
        for secret in (raw, value, *_passwords(raw, value)):
            if secret not in self._values and not self.too_many:
                self._values.add(secret)
                for reach, forms in _needles(secret):
                    self._forms[reach].update(forms)
                self._number = sum(map(len, self._forms.values()))

    @property
    def too_many(self) -> bool:
        """Whether there are so many that context cannot be shown."""
        return self._number > _MAX_NEEDLES

    def within(self, data: bytes, start: int, end: int) -> list[Mask]:
        """Every place between two offsets, or across one of them, where a known form stands."""
        found = []
        for reach, forms in self._forms.items():
            low = max(0, start - reach)
            region = data[low : end + reach].decode("latin-1")
            for form in [form for form in forms if form in region]:
                at = region.find(form)
                while at >= 0:
                    found.append(Mask(low + at, low + at + len(form), STARS))
                    at = region.find(form, at + 1)
        return found

    def scrub(self, text: str) -> str:
        """A finished text without any known form in it."""
        for form in chain.from_iterable(self._forms.values()):
            text = text.replace(form.encode("latin-1").decode("utf-8", "replace"), STARS)
        return text


def _passwords(*values: bytes) -> Iterable[bytes]:
    """The passwords inside addresses such as `scheme://user:password@host`: each is a secret of its own."""
    for value in values:
        credentials = value.partition(b"://")[2].rpartition(b"@")[0]
        password = credentials.partition(b":")[2]
        if len(password) >= _MIN_PASSWORD:
            yield password


@lru_cache(maxsize=4096)  # versions of one file hold the same secrets
def _needles(secret: bytes) -> tuple[tuple[int, frozenset[str]], ...]:
    """The forms of a secret by their reaches."""
    by_reach: dict[int, set[str]] = {}
    for form in _forms(secret):
        for part in _parts(form):
            reach = next(reach for reach in _REACHES if len(part) <= reach)
            by_reach.setdefault(reach, set()).add(part.decode("latin-1"))
    return tuple((reach, frozenset(forms)) for reach, forms in by_reach.items())


def _forms(secret: bytes) -> Iterable[bytes]:
    yield secret
    percent = _NOT_ALPHANUMERIC.sub(lambda found: b"%%%02X" % found[0][0], secret)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):  # bytes before it in its group of three, as in `user:key` of Basic
            # The outer characters depend on what surrounds the secret, too.
            first, last = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
            yield from _unless_short(encode(b"\0" * before + secret)[first:last])
    for form in (percent, percent.lower(), secret.hex().encode(), secret.hex().upper().encode()):
        yield from _unless_short(form)
    lines = secret.replace(b"\r", b"\n").replace(b"\\n", b"\n").split(b"\n")
    if len(lines) > 1:
        for line in lines:
            if not line.startswith(b"-----"):  # the frame of a PEM block is no secret
                yield from _unless_short(line.strip())


def _unless_short(form: bytes) -> Iterable[bytes]:
    if len(form) >= _SHORT:
        yield form


def _parts(form: bytes) -> Iterable[bytes]:
    return (form[i : i + _NEEDLE] for i in range(0, len(form), _NEEDLE))


class Redactor:
    """Writes snippets of one piece of text. With `reveal` nothing is hidden."""

    def __init__(
        self, data: bytes, coding: Coding, masks: Sequence[Mask], needles: Needles, *, reveal: bool
    ) -> None:
        self._data = data
        self._charset = "cp1252" if coding.narrow else "utf-8"
        self._masks = merge(masks)
        self._starts = [mask.start for mask in self._masks]
        self._ends = [mask.end for mask in self._masks]
        self._needles = needles
        self._reveal = reveal

    def around(self, mask: Mask) -> str:
        """The line around a secret, 160 characters at most."""
        if self._needles.too_many and not self._reveal:
            return mask.text
        low, high, _ = line_edges(self._data, mask.start, mask.end, _CONTEXT)
        low, high = self._whole_characters(low, mask.start, 1), self._whole_characters(high, mask.end, -1)
        head = _CUT if low and self._data[low - 1] not in b"\r\n" else ""
        tail = _CUT if high < len(self._data) and self._data[high] not in b"\r\n" else ""
        text = head + self.text(low, high) + tail
        return text if len(text) <= MAX_SNIPPET else text[: MAX_SNIPPET - 1] + _CUT

    def text(self, start: int, end: int) -> str:
        """The characters between two offsets, keys and control characters replaced."""
        if self._reveal:
            return self._clean(start, end)
        if self._needles.too_many:
            return ""
        out: list[str] = []
        here = start
        for mask in self._hidden(start, end):
            if mask.end > start and mask.start < end:
                out += [self._clean(here, mask.start), mask.text]
                here = mask.end
        return "".join([*out, self._clean(here, end)])

    def _hidden(self, start: int, end: int) -> list[Mask]:
        """Everything to hide that touches a stretch: the matches, and copies of secrets outside of them."""
        known = self._masks[bisect_right(self._ends, start) : bisect_left(self._starts, end)]
        if known:  # what touches them matters, too
            start, end = min(start, known[0].start), max(end, known[-1].end)
        copies = [
            copy
            for copy in self._needles.within(self._data, start, end)
            if not any(mask.start <= copy.start and copy.end <= mask.end for mask in known)
        ]
        return merge([*known, *copies])

    def _clean(self, start: int, end: int) -> str:
        text = self._data[start : max(start, end)].decode(self._charset, "replace")
        return text if text.isprintable() else "".join(map(_visible, text))

    def _whole_characters(self, offset: int, limit: int, step: int) -> int:
        """The offset, moved towards `limit` out of the middle of a UTF-8 character."""
        if self._charset == "utf-8":
            while offset != limit and offset < len(self._data) and self._data[offset] & 0xC0 == 0x80:
                offset += step
        return offset


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    if char == "\ufeff":  # a byte-order mark
        return ""
    return " " if char.isspace() else "\ufffd"


def merge(masks: Iterable[Mask]) -> list[Mask]:
    """Masks in order and without overlaps.

    Where several cover a stretch, only stars are shown: the open ends of one may be the middle of another.
    """
    merged: list[Mask] = []
    for mask in sorted(masks):
        last = merged[-1] if merged else None
        if last is None or mask.start >= last.end:
            merged.append(mask)
        elif mask != last:
            merged[-1] = Mask(last.start, max(last.end, mask.end), STARS)
    return merged
