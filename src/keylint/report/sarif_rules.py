"""Reporting descriptors: one for each (kind of key, verdict, severity) that occurs.

GitHub reads `security-severity` from the rule only, so a kind of key needs a descriptor per severity:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sarif_om as om

from keylint.model import Advice, Finding, RuleInfo, Severity, VerdictKind
from keylint.report.clean import clean
from keylint.report.common import DEACTIVATION_NOTE, MEANING

_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.WARN: "1.0",
}

_PRECISION = {
    VerdictKind.EXPOSED: "high",
    VerdictKind.OVER_PRIVILEGED: "very-high",
    VerdictKind.UNKNOWN: "medium",
    VerdictKind.RETIRED: "high",
    VerdictKind.ALLOWED: "high",
}

_EXPLAINED = {
    VerdictKind.EXPOSED: "A live private key can be read at the places listed.",
    VerdictKind.OVER_PRIVILEGED: (
        "The key is used where only a public key belongs, and it carries more privileges than such a key may."
    ),
    VerdictKind.UNKNOWN: (
        "Public and private keys of this kind look alike, and no inventory entry says which one this is."
    ),
    VerdictKind.RETIRED: (
        "The inventory says that the key no longer works. Remove it from the files; it needs no rotation."
    ),
    VerdictKind.ALLOWED: "The key is made to be public and is used as such. Nothing needs to be done.",
}

# https://cwe.mitre.org/data/definitions/<number>.html
CWES = {
    269: "Improper Privilege Management",
    312: "Cleartext Storage of Sensitive Information",
    321: "Use of Hard-coded Cryptographic Key",
    798: "Use of Hard-coded Credentials",
}

_TEXT_LIMIT = 1024  # GitHub's limit for descriptions
_NAME_LIMIT = 255
_TAG_LIMIT = 10  # GitHub keeps ten

RuleKey = tuple[str, VerdictKind, Severity]


@dataclass(frozen=True)
class RuleTable:
    """The descriptors of a run and where each finding's stands among them."""

    descriptors: list[om.ReportingDescriptor]
    index: dict[RuleKey, int]
    cwes: tuple[int, ...]

    def of(self, finding: Finding) -> tuple[str, int]:
        """Id and index of a finding's descriptor."""
        number = self.index[rule_key(finding)]
        return self.descriptors[number].id, number


def rule_key(finding: Finding) -> RuleKey:
    """What decides which descriptor a finding has."""
    return finding.key.rule_id, finding.verdict.kind, finding.verdict.severity


def rule_table(
    findings: Iterable[Finding], rules: Sequence[RuleInfo], messages: dict[RuleKey, dict[str, str]]
) -> RuleTable:
    """Descriptors for `findings`; `messages` has each descriptor's templates by message id."""
    groups: dict[RuleKey, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(rule_key(finding), []).append(finding)
    known = {rule.id: rule for rule in rules}
    cwes = tuple(sorted({cwe for key in groups for cwe in _cwes(key, known.get(key[0]))}))
    descriptors = [
        _descriptor(key, group, known.get(key[0]), messages[key], cwes) for key, group in groups.items()
    ]
    return RuleTable(descriptors, {key: number for number, key in enumerate(groups)}, cwes)


def _descriptor(
    key: RuleKey,
    group: Sequence[Finding],
    info: RuleInfo | None,
    messages: dict[str, str],
    cwes: tuple[int, ...],
) -> om.ReportingDescriptor:
    rule_id, verdict, severity = key
    if info is None:
        first = group[0].key
        info = RuleInfo(rule_id, first.title, first.title, first.provider)
    own = _cwes(key, info)
    docs = next((url for url in (info.docs, *(f.advice.docs for f in group)) if _is_web(url)), "")
    advice = _common_advice([finding.advice for finding in group])
    heading = f"{clean(info.title)} {MEANING[verdict]} ({severity.value})."
    return om.ReportingDescriptor(
        id=f"{rule_id}/{verdict.value}/{severity.value.lower()}",
        name=_pascal(rule_id, verdict.value, severity.value.lower())[:_NAME_LIMIT],
        short_description=om.MultiformatMessageString(text=_cut(heading)),
        full_description=om.MultiformatMessageString(
            text=_cut(f"{_sentence(clean(info.description or info.title))} {_EXPLAINED[verdict]}")
        ),
        help=om.MultiformatMessageString(
            text=_help_text(heading, verdict, advice, docs),
            markdown=_help_markdown(heading, verdict, advice, docs),
        ),
        help_uri=docs or None,
        default_configuration=om.ReportingConfiguration(level=verdict.level.value),
        message_strings={
            name: om.MultiformatMessageString(text=template) for name, template in messages.items()
        },
        relationships=[_relationship(cwe, cwes) for cwe in own] or None,
        properties=_properties(verdict, severity, info, own),
    )


def _properties(
    verdict: VerdictKind, severity: Severity, info: RuleInfo, cwes: Sequence[int]
) -> dict[str, object]:
    tags = [
        "security",
        *(f"external/cwe/cwe-{cwe}" for cwe in cwes),
        verdict.value,
        info.provider,
        *info.tags,
    ]
    out: dict[str, object] = {
        "tags": list(dict.fromkeys(clean(tag) for tag in tags if tag))[:_TAG_LIMIT],
        "precision": _PRECISION[verdict],
        "verdict": verdict.value,
        "severity": severity.value,
        "provider": clean(info.provider),
    }
    if verdict is not VerdictKind.ALLOWED:  # nothing is wrong with an allowed key
        out["security-severity"] = _SECURITY_SEVERITY[severity]
    return out


def _cwes(key: RuleKey, info: RuleInfo | None) -> tuple[int, ...]:
    """The weaknesses of a descriptor. The main one stands last: DefectDojo shows that one."""
    rule_id, verdict, _ = key
    if verdict is VerdictKind.ALLOWED:
        return ()
    if verdict is VerdictKind.OVER_PRIVILEGED:
        return (798, 269)
    cryptographic = "private-key" in rule_id or "private-key" in (info.tags if info else ())
    return (312, 321, 798) if cryptographic else (312, 798)


def _relationship(cwe: int, cwes: tuple[int, ...]) -> om.ReportingDescriptorRelationship:
    target = om.ReportingDescriptorReference(
        id=f"CWE-{cwe}",
        index=cwes.index(cwe),
        tool_component=om.ToolComponentReference(name="CWE", index=0),
    )
    return om.ReportingDescriptorRelationship(target=target, kinds=["superset"])


def taxonomy(cwes: Iterable[int]) -> om.ToolComponent:
    """The part of CWE that a run refers to."""
    return om.ToolComponent(
        name="CWE",
        organization="MITRE",
        short_description=om.MultiformatMessageString(text="The MITRE Common Weakness Enumeration."),
        information_uri="https://cwe.mitre.org/",
        taxa=[
            om.ReportingDescriptor(
                id=f"CWE-{cwe}",
                name=re.sub(r"[^A-Za-z]", "", CWES[cwe].title()),
                short_description=om.MultiformatMessageString(text=f"{CWES[cwe]}."),
                help_uri=f"https://cwe.mitre.org/data/definitions/{cwe}.html",
            )
            for cwe in cwes
        ],
    )


def _common_advice(advices: Sequence[Advice]) -> Advice:
    """What the advice of all findings of one descriptor agrees on; the rest stands in each result."""
    first = advices[0]
    others = advices[1:]
    can_do = first.can_do if all(a.can_do == first.can_do for a in others) else ""
    impact = first.impact if all(a.impact == first.impact for a in others) else ""
    settle = first.settle if all(a.settle == first.settle for a in others) else ""
    shared = set(first.rotation).intersection(*(a.rotation for a in others))
    return Advice(
        can_do=can_do,
        impact=impact,
        rotation=tuple(step for step in first.rotation if step in shared),
        docs=first.docs,
        rotation_certain=all(a.rotation_certain for a in advices),
        deactivate_within_days=first.deactivate_within_days,
        settle=settle,
    )


def _help_parts(verdict: VerdictKind, advice: Advice) -> list[tuple[str, str]]:
    per_result = "This differs by key; each result says it in its properties."
    parts = [
        ("Verdict", _EXPLAINED[verdict]),
        ("What the key may do", advice.can_do or per_result),
        ("What someone could do with it", advice.impact or per_result),
    ]
    if advice.settle:
        parts.append(("What would settle it", advice.settle))
    return [(heading, _sentence(clean(text))) for heading, text in parts]


def _help_steps(advice: Advice) -> list[str]:
    steps = [_sentence(clean(step)) for step in advice.rotation]
    return [f"{number}. {step}" for number, step in enumerate(steps, 1)]


def _help_notes(advice: Advice) -> list[str]:
    notes = []
    if advice.rotation and not advice.rotation_certain:
        notes.append("No source was read for these steps: check them with the provider.")
    if advice.deactivate_within_days is not None:
        notes.append(
            f"Suggested deactivation: within {advice.deactivate_within_days} days. {DEACTIVATION_NOTE}"
        )
    return notes


def _help_text(heading: str, verdict: VerdictKind, advice: Advice, docs: str) -> str:
    lines = [heading, *(f"{name}: {text}" for name, text in _help_parts(verdict, advice))]
    if advice.rotation:
        lines += ["Rotation:", *_help_steps(advice)]
    lines += _help_notes(advice)
    if docs:
        lines.append(f"Documentation: {docs}")
    return "\n".join(lines)


def _help_markdown(heading: str, verdict: VerdictKind, advice: Advice, docs: str) -> str:
    blocks = [f"**{_md(heading)}**"]
    blocks += [f"**{name}**: {_md(text)}" for name, text in _help_parts(verdict, advice)]
    if advice.rotation:
        blocks += ["**Rotation**", "\n".join(_md(step) for step in _help_steps(advice))]
    blocks += [_md(note) for note in _help_notes(advice)]
    if docs:
        blocks.append(f"[Documentation](<{docs}>)")
    return "\n\n".join(blocks)


def _md(text: str) -> str:
    """Plain text inside Markdown: no HTML, links or code."""
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", text)


def _pascal(*parts: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", " ".join(parts))
    return "".join(word[0].upper() + word[1:] for word in words)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_LIMIT else text[: _TEXT_LIMIT - 4].rstrip() + " ..."


def _is_web(url: str) -> bool:
    return (
        url.startswith(("https://", "http://"))
        and url.isascii()
        and url.isprintable()
        and not set(url) & set(' <>"')
    )
