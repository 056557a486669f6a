"""A late pattern is a pattern, only later."""

from __future__ import annotations

import importlib
import marshal
import pkgutil
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import keylint
from keylint import context, latepattern
from keylint.latepattern import late, late_backwards


@pytest.fixture(autouse=True)
def _own_patterns_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latepattern, "_made", [*latepattern._made])


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


def late_patterns() -> list[Any]:
    """Every late pattern of keylint."""
    for module in pkgutil.walk_packages(keylint.__path__, "keylint."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return list(latepattern._made)


def test_every_late_pattern_of_keylint_compiles_and_is_the_same_when_it_is_restored() -> None:
    patterns = late_patterns()
    assert len(patterns) > 50
    stored = marshal.loads(marshal.dumps(latepattern.dump()))
    for pattern in patterns:
        restored = pattern._unpack(stored[pattern.key])
        compiled = pattern._compile()
        assert (restored.pattern, restored.flags, restored.groups) == (
            compiled.pattern, compiled.flags, compiled.groups
        )  # fmt: skip
        assert dict(restored.groupindex) == dict(compiled.groupindex)
        assert pattern.kind == "regex" or restored == compiled, "of `re` even the code is compared"


def test_a_restored_pattern_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latepattern, "_stored", {})
    for make, text in ((late, b"xxkey=1"), (late_backwards, b"xxkey=")):
        expected = make(rb"(?P<name>[a-z]+)=(?:1\Z|\Z)", re.IGNORECASE)
        latepattern.restore(marshal.loads(marshal.dumps({expected.key: expected.packed()})))  # type: ignore[attr-defined]
        actual = make(rb"(?P<name>[a-z]+)=(?:1\Z|\Z)", re.IGNORECASE)
        monkeypatch.setattr(type(actual), "_compile", None)
        assert actual.search(text)["name"] == b"xxkey"  # type: ignore[index]
        monkeypatch.undo()


@pytest.mark.parametrize("damage", [(), ("x", 0, b"123", 0, {}), (b"x", 0, b"\0" * 8, 0, {}), None, 3])
def test_what_cannot_be_restored_is_compiled(monkeypatch: pytest.MonkeyPatch, damage: object) -> None:
    pattern = late(rb"x+")
    monkeypatch.setattr(latepattern, "_stored", {pattern.key: damage})  # type: ignore[attr-defined]
    assert pattern.search(b"axx").span() == (1, 3)  # type: ignore[union-attr]
