"""Patterns that are restored instead of compiled."""

from __future__ import annotations

import copyreg
import marshal

import pytest
import regex

from keylint import precompiled
from keylint.engine import Engine
from keylint.engine.confirm import compile_pattern
from keylint.precompiled import dump, load
from keylint.rule import Rule
from keylint.ruleset import load_rules

RULE = Rule("token", "Token", "test", regex=r"(?i)tok_(?P<secret>[a-z0-9]{20})(?![a-z])", filters=("none",))
TEXT = b"x TOK_" + b"a1" * 10 + b" tok_" + b"b2" * 10 + b"c\n"


def spans(pattern: regex.Pattern[bytes], text: bytes) -> list[tuple[tuple[int, int], ...]]:
    return [match.regs for match in pattern.finditer(text)]


def test_every_built_in_pattern_is_the_same_when_it_is_restored() -> None:
    rules = [rule for rule in load_rules() if rule.regex]
    for rule in rules:
        compiled = compile_pattern(rule.regex, rule, "regex")
        restored = load(dump(compiled))
        assert restored is not None, rule.id
        assert (restored.pattern, restored.flags, restored.groups, dict(restored.groupindex)) == (
            compiled.pattern, compiled.flags, compiled.groups, dict(compiled.groupindex)
        )  # fmt: skip


def test_a_restored_pattern_finds_the_same() -> None:
    compiled = compile_pattern(RULE.regex, RULE, "regex")
    restored = load(dump(compiled))
    assert restored is not None
    assert spans(restored, TEXT) == spans(compiled, TEXT) != []


def test_an_engine_from_a_stored_database_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = Engine([RULE], prefilter="hyperscan").dump_database()
    monkeypatch.setattr("keylint.engine.confirm.compile_pattern", None)
    engine = Engine([RULE], prefilter="hyperscan", database=stored)
    assert [hit.value for hit in engine.scan(TEXT)] == [b"a1" * 10]


def test_a_pattern_of_another_version_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine([RULE], prefilter="hyperscan")
    stored = engine.dump_database()
    monkeypatch.setattr(precompiled, "_version", lambda: ("0",))
    assert load(dump(compile_pattern(RULE.regex, RULE, "regex"))) is not None
    again = Engine([RULE], prefilter="hyperscan", database=stored)
    assert [hit.value for hit in again.scan(TEXT)] == [b"a1" * 10]
    monkeypatch.setattr(precompiled, "_version", lambda: ("1",))
    assert load(marshal.dumps((("0",), ()))) is None
    assert load(marshal.dumps((("1",), ("not", "arguments")))) is None


def test_a_library_that_does_not_tell_how_to_restore_is_asked_to_compile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = compile_pattern(RULE.regex, RULE, "regex")
    monkeypatch.delitem(copyreg.dispatch_table, type(compiled))
    assert dump(compiled) == b""
    stored = Engine([RULE], prefilter="hyperscan").dump_database()
    engine = Engine([RULE], prefilter="hyperscan", database=stored)
    assert [hit.value for hit in engine.scan(TEXT)] == [b"a1" * 10]
