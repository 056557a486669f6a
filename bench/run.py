"""Compare keylint with other scanners, in alternating runs.

    python bench/run.py startup
    python bench/run.py staged  [REPOSITORY ...]
    python bench/run.py tree    FOLDER ...
    python bench/run.py history REPOSITORY ...

Prints a Markdown table of medians, and the ratio of keylint's wall time to each peer's. Without a repository
`staged` makes two small ones: a one-line change without a key, and the same with a key.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import measure
import peers

_ROUNDS = {"startup": 21, "staged": 21, "tree": 5, "history": 3}
_MEMORY_ROUNDS = 3  # the peak of one run differs by a tenth from that of another
_LEAST = [sys.executable, str(Path(__file__).with_name("least.py"))]
# Not scanners: what reading alone costs, and what reading and searching with keylint's rules cost.
_BOUNDS = {
    "floor": {
        "startup": [sys.executable, "-I", "-c", "pass"],
        "staged": ["git", "diff-index", "--cached", "--raw", "HEAD"],
        "tree": ["sh", "-c", "find . -type f -not -path './.git/*' -exec cat {} + >/dev/null"],
        "history": ["sh", "-c", "git cat-file --batch-all-objects --batch --unordered >/dev/null"],
    },
    "least": {"tree": [*_LEAST, "tree"], "history": [*_LEAST, "history"]},
}


@dataclass(frozen=True)
class Row:
    """What one tool took on one target: medians of the runs."""

    tool: str
    wall_s: float
    cpu_s: float
    memory_mb: float | None
    found: bool


def compare(mode: str, tools: Sequence[str], target: Path, rounds: int) -> list[Row]:
    """Run the tools in turn, `rounds` times; a run before that warms the caches and checks the status."""
    with tempfile.TemporaryDirectory() as scratch:
        env = _environment(Path(scratch))
        commands = {name: _command(mode, name, target, Path(scratch)) for name in tools}
        first = {name: measure.run(command, target, env) for name, command in commands.items()}
        for name, run in first.items():
            _check(name, run)
        runs: dict[str, list[measure.Run]] = {name: [] for name in tools}
        for _ in range(rounds):
            for name, command in commands.items():
                runs[name].append(measure.run(command, target, env))
        peaks: dict[str, list[float]] = {name: [] for name in tools}
        for _ in range(min(rounds, _MEMORY_ROUNDS)):
            for name, command in commands.items():
                peak = measure.peak_memory_mb(command, target, env)
                peaks[name] += [] if peak is None else [peak]
    return [
        Row(
            name,
            statistics.median(run.wall_s for run in runs[name]),
            statistics.median(run.cpu_s for run in runs[name]),
            statistics.median(peaks[name]) if peaks[name] else None,
            name not in _BOUNDS and first[name].status == peers.TOOLS[name].found_status,
        )
        for name in tools
    ]


def _command(mode: str, name: str, target: Path, scratch: Path) -> list[str]:
    if name in _BOUNDS:
        return _BOUNDS[name][mode]
    return peers.TOOLS[name].command(mode, target, scratch / f"{name}.json")


def _check(name: str, run: measure.Run) -> None:
    """End the benchmark where a tool did not do its work: its time would mean nothing."""
    allowed = (0,) if name in _BOUNDS else peers.TOOLS[name].statuses
    if run.status not in allowed:
        sys.exit(f"{name} ended with status {run.status}, so nothing is compared:\n{run.errors}")


def _environment(scratch: Path) -> Mapping[str, str]:
    """The same for all: own cache folder (kept from run to run), no settings of the user, no colours.

    With an identity, because kingfisher makes a temporary commit of what is staged and finds nothing without.
    """
    scratch.joinpath(".gitconfig").write_text(
        "[user]\nname = Bench\nemail = bench@example.com\n", encoding="ascii"
    )
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "TMPDIR")}
    return {
        **kept,
        "HOME": str(scratch),
        "XDG_CACHE_HOME": str(scratch / "cache"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "NO_COLOR": "1",
    }


def table(title: str, rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, with the ratios to keylint's wall time and memory."""
    keylint = next((row for row in rows if row.tool == peers.KEYLINT.name), None)
    lines = [
        f"**{title}**",
        "",
        "| tool | wall ms | CPU ms | peak memory MB | status | keylint wall / this | keylint memory / this |",
        "|---|---:|---:|---:|---|---:|---:|",
    ]
    for row in rows:
        wall = f"{keylint.wall_s / row.wall_s:.2f}" if keylint and row is not keylint else ""
        memory = "" if row.memory_mb is None else f"{row.memory_mb:.0f}"
        ratio = ""
        if keylint and row is not keylint and row.memory_mb and keylint.memory_mb:
            ratio = f"{keylint.memory_mb / row.memory_mb:.2f}"
        status = "found" if row.found else "clean"
        times = f"{row.wall_s * 1000:.1f} | {row.cpu_s * 1000:.1f}"
        lines.append(f"| {row.tool} | {times} | {memory} | {status} | {wall} | {ratio} |")
    return "\n".join(lines) + "\n"


@contextmanager
def small_repositories() -> Iterator[list[Path]]:
    """Two repositories of fifty files with one staged line: without a key, and with one made on the spot."""
    with tempfile.TemporaryDirectory() as scratch:
        clean, leaky = Path(scratch, "clean"), Path(scratch, "with-a-key")
        generator = random.Random(20)
        key = "sk_" + "live_" + "".join(generator.choices(string.ascii_letters + string.digits, k=24))
        for path, line in ((clean, "greeting = 'hello'\n"), (leaky, f"stripe = '{key}'\n")):
            path.mkdir()
            _git(path, "init", "--quiet")
            for number, folder in itertools.product(range(10), "abcde"):
                file = path / folder / f"module_{number}.py"
                file.parent.mkdir(exist_ok=True)
                file.write_text(
                    "".join(f"value_{n} = {generator.random()}\n" for n in range(100)), encoding="ascii"
                )
            _git(path, "add", ".")
            _git(
                path,
                "-c",
                "user.name=b",
                "-c",
                "user.email=b@example.com",
                "commit",
                "--quiet",
                "-m",
                "Start",
            )
            with open(path / "a" / "module_0.py", "a", encoding="ascii") as stream:
                stream.write(line)
            _git(path, "add", ".")
        yield [clean, leaky]


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=peers.MODES)
    parser.add_argument("targets", nargs="*", type=Path, help="repositories or folders")
    parser.add_argument("--tools", help="comma-separated (default: all that there are for the mode)")
    parser.add_argument("--rounds", type=int, help="timed runs of each tool (default: by mode)")
    options = parser.parse_args()
    every = [*peers.TOOLS, *(name for name, commands in _BOUNDS.items() if options.mode in commands)]
    tools = options.tools.split(",") if options.tools else every
    if unknown := set(tools).difference(every):
        parser.error(f"no such tool for {options.mode}: {', '.join(sorted(unknown))}")
    rounds = options.rounds or _ROUNDS[options.mode]
    for target in _targets(parser, options):
        rows = compare(options.mode, tools, target, rounds)
        print(table(f"{options.mode}: {target.name}, {rounds} runs each", rows), flush=True)


def _targets(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Iterator[Path]:
    if options.targets:
        yield from (target.resolve() for target in options.targets)
    elif options.mode == "startup":
        yield Path.cwd()
    elif options.mode == "staged":
        with small_repositories() as made:
            yield from made
    else:
        parser.error(f"{options.mode} needs at least one folder")


if __name__ == "__main__":
    main()
