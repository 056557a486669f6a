"""Refinement by facts, checksums, pairs and overlaps."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from keylint.engine import Engine, inspect
from keylint.engine.judge import holds, refine
from keylint.model import Evidence, Privacy
from keylint.rule import Context, Requirement, Rule
from tests.engine.rulekit import engines, rule, spans, token


@pytest.mark.parametrize(
    ("condition", "fact", "expected"),
    [
        ("anon", "anon", True),
        ("anon", "service", False),
        ("anon", None, False),
        (3, 3, True),
        (3, "3", True),
        (True, "anything", True),
        (True, None, False),
        (False, None, True),
        (False, "", False),
        (("a", "b"), "b", True),
        (("a", "b"), "c", False),
        ("*.coveo.com", "platform.coveo.com", True),
        ("*.coveo.com", "coveo.org", False),
        ("~^search", "searchapi", True),
        ("~^search", "research", False),
        ("a", ("b", "a"), True),
        ("true", True, True),
    ],
)
def test_a_condition_holds(condition: Any, fact: object, expected: bool) -> None:
    assert holds(condition, fact) is expected


def test_the_refinement_with_most_conditions_wins() -> None:
    base = rule("base", "x")
    wide = Rule("wide", "", "", refines="base", when=(("role", True),))
    narrow = Rule("narrow", "", "", refines="base", when=(("role", "anon"), ("iss", "s")))
    facts: Mapping[str, object] = {"role": "anon", "iss": "s"}
    assert refine(base, (wide, narrow), facts).id == "narrow"
    assert refine(base, (wide, narrow), {"role": "anon"}).id == "wide"
    assert refine(base, (wide, narrow), {}).id == "base"


def test_an_inspected_value_is_named_by_its_refinement(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(name: str, value: bytes) -> inspect.Inspection:
        role = "public" if value.endswith(b"p") else "private"
        return inspect.Inspection({"role": role}, Evidence(privacy=Privacy.PUBLIC, facts=(("role", role),)))

    monkeypatch.setattr(inspect, "inspect", fake)
    base = rule("base", r"key_[a-z0-9]{5}", inspect="jwt")
    public = Rule("base.public", "Public", "test", refines="base", when=(("role", "public"),))
    for engine in engines(base, public):
        first, second = engine.scan(b"key_1234p key_12345")
        assert (first.rule.id, first.base.id) == ("base.public", "base")
        assert first.evidence.facts == (("role", "public"),)
        assert second.rule.id == "base"


@pytest.mark.parametrize("good", [True, False])
def test_a_failed_checksum_is_told_but_drops_nothing(good: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "checksum", lambda _name, _value: good)
    for engine in engines(rule("summed", r"tok_[0-9A-Za-z]{36}", checksum="github")):
        (hit,) = engine.scan(token(random.Random(1)).encode())
        assert hit.evidence.checksum_ok is good


def test_a_match_without_its_required_partner_is_dropped() -> None:
    lonely = rule("lonely", r"id_[0-9]{4}", requires=(Requirement("partner", within=20),))
    partner = rule("partner", r"sec_[0-9]{4}")
    for engine in engines(lonely, partner):
        assert spans(engine.scan(b"id_1234" + b" " * 30 + b"sec_1234")) == [("partner", 37, 45)]
        first, _ = engine.scan(b"id_1234" + b" " * 20 + b"sec_1234")
        assert first.rule.id == "lonely"
        assert first.evidence.facts == (("together with", "Partner"),)


def test_an_optional_partner_adds_a_fact_only() -> None:
    first = rule("first", r"id_[0-9]{4}", requires=(Requirement("partner", optional=True),))
    for engine in engines(first, rule("partner", r"sec_[0-9]{4}")):
        (alone,) = engine.scan(b"id_1234")
        assert alone.evidence.facts == ()
        paired = engine.scan(b"id_1234" + b" " * 9000 + b"sec_1234")[0]
        assert paired.evidence.facts == (("together with", "Partner"),)


def test_the_nearest_of_many_partners_counts() -> None:
    first = rule("first", r"id_[0-9]{4}", requires=(Requirement("partner", within=5),))
    data = b"sec_0001" + b" " * 50 + b"id_1234 sec_0002" + b" " * 50 + b"sec_0003"
    for engine in engines(first, rule("partner", r"sec_[0-9]{4}")):
        assert "first" in {hit.rule.id for hit in engine.scan(data)}


def test_a_value_is_no_partner_of_itself() -> None:
    own = rule("own", r"id_[0-9]{4}", requires=(Requirement("own"),))
    for engine in engines(own):
        assert engine.scan(b"id_1234") == []
        assert len(engine.scan(b"id_1234 id_1235")) == 2


def test_of_overlapping_hits_priority_then_length_then_order_decides() -> None:
    data = b"key=abcdef123456"
    high = rule("high", r"abcdef", priority=90)
    longer = rule("longer", r"abcdef123456")
    same = rule("same", r"[a-z]{6}[0-9]{6}")
    assert _ids(data, longer, same) == ["longer"]
    assert _ids(data, same, longer) == ["same"]
    assert _ids(data, longer, high) == ["high"]
    assert _ids(data, rule("short", r"abcdef"), longer) == ["longer"]
    assert _ids(data, rule("left", r"abcdef"), rule("right", r"123456")) == ["left", "right"]


def test_a_tentative_hit_never_pushes_out_a_certain_one() -> None:
    data = b"key=abcdef123456"
    maybe = rule("maybe", r"abcdef123456", priority=90, context=Context("acme", 0, or_inventory=True))
    certain = rule("certain", r"key=(\w{12})", priority=10)
    stronger = rule("stronger", r"key=(\w{12})", priority=95)
    assert sorted(_ids(data, maybe, certain)) == ["certain", "maybe"]
    assert _ids(data, maybe, stronger) == ["stronger"]
    assert _ids(data + b" acme", maybe, certain) == ["maybe"]


def _ids(data: bytes, *rules: Rule) -> list[str]:
    fast, pure = engines(*rules)
    assert spans(fast.scan(data)) == spans(pure.scan(data))
    return [hit.rule.id for hit in Engine(rules).scan(data)]
