"""JSON for programs. docs/schema/report-v1.schema.json is the published contract.

Field names are written out here and nowhere derived from the model, so that a change there cannot change the
contract or publish a field by accident. Personal data of an inventory entry (who made, owns or may edit a
key) is not part of it. Within version 1 fields are only ever added.
"""

from __future__ import annotations

import json
from typing import Any

from keylint.model import (
    Advice,
    CommitRef,
    Evidence,
    ExposureReport,
    Finding,
    KeyRecord,
    Level,
    Link,
    Location,
    Problem,
    Reason,
    Report,
    Skipped,
    Surroundings,
    Verdict,
)
from keylint.report.clean import without_surrogates
from keylint.report.common import DEACTIVATION_NOTE, iso, order, uri
from keylint.report.options import RenderOptions

SCHEMA_VERSION = 1
_Object = dict[str, Any]
_ENCODER = json.JSONEncoder()


def render(report: Report, options: RenderOptions) -> str:
    """The report as one JSON object in ASCII (everything else is escaped).

    Allowed and suppressed findings are always in it. Text that was not UTF-8 has U+FFFD in `path` and is
    exact in `uri`.
    """
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "keylint", "version": report.version},
        "command": report.command,
        "target": report.target,
        "complete": report.complete,
        "interrupted": report.interrupted,
        "revealed": report.revealed,
        "exit_code": options.exit_code,
        "repository": {
            "remote": report.repository.remote,
            "revision": report.repository.revision,
            "branch": report.repository.branch,
        },
        "summary": _summary(report),
        "findings": [_finding(finding) for finding in sorted(report.findings, key=order)],
        "suppressed": [_finding(finding) for finding in sorted(report.suppressed, key=order)],
        "skipped": [_skipped(item) for item in report.skipped],
        "problems": [_problem(problem) for problem in report.problems],
        "stats": {
            "files": report.stats.files,
            "bytes": report.stats.bytes,
            "seconds": round(report.stats.seconds, 3),
            "rules": report.stats.rules,
            "prefilter": report.stats.prefilter,
        },
    }
    members = [f'"{name}": {_member(value)}' for name, value in document.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _member(value: Any) -> str:
    """One member of the document; of a list, each item on a line of its own."""
    if not isinstance(value, list):
        return _encode(value)
    return "[\n" + ",\n".join(_encode(item) for item in value) + "\n]" if value else "[]"


def _encode(value: Any) -> str:
    text = _ENCODER.encode(value)
    return text if "\\ud" not in text else _ENCODER.encode(_scrub(value))


def _scrub(value: Any) -> Any:
    """`value` without lone surrogates, which JSON readers refuse."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        return {key: _scrub(item) for key, item in value.items()}
    return value


def _summary(report: Report) -> _Object:
    levels = dict.fromkeys((level.value for level in Level), 0)
    for finding in report.findings:
        levels[finding.verdict.level.value] += 1
    return {
        "findings": len(report.findings),
        "by_verdict": {kind.value: count for kind, count in report.counts().items()},
        "by_level": levels,
        "suppressed": len(report.suppressed),
        "skipped": len(report.skipped),
        "incomplete": sum(item.incomplete for item in report.skipped),
        "problems": len(report.problems),
    }


def _finding(finding: Finding) -> _Object:
    quiet = finding.suppression
    return {
        "fingerprint": finding.fingerprint,
        "verdict": _verdict(finding.verdict),
        "key": {
            "fingerprint": finding.key.fingerprint,
            "rule_id": finding.key.rule_id,
            "provider": finding.key.provider,
            "title": finding.key.title,
            "mask": finding.key.mask,
        },
        "evidence": _evidence(finding.evidence),
        "surroundings": _surroundings(finding.surroundings),
        "link": _link(finding.link),
        "advice": _advice(finding.advice),
        "places": [_place(place) for place in finding.locations],
        "occurrences": finding.occurrences,
        "other_paths": list(finding.other_paths),
        "first_seen": _commit(finding.first_seen),
        "last_seen": _commit(finding.last_seen),
        "in_head": finding.in_head,
        "branches": list(finding.branches),
        "branch_count": finding.branch_count,
        "in_client": finding.in_client,
        "suppression": {"kind": quiet.kind, "justification": quiet.justification} if quiet else None,
    }


def _verdict(verdict: Verdict) -> _Object:
    return {
        "kind": verdict.kind.value,
        "level": verdict.level.value,
        "severity": verdict.severity.value,
        "privacy": verdict.privacy.value,
        "reason": _reason(verdict.reason),
        "notes": [_reason(note) for note in verdict.notes],
        "template": verdict.template,
        "excess_privileges": list(verdict.excess_privileges),
    }


def _reason(reason: Reason) -> _Object:
    return {"code": reason.code, "text": reason.text}


def _evidence(evidence: Evidence) -> _Object:
    return {
        "privacy": evidence.privacy.value if evidence.privacy else None,
        "reason": evidence.reason,
        "facts": [{"name": name, "value": value} for name, value in evidence.facts],
        "expires": iso(evidence.expires_at),
        "checksum_ok": evidence.checksum_ok,
        "test_mode": evidence.test_mode,
    }


def _surroundings(around: Surroundings) -> _Object:
    return {
        "partners": [
            {
                "title": partner.title,
                "value": partner.value,
                "line": partner.line,
                "column": partner.column,
                "rule_id": partner.rule_id,
                "facts": [{"name": name, "value": value} for name, value in partner.facts],
            }
            for partner in around.partners
        ],
        "bundled": around.bundled,
        "parameter": around.parameter,
        "public_hints": list(around.public_hints),
        "private_hints": list(around.private_hints),
    }


def _link(link: Link) -> _Object:
    return {
        "certainty": link.certainty.value,
        "explanation": link.explanation,
        "records": [_record(record) for record in link.records],
    }


def _record(record: KeyRecord) -> _Object:
    return {
        "provider": record.provider,
        "key_id": record.key_id,
        "label": record.label,
        "organization": record.organization,
        "masks": list(record.masks),
        "half": record.half,
        "status": record.status.value,
        "raw_status": record.raw_status,
        "privacy": record.privacy.value if record.privacy else None,
        "template_id": record.template_id,
        "privileges": None if record.privileges is None else [item.name for item in record.privileges],
        "environment": record.environment,
        "created": iso(record.created),
        "activated": iso(record.activated),
        "disabled": iso(record.disabled),
        "expires": iso(record.expires),
        "last_used": iso(record.last_used),
        "exposure": _exposure(record.exposure),
    }


def _exposure(exposure: ExposureReport | None) -> _Object | None:
    if exposure is None:
        return None
    return {
        "severity": exposure.severity.value,
        "created": iso(exposure.created),
        "deactivation": iso(exposure.deactivation),
        "reasons": list(exposure.reasons),
    }


def _advice(advice: Advice) -> _Object:
    days = advice.deactivate_within_days
    return {
        "can_do": advice.can_do,
        "impact": advice.impact,
        "rotation": list(advice.rotation),
        "rotation_certain": advice.rotation_certain,
        "docs": advice.docs,
        "settle": advice.settle,
        "deactivate_within_days": days,
        "deactivation_note": "" if days is None else DEACTIVATION_NOTE,
    }


def _place(place: Location) -> _Object:
    origin = place.origin
    return {
        "path": origin.path,
        "uri": uri(origin.path),
        "container": list(origin.container),
        "surface": origin.surface.value,
        "commit": _commit(origin.commit),
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "byte_offset": place.byte_offset,
        "binary": place.binary,
        "snippet": place.snippet,
    }


def _commit(commit: CommitRef | None) -> _Object | None:
    if commit is None:
        return None
    return {"id": commit.id, "date": iso(commit.date), "author": commit.author}


def _skipped(item: Skipped) -> _Object:
    return {
        "path": item.path,
        "uri": uri(item.path),
        "reason": item.reason.value,
        "incomplete": item.incomplete,
        "detail": item.detail,
    }


def _problem(problem: Problem) -> _Object:
    return {
        "code": problem.code,
        "level": problem.level.value,
        "text": problem.text,
        "path": problem.path,
        "line": problem.line,
    }
