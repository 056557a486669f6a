"""Which keywords large data has, told in one pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.engine import Engine, extension
from keylint.engine.vector import Words
from tests.engine.rulekit import rule

pytestmark = pytest.mark.skipif(extension.load() is None, reason="needs hyperscan")

WORDS = st.lists(st.binary(min_size=1, max_size=6).map(bytes.lower), min_size=1, max_size=8, unique=True)


@given(WORDS, st.data())
def test_words_are_found_as_one_by_one(words: list[bytes], data: st.DataObject) -> None:
    parts = st.one_of(st.sampled_from(words), st.sampled_from(words).map(bytes.upper), st.binary(max_size=3))
    text = b"".join(data.draw(st.lists(parts, min_size=1, max_size=20))) or b" "
    assert Words(words).inside(text) == {word: word in text.lower() for word in words}


def test_a_flood_of_one_rule_does_not_hide_the_key_of_another() -> None:
    flood = rule("a.flood", "AKIA[0-9A-Z]{3}", keywords=("akia",))
    rare = rule("b.rare", "(?i)rare_[0-9]{9}", keywords=("rare_",))
    data = b"AKIAAAA" * (3 << 20) + b"\nRARE_123456789\n"
    assert "b.rare" in {hit.rule.id for hit in Engine([flood, rare]).scan(data)}
