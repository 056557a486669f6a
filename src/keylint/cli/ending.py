"""The one place where an exception becomes an exit status. Knows nothing of click."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from keylint.cli.output import discard_stdout
from keylint.errors import ExitCode, KeylintError


def status_of(work: Callable[[], int], *, debug: bool) -> int:
    """Run `work` and return its exit status; whatever it raises becomes one line on standard error.

    With `debug` the frames of an internal error are printed, too.
    """
    try:
        return work()
    except KeylintError as error:
        _complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        print("keylint: error: interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as `| head` does. Nothing more can be written, not even at exit.
        discard_stdout()
        return ExitCode.INCOMPLETE
    except Exception as error:  # noqa: BLE001 - the last stop: a traceback could quote scanned content
        _report_bug(error, debug=debug)
        return ExitCode.BUG


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
