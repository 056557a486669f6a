"""SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html

docs/sarif.md describes what keylint writes and why.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import sarif_om as om

from keylint import garbage
from keylint.model import Finding, Report, Repository
from keylint.report.clean import clean
from keylint.report.common import is_url, successful, uri, visible
from keylint.report.options import RenderOptions
from keylint.report.sarif_convert import RESULT_LIMIT, around_results, encode
from keylint.report.sarif_notices import Notices, notices
from keylint.report.sarif_places import SRCROOT, Artifacts
from keylint.report.sarif_results import Message, message, result
from keylint.report.sarif_rules import RuleKey, RuleTable, rule_key, rule_table, taxonomy

# keylint has no home page yet; validators want an address, so this is the weakness that it looks for.
_INFORMATION = "https://cwe.mitre.org/data/definitions/798.html"
_EXIT_MEANINGS = {
    0: "Nothing at or above the fail level.",
    1: "There are findings at or above the fail level.",
    3: "Nothing was found, but something that was asked for could not be read.",
    130: "Interrupted.",
}


def render(report: Report, options: RenderOptions) -> str:
    """The report as one SARIF log with one run, in ASCII (everything else is escaped)."""
    found = visible(report, allowed=options.include_allowed, suppressed=options.include_suppressed)
    kept = found[:RESULT_LIMIT]
    texts = [message(finding) for finding in kept]
    rules = rule_table(kept, report.rules, _templates(kept, texts))
    artifacts = Artifacts()
    suppressions = options.include_suppressed
    with garbage.paused():
        results = [
            encode(result(finding, text, rules.of(finding), artifacts, suppressions=suppressions))
            for finding, text in zip(kept, texts, strict=True)
        ]
    run = _run(report, options, rules, artifacts, notices(report, len(found) - len(kept)))
    run.version_control_provenance = None if _any_fetched(kept) else _provenance(report.repository)
    head, tail = around_results(run)
    return f"{head}{','.join(results)}{tail}\n"


def _run(
    report: Report, options: RenderOptions, rules: RuleTable, artifacts: Artifacts, said: Notices
) -> om.Run:
    """The run without its results."""
    return om.Run(
        tool=om.Tool(driver=_driver(report, rules, said)),
        artifacts=artifacts.entries or None,
        column_kind="utf16CodeUnits",
        invocations=[_invocation(report, options, said)],
        original_uri_base_ids={
            SRCROOT: om.ArtifactLocation(description=om.Message(text="The root of what was scanned."))
        },
        taxonomies=[taxonomy(rules.cwes)] if rules.cwes else None,
        properties=_properties(report),
    )


def _any_fetched(findings: list[Finding]) -> bool:
    return any(is_url(finding.locations[0].origin.path) for finding in findings)


def _templates(kept: list[Finding], texts: list[Message]) -> dict[RuleKey, dict[str, str]]:
    out: dict[RuleKey, dict[str, str]] = {}
    for finding, text in zip(kept, texts, strict=True):
        out.setdefault(rule_key(finding), {})[text.id] = text.template
    return out


def _driver(report: Report, rules: RuleTable, said: Notices) -> om.ToolComponent:
    return om.ToolComponent(
        name="keylint",
        full_name="keylint secret-exposure scanner and privilege linter",
        version=report.version or None,
        semantic_version=report.version if re.fullmatch(r"\d+\.\d+\.\d+", report.version) else None,
        information_uri=_INFORMATION,
        rules=rules.descriptors,
        notifications=said.descriptors or None,
        supported_taxonomies=[om.ToolComponentReference(name="CWE", index=0)] if rules.cwes else None,
    )


def _invocation(report: Report, options: RenderOptions, said: Notices) -> om.Invocation:
    code = options.exit_code
    return om.Invocation(
        execution_successful=successful(report),
        exit_code=code,
        exit_code_description=None if code is None else _EXIT_MEANINGS.get(code),
        tool_execution_notifications=said.entries or None,
    )


def _properties(report: Report) -> dict[str, object]:
    counts = {kind.value: count for kind, count in report.counts().items()}
    return {
        "command": report.command,
        "target": clean(report.target),
        "complete": report.complete,
        "revealed": report.revealed,
        "verdicts": counts,
        "suppressed": len(report.suppressed),
        "skipped": len(report.skipped),
        "stats": {"files": report.stats.files, "bytes": report.stats.bytes, "rules": report.stats.rules},
    }


def _provenance(repository: Repository) -> list[om.VersionControlDetails] | None:
    address = _repository_uri(repository.remote)
    if not address:
        return None
    return [
        om.VersionControlDetails(
            repository_uri=address,
            revision_id=clean(repository.revision) or None,
            branch=clean(repository.branch) or None,
            mapped_to=om.ArtifactLocation(uri_base_id=SRCROOT),
        )
    ]


def _repository_uri(remote: str) -> str:
    """A remote as an absolute URI without user, password, query or fragment; empty for a local path."""
    scp = re.fullmatch(r"(?:[^@/:]+@)?([A-Za-z0-9.-]{2,}):(?!//)(.+)", remote)
    if scp:  # git's short form of an SSH address
        remote = f"ssh://{scp[1]}/{scp[2].lstrip('/')}"
    try:
        parts = urlsplit(remote)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("https", "http", "ssh", "git") or not parts.hostname:
        return ""
    host = parts.hostname if port is None else f"{parts.hostname}:{port}"
    return f"{parts.scheme}://{host}/{uri(parts.path.lstrip('/'))}"
