"""The command group, and the one place where an exception becomes an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from keylint import __version__
from keylint.cli.lazy import LazyGroup
from keylint.cli.output import discard_stdout
from keylint.errors import ExitCode, KeylintError

_COMMANDS = {
    "scan": "keylint.cli.scan:scan",
    "bundle": "keylint.cli.scan:bundle",
    "hook": "keylint.cli.hook:hook",
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
    debug = "--debug" in argv
    try:
        status: Any = cli.main(list(argv), prog_name="keylint", standalone_mode=False)
    except KeylintError as error:
        _complain(str(error))
        return error.exit_code
    except click.UsageError as error:
        _complain(f"{error.format_message()} (see keylint {_command(error)}--help)")
        return ExitCode.USAGE
    except click.ClickException as error:
        _complain(error.format_message())
        return ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        _complain("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as `| head` does. Nothing more can be written, not even at exit.
        discard_stdout()
        return ExitCode.INCOMPLETE
    except Exception as error:  # noqa: BLE001 - the last stop: a traceback could quote scanned content
        _report_bug(error, debug=debug)
        return ExitCode.BUG
    return int(status or 0)


def _command(error: click.UsageError) -> str:
    name = error.ctx.command_path.partition(" ")[2] if error.ctx else ""
    return f"{name} " if name else ""


def _complain(message: str) -> None:
    from keylint.report.clean import clean

    print(f"keylint: error: {clean(_without_keys(message))}", file=sys.stderr)


def _without_keys(message: str) -> str:
    """The message without keys: it quotes arguments, file names and names in configuration files."""
    from keylint.names import NameMask, hide_opaque
    from keylint.rulecache import load_engine

    try:
        return NameMask(load_engine(()).scan)(message)
    except Exception:  # noqa: BLE001 - the rules may be what is wrong
        return hide_opaque(message)


def _report_bug(error: Exception, *, debug: bool) -> None:
    """One line, or with --debug the frames too; never the message, which may quote scanned content."""
    import traceback  # 7 ms

    frames = traceback.extract_tb(error.__traceback__)
    last = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "unknown place"
    print(
        f"keylint: internal error: {type(error).__name__} in {last}; this is a bug in keylint",
        file=sys.stderr,
    )
    if not debug:
        print("keylint: run again with --debug for the frames to report", file=sys.stderr)
        return
    for frame in frames:
        print(f"  {os.path.basename(frame.filename)}:{frame.lineno} in {frame.name}", file=sys.stderr)
