"""The example runs as its page says, and shows no key."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def test_the_rotation_example_tells_its_whole_story() -> None:
    done = subprocess.run(
        [sys.executable, "examples/rotation/run.py"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line[3] for line in done.stdout.splitlines() if line.startswith("== ")] == list("12345678")
    assert "private-key-in-client-code" in done.stdout
    assert "the original is refused: yes" in done.stdout
    assert "it may still be in use" in done.stderr
    assert not re.search(r"x{1,2}[0-9a-f]{8}-[0-9a-f]{4}-4", done.stdout + done.stderr)
