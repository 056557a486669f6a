"""Which keys stand in new lines: the quick answer never says no where the thorough one finds something."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from keylint.addedlines import added, may_be_added
from keylint.model import Evidence, Location, Origin, Surface
from keylint.secret import Match, Secret

_VALUES = (b"aaaa", b"bbbbbbbbbbbbbbbbbbbbbbbb", b"one\ntwo")
_LINES = st.lists(st.sampled_from((*_VALUES, b"x", b"y", b"x aaaa", b"\0 aaaa", b"")), max_size=8)
_ENDINGS = st.sampled_from((b"\n", b"\r\n"))


def _matches(text: bytes) -> list[Match]:
    found = []
    for value in _VALUES:
        for match in re.finditer(re.escape(value), text):
            line, end = (text.count(b"\n", 0, at) + 1 for at in match.span())
            place = Location(
                Origin(Surface.HISTORY, "f"),
                line=line,
                column=1,
                end_line=end,
                end_column=1,
                byte_offset=match.start(),
                binary=b"\0" in text,
            )
            found.append(Match("r", place, Secret(value), Evidence()))
    return found


@given(_LINES, _LINES, _ENDINGS)
def test_no_means_that_nothing_is_added(old: list[bytes], new: list[bytes], ending: bytes) -> None:
    before, after = ending.join(old), ending.join(new)
    matches = _matches(after)
    if list(added(matches, before, after)):
        assert may_be_added({match.value.reveal() for match in matches}, before, after)


def test_a_key_in_a_line_that_stays_is_not_added() -> None:
    assert not may_be_added(
        [b"bbbbbbbbbbbbbbbbbbbbbbbb"], b"k bbbbbbbbbbbbbbbbbbbbbbbb\n", b"z\nk bbbbbbbbbbbbbbbbbbbbbbbb\n"
    )
    assert may_be_added(
        [b"bbbbbbbbbbbbbbbbbbbbbbbb"], b"k bbbbbbbbbbbbbbbbbbbbbbbb\n", b"l bbbbbbbbbbbbbbbbbbbbbbbb\n"
    )


def test_a_value_that_is_written_in_another_way_may_be_added() -> None:
    assert may_be_added([b"a/b"], b"x\n", b"x\na%2Fb\n")
