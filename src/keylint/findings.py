"""From matches to findings: one `Finding` for each key and file. Here the raw `Secret` is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from keylint.digests import hmac_sha256
from keylint.model import (
    Advice,
    CommitRef,
    Evidence,
    Finding,
    KeyInfo,
    Link,
    Location,
    Origin,
    Suppression,
    Surface,
    Surroundings,
    Verdict,
)
from keylint.records import dataclass, field
from keylint.rule import Rule
from keylint.secret import Match, Secret

MAX_PLACES = 50  # places kept for each key and file; the rest is counted
MAX_OTHER_PATHS = 20
MAX_PARTNERS = 8  # identifiers named in a finding


@dataclass(frozen=True)
class Judgement:
    """What the later stages say about one key on one surface, and which rule names it after all."""

    rule: Rule
    evidence: Evidence
    verdict: Verdict
    link: Link
    advice: Advice


@dataclass(frozen=True)
class Sighting:
    """What is known about a key in one file beyond its places; filled in by history scans.

    `more` counts places that are not worth a location of their own.
    """

    first_seen: CommitRef | None = None
    last_seen: CommitRef | None = None
    in_head: bool | None = None
    branches: tuple[str, ...] = ()
    branch_count: int = 0
    more: int = 0


# None means: not a finding after all (a tentative match that no inventory entry supports).
Judge = Callable[["Candidate", Surface, Surroundings], "Judgement | None"]

_Spot = tuple[str, int]  # commit and byte offset

_NOTHING_MORE = Sighting()
_NOTHING_AROUND = Surroundings()


@dataclass
class _Tally:
    """Places of one key in one file, each once, whatever number of rules match there."""

    places: dict[_Spot, Location] = field(default_factory=dict)
    beyond: dict[str, int] = field(default_factory=dict)  # by rule: occurrences that have no place here

    def add(self, match: Match, spot: _Spot) -> None:
        further = match.count - 1
        if spot not in self.places:
            if len(self.places) < MAX_PLACES:
                self.places[spot] = match.location
            else:
                further += 1
        if further:
            self.beyond[match.rule_id] = self.beyond.get(match.rule_id, 0) + further

    @property
    def count(self) -> int:
        """All occurrences. Of what has no place, rules that match the same value mean the same ones."""
        return len(self.places) + max(self.beyond.values(), default=0)


@dataclass
class _Places:
    """The places of one key in one file."""

    origin: Origin
    open: _Tally = field(default_factory=_Tally)
    allowed: _Tally = field(default_factory=_Tally)
    allow_reason: str = ""
    sighting: Sighting = _NOTHING_MORE
    around: Surroundings = _NOTHING_AROUND

    def add(self, match: Match) -> None:
        location = match.location
        spot = location.origin.commit.id if location.origin.commit else "", location.byte_offset
        if match.allow is not None:
            # An allow comment for one of the rules that match here settles the place.
            self.open.places.pop(spot, None)
            self.allow_reason = self.allow_reason or match.allow.reason
            self.allowed.add(match, spot)
        elif spot not in self.allowed.places:
            self.open.add(match, spot)
        if match.surroundings != self.around:
            self.around = _merge(self.around, match.surroundings)


@dataclass
class Candidate:
    """One key of the run, with its raw value, before it is judged."""

    rule: Rule
    value: Secret
    evidence: Evidence
    tentative: bool
    claims: list[tuple[Rule, Evidence]] = field(default_factory=list)  # other kinds that it may be
    files: dict[tuple[str, tuple[str, ...]], _Places] = field(default_factory=dict)

    def claim(self, rule: Rule, evidence: Evidence) -> None:
        """Note another rule that matches this value, if it is for another service."""
        services = {self.rule.provider, *(known.provider for known, _ in self.claims)}
        if rule.provider not in services:
            self.claims.append((rule, evidence))

    @property
    def in_client(self) -> bool:
        """Whether the key sits in a client bundle."""
        return any(places.origin.surface is Surface.CLIENT for places in self.files.values())

    @property
    def organizations(self) -> frozenset[str]:
        """The ids of organizations that the files with this key name."""
        return frozenset(name for places in self.files.values() for name in places.around.organizations)


class Collector:
    """Gathers the matches of a run by key and file, then turns them into findings.

    `salt` keys the fingerprints. `rules` gives the rules that the engine reports by their ids.
    """

    def __init__(self, rules: Callable[[str], Rule], *, salt: bytes) -> None:
        self._rules = rules
        self._salt = salt
        self._keys: dict[Secret, Candidate] = {}

    def add(
        self, matches: Iterable[Match], sighting: Sighting = _NOTHING_MORE, *, file: str | None = None
    ) -> None:
        """Take the matches of one blob.

        `file` names the file that they belong to where that is not their path: one that was renamed.
        """
        for match in matches:
            candidate = self._candidate(match)
            origin = match.location.origin
            key = (origin.path if file is None else file, origin.container)
            places = candidate.files.get(key)
            if places is None:
                places = candidate.files[key] = _Places(origin, sighting=sighting)
            places.add(match)

    def __len__(self) -> int:
        return len(self._keys)

    def _candidate(self, match: Match) -> Candidate:
        rule = self._rules(match.rule_id)
        candidate = self._keys.get(match.value)
        if candidate is None:
            candidate = Candidate(rule, match.value, match.evidence, match.tentative)
            self._keys[match.value] = candidate
        elif rule is candidate.rule and match.tentative == candidate.tentative:
            return candidate
        elif _preferred(rule, tentative=match.tentative, to=candidate):
            # The same value under two rules is one key; the more certain and specific rule names it.
            former = candidate.rule, candidate.evidence
            candidate.rule, candidate.evidence = rule, match.evidence
            candidate.value, candidate.tentative = match.value, match.tentative
            candidate.claim(*former)
        else:
            candidate.claim(rule, match.evidence)
        return candidate

    def findings(self, judge: Judge) -> list[Finding]:
        """All findings, most urgent first; those that inline comments allow carry their suppression."""
        found = [finding for key in self._keys.values() for finding in self._of_key(key, judge)]
        found.sort(key=_urgency)
        return found

    def _of_key(self, key: Candidate, judge: Judge) -> Iterator[Finding]:
        judgements: dict[tuple[Surface, Surroundings], Judgement | None] = {}
        fingerprint = key.value.fingerprint(self._salt, key.rule.id)  # the same with and without inventory
        paths = sorted({path for path, _ in key.files})
        in_client = key.in_client
        for places in key.files.values():
            case = places.origin.surface, places.around
            if case not in judgements:
                judgements[case] = judge(key, *case)
            judgement = judgements[case]
            if judgement is not None:
                rule = judgement.rule
                info = KeyInfo(fingerprint, rule.id, rule.provider, _title(key, rule), key.value.mask)
                yield self._finding(info, places, judgement, paths, in_client=in_client)

    def _finding(
        self, info: KeyInfo, places: _Places, judgement: Judgement, paths: list[str], *, in_client: bool
    ) -> Finding:
        quiet = not places.open.places
        shown = places.allowed if quiet else places.open
        here = places.origin.path
        return Finding(
            fingerprint=self._file_fingerprint(info, places.origin),
            key=info,
            verdict=judgement.verdict,
            evidence=judgement.evidence,
            link=judgement.link,
            advice=judgement.advice,
            locations=tuple(shown.places.values()),
            occurrences=shown.count + places.sighting.more,
            first_seen=places.sighting.first_seen,
            last_seen=places.sighting.last_seen,
            in_head=places.sighting.in_head,
            branches=places.sighting.branches,
            branch_count=places.sighting.branch_count,
            other_paths=tuple(islice((path for path in paths if path != here), MAX_OTHER_PATHS)),
            in_client=in_client,
            suppression=Suppression("inline", places.allow_reason) if quiet else None,
            surroundings=places.around,
        )

    def _file_fingerprint(self, info: KeyInfo, origin: Origin) -> str:
        place = "\0".join((info.fingerprint, origin.path, *origin.container))
        return hmac_sha256(self._salt, place.encode("utf-8", "surrogateescape"))[:32]


def _merge(one: Surroundings, other: Surroundings) -> Surroundings:
    """The surroundings of a key that stands at two places of one file."""
    partners = {(partner.title, partner.value): partner for partner in (*other.partners, *one.partners)}
    return Surroundings(
        partners=tuple(sorted(partners.values(), key=lambda p: (p.line, p.title, p.value)))[:MAX_PARTNERS],
        bundled=one.bundled or other.bundled,
        parameter=one.parameter or other.parameter,
        public_hints=tuple(dict.fromkeys((*one.public_hints, *other.public_hints))),
        private_hints=tuple(dict.fromkeys((*one.private_hints, *other.private_hints))),
    )


def _title(key: Candidate, rule: Rule) -> str:
    """The rule's title, or whose credential it seems to be where the text around the value says so."""
    service = dict(key.evidence.facts).get("service")
    return f"{service} credential ({rule.provider})" if service else rule.title


def _preferred(rule: Rule, *, tentative: bool, to: Candidate) -> bool:
    if tentative != to.tentative:
        return to.tentative
    return rule.priority > to.rule.priority


def _urgency(finding: Finding) -> tuple[int, int, str, int, int]:
    first = finding.locations[0]
    return (
        -finding.verdict.level.rank,
        -finding.verdict.severity.rank,
        first.origin.display,
        first.line,
        first.column,
    )
