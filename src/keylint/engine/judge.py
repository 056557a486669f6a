"""From a confirmed match to what it is: is it a value, of which kind, and what does it say about itself?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from keylint.digests import sha256
from keylint.engine import filters
from keylint.engine.allow import Allowed, Compiled
from keylint.engine.candidate import Service
from keylint.engine.canonical import normalize
from keylint.engine.confirm import Raw
from keylint.engine.hit import MAX_REFUSALS, Hit, Refusal
from keylint.engine.lexicon import entropy
from keylint.engine.naming import SERVICE, providers
from keylint.model import Evidence, Privacy
from keylint.records import replace
from keylint.rule import Rule

_REMEMBERED = 50_000  # values
_NARROW = 32  # bytes beside a value that filters see
_WIDE = filters.SURROUNDINGS  # bytes before it where a provider's name may stand
_TENTATIVE, _NAMED = 1, 2  # marks
_SILENT = Evidence()
_SAMPLE = Evidence(
    privacy=Privacy.PUBLIC,
    reason="documented sample of the provider",
    facts=(("sample", "documented sample"),),
)


class Judged(NamedTuple):
    """What a value is, wherever it stands."""

    rule: Rule
    value: bytes
    evidence: Evidence


class Judge:
    """Judges the matches of one rule."""

    def __init__(self, rule: Rule, refinements: Sequence[Rule]) -> None:
        self._rule = rule
        self._refinements = refinements
        where = f"{rule.source}: rule {rule.id}" if rule.source else f"rule {rule.id}"
        self._filters = filters.select(rule.filters, where)
        self._quick = filters.quickest_first(self._filters)
        self.refusals: list[Refusal] | None = None  # a list: tell which filter refused what
        self._compiled = Compiled(rule)
        self.allowed = Allowed(rule, self._compiled)
        self._providers = providers(rule.names) if rule.names else None
        self._known: dict[tuple[bytes, bytes, bytes, int], Judged | str] = {}
        self._identities: dict[bytes, Judged] = {}

    def judge(self, data: bytes, raw: Raw, path: str | None) -> Hit | None:
        """The hit, or None where the match is no secret."""
        judged = self._value(data, raw)
        if isinstance(judged, str):
            self._refuse(raw, judged)
            return None
        if self._rule.allowlists and self.allowed.covers(data, raw, path):
            self._refuse(raw, "allowlist")
            return None
        tentative = False
        context = self._rule.context
        if context and not self._in_context(data, raw):
            if not context.or_inventory:
                self._refuse(raw, "context")
                return None
            tentative = True
        return Hit(judged.rule, self._rule, *raw, judged.value, judged.evidence, tentative)

    def recall(self, data: bytes, raw: Raw, marks: int) -> Hit:
        """The hit of this rule that was judged before, and of which the `marks` were kept, without a test."""
        found = data[raw.secret_start : raw.secret_end]
        value = normalize(found, self._rule.normalize)
        judged = self._identified(value)
        if marks & _NAMED and judged.evidence is not _SAMPLE:
            before = data[max(0, raw.secret_start - _WIDE) : raw.secret_start]
            provider, _ = self._service(before, min(len(before), raw.secret_start - raw.start))
            judged = _labelled(judged, provider)
        return Hit(judged.rule, self._rule, *raw, judged.value, judged.evidence, bool(marks & _TENTATIVE))

    def stays(self, data: bytes, hit: Hit, path: str) -> bool:
        """Whether a hit of this rule that was found without a path is one under this path, too."""
        raw = Raw(hit.start, hit.end, hit.secret_start, hit.secret_end)
        return self.allowed.holds_under(data, raw, path)

    def _refuse(self, raw: Raw, reason: str) -> None:
        """Drop a match; with `--explain`, keep a note of it."""
        if self.refusals is not None and len(self.refusals) < MAX_REFUSALS:
            self.refusals.append(Refusal(self._rule, raw.secret_start, raw.secret_end, reason))

    def _value(self, data: bytes, raw: Raw) -> Judged | str:
        """What the value is, or the name of the test that refused it."""
        start, end = raw.secret_start, raw.secret_end
        around = _WIDE if self._providers else _NARROW
        before = data[start - around if start > around else 0 : start]
        after = data[end : end + _NARROW]
        key = (data[start:end], before, after, min(len(before), start - raw.start))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = self._judge_value(*key)
        return known

    def _judge_value(self, found: bytes, before: bytes, after: bytes, lead: int) -> Judged | str:
        rule = self._rule
        value = normalize(found, rule.normalize)
        judged = self._identified(value)
        if judged.evidence is _SAMPLE:
            return judged
        if rule.entropy and entropy(found) <= rule.entropy:
            return "entropy"
        body = value[rule.prefix_len :]
        candidate = filters.Candidate(value, body, before, after, lead, find_service=self._service)
        tests = self._quick if self.refusals is None else self._filters
        for name, test in tests.items():
            if test(candidate):
                return name
        return _labelled(judged, candidate.service) if candidate.service else judged

    def _service(self, before: bytes, lead: int) -> Service:
        """The provider that the text before a value names, and whether the value's own name does."""
        if self._providers is None:
            return "", False
        provider, named = self._providers.before(before.decode("latin-1"), lead)
        return (provider.name, named) if provider else ("", False)

    def _identified(self, value: bytes) -> Judged:
        """What a value is; a sample of a documentation is nothing else."""
        rule = self._rule
        if not (rule.inspect or rule.checksum or rule.samples or self._refinements):
            return Judged(rule, value, _SILENT)
        judged = self._identities.get(value)
        if judged is None:
            judged = self._identify(value)
            if is_sample(value, rule) or (judged.rule is not rule and is_sample(value, judged.rule)):
                judged = judged._replace(evidence=_SAMPLE)
            if len(self._identities) >= _REMEMBERED:
                self._identities.clear()
            self._identities[value] = judged
        return judged

    def _identify(self, value: bytes) -> Judged:
        rule = self._rule
        evidence, facts = _SILENT, dict[str, object]()
        if rule.inspect:
            from keylint.engine.inspect import inspect

            inspection = inspect(rule.inspect, value)
            evidence, facts = inspection.evidence, dict(inspection.facts)
        if rule.checksum:
            from keylint.engine.inspect import checksum

            evidence = replace(evidence, checksum_ok=checksum(rule.checksum, value))
            facts["checksum_ok"] = evidence.checksum_ok
        return Judged(refine(rule, self._refinements, facts), value, evidence)

    def _in_context(self, data: bytes, raw: Raw) -> bool:
        context = self._rule.context
        assert context is not None
        if not context.within:
            return self._compiled.search(context.regex, data, "context")
        near = data[max(0, raw.start - context.within) : raw.end + context.within]
        return self._compiled.search(context.regex, near, "context")


def marks(hit: Hit) -> int:
    """What the judgement of a hit said about its surroundings, for `Judge.recall`."""
    named = any(name == SERVICE for name, _ in hit.evidence.facts)
    return _TENTATIVE * hit.tentative + _NAMED * named


def _labelled(judged: Judged, service: str) -> Judged:
    evidence = judged.evidence
    return judged._replace(evidence=replace(evidence, facts=(*evidence.facts, (SERVICE, service))))


def is_sample(value: bytes, rule: Rule) -> bool:
    """Whether the provider's documentation prints this value (rules hold SHA-256 digests of samples only)."""
    return bool(rule.samples) and sha256(value).hexdigest() in rule.samples


def refine(rule: Rule, refinements: Sequence[Rule], facts: Mapping[str, object]) -> Rule:
    """The refinement with the most conditions, all of them true of the facts; else the rule itself."""
    fitting = [r for r in refinements if all(holds(condition, facts.get(name)) for name, condition in r.when)]
    return max(fitting, key=lambda r: len(r.when), default=rule)


def holds(condition: Any, fact: object) -> bool:
    """One condition on one fact: true is present, false is absent, a list is any of, otherwise as text.

    Text may hold `*`; text that starts with `~` is a pattern searched for in the fact. A fact that is a list
    holds if one of its items does.
    """
    if isinstance(condition, bool):
        return (fact is not None) is condition
    if isinstance(condition, (tuple, list)):
        return any(holds(single, fact) for single in condition)
    if fact is None:
        return False
    if isinstance(fact, (tuple, list, set, frozenset)):
        return any(holds(condition, single) for single in fact)
    wanted, actual = _text(condition), _text(fact)
    if wanted.startswith("~"):
        return re.search(wanted[1:], actual) is not None
    return fnmatchcase(actual, wanted) if "*" in wanted else actual == wanted


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
