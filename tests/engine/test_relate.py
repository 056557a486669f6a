"""Pairs that become one hit: the harmless half is named in the other one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.engine.hit import Hit
from keylint.engine.relate import MAX_PARTNERS, join_halves, settle_overlaps
from keylint.model import Evidence
from keylint.rule import Requirement, Rule
from tests.engine.rulekit import engines, rule, spans

NEED = Requirement("secret", within=40, optional=True, identifies=True)
ID = rule("id", r"id_[0-9]{4}", requires=(NEED,))
SECRET = rule("secret", r"sec_[0-9]{4}")


def pairs(text: str) -> list[tuple[str, list[str]]]:
    """Each hit with its partners, the same from both prefilters."""
    found = [
        [(h.value.decode(), [p.value.decode() for p in h.partners]) for h in engine.scan(text.encode())]
        for engine in engines(ID, SECRET)
    ]
    assert found[0] == found[1]
    return found[0]


def test_both_halves_are_one_hit_of_the_secret() -> None:
    assert pairs("id_1111 sec_2222") == [("sec_2222", ["id_1111"])]
    assert pairs("sec_2222 id_1111") == [("sec_2222", ["id_1111"])]


def test_each_half_alone_keeps_its_own_hit() -> None:
    assert pairs("id_1111") == [("id_1111", [])]
    assert pairs("sec_2222") == [("sec_2222", [])]
    assert pairs("id_1111" + " " * 60 + "sec_2222") == [("id_1111", []), ("sec_2222", [])]


@pytest.mark.parametrize(
    "text", ["id_1111 sec_1111\nid_2222 sec_2222\n", "sec_1111 id_1111\nsec_2222 id_2222\n"]
)
def test_several_pairs_are_kept_apart_in_either_order(text: str) -> None:
    assert pairs(text) == [("sec_1111", ["id_1111"]), ("sec_2222", ["id_2222"])]


def test_one_identifier_serves_several_secrets_and_is_named_once_each() -> None:
    assert pairs("id_1111 sec_1111 sec_2222") == [("sec_1111", ["id_1111"]), ("sec_2222", ["id_1111"])]
    assert pairs("id_1111 id_1111 sec_1111") == [("sec_1111", ["id_1111"])]


def test_the_number_of_identifiers_is_bounded() -> None:
    text = (
        " ".join(f"id_{n:04}" for n in range(5)) + " sec_1111 " + " ".join(f"id_{n:04}" for n in range(5, 9))
    )
    (secret,) = [partners for value, partners in pairs(text) if value == "sec_1111"]
    assert len(secret) <= MAX_PARTNERS


def test_an_identifier_is_not_lost_to_a_secret_that_only_an_inventory_could_confirm() -> None:
    hit = Hit(SECRET, SECRET, 8, 16, 8, 16, b"sec_2222", Evidence(), tentative=True)
    identifier = Hit(ID, ID, 0, 7, 0, 7, b"id_1111", Evidence())
    assert join_halves([identifier, hit]) == [identifier, hit]


def test_a_refinement_of_the_secret_is_the_other_half_too() -> None:
    base = rule("base", r"sec_[0-9]{4}", inspect="mode")
    live = Rule("secret", "Live", "test", refines="base", when=(("mode", False),))
    for engine in engines(ID, base, live):
        assert spans(engine.scan(b"id_1111 sec_2222")) == [("secret", 8, 16)]


TOKENS = st.lists(st.sampled_from(["id_1111", "id_2222", "sec_1111", "sec_2222", "." * 30]), max_size=12)


@given(TOKENS)
def test_every_secret_stays_and_no_identifier_is_lost(parts: list[str]) -> None:
    text = " ".join(parts).encode()
    hits = []
    at = 0
    for part in parts:
        if part[0] != ".":
            kind = ID if part.startswith("id") else SECRET
            hits.append(Hit(kind, kind, at, at + len(part), at, at + len(part), part.encode(), Evidence()))
        at += len(part) + 1
    joined = join_halves(hits)
    assert [h.secret_start for h in joined if h.rule is SECRET] == [
        h.secret_start for h in hits if h.rule is SECRET
    ]
    named = {p.value for h in joined for p in h.partners} | {h.value for h in joined}
    assert {h.value for h in hits} <= named
    assert all(text[h.secret_start : h.secret_end] == h.value for h in joined)


RANKED = tuple(rule(f"r{n}", "x", priority=n // 2) for n in range(6))
HITS = st.lists(
    st.tuples(st.sampled_from(RANKED), st.integers(0, 60), st.integers(1, 9), st.booleans()), max_size=25
)


def _obvious(hits: list[Hit], order: dict[str, int]) -> list[Hit]:
    """Every hit in order of its rank, the first one first, unless one that is kept has some of its bytes."""
    kept: list[Hit] = []
    for hit in sorted(
        hits,
        key=lambda h: (
            -h.rule.priority,
            h.secret_start - h.secret_end,
            order[h.base.id],
            h.tentative,
            h.secret_start,
        ),
    ):
        rivals = [other for other in kept if hit.tentative or not other.tentative]
        if not any(o.secret_start < hit.secret_end and hit.secret_start < o.secret_end for o in rivals):
            kept.append(hit)
    return kept


@given(HITS)
def test_overlaps_are_settled_by_rank_alone(drawn: list[tuple[Rule, int, int, bool]]) -> None:
    hits = [
        Hit(kind, kind, start, start + size, start, start + size, b"v", Evidence(), tentative)
        for kind, start, size, tentative in dict.fromkeys(drawn)
    ]
    order = {kind.id: n for n, kind in enumerate(RANKED)}
    settled = settle_overlaps(hits, order).kept
    assert set(map(id, settled)) == set(map(id, _obvious(hits, order)))
    assert settled == sorted(settled, key=lambda hit: (hit.secret_start, hit.secret_end))


@given(HITS)
def test_every_byte_of_a_secret_is_in_what_is_kept_or_hidden(
    drawn: list[tuple[Rule, int, int, bool]],
) -> None:
    hits = [
        Hit(kind, kind, start, start + size, start, start + size, b"v", Evidence(), tentative)
        for kind, start, size, tentative in dict.fromkeys(drawn)
    ]
    kept, hidden = settle_overlaps(hits, {kind.id: n for n, kind in enumerate(RANKED)})
    spans = [(hit.secret_start, hit.secret_end) for hit in kept]
    for hit in hits:
        mine = (hit.secret_start, hit.secret_end)
        assert mine in hidden or any(start <= mine[0] and mine[1] <= end for start, end in spans)
    assert len(hidden) <= len(hits) - len(kept)
