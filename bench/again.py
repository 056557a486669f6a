"""Measure what a second scan of a history takes with a cache, as against one without.

    python bench/again.py [--rounds N] REPOSITORY ...

Three kinds of runs take turns: without a cache; with what an earlier run has left, of the same history; and
the same after 20 more commits, each of which adds a line to a file and takes another one in. The commits are
made in a clone that borrows the objects of the repository and is thrown away. Prints a Markdown table of
medians of wall time, and the ratio of the latter two to the first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import measure
import peers

_COMMITS = 20
_IDENTITY = "Bench <bench@example.com>"


def compare(repository: Path, rounds: int) -> tuple[float, float, float]:
    """Seconds without a cache, of a second run with it, and of one after more commits."""
    with tempfile.TemporaryDirectory() as scratch:
        home, cache, spare = (Path(scratch, name) for name in ("home", "cache", "spare"))
        home.mkdir()
        clone = Path(scratch, "clone")
        _git(repository, "clone", "--quiet", "--mirror", "--shared", ".", str(clone))
        env = {**_environment(home), "KEYLINT_CACHE_DIR": str(cache)}
        report = str(Path(scratch, "report.json"))
        scan = [
            peers.KEYLINT.path,
            "scan",
            "--history",
            "--format",
            "json",
            "--output",
            report,
            ".",
        ]
        for _ in range(2):  # the first compiles the rules, too
            measure.run(scan, clone, env)
        shutil.copytree(cache, spare)
        before = _git(clone, "rev-parse", "HEAD")
        after = _add_commits(clone, before)
        kinds: list[list[float]] = [[], [], []]
        for _ in range(rounds):
            _git(clone, "update-ref", "HEAD", before)
            kinds[0].append(measure.run([*scan, "--no-cache"], clone, env).wall_s)
            kinds[1].append(measure.run(scan, clone, env).wall_s)
            _git(clone, "update-ref", "HEAD", after)
            kinds[2].append(measure.run(scan, clone, env).wall_s)
            shutil.rmtree(cache)
            shutil.copytree(spare, cache)
        first, second, third = map(statistics.median, kinds)
    return first, second, third


def _environment(home: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "TMPDIR")}
    return {**kept, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1"}


def _add_commits(clone: Path, start: str) -> str:
    """The id of the last of some commits on top of another."""
    parts = []
    for number in range(_COMMITS):
        text = f"line {number}\n" * (number + 1)
        when = f"{int(time.time()) + number} +0000"
        parts.append(f"commit refs/bench/new\ncommitter {_IDENTITY} {when}\ndata 3\nnew\n")
        parts.append(f"from {start}\n" if not number else "")
        parts.append(f"M 100644 inline bench/grows.txt\ndata {len(text)}\n{text}\n")
        parts.append(f"M 100644 inline bench/{number}.txt\ndata {len(text) + 1}\n#{text}\n")
    _git(clone, "fast-import", "--quiet", stdin="".join(parts))
    after = _git(clone, "rev-parse", "refs/bench/new")
    _git(clone, "update-ref", "-d", "refs/bench/new")
    return after


def _git(folder: Path, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=stdin, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each kind (default: %(default)s)")
    options = parser.parse_args()
    print(f"| repository | without a cache s | again s | ratio | {_COMMITS} commits later s | ratio |")
    print("|---|---:|---:|---:|---:|---:|")
    for repository in options.repositories:
        first, second, third = compare(repository.resolve(), options.rounds)
        cells = f"{first:.2f} | {second:.2f} | {second / first:.2f} | {third:.2f} | {third / first:.2f}"
        print(f"| {repository} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
