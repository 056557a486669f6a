"""Entry point of the `keylint` command and of `python -m keylint`."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keylint.quick import Look


# Objects made, less those freed, between two looks for cycles. Python's own 700 cost 1 to 2 % of a scan.
_BETWEEN_COLLECTIONS = 50_000


def main() -> int:
    """Run the command line and return the exit status."""
    try:
        return _run()
    except KeyboardInterrupt:  # while modules are loaded; what comes later is a status already
        from keylint.errors import ExitCode

        os.write(2, b"keylint: error: interrupted\n")
        os._exit(ExitCode.INTERRUPTED)


def _run() -> int:
    gc.set_threshold(_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    arguments = sys.argv[1:]
    if "--staged" in arguments or arguments[:1] == ["hook"]:
        from keylint.quick import look

        seen = look(arguments)
        status = _finish(seen) if seen else None
        if status is not None:
            os._exit(status)  # everything is written and closed; tearing the interpreter down takes 2 ms
    from keylint.cli import direct

    status = direct.run(arguments)
    if status is None:
        from keylint.cli.app import run

        status = run(arguments)
    _leave(status)
    return status


def _leave(status: int) -> None:
    """End the process without tearing the interpreter down, which takes 15 ms and more after a scan.

    Returns where something is left to be written that cannot be.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return
    os._exit(status)


def _finish(seen: Look) -> int | None:
    """Say what a quick look has found and return the exit status; None if the full command has to answer."""
    try:
        if seen.say():
            return 0
    except OSError:
        return None
    gc.disable()  # the run is over before there is anything to collect
    from keylint.cli.plain import finish

    status = finish(seen)
    gc.enable()
    return status


if __name__ == "__main__":
    sys.exit(main())
