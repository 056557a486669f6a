"""Every example and counter-example of the built-in rules under both prefilters, and a lint of patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import pytest

from keylint.builtin import builtin_dir
from keylint.engine import Engine
from keylint.engine.window import plan
from keylint.rule import Rule
from keylint.shapes import expand
from tests.helpers import builtin

RULES = builtin.rules()
PATTERNS = [r for r in RULES if r.regex]
PREFILTERS = ("pure", "hyperscan")
SEEDS = 2  # different generated values for each example
FAMILIES: dict[str, list[Rule]] = {}
for _rule in RULES:
    FAMILIES.setdefault(_rule.provider, []).append(_rule)


@lru_cache
def engine(prefilter: str) -> Engine:
    if prefilter == "hyperscan":
        pytest.importorskip("hyperscan")
    return builtin.engine(prefilter)


def found(prefilter: str, text: str, seed: int) -> set[str]:
    return {hit.rule.id for hit in engine(prefilter).scan(expand(text, seed).encode())}


# One test for each provider and property, not for each rule: pytest would take longer than the rules.


@pytest.mark.parametrize("prefilter", PREFILTERS)
@pytest.mark.parametrize("provider", FAMILIES)
def test_examples_are_found_as_their_rule_and_counter_examples_are_not(provider: str, prefilter: str) -> None:
    missed, wrong = set(), set()
    for rule in FAMILIES[provider]:
        for seed in range(SEEDS):
            missed |= {(rule.id, t) for t in rule.examples if rule.id not in found(prefilter, t, seed)}
            wrong |= {(rule.id, t) for t in rule.counter_examples if rule.id in found(prefilter, t, seed)}
    assert missed == set()
    assert wrong == set()


def without(good: Callable[[Rule], object], rules: Iterable[Rule] = RULES) -> list[str]:
    """The rules that lack a property."""
    return [rule.id for rule in rules if not good(rule)]


def test_rules_say_what_people_need_to_know() -> None:
    assert without(lambda r: len(r.examples) >= 2) == []
    assert without(lambda r: len(r.counter_examples) >= 2) == []
    assert without(lambda r: r.title and r.can_do and r.impact and r.rotate and r.decided_by) == []
    assert without(lambda r: r.docs.startswith("https://")) == []
    assert without(lambda r: re.fullmatch(r"[VTU]/[VTU]", r.evidence)) == []
    assert without(lambda r: re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", r.id)) == []


def test_settle_is_the_question_of_a_depends_key() -> None:
    assert without(lambda r: bool(r.settle) == (r.privacy.value == "depends")) == []


def test_rotation_steps_without_a_source_are_not_certain() -> None:
    assert without(lambda r: not r.rotate_certain, [r for r in RULES if r.evidence.startswith("U")]) == []


def test_patterns_are_bounded_and_have_keywords() -> None:
    bounds = {rule.id: plan(rule.regex) for rule in PATTERNS}
    assert without(lambda r: not bounds[r.id].whole, PATTERNS) == [], "no bound: searched in whole files"
    assert without(lambda r: bounds[r.id].reach <= 20_000, PATTERNS) == []
    # Else it is too wide for the prefilter, and has no opening that it could search for.
    assert without(lambda r: bounds[r.id].back <= 1024, PATTERNS) == []
    assert without(lambda r: r.keywords, PATTERNS) == [], "keywords keep the pure path fast"


def test_keywords_stand_in_every_example() -> None:
    def good(rule: Rule) -> bool:
        texts = [expand(text, 1).lower() for text in rule.examples]
        return all(any(word in text for word in rule.keywords) for text in texts)

    assert without(good, PATTERNS) == []


def test_patterns_start_at_a_boundary() -> None:
    """So that a longer word or number never has a key cut out of its middle."""
    start = re.compile(r"\(\?:\(\?<!|\(\?<!|\(|[\w:\-\[(]")
    assert without(lambda r: start.match(r.regex), PATTERNS) == []
    # A pattern that begins with a class needs (?&start) before it.
    assert without(lambda r: not re.match(r"\[[^\]]*\][{+*]", r.regex), PATTERNS) == []


def test_prefixes_are_part_of_every_match() -> None:
    """`prefix_len` says how much of a value masks may show, so all values must share it or be longer."""
    assert without(lambda r: r.prefix_len <= 34) == []
    assert without(lambda r: r.prefix_len == 0, [r for r in RULES if r.weak]) == []


def test_pairs_are_reported_with_both_halves() -> None:
    text = expand('id = "{{AKIA|base32:16}}"\naws_secret_access_key = "{{b64:40}}"\n', 1)
    (hit,) = engine("pure").scan(text.encode())
    assert hit.rule.id == "aws.secret_access_key"
    assert [partner.rule.id for partner in hit.partners] == ["aws.access_key_id"]


@pytest.mark.parametrize("prefilter", PREFILTERS)
def test_rule_files_hold_nothing_that_looks_live(prefilter: str) -> None:
    for path in Path(builtin_dir()).rglob("*"):
        if path.is_file():
            hits = [h for h in engine(prefilter).scan(path.read_bytes()) if not h.tentative]
            assert not hits, path


def test_the_same_seed_expands_to_the_same_text() -> None:
    for rule in RULES:
        for text in rule.examples:
            assert expand(text, 7) == expand(text, 7)


def test_a_shape_without_an_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="no closing"):
        expand("key={{b62:24}", 1)


def test_quotes_keep_a_text_that_is_the_name_of_a_part() -> None:
    assert expand("{{'hex:4'|_|uuid}}", 1) == "hex:4_uuid"


def test_a_range_gives_a_length_inside_it() -> None:
    lengths = {len(expand("{{b62:8-12}}", seed)) for seed in range(60)}
    assert lengths == {8, 9, 10, 11, 12}
