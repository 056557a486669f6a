"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("text", "json", "sarif", "html", "github")  # "action" is for the GitHub action alone


def scan_options(command: Command) -> Command:
    """The options of every command that scans."""
    for option in reversed(_SCAN_OPTIONS):
        command = option(command)
    return command


_FILE = click.Path(exists=True, dir_okay=False, readable=True)

_SCAN_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--format",
        "format_name",
        type=click.Choice((*FORMATS, "action")),
        default="text",
        show_default=True,
        help="What to write.",
    ),
    click.option("--output", type=click.Path(dir_okay=False), help="Write the report to this file."),
    click.option(
        "--inventory",
        "inventories",
        multiple=True,
        type=_FILE,
        help="A key listing, snapshot or template export (repeatable).",
    ),
    click.option(
        "--rules",
        "rule_paths",
        multiple=True,
        type=click.Path(exists=True),
        help="Rule file or folder of your own, beside the built-in ones (repeatable).",
    ),
    click.option("--baseline", type=_FILE, help="An earlier JSON or SARIF report: known keys stay quiet."),
    click.option(
        "--fail-on",
        type=click.Choice(("error", "warning", "note", "never")),
        help="Lowest level that gives exit status 1 (default: error).",
    ),
    click.option("--config", "config_path", type=_FILE, help="Configuration file (default: keylint.toml)."),
    click.option("--strict-allow", is_flag=True, help="Do not honour gitleaks:allow comments."),
    click.option(
        "--explain", is_flag=True, help="List values that were no finding, and the filter that refused each."
    ),
    click.option("--show-allowed", is_flag=True, help="List keys that are allowed in public, too."),
    click.option("--show-suppressed", is_flag=True, help="List suppressed findings, too."),
    click.option("--reveal", is_flag=True, help="Show whole secrets. Never to a file that git tracks."),
    click.option("-v", "--verbose", is_flag=True, help="List everything, also what was skipped or allowed."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing where nothing was found."),
    click.option("--debug", is_flag=True, help="Show where an internal error happened."),
)
