"""Matches come back whole from what is kept, which holds no secret and can do nothing else."""

from __future__ import annotations

import datetime as dt
import marshal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.keptlooks import pack, unpack
from keylint.model import Evidence, Location, Origin, Partner, Privacy, Surface, Surroundings
from keylint.secret import Allow, Match, Secret

TEXT = st.text(max_size=20)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
EVIDENCE = st.builds(
    Evidence,
    privacy=st.none() | st.sampled_from(list(Privacy)),
    reason=TEXT,
    facts=PAIRS,
    expires_at=st.none() | st.datetimes(timezones=st.just(dt.timezone.utc)),
    checksum_ok=st.none() | st.booleans(),
)
AROUND = st.builds(
    Surroundings,
    partners=st.lists(st.builds(Partner, title=TEXT, value=TEXT, facts=PAIRS), max_size=2).map(tuple),
    bundled=TEXT,
    public_hints=st.lists(TEXT, max_size=2).map(tuple),
)
SECRETS = st.builds(
    lambda text, weak: Secret(f"secret-{text}".encode(), prefix_len=2, weak=weak),
    st.text("abcdef0123456789", min_size=24, max_size=40),
    st.booleans(),
)
MATCHES = st.builds(
    Match,
    rule_id=TEXT,
    location=st.builds(
        Location,
        origin=st.builds(Origin, surface=st.just(Surface.HISTORY), path=TEXT),
        line=st.integers(1, 10**6),
        column=st.integers(1, 10**6),
        end_line=st.integers(1, 10**6),
        end_column=st.integers(1, 10**6),
        byte_offset=st.integers(0, 10**9),
        snippet=TEXT,
    ),
    value=SECRETS,
    evidence=EVIDENCE,
    allow=st.none() | st.builds(Allow, line=st.integers(1, 99), rule_id=TEXT, reason=TEXT),
    tentative=st.booleans(),
    count=st.integers(1, 99),
    surroundings=AROUND,
)


@given(matches=st.lists(MATCHES, max_size=5))
def test_matches_come_back_as_they_were_and_their_secrets_are_not_in_what_is_kept(
    matches: list[Match],
) -> None:
    values = dict(enumerate({match.value.reveal() for match in matches}))
    packed = pack(matches, {value: number for number, value in values.items()})
    assert packed is not None
    stored = marshal.dumps(packed)
    assert unpack(marshal.loads(stored), values) == matches
    for found, match in zip(unpack(packed, values) or (), matches, strict=True):
        assert (found.value.prefix_len, found.value.weak) == (match.value.prefix_len, match.value.weak)
    assert all(value not in stored for value in values.values())


@given(match=MATCHES)
def test_what_has_no_number_is_not_kept_and_what_has_no_value_does_not_come_back(match: Match) -> None:
    assert pack([match], {}) is None
    packed = pack([match], {match.value.reveal(): 3})
    assert packed is not None
    assert unpack(packed, {2: b"another"}) is None


@given(match=MATCHES, data=st.data())
def test_a_part_of_another_kind_does_no_more_than_lose_or_change_a_match(
    match: Match, data: st.DataObject
) -> None:
    (packed,) = pack([match], {match.value.reveal(): 0}) or ()
    changed = [*packed]
    other = data.draw(
        st.none() | st.integers() | TEXT | st.lists(st.integers() | TEXT, max_size=6).map(tuple)
    )
    changed[data.draw(st.integers(0, len(packed) - 1))] = other
    found = unpack((tuple(changed),), {0: b"value"})
    assert found is None or all(isinstance(single, Match) for single in found)


@pytest.mark.parametrize("content", [None, 1, (1,), ((),), (("rule", 0),), ("rule",)])
def test_what_is_no_match_is_not_read(content: Any) -> None:
    assert unpack(content, {0: b"value"}) is None
