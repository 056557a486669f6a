"""Matches as a file may keep them: plain values, with numbers for their secrets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from keylint.model import Evidence, Location, Origin, Partner, Privacy, Surface, Surroundings
from keylint.secret import Allow, Match, Secret

PackedLook = tuple[Any, ...]


def pack(matches: Sequence[Match], numbers: Mapping[bytes, int]) -> PackedLook | None:
    """Tuples of what `marshal` carries; None if one of the secrets has no number.

    The matches must be of no commit, as those of a look are.
    """
    if any(match.value.reveal() not in numbers for match in matches):
        return None
    return tuple(_packed(match, numbers) for match in matches)


def unpack(packed: PackedLook, values: Mapping[int, bytes]) -> list[Match] | None:
    """The matches that were packed; None if they cannot be had. `values` are the secrets by their numbers."""
    try:
        return [_match(match, values) for match in packed]
    except (TypeError, ValueError, KeyError):  # somebody made it by hand
        return None


def _packed(match: Match, numbers: Mapping[bytes, int]) -> PackedLook:
    secret, place, said, around = match.value, match.location, match.evidence, match.surroundings
    origin = place.origin
    return (
        match.rule_id,
        (numbers[secret.reveal()], secret.prefix_len, secret.weak),
        (origin.surface.value, origin.path, origin.container),
        _values(place, 1),
        (said.privacy and said.privacy.value, said.expires_at and said.expires_at.isoformat()),
        (said.reason, said.facts, said.checksum_ok, said.test_mode),
        match.allow and _values(match.allow),
        (match.tentative, match.count),
        tuple(map(_values, around.partners)),
        _values(around, 1),
    )


def _values(record: Any, start: int = 0) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__match_args__[start:])


def _match(packed: PackedLook, values: Mapping[int, bytes]) -> Match:
    rule_id, secret, origin, place, decided, said, allow, further, partners, around = packed
    number, prefix_len, weak = secret
    surface, path, container = origin
    privacy, expires_at = decided
    reason, facts, checksum_ok, test_mode = said
    tentative, count = further
    return Match(
        rule_id,
        Location(Origin(Surface(surface), path, container), *place),
        Secret(values[number], prefix_len=prefix_len, weak=weak),
        Evidence(
            privacy and Privacy(privacy),
            reason,
            facts,
            expires_at and dt.datetime.fromisoformat(expires_at),
            checksum_ok,
            test_mode,
        ),
        allow and Allow(*allow),
        tentative,
        count,
        Surroundings(tuple([Partner(*partner) for partner in partners]), *around),
    )
