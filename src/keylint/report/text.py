"""For people: what was found, most urgent first, and one summary line.

The layout is plain lines of styled segments; rich only colours them, so that text with and without colour
is the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from keylint.model import Finding, Level, Report, Skipped, Suppression, Surface, VerdictKind
from keylint.report.clean import clean
from keylint.report.common import (
    URGENCY,
    commit_text,
    order,
    partner_text,
    place,
    problem_place,
    record_name,
    skipped_text,
    visible,
)
from keylint.report.layout import Line, field, paint, wrapped
from keylint.report.options import RenderOptions
from keylint.report.summary import amount, clean_summary, human_bytes

_PLACES = 4  # listed unless verbose
_PROBLEMS = 10
_PATHS = 3
_RECORDS = 5
_SKIPPED = 10

HEADINGS = {
    VerdictKind.EXPOSED: "Exposed: live private keys that can be read",
    VerdictKind.OVER_PRIVILEGED: "Over-privileged: may do too much for where they are used",
    VerdictKind.UNKNOWN: "Unknown: public and private keys of this kind look alike",
    VerdictKind.RETIRED: "Retired: no longer works; remove it, no rotation needed",
    VerdictKind.ALLOWED: "Allowed: made to be public and used as such",
}
_STYLES = {
    Level.ERROR: "bold red",
    Level.WARNING: "bold yellow",
    Level.NOTE: "bold cyan",
    Level.NONE: "bold green",
}


def render(report: Report, options: RenderOptions) -> str:
    """The report as text, ending with the summary line."""
    lines: list[Line] = []
    found = visible(report, allowed=options.include_allowed, suppressed=options.include_suppressed)
    found.sort(key=lambda finding: (URGENCY[finding.verdict.kind], order(finding)))
    for kind, group in groupby(found, key=lambda finding: finding.verdict.kind):
        lines.append([(HEADINGS[kind], "bold")])
        lines.append([])
        for finding in group:
            lines += _finding(finding, options)
            lines.append([])
    lines += closing(report, options)
    return paint(lines, color=options.color)


def closing(report: Report, options: RenderOptions) -> list[Line]:
    """What comes after the findings: problems, what was not read, and the summary."""
    return [*_notices(report, options), *_summary(report, options)]


def _finding(finding: Finding, options: RenderOptions) -> list[Line]:
    verdict, key = finding.verdict, finding.key
    head: Line = [
        ("  ", ""),
        (verdict.kind.value, _STYLES[verdict.level]),
        (f"  {verdict.severity.value}  ", ""),
        (f"{clean(key.title)}  {clean(key.mask)}", "bold"),
    ]
    lines = [head]
    for label, paragraphs in rows(finding, verbose=options.verbose):
        lines += field(label, paragraphs, options.width)
    return lines


def rows(finding: Finding, *, verbose: bool) -> list[tuple[str, list[str]]]:
    """What a report for people says about a finding: labels with their paragraphs, safe to print."""
    advice = finding.advice
    found = [
        ("where", _where(finding, verbose=verbose)),
        ("line", [clean(finding.locations[0].snippet.strip())]),
        ("history", _history(finding)),
        ("with", _partners(finding)),
        ("key", _which(finding)),
        ("why", _why(finding)),
        ("proof", _evidence(finding)),
        ("may do", _may_do(finding)),
        ("to settle", [clean(advice.settle)]),
        ("do next", _next_steps(finding)),
        ("docs", [clean(advice.docs)]),
        ("quiet", _quiet(finding.suppression)),
    ]
    shown = [(label, [text for text in paragraphs if text]) for label, paragraphs in found]
    return [(label, paragraphs) for label, paragraphs in shown if paragraphs]


def _where(finding: Finding, *, verbose: bool) -> list[str]:
    shown = finding.locations if verbose else finding.locations[:_PLACES]
    texts = [place(location) for location in shown]
    more = finding.occurrences - len(shown)
    if more > 0:
        texts[-1] += f" (+{amount(more, 'more place')})"
    if finding.other_paths:
        texts.append(f"also in {_some(finding.other_paths, len(finding.other_paths) if verbose else _PATHS)}")
    if finding.in_client and finding.locations[0].origin.surface is not Surface.CLIENT:
        texts.append("the same key also sits in a client bundle of this run")
    return texts


def _history(finding: Finding) -> list[str]:
    if finding.in_head is None and finding.first_seen is None and not finding.branches:
        return []
    state = {True: "still in HEAD", False: "only in history, no longer in HEAD", None: ""}[finding.in_head]
    at = finding.locations[0].origin.commit
    parts = [state, f"in commit {commit_text(at)}" if at else ""]
    if finding.first_seen:
        parts.append(f"first seen in {commit_text(finding.first_seen)}")
    if finding.last_seen:
        parts.append(f"last seen in {commit_text(finding.last_seen)}")
    if finding.branches:
        parts.append(f"also at the tip of {_some(finding.branches, _PATHS, finding.branch_count)}")
    return ["; ".join(part for part in parts if part)]


def _why(finding: Finding) -> list[str]:
    """The deciding reason and the notes; what the row above says about the match is not said twice."""
    verdict = finding.verdict
    notes = [note.text for note in verdict.notes if note.text != finding.link.explanation]
    return [clean(text) for text in (verdict.reason.text, *notes)]


def _which(finding: Finding) -> list[str]:
    link = finding.link
    texts = [record_name(record) for record in link.records[:_RECORDS]]
    if len(link.records) > _RECORDS:
        texts.append(f"and {len(link.records) - _RECORDS} more entries")
    certainty = link.certainty.value.replace("-", " ")
    return [*texts, f"{certainty}: {clean(link.explanation)}" if link.explanation else certainty]


def _evidence(finding: Finding) -> list[str]:
    evidence = finding.evidence
    facts = ", ".join(f"{clean(name)} {clean(value)}" for name, value in evidence.facts)
    fits = {True: "its checksum fits", False: "its checksum does not fit", None: ""}[evidence.checksum_ok]
    return [clean(evidence.reason), f"the value says: {facts}" if facts else "", fits]


def _partners(finding: Finding) -> list[str]:
    """The other half of a pair, and what else names the key."""
    return [partner_text(partner) for partner in finding.surroundings.partners]


def _may_do(finding: Finding) -> list[str]:
    excess = finding.verdict.excess_privileges
    beyond = f"beyond a public key: {_some(excess, 8)}" if excess else ""
    return [clean(finding.advice.can_do), clean(finding.advice.impact), beyond]


def _next_steps(finding: Finding) -> list[str]:
    advice = finding.advice
    steps = [f"{number}. {clean(step)}" for number, step in enumerate(advice.rotation, 1)]
    if steps and not advice.rotation_certain:
        steps.append("No source was read for these steps: check them with the provider.")
    if advice.deactivate_within_days is not None:
        steps.append(f"Suggested by keylint: deactivate the key within {advice.deactivate_within_days} days.")
    return steps


def _quiet(suppression: Suppression | None) -> list[str]:
    if suppression is None:
        return []
    reason = f": {clean(suppression.justification)}" if suppression.justification else ""
    return [f"suppressed ({clean(suppression.kind)}){reason}"]


def _some(names: Sequence[str], limit: int, count: int = 0) -> str:
    """The first names; `count` says how many there are, if these are not all."""
    shown = ", ".join(clean(name) for name in names[:limit])
    more = max(count, len(names)) - min(limit, len(names))
    return f"{shown} (+{more} more)" if more else shown


def _notices(report: Report, options: RenderOptions) -> list[Line]:
    lines: list[Line] = []
    if report.revealed:
        lines.append([("warning", _STYLES[Level.WARNING]), (": snippets hold whole secrets (--reveal)", "")])
    problems = sorted(report.problems, key=lambda problem: -problem.level.rank)
    shown = problems if options.verbose else problems[:_PROBLEMS]
    for problem in shown:
        where = problem_place(problem)
        text = f": {where}: {clean(problem.text)}" if where else f": {clean(problem.text)}"
        name = problem.level.value if problem.level is not Level.NONE else Level.NOTE.value
        lines += wrapped([(name, _STYLES[problem.level])], text, options.width)
    if len(shown) < len(problems):
        more = amount(len(problems) - len(shown), "more problem")
        lines += wrapped([("note", _STYLES[Level.NOTE])], f": {more}; -v lists them", options.width)
    missed = [item for item in report.skipped if item.incomplete]
    lines += _skipped("not read", missed, _STYLES[Level.WARNING], options)
    if options.verbose:
        left_out = [item for item in report.skipped if not item.incomplete]
        lines += _skipped("left out", left_out, "", options)
    return lines


def _skipped(word: str, items: Sequence[Skipped], style: str, options: RenderOptions) -> Iterable[Line]:
    shown = items if options.verbose else items[:_SKIPPED]
    for item in shown:
        text = f": {clean(item.path)}: {skipped_text(item)}"
        yield from wrapped([(word, style)], text, options.width)
    if len(items) > len(shown):
        yield [(word, style), (f": and {len(items) - len(shown):,} more (--verbose lists them)", "")]


def _summary(report: Report, options: RenderOptions) -> list[Line]:
    counts = report.counts()
    allowed = counts.pop(VerdictKind.ALLOWED)
    total = sum(counts.values())
    stats = report.stats
    if total:
        kinds = ", ".join(f"{count:,} {kind.value}" for kind, count in counts.items() if count)
        scope = f"{amount(stats.files, 'file')} ({human_bytes(stats.bytes)}, {amount(stats.rules, 'rule')})"
        text = f"keylint: {amount(total, 'finding')} ({kinds}) in {scope}"
    else:
        text = clean_summary(stats.files, stats.bytes, stats.rules)
    extras = [
        f"{allowed:,} allowed" if allowed else "",
        f"{len(report.suppressed):,} suppressed" if report.suppressed else "",
        f"{len(report.skipped):,} skipped" if report.skipped else "",
        amount(len(report.problems), "problem") if report.problems else "",
    ]
    style = "bold" if total else ""
    lines: list[Line] = [[("; ".join([text, *filter(None, extras)]), style)]]
    if report.interrupted:
        lines.append(
            [("warning", _STYLES[Level.WARNING]), (": interrupted, this is what was found until then", "")]
        )
    missed = sum(item.incomplete for item in report.skipped)
    if missed:
        text = f": incomplete, {amount(missed, 'thing')} that should have been scanned could not be read"
        lines += wrapped([("warning", _STYLES[Level.WARNING])], text, options.width)
    return lines
