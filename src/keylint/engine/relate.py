"""What the hits of one blob mean to each other: pairs that belong together, and hits on the same bytes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from keylint.engine.hit import Hit
from keylint.records import replace
from keylint.rule import Requirement

MAX_PARTNERS = 5  # identifiers named in one hit

_place = attrgetter("secret_start", "secret_end")


def pair(hits: list[Hit]) -> list[Hit]:
    """Drop hits whose required partner is missing; name the partner in the facts of those that have it."""
    by_rule: dict[str, list[Hit]] = {need.rule: [] for hit in hits for need in hit.base.requires}
    if not by_rule:
        return hits
    for hit in hits:
        for rule_id in {hit.rule.id, hit.base.id}:
            if rule_id in by_rule:
                by_rule[rule_id].append(hit)
    index = {rule_id: _Places(found) for rule_id, found in by_rule.items()}
    return [paired for hit in hits if (paired := _with_partners(hit, index) if hit.base.requires else hit)]


class _Places:
    """Where the hits of one rule are, for distance questions in logarithmic time."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        self._hits = sorted(hits, key=lambda h: h.start)
        self._starts = [h.start for h in self._hits]

    def near(self, hit: Hit, within: int) -> Hit | None:
        """A hit other than this one, at most `within` bytes away (0: anywhere)."""
        others = [i for i in self._neighbours(hit) if self._hits[i] is not hit]
        gap, nearest = min(((_gap(hit, self._hits[i]), i) for i in others), default=(0, -1))
        return self._hits[nearest] if others and (not within or gap <= within) else None

    def _neighbours(self, hit: Hit) -> range:
        low, high = bisect_left(self._starts, hit.start), bisect_right(self._starts, hit.start)
        return range(max(0, low - 2), min(len(self._hits), high + 2))


def _gap(one: Hit, other: Hit) -> int:
    return max(0, one.start - other.end, other.start - one.end)


def _with_partners(hit: Hit, index: Mapping[str, _Places]) -> Hit | None:
    facts = list(hit.evidence.facts)
    for requirement in hit.base.requires:
        partner = _partner(hit, requirement, index)
        if partner is None and not requirement.optional:
            return None
        if partner is not None and not requirement.identifies:
            facts.append(("together with", partner.rule.title))
    if len(facts) == len(hit.evidence.facts):
        return hit
    return hit._replace(evidence=replace(hit.evidence, facts=tuple(facts)))


def _partner(hit: Hit, requirement: Requirement, index: Mapping[str, _Places]) -> Hit | None:
    return index[requirement.rule].near(hit, requirement.within)


class Settled(NamedTuple):
    """The hits that are kept, and the spans of secrets that gave way to them and reach beyond them.

    Such a span is a secret all the same: an address with a password in it, say, whose user is a key.
    """

    kept: list[Hit]
    hidden: list[tuple[int, int]]


def settle_overlaps(hits: Iterable[Hit], order: Mapping[str, int]) -> Settled:
    """Of hits whose secrets share bytes, keep the one of higher priority, then the longer, then rule order.

    A tentative hit gives way to a certain one of the same rank or better, and never pushes a certain one
    out: whether it counts is not known yet. Of what is left, halves of pairs become one (`join_halves`).
    """
    kept: list[Hit] = []
    hidden: list[tuple[int, int]] = []
    group: list[Hit] = []  # of hits that may share bytes
    reach = 0
    for hit in sorted(hits, key=_place):
        if hit.secret_start >= reach:
            _settle(group, order, kept, hidden)
            group = []
        group.append(hit)
        reach = max(reach, hit.secret_end)
    _settle(group, order, kept, hidden)
    return Settled(join_halves(kept), hidden)


def _settle(
    group: list[Hit], order: Mapping[str, int], kept: list[Hit], hidden: list[tuple[int, int]]
) -> None:
    """Add what is kept of a group of hits, and what of the others is to be hidden."""
    left = _settled(group, order)
    kept += left
    if len(left) < len(group):
        hidden += {_place(hit) for hit in group if not any(_covers(other, hit) for other in left)}


def _covers(one: Hit, other: Hit) -> bool:
    return one.secret_start <= other.secret_start and other.secret_end <= one.secret_end


def _settled(hits: list[Hit], order: Mapping[str, int]) -> list[Hit]:
    if len(hits) < 2:  # as a rule
        return hits

    def rank(hit: Hit) -> tuple[int, int, int, bool]:
        return (-hit.rule.priority, hit.secret_start - hit.secret_end, order[hit.base.id], hit.tentative)

    best = min(hits, key=rank)
    if not best.tentative and all(_overlap(best, hit) for hit in hits):
        return [best]
    taken = _Spans()
    kept = []
    provisional = _Spans()
    for hit in sorted(hits, key=rank):
        if taken.overlaps(hit) or (hit.tentative and provisional.overlaps(hit)):
            continue
        (provisional if hit.tentative else taken).add(hit)
        kept.append(hit)
    return sorted(kept, key=_place)


def _overlap(one: Hit, other: Hit) -> bool:
    return one.secret_start < other.secret_end and other.secret_start < one.secret_end


# ---- pairs that are one finding


def join_halves(hits: list[Hit]) -> list[Hit]:
    """Name identifiers in the hits that they belong to, and drop them as hits of their own.

    `hits` are in order of their secrets. Halves come in any order, so they are matched as they follow each
    other; an identifier left over goes to the nearest other half, and one identifier may serve several.
    """
    needed = {
        (need.rule, need.within, hit.base.id) for hit in hits for need in hit.base.requires if need.identifies
    }
    found = {name for hit in hits for name in (hit.rule.id, hit.base.id)} if needed else ()
    wanted = [need for need in sorted(needed) if need[0] in found]
    if not wanted:
        return hits
    joined: dict[int, list[int]] = {}  # secret -> its identifiers, as indexes of `hits`
    named: set[int] = set()
    for rule, within, id_rule in wanted:
        halves = _Halves(hits, id_rule, rule, within)
        for identifier, secret in halves.matched():
            joined.setdefault(secret, []).append(identifier)
            named.add(identifier)
    return [
        hit._replace(partners=_distinct(hits[n] for n in joined[i])) if i in joined else hit
        for i, hit in enumerate(hits)
        if i not in named
    ]


class _Halves:
    """The identifiers of one rule and the secrets of another in one blob."""

    def __init__(self, hits: Sequence[Hit], id_rule: str, rule: str, within: int) -> None:
        self._hits = hits
        self._within = within
        self._ids = [i for i, hit in enumerate(hits) if hit.base.id == id_rule]
        self._secrets = [
            i for i, hit in enumerate(hits) if rule in (hit.rule.id, hit.base.id) and not hit.tentative
        ]

    def matched(self) -> Iterator[tuple[int, int]]:
        """Pairs of identifier and secret; each identifier that has a secret nearby is in one at least."""
        secrets = set(self._secrets)
        free: dict[int, None] = dict.fromkeys(self._ids)
        alone: dict[int, None] = dict.fromkeys(self._secrets)
        waiting = -1
        for i in sorted((*self._ids, *self._secrets)):
            other = waiting >= 0 and (i in secrets) != (waiting in secrets)
            if other and self._near(waiting, i):
                pair = (waiting, i) if i in secrets else (i, waiting)
                del free[pair[0]], alone[pair[1]]
                waiting = -1
                yield pair
            else:
                waiting = i
        for one, others in ((free, self._secrets), (alone, self._ids)):
            for i in one:
                nearest = self._nearest(i, others)
                if nearest is not None:
                    yield (i, nearest) if one is free else (nearest, i)

    def _nearest(self, i: int, others: Sequence[int]) -> int | None:
        at = bisect_left(others, i)
        near = [other for other in others[max(0, at - 1) : at + 1] if self._near(i, other)]
        return min(near, key=lambda other: _gap(self._hits[i], self._hits[other]), default=None)

    def _near(self, i: int, other: int) -> bool:
        return not self._within or _gap(self._hits[i], self._hits[other]) <= self._within


def _distinct(partners: Iterable[Hit]) -> tuple[Hit, ...]:
    """At most MAX_PARTNERS identifiers, each value once."""
    return tuple({partner.value: partner for partner in partners}.values())[:MAX_PARTNERS]


class _Spans:
    """Disjoint spans, in buckets of 4 KB so that adding stays cheap whatever their number."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[tuple[int, int]]] = {}

    def overlaps(self, hit: Hit) -> bool:
        return any(
            start < hit.secret_end and hit.secret_start < end
            for bucket in self._numbers(hit)
            for start, end in self._buckets.get(bucket, ())
        )

    def add(self, hit: Hit) -> None:
        for bucket in self._numbers(hit):
            self._buckets.setdefault(bucket, []).append((hit.secret_start, hit.secret_end))

    @staticmethod
    def _numbers(hit: Hit) -> range:
        return range(hit.secret_start >> 12, (hit.secret_end - 1 >> 12) + 1)
