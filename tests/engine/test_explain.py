from __future__ import annotations

import random

from keylint.engine import Engine
from keylint.engine.hit import MAX_REFUSALS
from keylint.examine import Examiner
from keylint.model import Origin, Surface
from keylint.secret import Blob
from tests.engine.rulekit import engines, rule, token

PLAIN = rule("plain", r"tok_[0-9A-Za-z]{8,40}", filters=("words",), prefix_len=4)
VARIED = rule("varied", r"key_[0-9A-Za-z]{8,40}", entropy=3.5)


def examine(engine: Engine, data: bytes, piece_bytes: int = 1 << 20) -> list[tuple[str, str, int]]:
    blob = Blob(Origin(Surface.TREE, "a.txt"), data)
    examined = Examiner(engine, piece_bytes=piece_bytes).examine(blob)
    return [(refused.rule_id, refused.reason, refused.line) for refused in examined.refused]


def test_refusals_name_the_test_that_refused() -> None:
    for engine in engines(PLAIN, VARIED):
        engine.explain = True
        result = engine.scan(b"tok_aaaaaaaaaa\nkey_1212121212121")
        assert {(r.reason, r.secret_start) for r in result.refused} == {("repeated", 0), ("entropy", 15)}


def test_without_asking_there_are_none() -> None:
    for engine in engines(PLAIN):
        assert engine.scan(b"tok_aaaaaaaaaa").refused == ()


def test_what_another_rule_finds_is_not_refused() -> None:
    other = rule("other", r"tok_[0-9A-Za-z]{8,40}", priority=60)
    for engine in engines(PLAIN, other):
        engine.explain = True
        result = engine.scan(b"tok_aaaaaaaaaa")
        assert [hit.rule.id for hit in result] == ["other"]
        assert result.refused == ()


def test_a_flood_of_refusals_is_cut() -> None:
    engine = Engine([PLAIN])
    engine.explain = True
    assert len(engine.scan(b"tok_aaaaaaaaaa\n" * (MAX_REFUSALS + 5)).refused) == MAX_REFUSALS


def test_an_examined_file_tells_lines_and_masks_of_refusals() -> None:
    engine = Engine([PLAIN])
    engine.explain = True
    good = token(random.Random(1), 24)
    data = f"\n{good}\n\ntok_aaaaaaaaaaaaaaaaaaaa\n".encode()
    assert examine(engine, data) == [("plain", "repeated", 4)]
    examined = Examiner(engine).examine(Blob(Origin(Surface.TREE, "a.txt"), data))
    assert [refused.mask for refused in examined.refused] == ["tok_********aaaa"]
    assert len(examined.matches) == 1


def test_the_most_telling_reason_is_named() -> None:
    assigned = rule("assigned", r"key = ([0-9A-Za-z]+)", filters=("none", "assigned"))
    for engine in engines(assigned):
        engine.explain = True
        assert [refused.reason for refused in engine.scan(b"key = changeme7").refused] == [
            "placeholder_words"
        ]
