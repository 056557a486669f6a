"""GitHub's line hash: the published vectors, and a slow second implementation of the description."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.linehash import line_hashes

CODE = "x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n"
CODE_HASHES = [
    "e54938cc54b302f1:1",
    "bb609acbe9138d60:1",
    "1131fd5871777f34:1",
    "5c482a0f8b35ea28:1",
    "54517377da7028d2:1",
    "2c644846cb18d53e:1",
    "f1b89f20de0d133:1",
    "c129715d7a2bc9a3:1",
]


def reference(text: str) -> dict[int, str]:
    """The description word for word, unit by unit."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    raw = text.encode("utf-16-le", "surrogatepass")
    units = [int.from_bytes(raw[i : i + 2], "little") for i in range(0, len(raw), 2)] + [0xFFFF]
    starts = [0] + [i + 1 for i, unit in enumerate(units) if unit == 10]
    seen: dict[int, int] = {}
    out = {}
    for line, start in enumerate(starts, 1):
        window = (units[start : start + 100] + [0] * 100)[:100]
        value = sum(unit * 37 ** (99 - i) for i, unit in enumerate(window)) % 2**64
        seen[value] = seen.get(value, 0) + 1
        out[line] = f"{value:x}:{seen[value]}"
    return out


def test_an_empty_file_has_one_line() -> None:
    assert line_hashes("", {1}) == {1: "c129715d7a2bc9a3:1"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_published_vectors_hold_for_every_line_end(end: str) -> None:
    hashes = line_hashes(CODE.replace("\n", end), set(range(1, 9)))
    assert hashes == dict(enumerate(CODE_HASHES, 1))


def test_repeated_lines_are_numbered() -> None:
    hashes = line_hashes("Lorem ipsum dolor sit amet.\n" * 10, {1, 6, 7})
    assert hashes == {1: "a7f2ff13bc495cf2:1", 6: "a7f2ff13bc495cf2:6", 7: "a7f2ff1481e87703:1"}


def test_lines_that_the_file_does_not_have_are_left_out() -> None:
    assert set(line_hashes("a\nb", {2, 3, 99})) == {2}
    assert line_hashes("a\nb", set()) == {}


@given(st.text(st.sampled_from("ab \t\r\n\ufeffé😀\ud83d"), max_size=400), st.integers(1, 30))
def test_any_text_hashes_as_described(text: str, line: int) -> None:
    expected = reference(text)
    hashes = line_hashes(text, {1, line})
    assert hashes == {number: expected[number] for number in {1, line} & expected.keys()}
