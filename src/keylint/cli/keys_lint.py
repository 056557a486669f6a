"""`keylint keys list`, `lint` and `least-privilege`: what an inventory file says."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from keylint import garbage
from keylint.cli.keys_api import debug_option
from keylint.cli.output import write_lines
from keylint.cli.run import fail_level
from keylint.config import Config, find_config, load_config
from keylint.errors import ExitCode, UsageError
from keylint.report.clean import clean

if TYPE_CHECKING:
    from keylint.inventory.base import Snapshot
    from keylint.keys.checks import Context
    from keylint.keys.config import LintConfig
    from keylint.keys.found import Joined

Command = TypeVar("Command", bound=Callable[..., Any])

_inventory = click.argument("inventory", type=click.Path(dir_okay=False))
_findings = click.option(
    "--findings", type=click.Path(dir_okay=False), help="JSON or SARIF report of a scan, to join with."
)
_templates = click.option(
    "--templates",
    type=click.Path(dir_okay=False),
    help="The organisation's own templates (GET .../templates/apikeys), beside a saved listing.",
)
_output = click.option("--output", type=click.Path(dir_okay=False), help="Write to this file.")
_now = click.option(
    "--now", "now_text", help="Date to count from, such as 2026-01-31T00:00:00Z (default: the clock)."
)
_config = click.option("--config", "config_path", type=click.Path(), help="Configuration file.")


def _format(*names: str) -> Callable[[Command], Command]:
    return click.option(
        "--format",
        "format_name",
        type=click.Choice(names),
        default="text",
        show_default=True,
        help="What to write.",
    )


@click.command("list")
@_inventory
@_findings
@_templates
@_format("text", "json", "sarif", "html")
@_output
@debug_option
def list_keys(
    inventory: str, findings: str | None, templates: str | None, format_name: str, output: str | None
) -> int:
    """A table of the keys of INVENTORY: template, privacy, sensitivity, status, last used, expiry, places."""
    from keylint.keys.report import KeyList, key_rows

    with garbage.paused():
        snapshot = _load(inventory, templates)
        context = _context(snapshot, dt.datetime.now(dt.timezone.utc), _join(findings, snapshot))
        keys = KeyList(
            path=inventory,
            provider=snapshot.provider,
            organization=snapshot.organization,
            complete=snapshot.complete,
            partial_reason=snapshot.partial_reason,
            rows=key_rows(snapshot.records, context),
        )
        write_lines(_renderer(format_name).render_list(keys), output)
    return ExitCode.OK


@click.command()
@click.argument("inventory", type=click.Path(dir_okay=False), required=False)
@_findings
@_templates
@_format("text", "json", "sarif", "html")
@_output
@_now
@_config
@click.option("--select", multiple=True, help="Only these checks (repeatable, or separated by commas).")
@click.option("--ignore", multiple=True, help="Not these checks (repeatable, or separated by commas).")
@click.option(
    "--members", type=click.Path(dir_okay=False), help="Current members, one name or address a line."
)
@click.option(
    "--fail-on",
    type=click.Choice(("error", "warning", "note", "never")),
    help="Lowest level that gives exit status 1 (default: error, which is critical and high).",
)
@click.option("--list", "list_checks", is_flag=True, help="Say what every check looks at, and stop.")
@debug_option
def lint(inventory: str | None, list_checks: bool, **given: Any) -> int:
    """Check the keys of INVENTORY against leading practices.

    critical and high are errors, medium is a warning, low and info are notes.
    """
    if list_checks:
        from keylint.keys.render_text import render_checks

        write_lines(render_checks(), given["output"])
        return ExitCode.OK
    if inventory is None:
        raise UsageError("keys lint: an inventory file is needed", hint="keylint keys pull makes one")
    with garbage.paused():
        return _lint(inventory, **given)


@click.command("least-privilege")
@_inventory
@_findings
@_templates
@_format("text", "json")
@_output
@debug_option
def least_privilege(
    inventory: str, findings: str | None, templates: str | None, format_name: str, output: str | None
) -> int:
    """For each key of INVENTORY the narrowest template, what it has beyond it, and a narrower replacement."""
    from keylint.keys import render_narrow
    from keylint.keys.narrow import narrow_all, template_use
    from keylint.privileges import load_privilege_model

    snapshot = _load(inventory, templates)
    context = _context(snapshot, dt.datetime.now(dt.timezone.utc), _join(findings, snapshot))
    model = load_privilege_model(overrides=snapshot.templates)
    narrowings = narrow_all(snapshot.records, model, context)
    render = render_narrow.render_json if format_name == "json" else render_narrow.render_text
    write_lines(render(narrowings, template_use(snapshot.records, model)), output)
    return ExitCode.OK


def _lint(
    inventory: str,
    *,
    findings: str | None,
    templates: str | None,
    format_name: str,
    output: str | None,
    now_text: str | None,
    config_path: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    members: str | None,
    fail_on: str | None,
) -> int:
    from keylint.keys.lint import lint as run_checks
    from keylint.keys.report import LintReport, ordered

    config = _settle(config_path)
    now = parse_now(now_text)
    snapshot = _load(inventory, templates, personal=members is not None)
    settings = _choice(config, _split(select), _split(ignore))
    context = _context(snapshot, now, _join(findings, snapshot), settings, _members(members))
    report = LintReport(
        path=inventory,
        provider=snapshot.provider,
        organization=snapshot.organization,
        now=now,
        complete=snapshot.complete,
        partial_reason=snapshot.partial_reason,
        keys=sum(record.half != "public" for record in snapshot.records),
        issues=ordered(run_checks(snapshot.records, context)),
    )
    write_lines(_renderer(format_name).render_lint(report), output)
    return ExitCode.FINDINGS if report.failing(fail_level(fail_on, config.fail_on)) else ExitCode.OK


def _load(path: str, templates: str | None = None, *, personal: bool = False) -> Snapshot:
    """The inventory, with templates of one's own; what its reader noticed goes to standard error."""
    from keylint.inventory.load import load_inventory, load_templates

    snapshot = load_inventory(path, personal=personal)
    if not snapshot.listing:
        raise UsageError(
            f"{path}: holds templates and no keys", hint="name a listing, and this as --templates"
        )
    if templates:
        snapshot = replace(snapshot, templates=(*snapshot.templates, *load_templates(templates)))
    for problem in snapshot.problems[:20]:
        place = f"{problem.path}:{problem.line}" if problem.line else problem.path
        print(f"keylint: {problem.level.value}: {clean(place)}: {clean(problem.text)}", file=sys.stderr)
    if len(snapshot.problems) > 20:
        print(f"keylint: {len(snapshot.problems) - 20} more problems of this file", file=sys.stderr)
    return snapshot


def _join(findings: str | None, snapshot: Snapshot) -> Joined | None:
    if not findings:
        return None
    from keylint.keys.found import join, load_findings

    return join(load_findings(findings), snapshot.records)


def _context(
    snapshot: Snapshot,
    now: dt.datetime,
    joined: Joined | None,
    settings: LintConfig | None = None,
    members: list[str] | None = None,
) -> Context:
    from keylint.keys.lint import make_context

    return make_context(snapshot, now=now, config=settings, joined=joined, members=members)


def _settle(config_path: str | None) -> Config:
    path = config_path or find_config(".")
    return load_config(path) if path else Config()


def _choice(config: Config, select: tuple[str, ...], ignore: tuple[str, ...]) -> LintConfig:
    from keylint.keys.config import parse_lint_config, with_choice
    from keylint.keys.lint import check_ids

    settings = parse_lint_config(config.keys_lint, config.path, check_ids())
    return with_choice(settings, select, ignore, check_ids())


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for value in values for part in value.replace(",", " ").split())


def parse_now(text: str | None) -> dt.datetime:
    """The date of `--now`, or the clock's. Raises UsageError."""
    from keylint.inventory.dates import parse_date

    if text is None:
        return dt.datetime.now(dt.timezone.utc)
    try:
        now = parse_date(text)
    except ValueError:
        now = None
    if now is None:
        raise UsageError("--now: expected a date", hint="such as 2026-01-31T00:00:00Z")
    return now


def _members(path: str | None) -> list[str] | None:
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8-sig") as stream:
            return [line.strip() for line in stream if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"--members {path}: cannot be read as UTF-8 text") from None


def _renderer(name: str) -> Any:
    import importlib

    return importlib.import_module(f"keylint.keys.render_{name}")
