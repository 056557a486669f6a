"""The command group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from keylint import __version__
from keylint.cli.ending import status_of
from keylint.cli.lazy import LazyGroup
from keylint.errors import UsageError

_COMMANDS = {
    "scan": "keylint.cli.clicked:scan",
    "bundle": "keylint.cli.clicked:bundle",
    "hook": "keylint.cli.clicked:hook",
    "demo": "keylint.cli.demo:demo",
    "baseline": "keylint.cli.baseline:baseline",
    "keys": "keylint.cli.keys:keys",
    "rules": "keylint.cli.rules:rules",
}


@click.group(cls=LazyGroup, lazy_commands=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="keylint")
def cli() -> None:
    """Find exposed keys and say which key it is, what it may do and what should happen next.

    Exit status: 0 nothing at or above the fail level, 1 findings, 2 usage or configuration error,
    3 nothing found but something could not be read, 4 a bug in keylint, 130 interrupted.
    """


def run(argv: Sequence[str]) -> int:
    """Run the command line `argv` (without the program name) and return the exit status."""
    return status_of(lambda: _run(argv), debug="--debug" in argv)


def _run(argv: Sequence[str]) -> int:
    try:
        status: Any = cli.main(list(argv), prog_name="keylint", standalone_mode=False)
    except click.UsageError as error:
        raise UsageError(error.format_message(), hint=f"see keylint {_command(error)}--help") from None
    except click.ClickException as error:
        raise UsageError(error.format_message()) from None
    except click.Abort:
        raise KeyboardInterrupt from None
    return int(status or 0)


def _command(error: click.UsageError) -> str:
    name = error.ctx.command_path.partition(" ")[2] if error.ctx else ""
    return f"{name} " if name else ""
