"""Check that what other scanners find in a repository keylint finds as well, or that somebody said why not.

    python bench/compare.py MODE TARGET [TARGET ...]      (MODE is tree or history)

Explanations stand in bench/explained.toml, which says how. Ends with status 1 if a finding has neither.
Values are shown masked.
"""

from __future__ import annotations

import argparse
import fnmatch
import functools
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import tomli

import measure
import peers
from keylint.config import Config
from keylint.secret import Secret

EXPLAINED = peers.HERE / "explained.toml"
_HIDDEN = "********"
_SHOWN = 4  # characters at the end of most masks
_MARK = re.compile(r"[\"'`\s:/@?,;&=]")
_MOST_MARKS = 30
_SALT = Config().fingerprint_salt.encode()


@dataclass(frozen=True)
class PeerFinding:
    """One value that a peer reports in one file. `path` is relative to the target, `line` 1-based.

    `match` is the text that the peer's rule matched, with the value in it.
    """

    tool: str
    rule: str
    path: str
    line: int
    value: str
    match: str = ""

    @property
    def mask(self) -> str:
        """The value, fit to print."""
        return Secret(self.value.encode()).mask


Row = tuple[str, str, int, str, str]


def read_betterleaks(document: Any) -> Iterator[Row]:
    """Rule, path, line, value and match of each finding in a betterleaks report."""
    for item in document["findings"]:
        sets = item.get("component_sets", ())
        for part in (item, *(component for parts in sets for component in parts["components"])):
            place, match = part["location"], part["match"]
            yield part["rule_id"], place["path"], place["start_line"], match["value"], match["full"]


def read_gitleaks(document: Any) -> Iterator[Row]:
    """Likewise for gitleaks."""
    for item in document:
        yield item["RuleID"], item["File"], item["StartLine"], item["Secret"], item["Match"]


def read_kingfisher(document: Any) -> Iterator[Row]:
    """Likewise for kingfisher, which tells the value only."""
    for item in document["findings"]:
        found = item["finding"]
        yield item["rule"]["id"], found["path"], found["line"], found["snippet"], found["snippet"]


READERS: dict[str, Callable[[Any], Iterator[Row]]] = {
    "betterleaks": read_betterleaks,
    "gitleaks": read_gitleaks,
    "kingfisher": read_kingfisher,
}


def peer_findings(tool: str, document: Any, target: Path) -> set[PeerFinding]:
    """The findings of one report, each value once a file."""
    first: dict[tuple[str, str, str], PeerFinding] = {}
    for rule, path, line, value, match in READERS[tool](document):
        relative = os.path.relpath(os.path.join(target, path), target)
        first.setdefault((rule, relative, value), PeerFinding(tool, rule, relative, line, value, match))
    return set(first.values())


class Index:
    """keylint's findings by path.

    In a history (`moved`) a key may be reported under another path: the file was renamed, and not each
    version of it is listed.
    """

    def __init__(self, report: Any, *, moved: bool) -> None:
        self._moved = moved
        self._keys: dict[str, set[_Key]] = {}
        for finding in (*report["findings"], *report["suppressed"]):
            key = finding["key"]
            for path, line in (
                *((place["path"], place["line"]) for place in finding["places"]),
                *((path, 0) for path in finding["other_paths"]),
            ):
                one = _Key(key["mask"], key["rule_id"], key["fingerprint"], line)
                self._keys.setdefault(path, set()).add(one)

    def has(self, peer: PeerFinding) -> bool:
        """Whether a finding in the same file fits: by what is told of its value, or by line."""
        here = any(key.is_(peer) for key in self._keys.get(peer.path, ()))
        return here or (self._moved and self._elsewhere(peer))

    def _elsewhere(self, peer: PeerFinding) -> bool:
        return any(key.is_whole(peer.value) for keys in self._keys.values() for key in keys)


class _Key(NamedTuple):
    """What a report tells of a key in one place."""

    mask: str
    rule: str
    fingerprint: str
    line: int

    def is_(self, peer: PeerFinding) -> bool:
        """Whether a peer's finding in the same file can be this key, or hold it: peers cut elsewhere."""
        if self.mask == _HIDDEN:
            return self.line == peer.line or any(map(self._has_fingerprint, _pieces(peer.value)))
        head, _, tail = self.mask.partition(_HIDDEN)
        if self.line == peer.line and head and peer.value.startswith(head):
            return True
        start = peer.value.find(head)
        return start >= 0 and peer.value.find(tail, start + len(head)) >= 0

    def is_whole(self, value: str) -> bool:
        """Whether `value` can be nothing but this key: both ends are its own, and tell enough."""
        head, _, tail = self.mask.partition(_HIDDEN)
        # Of the marks that base64url has one at most: `----` ends each private key.
        told = len(tail) == _SHOWN and re.sub("[_-]", "", tail, count=1).isalnum()
        return told and value.startswith(head) and value.endswith(tail)

    def _has_fingerprint(self, value: str) -> bool:
        forms = (Secret(value.encode(), weak=weak) for weak in (True, False))
        return any(form.fingerprint(_SALT, self.rule) == self.fingerprint for form in forms)


@functools.cache
def _pieces(value: str) -> frozenset[str]:
    """The value, and what stands in it between two of the marks at which scanners cut."""
    marks = [match.span() for match in _MARK.finditer(value)][:_MOST_MARKS]
    starts = [0, *(end for _, end in marks)]
    ends = [*(start for start, _ in marks), len(value)]
    return frozenset(value[start:end] for start in starts for end in ends if start < end)


def explanation(peer: PeerFinding, entries: Iterable[dict[str, str]]) -> str:
    """The reason why keylint doesn't report it, or an empty string."""
    for entry in entries:
        globs = ((peer.tool, "tool"), (peer.rule, "rule"), (peer.path, "path"))
        if all(fnmatch.fnmatchcase(text, entry.get(field, "*")) for text, field in globs) and (
            re.fullmatch(entry.get("value", ".*"), peer.value, re.DOTALL)
            and re.search(entry.get("match", ""), peer.match)
        ):
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
        index = Index(scan(peers.KEYLINT, mode, target, Path(scratch)), moved=mode == "history")
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
