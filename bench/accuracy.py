"""Which secrets of a labelled corpus are found: keylint and its peers, in one table.

    python bench/accuracy.py [--tier NAME] [--missed TOOL] CORPUS.jsonl [TOOL ...]

Each line of the corpus is a JSON object: `text` (what a file holds), `secret` (the value, or "" where any
finding counts), `expect` (true: must be found, false: must not) and optionally `tier` and `kind`. Each text
becomes a file of its own. A positive is found where a reported value and the secret overlap; by file, where
anything that counts is reported (some corpora name one half of a pair, and a tool the other); a negative is
wrong where anything is reported. `allowed` findings of keylint (documented samples, public keys) count as
found and never as wrong. TOOL is one of keylint, betterleaks, gitleaks, kingfisher, detect-secrets,
credsweeper, whispers, secretlint; all by default.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import compare
import measure
import peers
import scripted

NAMES = (*peers.TOOLS, *scripted.SCANS)


@dataclass(frozen=True)
class Vector:
    """One text of the corpus."""

    text: str
    secret: str
    expect: bool
    tier: str
    kind: str


@dataclass(frozen=True)
class Reported:
    """One reported value. `quiet`: the tool says that it is no problem."""

    value: str
    quiet: bool = False


Found = dict[int, list[Reported]]  # number of the vector -> what was reported in its file


def read_corpus(path: Path) -> list[Vector]:
    """The vectors of a corpus. Ends with a message for a line that is not one."""
    vectors = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            raw = json.loads(line)
            vectors.append(
                Vector(
                    raw["text"],
                    raw.get("secret") or "",
                    raw["expect"],
                    raw.get("tier", ""),
                    raw.get("kind", ""),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            sys.exit(f"{path}:{number}: not a vector: {error!r}")
    return vectors


def overlaps(value: str, vector: Vector) -> bool:
    """Whether a reported value and the secret of a vector share text."""
    if not vector.secret or value in vector.secret or vector.secret in value:
        return True
    at, start = vector.text.find(vector.secret), vector.text.find(value)
    return min(at, start) >= 0 and start < at + len(vector.secret) and at < start + len(value)


# ---- the tools


def _keylint(folder: Path, scratch: Path) -> Found:
    report = scratch / "keylint.json"
    command = [peers.KEYLINT.path, "scan", "--format", "json", "--fail-on", "never", "--output", str(report)]
    run = measure.run([*command, str(folder)], folder, {**os.environ, "NO_COLOR": "1"})
    if run.status not in (0, 3):
        sys.exit(f"keylint ended with status {run.status}:\n{run.errors}")
    found: Found = defaultdict(list)
    for finding in json.loads(report.read_text(encoding="utf-8"))["findings"]:
        quiet = finding["verdict"]["kind"] == "allowed"
        for place in finding["places"]:
            found[_number(place["path"])].append(Reported(_cut(folder / place["path"], place), quiet))
    return found


def _cut(path: Path, place: dict[str, Any]) -> str:
    """The text of a place: lines from 1, columns from 1 in UTF-16 code units, the end exclusive."""
    lines = path.read_bytes().decode("utf-8").split("\n")[place["line"] - 1 : place["end_line"]]
    units = [line.encode("utf-16-le") for line in lines]
    units[-1] = units[-1][: 2 * (place["end_column"] - 1)]
    units[0] = units[0][2 * (place["column"] - 1) :]
    return "\n".join(unit.decode("utf-16-le", "replace") for unit in units)


def _binary(name: str) -> Callable[[Path, Path], Found]:
    def scan(folder: Path, scratch: Path) -> Found:
        found: Found = defaultdict(list)
        tool = peers.TOOLS[name]
        for peer in compare.peer_findings(name, compare.scan(tool, "tree", folder, scratch), folder):
            found[_number(peer.path)].append(Reported(peer.value))
        return found

    return scan


def _scripted(name: str) -> Callable[[Path, Path], Found]:
    def scan(folder: Path, scratch: Path) -> Found:
        found: Found = defaultdict(list)
        for path, value in scripted.SCANS[name](folder, scratch):
            found[_number(path)].append(Reported(value))
        return found

    return scan


def _number(path: str) -> int:
    return int(Path(path).name.partition(".")[0])


SCANS: dict[str, Callable[[Path, Path], Found]] = {
    "keylint": _keylint,
    **{tool.name: _binary(tool.name) for tool in peers.PEER_TOOLS},
    **{name: _scripted(name) for name in scripted.SCANS},
}


# ---- the table


@dataclass(frozen=True)
class Score:
    """Counts over one corpus."""

    found: int
    missed: int
    wrong: int
    files: int  # positives in whose file anything is reported that counts

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.wrong)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + self.missed)

    @property
    def file_recall(self) -> float:
        return self.files / max(1, self.found + self.missed)


def score(vectors: Sequence[Vector], found: Found) -> tuple[Score, list[int]]:
    """The counts of one tool, and the numbers of the vectors that it gets wrong."""
    misses, wrong, hits, files = [], [], 0, 0
    for number, vector in enumerate(vectors):
        reported = found.get(number, [])
        if vector.expect:
            hit = any(overlaps(single.value, vector) for single in reported)
            hits += hit
            files += any(not single.quiet for single in reported)
            misses += [] if hit else [number]
        elif any(not single.quiet for single in reported):
            wrong.append(number)
    return Score(hits, len(misses), len(wrong), files), [*misses, *wrong]


def write_files(vectors: Iterable[Vector], folder: Path) -> None:
    """One file for each vector, named by its number."""
    for number, vector in enumerate(vectors):
        (folder / f"{number}.txt").write_bytes(vector.text.encode("utf-8", "surrogatepass"))


def main(arguments: Sequence[str]) -> None:
    """Scan the corpus with each tool and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--tier", default="strict")
    parser.add_argument(
        "--missed", metavar="TOOL", default="", help="list the kinds that this tool gets wrong"
    )
    parser.add_argument("tools", nargs="*", default=[])
    options = parser.parse_args(arguments)
    unknown = set(options.tools) - set(NAMES)
    if unknown:
        parser.error(f"unknown tool: {', '.join(sorted(unknown))}")
    vectors = [v for v in read_corpus(options.corpus) if not v.tier or v.tier == options.tier]
    peers.install()
    print(f"{len(vectors)} vectors, {sum(v.expect for v in vectors)} of them positive\n")
    print("| tool | found | missed | wrong | precision | recall | recall by file |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        write_files(vectors, Path(folder))
        for name in options.tools or NAMES:
            with tempfile.TemporaryDirectory() as scratch:
                result, errors = score(vectors, SCANS[name](Path(folder), Path(scratch)))
            print(
                f"| {name} | {result.found} | {result.missed} | {result.wrong} "
                f"| {result.precision:.3f} | {result.recall:.3f} | {result.file_recall:.3f} |",
                flush=True,
            )
            if name == options.missed:
                for number in errors:
                    print(f"  {'missed' if vectors[number].expect else 'wrong'}: {vectors[number].kind}")


if __name__ == "__main__":
    main(sys.argv[1:])
