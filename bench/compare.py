"""Check that what other scanners find in a repository keylint finds as well, or that somebody said why not.

    python bench/compare.py MODE TARGET [TARGET ...]      (MODE is tree or history)

Explanations stand in bench/explained.toml: tables `[[explained]]` with `rule` and `reason`, and optionally
`tool` and `path`, all but the reason as globs. Ends with status 1 if a finding has neither. Values are shown
masked.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

import measure
import peers
from keylint.secret import Secret

EXPLAINED = peers.HERE / "explained.toml"
_HIDDEN = "********"


@dataclass(frozen=True)
class PeerFinding:
    """One value that a peer reports in one file. `path` is relative to the target, `line` 1-based."""

    tool: str
    rule: str
    path: str
    line: int
    value: str

    @property
    def mask(self) -> str:
        """The value, fit to print."""
        return Secret(self.value.encode()).mask


def read_betterleaks(document: Any) -> Iterator[tuple[str, str, int, str]]:
    """Rule, path, line and value of each finding in a betterleaks report."""
    for item in document["findings"]:
        sets = item.get("component_sets", ())
        for part in (item, *(component for parts in sets for component in parts["components"])):
            place = part["location"]
            yield part["rule_id"], place["path"], place["start_line"], part["match"]["value"]


def read_gitleaks(document: Any) -> Iterator[tuple[str, str, int, str]]:
    """Likewise for gitleaks."""
    for item in document:
        yield item["RuleID"], item["File"], item["StartLine"], item["Secret"]


def read_kingfisher(document: Any) -> Iterator[tuple[str, str, int, str]]:
    """Likewise for kingfisher."""
    for item in document["findings"]:
        found = item["finding"]
        yield item["rule"]["id"], found["path"], found["line"], found["snippet"]


READERS: dict[str, Callable[[Any], Iterator[tuple[str, str, int, str]]]] = {
    "betterleaks": read_betterleaks,
    "gitleaks": read_gitleaks,
    "kingfisher": read_kingfisher,
}


def peer_findings(tool: str, document: Any, target: Path) -> set[PeerFinding]:
    """The findings of one report, each value once a file."""
    first: dict[tuple[str, str, str], PeerFinding] = {}
    for rule, path, line, value in READERS[tool](document):
        relative = os.path.relpath(os.path.join(target, path), target)
        first.setdefault((rule, relative, value), PeerFinding(tool, rule, relative, line, value))
    return set(first.values())


class Index:
    """keylint's findings by path: masks, and lines where the mask says nothing."""

    def __init__(self, report: Any) -> None:
        self._masks: dict[str, set[tuple[str, int]]] = {}
        for finding in (*report["findings"], *report["suppressed"]):
            mask = finding["key"]["mask"]
            for place in finding["places"]:
                self._masks.setdefault(place["path"], set()).add((mask, place["line"]))
            for path in finding["other_paths"]:
                self._masks.setdefault(path, set()).add((mask, 0))

    def has(self, peer: PeerFinding) -> bool:
        """Whether a finding in the same file fits: by the ends that its mask shows, or by line."""
        return any(
            line == peer.line if mask == _HIDDEN else _fits(mask, peer.value)
            for mask, line in self._masks.get(peer.path, ())
        )


def _fits(mask: str, value: str) -> bool:
    """Whether `value` can be the masked one, or hold it: peers cut at other places."""
    head, _, tail = mask.partition(_HIDDEN)
    start = value.find(head)
    return start >= 0 and value.find(tail, start + len(head)) >= 0


def explanation(peer: PeerFinding, entries: Iterable[dict[str, str]]) -> str:
    """The reason why keylint doesn't report it, or an empty string."""
    for entry in entries:
        wanted = ((peer.tool, "tool"), (peer.rule, "rule"), (peer.path, "path"))
        if all(fnmatch.fnmatchcase(value, entry.get(field, "*")) for value, field in wanted):
            return entry["reason"]
    return ""


def scan(tool: peers.Tool, mode: str, target: Path, scratch: Path) -> Any:
    """The JSON report of one scan. Ends the comparison where the scan failed."""
    report = scratch / f"{tool.name}.json"
    run = measure.run(tool.command(mode, target, report), target, {**os.environ, "NO_COLOR": "1"})
    # keylint's 3: something was not read; the report has the rest.
    if run.status not in tool.statuses:
        sys.exit(f"{tool.name} ended with status {run.status}:\n{run.errors}")
    return json.loads(report.read_text(encoding="utf-8"))


def compare(mode: str, target: Path, entries: Sequence[dict[str, str]]) -> int:
    """Compare on one target, print a line a tool and each missing finding; returns how many are missing."""
    missing = 0
    with tempfile.TemporaryDirectory() as scratch:
        index = Index(scan(peers.KEYLINT, mode, target, Path(scratch)))
        for tool in peers.PEER_TOOLS:
            found = peer_findings(tool.name, scan(tool, mode, target, Path(scratch)), target)
            rest = [peer for peer in found if not index.has(peer)]
            lost = [peer for peer in rest if not explanation(peer, entries)]
            print(
                f"{target.name}: {tool.name} reports {len(found)}, keylint has {len(found) - len(rest)}, "
                f"{len(rest) - len(lost)} explained, {len(lost)} missing"
            )
            for peer in sorted(lost, key=lambda peer: (peer.rule, peer.path, peer.line)):
                print(f"  {peer.rule}  {peer.path}:{peer.line}  {peer.mask}")
            missing += len(lost)
    return missing


def main() -> None:
    """Read the command line and compare target by target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=("tree", "history"))
    parser.add_argument("targets", nargs="+", type=Path)
    options = parser.parse_args()
    entries = tomli.loads(EXPLAINED.read_text(encoding="utf-8"))["explained"]
    missing = sum(compare(options.mode, target.resolve(), entries) for target in options.targets)
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
