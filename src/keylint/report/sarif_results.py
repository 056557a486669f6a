"""Findings -> SARIF results, with the message templates that their descriptors need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sarif_om as om

from keylint.model import CommitRef, Finding, Level, VerdictKind
from keylint.report.clean import clean, without_surrogates
from keylint.report.common import DEACTIVATION_NOTE, MEANING, iso, partner_text, place
from keylint.report.sarif_places import Artifacts, inner_name, location, partner_locations

RELATED_LIMIT = 90  # GitHub shows 100 locations of a result
_LINKED = 3  # related places that the message links: GitHub shows only those
_RECORDS_LIMIT = 20


@dataclass(frozen=True)
class Message:
    """A result's message: template and arguments, as `messageStrings` has them, and both put together."""

    id: str
    template: str
    arguments: list[str]

    @property
    def text(self) -> str:
        """The whole message."""
        return self.template.format(*self.arguments)


class _Composer:
    """Sentences with numbered arguments, and an id made of the parts that were used."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.sentences: list[str] = []
        self.arguments: list[str] = []

    def add(self, name: str, sentence: str, *arguments: str) -> None:
        """Append a sentence whose arguments are written as `{}`."""
        for argument in arguments:
            sentence = sentence.replace("{}", f"{{{len(self.arguments)}}}", 1)
            self.arguments.append(_no_links(argument))
        self.names.append(name)
        self.sentences.append(sentence)

    def message(self) -> Message:
        """What was composed."""
        return Message("-".join(self.names), " ".join(self.sentences), self.arguments)


def message(finding: Finding) -> Message:
    """What a reader sees first: which key, where, what is wrong, why."""
    text = _Composer()
    title = clean(finding.key.title).replace("{", "{{").replace("}", "}}")
    meaning = MEANING[finding.verdict.kind]
    origin = finding.locations[0].origin
    mask, path = clean(finding.key.mask), clean(origin.path)
    if origin.container:
        inner = inner_name(origin)
        text.add("nested", f"{title} '{{}}' inside '{{}}' of '{{}}' {meaning}.", mask, inner, path)
    else:
        text.add("default", f"{title} '{{}}' in '{{}}' {meaning}.", mask, path)
    text.add("why", "Why: '{}'.", clean(finding.verdict.reason.text).rstrip("."))
    if finding.surroundings.partners:
        text.add("pair", "Together with '{}'.", partner_text(finding.surroundings.partners[0]))
    if finding.advice.settle:
        text.add("settle", "To settle: '{}'.", clean(finding.advice.settle).rstrip("."))
    _add_history(text, finding)
    _add_places(text, finding)
    return text.message()


def _add_history(text: _Composer, finding: Finding) -> None:
    commit = finding.locations[0].origin.commit
    if commit is None:
        return
    where = {False: "Only in history, not in HEAD", True: "Still in HEAD", None: "In history"}[
        finding.in_head
    ]
    name = {False: "gone", True: "kept", None: "history"}[finding.in_head]
    text.add(name, f"{where}: commit '{{}}'.", clean(commit.id))


def _add_places(text: _Composer, finding: Finding) -> None:
    related = min(len(finding.locations) - 1, RELATED_LIMIT)
    if related <= 0:
        return
    links = [f"[place {number}]({number})" for number in range(1, min(related, _LINKED) + 1)]
    text.add(f"also{len(links)}", f"Also at {', '.join(links)}.")
    if finding.occurrences - 1 > related:
        text.add(
            "cut", "'{}' places in all, of which '{}' are listed.", str(finding.occurrences), str(related + 1)
        )


def _no_links(argument: str) -> str:
    """Brackets in a name must not become an embedded link (SARIF 2.1.0, section 3.11.6)."""
    return argument.replace("[", "\\[").replace("]", "\\]") if "](" in argument else argument


def result(
    finding: Finding, text: Message, rule: tuple[str, int], artifacts: Artifacts, *, suppressions: bool
) -> om.Result:
    """One finding as one result; with `suppressions` every result says whether it is suppressed."""
    allowed = finding.verdict.kind is VerdictKind.ALLOWED
    rule_id, rule_index = rule
    related = [
        location(other, finding.key.mask, artifacts, number)
        for number, other in enumerate(finding.locations[1 : RELATED_LIMIT + 1], 1)
    ]
    related += partner_locations(finding, artifacts, len(related) + 1)
    return om.Result(
        rule_id=rule_id,
        rule_index=rule_index,
        kind="pass" if allowed else "fail",
        level=Level.NONE.value if allowed else finding.verdict.level.value,
        message=om.Message(id=text.id, text=text.text, arguments=text.arguments),
        locations=[location(finding.locations[0], finding.key.mask, artifacts)],
        related_locations=related or None,
        partial_fingerprints=_fingerprints(finding),
        suppressions=_suppressions(finding) if suppressions else None,
        properties=_properties(finding),
    )


def _fingerprints(finding: Finding) -> dict[str, str]:
    out = {"keylintFinding/v1": finding.fingerprint}
    if finding.locations[0].line_hash:
        out["primaryLocationLineHash"] = finding.locations[0].line_hash
    return out


def _suppressions(finding: Finding) -> list[om.Suppression]:
    quiet = finding.suppression
    if quiet is None:
        return []
    kind = "inSource" if quiet.kind == "inline" else "external"
    justification = clean(quiet.justification) or f"keylint {quiet.kind}"
    return [om.Suppression(kind=kind, state="accepted", justification=justification)]


def _properties(finding: Finding) -> dict[str, object]:
    """What a consumer needs to flag the key as exposed and to plan its rotation; no empty values."""
    verdict, advice, evidence, link = finding.verdict, finding.advice, finding.evidence, finding.link
    records = link.records[:_RECORDS_LIMIT]
    days = advice.deactivate_within_days
    first = finding.locations[0]
    values: dict[str, object] = {
        "verdict": verdict.kind.value,
        "severity": verdict.severity.value,
        "certainty": link.certainty.value,
        "certaintyText": clean(link.explanation),
        "reason": {"code": verdict.reason.code, "text": clean(verdict.reason.text)},
        "notes": [{"code": note.code, "text": clean(note.text)} for note in verdict.notes],
        "privacy": verdict.privacy.value,
        "template": clean(verdict.template),
        "excessPrivileges": _clean_list(verdict.excess_privileges),
        "keyKind": finding.key.rule_id,
        "keyFingerprint": finding.key.fingerprint,
        "keyMask": clean(finding.key.mask),
        "keyIds": _clean_list(record.key_id for record in records),
        "keyLabels": _clean_list(record.label for record in records if record.label),
        "organizations": sorted({clean(record.organization) for record in records if record.organization}),
        "inventoryStatus": [record.status.value for record in records],
        "surface": first.origin.surface.value,
        "commit": first.origin.commit.id if first.origin.commit else "",
        "byteOffset": first.byte_offset if first.binary else None,
        "occurrences": finding.occurrences,
        "places": [place(item) for item in finding.locations[: RELATED_LIMIT + 1]],
        "otherPaths": _clean_list(finding.other_paths),
        "firstSeen": _commit(finding.first_seen),
        "lastSeen": _commit(finding.last_seen),
        "inHead": finding.in_head,
        "branches": _clean_list(finding.branches),
        "branchCount": finding.branch_count or None,
        "inClient": finding.in_client,
        "evidence": {clean(name): clean(value) for name, value in evidence.facts},
        "pairedWith": [partner_text(partner) for partner in finding.surroundings.partners],
        "bundledPrefix": finding.surroundings.bundled,
        "urlParameter": finding.surroundings.parameter,
        "publicHints": list(finding.surroundings.public_hints),
        "privateHints": list(finding.surroundings.private_hints),
        "evidenceText": clean(evidence.reason),
        "expires": iso(evidence.expires_at),
        "checksumOk": evidence.checksum_ok,
        "testMode": evidence.test_mode or None,
        "canDo": clean(advice.can_do),
        "impact": clean(advice.impact),
        "settle": clean(advice.settle),
        "rotationPlan": _clean_list(advice.rotation),
        "rotationCertain": advice.rotation_certain if advice.rotation else None,
        "suggestedDeactivationDays": days,
        "suggestedDeactivationNote": DEACTIVATION_NOTE if days is not None else None,
        "docs": without_surrogates(advice.docs),
    }
    if len(records) == 1:
        values["keyId"] = clean(records[0].key_id)
        values["organization"] = clean(records[0].organization)
    return {name: value for name, value in values.items() if value or value is False or value == 0}


def _clean_list(values: Iterable[str]) -> list[str]:
    return [clean(value) for value in values]


def _commit(commit: CommitRef | None) -> dict[str, object] | None:
    return {"commit": clean(commit.id), "date": iso(commit.date)} if commit else None
