"""`keylint rules`: list, show and test the rules."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import click

from keylint.cli.output import write
from keylint.errors import ExitCode, UsageError
from keylint.model import Privacy, Severity
from keylint.rule import Rule

_RULES = click.option(
    "--rules",
    "rule_paths",
    multiple=True,
    type=click.Path(exists=True),
    help="Rule file or folder of your own, beside the built-in ones (repeatable).",
)


@click.group()
def rules() -> None:
    """List, show and test the rules that say what a key looks like and what it may do."""


@rules.command("list")
@_RULES
@click.option("--provider", help="Only this provider.")
@click.option("--privacy", type=click.Choice([p.value for p in Privacy]), help="Only this level.")
@click.option("--severity", type=click.Choice([s.value for s in Severity], case_sensitive=False))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(("text", "json", "markdown")),
    default="text",
    show_default=True,
)
def list_rules(
    *,
    rule_paths: tuple[str, ...],
    provider: str | None,
    privacy: str | None,
    severity: str | None,
    format_name: str,
) -> int:
    """One line for each rule: id, privacy, severity and title.

    With --format markdown, the reference that docs/rules.md holds.
    """
    chosen = [
        rule
        for rule in _load(rule_paths)
        if (provider is None or rule.provider == provider)
        and (privacy is None or rule.privacy.value == privacy)
        and (severity is None or rule.severity.value == severity.upper())
    ]
    chosen.sort(key=lambda rule: rule.id)
    formats = {"text": _as_table, "json": _as_json, "markdown": as_markdown}
    write(formats[format_name](chosen), None)
    return ExitCode.OK


@rules.command()
@_RULES
@click.argument("rule_id", metavar="ID")
def show(rule_id: str, *, rule_paths: tuple[str, ...]) -> int:
    """Everything about one rule, as a page for people."""
    known = {rule.id: rule for rule in _load(rule_paths)}
    if rule_id not in known:
        near = difflib.get_close_matches(rule_id, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "see keylint rules list"
        raise UsageError(f"no rule has the id {rule_id}", hint=hint)
    write(page(known[rule_id]), None)
    return ExitCode.OK


@rules.command()
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True))
def test(paths: tuple[str, ...]) -> int:
    """Run the examples and counter-examples of rules under both prefilters, and lint their patterns.

    Without FILE the built-in rules are tested. The exit status is 1 if anything is wrong.
    """
    from keylint.rulecheck import check

    everything = _load(paths)
    own = {rule.id for path in paths for rule in _own(path)}
    subjects = [rule for rule in everything if rule.id in own] if paths else list(everything)
    complaints = check(everything, subjects)
    lines = [f"{c.rule_id}: {c.text}" for c in complaints]
    lines.append(f"{len(subjects)} rules tested, {len(complaints)} complaints")
    write("\n".join(lines) + "\n", None)
    return ExitCode.FINDINGS if complaints else ExitCode.OK


def page(rule: Rule) -> str:
    """A rule for people, in Markdown."""
    rows = [
        ("Id", f"`{rule.id}`"),
        ("Provider", rule.provider),
        ("Privacy", rule.privacy.value + (f", decided by {rule.decided_by}" if rule.decided_by else "")),
        ("To settle", rule.settle),
        ("Severity", rule.severity.value),
        ("Holder can", rule.can_do),
        ("Impact", rule.impact),
        ("Refines", f"`{rule.refines}` when {_conditions(rule)}" if rule.refines else ""),
        ("Checksum", rule.checksum),
        ("Evidence", f"{rule.evidence} (privacy/format)" if rule.evidence else ""),
        ("Documentation", rule.docs),
    ]
    parts = [f"# {rule.title}\n", rule.description, ""] if rule.description else [f"# {rule.title}\n"]
    parts += [f"- {label}: {text}" for label, text in rows if text]
    if rule.rotate:
        parts.append("\nRotation" + ("" if rule.rotate_certain else " (not verified by a source)") + ":\n")
        parts += [f"{number}. {step}" for number, step in enumerate(rule.rotate, 1)]
    if rule.regex:
        parts.append(f"\nPattern:\n\n```\n{rule.regex}\n```")
    if rule.examples:
        parts.append("\nExamples (what stands in double braces is generated):\n")
        parts += [f"    {line}" for text in rule.examples for line in text.splitlines()]
    return "\n".join(parts) + "\n"


def _conditions(rule: Rule) -> str:
    return ", ".join(f"{name} is {value}" for name, value in rule.when)


def _as_table(chosen: Sequence[Rule]) -> str:
    wide = max((len(rule.id) for rule in chosen), default=0)
    lines = [
        f"{rule.id:<{wide}}  {rule.privacy.value:<8} {rule.severity.value:<9} {rule.title}" for rule in chosen
    ]
    providers = len({rule.provider for rule in chosen})
    return "\n".join([*lines, f"{len(chosen)} rules of {providers} providers"]) + "\n"


def as_markdown(chosen: Sequence[Rule]) -> str:
    """The rules by provider, with how many there are: what `docs/rules.md` holds."""
    providers = sorted({rule.provider for rule in chosen})
    levels = Counter(rule.privacy.value for rule in chosen)
    counts = ", ".join(f"{levels[privacy.value]:,} {privacy.value}" for privacy in Privacy)
    parts = [
        "# Rules\n",
        "Made by `keylint rules list --format markdown`; change the files in `rules/`, not this page.",
        "Evidence says what was read for privacy and format: V the provider's own page or source, T a third",
        "party's, U none. `keylint rules show ID` tells all about one rule.\n",
        f"{len(chosen):,} rules of {len(providers):,} providers: {counts}.",
    ]
    for provider in providers:
        rows = sorted((rule for rule in chosen if rule.provider == provider), key=lambda rule: rule.id)
        parts += [
            f"\n## {provider}\n",
            "| Rule | What it is | Privacy | Severity | Evidence |",
            "|---|---|---|---|---|",
        ]
        parts += [_row(rule) for rule in rows]
    return "\n".join(parts) + "\n"


def _row(rule: Rule) -> str:
    title = rule.title.replace("|", "\\|")
    linked = f"[{title}]({rule.docs})" if rule.docs else title
    return (
        f"| `{rule.id}` | {linked} | {rule.privacy.value} | {rule.severity.value} | {rule.evidence or '-'} |"
    )


def _as_json(chosen: Iterable[Rule]) -> str:
    return json.dumps([_plain(rule) for rule in chosen], indent=2, ensure_ascii=False) + "\n"


def _plain(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "description": rule.description,
        "provider": rule.provider,
        "privacy": rule.privacy.value,
        "decided_by": rule.decided_by,
        "settle": rule.settle,
        "severity": rule.severity.value,
        "can_do": rule.can_do,
        "impact": rule.impact,
        "rotate": list(rule.rotate),
        "rotate_certain": rule.rotate_certain,
        "refines": rule.refines,
        "evidence": rule.evidence,
        "docs": rule.docs,
        "tags": list(rule.tags),
    }


def _load(paths: Sequence[str]) -> tuple[Rule, ...]:
    from keylint.ruleset import load_rules

    return load_rules(paths)


def _own(path: str) -> tuple[Rule, ...]:
    from keylint.ruleset import load_rules

    return load_rules((path,), builtin=False)
