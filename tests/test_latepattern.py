"""A late pattern is a pattern, only later."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint import context
from keylint.latepattern import late, late_backwards


def test_it_does_what_a_compiled_pattern_does() -> None:
    for text, pattern in (("a1b22", r"\d+"), (b"a1b22", rb"\d+")):
        expected, actual = re.compile(pattern), late(pattern)  # type: ignore[type-var]
        for _ in range(2):
            assert actual.findall(text) == expected.findall(text)
            assert actual.split(text) == expected.split(text)
            assert [m.span() for m in actual.finditer(text)] == [m.span() for m in expected.finditer(text)]
        assert actual.pattern == pattern
        assert actual.groups == 0


def test_flags_count() -> None:
    assert late("A", re.IGNORECASE).fullmatch("a")
    assert not late("A").fullmatch("a")


def test_nothing_is_compiled_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[object] = []
    original = re.compile
    monkeypatch.setattr(re, "compile", lambda *given: compiled.append(given) or original(*given))
    pattern = late("x+", re.ASCII)
    assert compiled == []
    assert pattern.match("xx")
    assert pattern.search("yx")
    assert compiled == [("x+", re.ASCII)]


def test_a_wrong_pattern_shows_at_the_first_use() -> None:
    pattern = late("(")
    with pytest.raises(re.error):
        pattern.search("x")


# fmt: off
_PARTS = (
    "apiKey", "api_key", "VITE_KEY", "NEXT_PUBLIC_A", "https://example.com/?key=", "&token=", "%26secret%3D",
    "http://", "=", ":", ":=", "=>", "(", "[", "]", ")", "'", '"', "`", ",", "||", "??", "Bearer", "Basic",
    "SSWS", "$", ".", "-", "9", "process.env", " ", "  ", "\t", "\n",
)
# fmt: on
_BEFORE = st.lists(st.sampled_from(_PARTS), max_size=12).map("".join)


@given(_BEFORE)
def test_a_pattern_that_is_searched_backwards_finds_the_same(text: str) -> None:
    for pattern in (context._NAME, context._BUNDLED, context._PARAMETER):
        expected = re.compile(*pattern._given).search(text.encode())  # type: ignore[attr-defined]
        actual = pattern.search(text.encode())
        assert (actual and actual.regs) == (expected and expected.regs)


def test_a_pattern_that_is_searched_backwards_may_ignore_case() -> None:
    assert late_backwards(rb"key=\Z", re.IGNORECASE).search(b"API_KEY=")
    assert not late_backwards(rb"key=\Z").search(b"API_KEY=")
    assert not late_backwards(rb"(?i)key=\Z").search(b"API_KEY=1")


def test_every_late_pattern_of_keylint_compiles() -> None:
    code = """
import importlib, pkgutil, re, keylint
from keylint import latepattern
made = []
class Recorded(latepattern._Late):
    def __init__(self, *given):
        super().__init__(*given)
        made.append(self)
class Reversed(latepattern._Backwards, Recorded):
    pass
latepattern._Late, latepattern._Backwards = Recorded, Reversed
for module in pkgutil.walk_packages(keylint.__path__, "keylint."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for pattern in made:
    pattern.search
print(len(made))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10
