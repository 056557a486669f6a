"""Entry point of the `keylint` command and of `python -m keylint`."""

import os
import sys


def main() -> int:
    """Run the command line and return the exit status."""
    arguments = sys.argv[1:]
    if "--staged" in arguments:
        from keylint.quick import clean

        if clean(arguments) == 0:
            os._exit(0)  # everything is written and closed; tearing the interpreter down takes 2 ms
    from keylint.cli.app import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
