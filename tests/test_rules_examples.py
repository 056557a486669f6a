"""Every example and counter-example of the built-in rules under both prefilters, and a lint of patterns."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from keylint.engine import Engine
from keylint.engine.window import plan
from keylint.rule import Rule
from keylint.ruleset import builtin_dir, load_rules
from keylint.shapes import expand

RULES = load_rules()
PATTERNS = [r for r in RULES if r.regex]
PREFILTERS = ("pure", "hyperscan")
SEEDS = 2  # different generated values for each example


@lru_cache
def engine(prefilter: str) -> Engine:
    if prefilter == "hyperscan":
        pytest.importorskip("hyperscan")
    return Engine(RULES, prefilter=prefilter)


def found(prefilter: str, text: str, seed: int) -> set[str]:
    return {hit.rule.id for hit in engine(prefilter).scan(expand(text, seed).encode())}


@pytest.mark.parametrize("prefilter", PREFILTERS)
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_examples_are_found_as_this_rule(rule: Rule, prefilter: str) -> None:
    missed = [
        text for text in rule.examples for s in range(SEEDS) if rule.id not in found(prefilter, text, s)
    ]
    assert missed == []


@pytest.mark.parametrize("prefilter", PREFILTERS)
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_counter_examples_are_not_found_as_this_rule(rule: Rule, prefilter: str) -> None:
    texts = rule.counter_examples
    assert [text for text in texts for s in range(SEEDS) if rule.id in found(prefilter, text, s)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_rule_says_what_people_need_to_know(rule: Rule) -> None:
    assert len(rule.examples) >= 2
    assert len(rule.counter_examples) >= 2
    assert rule.title and rule.can_do and rule.impact and rule.rotate and rule.decided_by
    assert rule.docs.startswith("https://")
    assert re.fullmatch(r"[VTU]/[VTU]", rule.evidence)
    assert re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", rule.id)
    assert bool(rule.settle) == (rule.privacy.value == "depends"), "settle is the question of a depends key"


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_rotation_steps_without_a_source_are_not_certain(rule: Rule) -> None:
    if rule.evidence.startswith("U"):
        assert not rule.rotate_certain


@pytest.mark.parametrize("rule", PATTERNS, ids=lambda r: r.id)
def test_pattern_is_bounded_and_has_keywords(rule: Rule) -> None:
    bounds = plan(rule.regex)
    assert not bounds.whole, "a pattern without a bound is searched in whole files"
    assert bounds.reach <= 20_000
    assert bounds.back <= 1024, "too wide for the prefilter, and no opening that it could search for"
    assert rule.keywords, "keywords keep the pure path fast"


@pytest.mark.parametrize("rule", PATTERNS, ids=lambda r: r.id)
def test_keywords_stand_in_every_example(rule: Rule) -> None:
    for text in rule.examples:
        expanded = expand(text, 1).lower()
        assert any(word in expanded for word in rule.keywords)


@pytest.mark.parametrize("rule", PATTERNS, ids=lambda r: r.id)
def test_pattern_starts_at_a_boundary(rule: Rule) -> None:
    """So that a longer word or number never has a key cut out of its middle."""
    assert re.match(r"\(\?:\(\?<!|\(\?<!|\(|[\w:\-\[(]", rule.regex)
    assert not re.match(r"\[[^\]]*\][{+*]", rule.regex), "begins with a class: put (?&start) before it"


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_prefix_is_part_of_every_match(rule: Rule) -> None:
    """`prefix_len` says how much of a value masks may show, so all values must share it or be longer."""
    assert rule.prefix_len <= 34
    if rule.weak:
        assert rule.prefix_len == 0


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
