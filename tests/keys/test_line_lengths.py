"""The regions of SARIF results end where the line of the inventory ends, however long that is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.keys import render_sarif
from keylint.keys.render_sarif import line_lengths

CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\n\r")
LINES = st.lists(st.text(CHARACTERS, max_size=30), max_size=6)


@given(lines=LINES, ending=st.sampled_from(["\n", "\r\n"]), piece=st.integers(1, 9), mark=st.booleans())
def test_lengths_are_utf16_units_whatever_the_pieces(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], ending: str, piece: int, mark: bool
) -> None:
    lines = ["{}", *lines]
    path = tmp_path_factory.mktemp("lines") / "inventory.json"
    path.write_bytes(ending.join(lines).encode("utf-8-sig" if mark else "utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render_sarif, "_PIECE", piece)
        length = line_lengths(str(path), range(1, len(lines) + 1))
    expected = [len(line.encode("utf-16-le")) // 2 for line in lines]
    assert [length(number) for number in range(1, len(lines) + 1)] == expected


def test_lines_that_are_not_there_have_no_length(tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    path.write_text("[]\n")
    assert line_lengths(str(path), {2, 9})(9) == 0
    assert line_lengths(str(tmp_path / "absent"), {1})(1) == 0
