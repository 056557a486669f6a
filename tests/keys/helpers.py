"""Run the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

KEYLINT = (sys.executable, "-c", "import sys; from keylint.cli.app import run; sys.exit(run(sys.argv[1:]))")


def keylint(
    arguments: Sequence[str], *, environment: Mapping[str, str] | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run keylint with these arguments and further environment variables."""
    return subprocess.run(
        [*KEYLINT, *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **(environment or {})},
        timeout=60,
    )
