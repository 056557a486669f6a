"""GitHub Actions: workflow commands on standard output, and a Markdown job summary.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
from collections import Counter

from keylint.model import Finding, Level, Problem, Report, Surface, VerdictKind
from keylint.report.clean import clean, inert
from keylint.report.common import MEANING, commit_text, is_url, place, problem_place, skipped_text, visible
from keylint.report.options import RenderOptions
from keylint.report.summary import amount, clean_summary

PER_LEVEL = 10  # GitHub shows ten annotations of a level for each step
SUMMARY_BYTES = 1024 * 1024 - 4096  # GitHub refuses a step summary above 1 MiB
_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice", Level.NONE: "notice"}
_RESERVE = 100  # bytes for the line that says how many rows were left out


def render(report: Report, options: RenderOptions) -> str:
    """Annotations for problems and for the most urgent findings, at most ten of a level, then the counts.

    No name in a report can begin a command of its own.
    """
    found = visible(report, allowed=options.include_allowed, suppressed=options.include_suppressed)
    lines = _incomplete(report)
    used = Counter({"warning": len(lines)})
    for problem in report.problems:
        command = _COMMANDS[problem.level]
        if problem.level.rank >= Level.WARNING.rank and used[command] < PER_LEVEL // 2:
            used[command] += 1
            lines.append(_problem(command, problem))
    cut: Counter[str] = Counter()
    for finding in found:
        command = _COMMANDS[finding.verdict.level]
        if used[command] < PER_LEVEL:
            used[command] += 1
            lines.append(_annotation(command, finding))
        else:
            cut[command] += 1
    lines += [f"keylint: not annotated: {count:,} more of level {command}" for command, count in cut.items()]
    return "\n".join([*lines, inert(_counts(report))]) + "\n"


def _problem(command: str, problem: Problem) -> str:
    where: dict[str, str | int] = {"file": clean(problem.path)} if problem.path else {}
    if problem.path and problem.line:
        where["line"] = problem.line
    return _command(command, problem.text, **where, title=f"keylint: {problem.code}")


def _annotation(command: str, finding: Finding) -> str:
    first = finding.locations[0]
    properties: dict[str, str | int] = {}
    of_commit = first.origin.surface is Surface.HISTORY and not finding.in_head  # its message, say
    if finding.in_head is not False and not of_commit and not is_url(first.origin.path):
        properties["file"] = clean(first.origin.path)
        if not (first.binary or first.origin.container):
            properties |= {"line": first.line, "endLine": first.end_line}
            properties |= {"col": first.column, "endColumn": first.end_column}
    return _command(command, _message(finding), **properties, title=f"keylint: {finding.verdict.kind.value}")


def _message(finding: Finding) -> str:
    key, advice = finding.key, finding.advice
    text = f"{clean(key.title)} '{clean(key.mask)}' in '{place(finding.locations[0])}'{_past(finding)}"
    text += f" {MEANING[finding.verdict.kind]}. Why: {_sentence(clean(finding.verdict.reason.text))}"
    if finding.occurrences > 1:
        text += f" {amount(finding.occurrences - 1, 'more place')} in this file."
    if advice.rotation:
        text += f" Next: {_sentence(clean(advice.rotation[0]))}"
    return text


def _past(finding: Finding) -> str:
    """In which commit a key stands whose line is not one of HEAD's."""
    commit = finding.locations[0].origin.commit
    if finding.in_head or commit is None:
        return ""
    gone = "only in history, no longer in HEAD; " if finding.in_head is False else ""
    return f" ({gone}in commit {commit_text(commit)})"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _command(command: str, message: str, **properties: str | int) -> str:
    """A workflow command with its escapes; what it holds cannot end the line or start another command."""
    pairs = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{command} {pairs}::{_data(message)}"


def _data(text: str) -> str:
    return clean(text).replace("##[", "#\\x23[").replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _incomplete(report: Report) -> list[str]:
    title = "keylint: incomplete"
    if report.interrupted:
        return [
            _command("warning", "The scan was interrupted. This is what was found until then.", title=title)
        ]
    missed = [item for item in report.skipped if item.incomplete]
    if not missed:
        return []
    text = f"{amount(len(missed), 'thing')} that should have been scanned could not be read, such as "
    text += f"'{clean(missed[0].path)}' ({skipped_text(missed[0])}). The scan is incomplete."
    return [_command("warning", text, title=title)]


def _counts(report: Report) -> str:
    counts = report.counts()
    del counts[VerdictKind.ALLOWED]
    total = sum(counts.values())
    stats = report.stats
    if not total:
        return clean_summary(stats.files, stats.bytes, stats.rules)
    kinds = ", ".join(f"{count:,} {kind.value}" for kind, count in counts.items() if count)
    return f"keylint: {amount(total, 'finding')} ({kinds}) in {amount(stats.files, 'file')}"


def summary_markdown(report: Report, max_bytes: int = SUMMARY_BYTES) -> str:
    """The job summary for `$GITHUB_STEP_SUMMARY`, at most `max_bytes` bytes of UTF-8."""
    blocks = ["## keylint\n", f"{_md(_counts(report))}\n", _verdict_table(report)]
    blocks += _summary_warnings(report)
    text = "\n".join(blocks)
    found = visible(report, allowed=False, suppressed=False)
    if not found:
        return _fit(text, max_bytes)
    text += "\n| Verdict | Severity | Key | Where | Why |\n|---|---|---|---|---|\n"
    room = max_bytes - len(text.encode()) - _RESERVE
    rows: list[str] = []
    for finding in found:
        row = _row(finding)
        room -= len(row.encode())
        if room < 0:
            break
        rows.append(row)
    text += "".join(rows)
    if len(rows) < len(found):
        text += f"\n{len(found) - len(rows):,} further findings are not listed here.\n"
    return _fit(text, max_bytes)


def _fit(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _verdict_table(report: Report) -> str:
    rows = [f"| {kind.value} | {count:,} |\n" for kind, count in report.counts().items()]
    return "| Verdict | Findings |\n|---|---:|\n" + "".join(rows)


def _summary_warnings(report: Report) -> list[str]:
    lines = []
    if report.interrupted:
        lines.append("**Interrupted:** this is what was found until then.\n")
    missed = sum(item.incomplete for item in report.skipped)
    if missed:
        lines.append(
            f"**Incomplete:** {amount(missed, 'thing')} that should have been scanned could not be read.\n"
        )
    if report.suppressed:
        lines.append(f"Suppressed: {len(report.suppressed):,}.\n")
    for problem in report.problems[:PER_LEVEL]:
        where = problem_place(problem)
        lines.append(f"- {_md(f'{where}: {problem.text}' if where else problem.text)}\n")
    if len(report.problems) > PER_LEVEL:
        lines.append(f"- and {len(report.problems) - PER_LEVEL:,} more\n")
    return lines


def _row(finding: Finding) -> str:
    verdict = finding.verdict
    where = _md(place(finding.locations[0]) + _past(finding))
    if finding.occurrences > 1:
        where += f" (+{finding.occurrences - 1:,})"
    key = _md(f"{finding.key.title} {finding.key.mask}")
    why = _md(verdict.reason.text)
    return f"| {verdict.kind.value} | {verdict.severity.value} | {key} | {where} | {why} |\n"


def _md(text: str) -> str:
    """Text that Markdown and HTML show as it is: every mark of theirs as a character reference."""
    return re.sub(r"[&<>|`\[\]*_~\\$@!#]", lambda match: f"&#{ord(match.group())};", clean(text))
