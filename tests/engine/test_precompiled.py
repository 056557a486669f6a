"""Patterns that are restored instead of compiled."""

from __future__ import annotations

import copyreg
import marshal
from pathlib import Path

import pytest
import regex

from keylint import precompiled
from keylint.engine import Engine, extension
from keylint.engine.confirm import compile_pattern
from keylint.examine import Examiner
from keylint.model import Origin, Surface
from keylint.precompiled import dump, load
from keylint.rule import Rule
from keylint.rulecache import load_engine
from keylint.ruleset import load_rules
from keylint.secret import Blob

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


@pytest.mark.skipif(extension.load() is None, reason="without hyperscan nothing is stored")
def test_what_a_rule_looks_for_beside_its_pattern_is_restored_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        """
[[rules]]
id = "mine.token"
regex = '''(?i)(?:alpha|beta)_([0-9a-f]{20})'''
path = '''\\.txt$'''
context = { regex = "a[n]other (?:word)", within = 60 }
[[rules.allowlists]]
regexes = ['''^00''']
[[rules.beside]]
name = "owner"
regex = '''owner=([a-z]{3})'''
""",
        encoding="utf-8",
    )
    text = b"another word beta_" + b"1a" * 10 + b" owner=abc\nalpha_" + b"00" * 10 + b"\n"

    def found() -> list[tuple[bytes, list[str]]]:
        engine = load_engine([str(file)], builtin=False, cache_dir=str(tmp_path / "cache"))
        examined = Examiner(engine).examine(Blob(Origin(Surface.TREE, "a.txt"), text))
        return [(m.value.reveal(), [p.value for p in m.surroundings.partners]) for m in examined.matches]

    first = found()
    assert first == [(b"1a" * 10, ["abc"])]
    monkeypatch.setattr(regex, "compile", lambda *_: pytest.fail("a pattern was compiled"))
    assert found() == first
