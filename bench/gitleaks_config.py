"""Check that a gitleaks configuration finds with keylint what the gitleaks program finds with it.

    python bench/gitleaks_config.py CONFIG TREE [TREE ...]

Both scan the same files with the rules of CONFIG only; gitleaks' decoding is off. A finding is (rule, file,
line, hash of the value). A tree of generated values is made on the spot and comes first: for every rule of
CONFIG some that its pattern describes, variants that it may refuse or cut elsewhere, and values and paths
that its allowlists are about. Prints a table with a row a tree, and one with the reason of each difference
from bench/gitleaks_config.toml. Ends with status 1 if a difference has none. Values are shown masked.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import re
import string
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

import measure
import peers
from compare import PeerFinding, explanation, read_gitleaks
from keylint.engine.confirm import compile_pattern
from keylint.engine.core import Engine
from keylint.engine.patterns import MAXREPEAT, parsed, tokens
from keylint.examine import Examiner
from keylint.model import Skipped
from keylint.rule import Rule
from keylint.ruleset import load_rules
from keylint.sources.files import FileSource

EXPLAINED = peers.HERE / "gitleaks_config.toml"
GITLEAKS = peers.TOOLS["gitleaks"]
Entry = dict[str, str]


# ---- findings of both


def gitleaks_findings(config: Path, tree: Path) -> set[PeerFinding]:
    """What gitleaks finds below `tree`. Ends the comparison where it fails."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.json")
        options = ["--config", str(config), "--max-decode-depth", "0", "--no-banner"]
        command = [
            GITLEAKS.path,
            "dir",
            *options,
            "--report-format",
            "json",
            "--report-path",
            str(report),
            ".",
        ]
        run = measure.run(command, tree, {**os.environ, "NO_COLOR": "1"})
        if run.status not in GITLEAKS.statuses:
            sys.exit(f"gitleaks ended with status {run.status}:\n{run.errors}")
        found = read_gitleaks(json.loads(report.read_text(encoding="utf-8")))
        return {PeerFinding("gitleaks", *single[:4]) for single in found}


def keylint_findings(examiner: Examiner, tree: Path) -> tuple[set[PeerFinding], int]:
    """What keylint finds below `tree`, and how many files it read."""
    found, files = set(), 0
    for item in FileSource(str(tree)).items():
        if isinstance(item, Skipped):
            continue
        files += 1
        for match in examiner.examine(item).matches:
            if match.allow is None:
                place = os.path.relpath(os.path.join(match.location.origin.path), ".")
                value = match.value.reveal().decode("utf-8", "replace")
                found.add(PeerFinding("keylint", match.rule_id, place, match.location.line, value))
    return found, files


# ---- differences


def cause(finding: PeerFinding, others: Sequence[PeerFinding]) -> str:
    """How the other tool's findings in the same file are related to one that it does not have.

    `rule`: on the same line another rule has the value or one that holds it or a part of it. `line`: the same
    rule has the value on another line only. `span`: the same rule cuts the value elsewhere. "": not found.
    """
    here = [
        o for o in others if o.line == finding.line and (o.value in finding.value or finding.value in o.value)
    ]
    if any(other.rule == finding.rule for other in here):
        return "span"
    if here:
        return "rule"
    same = any(other.rule == finding.rule and other.value == finding.value for other in others)
    return "line" if same else ""


def key(finding: PeerFinding) -> tuple[str, str, int, str]:
    """What must be equal for a finding to count as found by both."""
    digest = hashlib.sha256(finding.value.encode()).hexdigest()
    return finding.rule, finding.path, finding.line, digest


@dataclass(frozen=True)
class Comparison:
    """Findings of one tree: how many both have, and (finding, cause, reason) of each that only one has."""

    name: str
    files: int
    gitleaks: int
    keylint: int
    common: int
    different: tuple[tuple[PeerFinding, str, str], ...]

    def only(self, tool: str) -> int:
        """How many findings only this tool has."""
        return sum(finding.tool == tool for finding, _, _ in self.different)

    @property
    def unexplained(self) -> int:
        """How many differences have no reason."""
        return sum(not reason for _, _, reason in self.different)


def compare(name: str, config: Path, examiner: Examiner, tree: Path, entries: Sequence[Entry]) -> Comparison:
    """Scan one tree with both."""
    theirs = gitleaks_findings(config, tree)
    ours, files = keylint_findings(examiner, tree)
    common = {key(finding) for finding in theirs} & {key(finding) for finding in ours}
    different = []
    for found, others in ((theirs, ours), (ours, theirs)):
        by_path = defaultdict(list)
        for other in others:
            by_path[other.path].append(other)
        for finding in sorted(found, key=key):
            if key(finding) not in common:
                why = cause(finding, by_path[finding.path])
                fitting = [entry for entry in entries if entry.get("cause", why) == why]
                different.append((finding, why, explanation(finding, fitting)))
    return Comparison(name, files, len(theirs), len(ours), len(common), tuple(different))


# ---- values made from the patterns

_SAMPLES = 8  # of each rule
_ATTEMPTS = 50  # to make them
_STOPWORDS = 60  # of each rule, for each sample


class Maker:
    """Makes texts that a pattern matches, mostly: assertions and flags are not looked at."""

    def __init__(self, pattern: str, generator: random.Random) -> None:
        self._tree = parsed(tokens(pattern))
        self._random = generator
        self._groups: dict[int, str] = {}

    def make(self) -> str:
        """One text; empty for a pattern that the parser of the standard library cannot read."""
        return self._sequence(self._tree) if self._tree is not None else ""

    def _sequence(self, items: Any) -> str:
        return "".join(self._item(str(op), value) for op, value in items)

    def _item(self, op: str, value: Any) -> str:
        if op == "LITERAL":
            return chr(value)
        if op in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, body = value
            most = low + 3 if high is MAXREPEAT else min(int(high), low + 40)
            return "".join(self._sequence(body) for _ in range(self._random.randint(low, most)))
        if op == "SUBPATTERN":
            self._groups[value[0]] = made = self._sequence(value[-1])
            return made
        if op == "BRANCH":
            return self._sequence(self._random.choice(value[1]))
        if op == "GROUPREF":
            return self._groups.get(value, "")
        if op in ("AT", "ASSERT", "ASSERT_NOT"):
            return ""
        return self._random.choice(_characters(op, value))


_PRINTABLE = [chr(code) for code in range(32, 127)]
_CATEGORIES = {"DIGIT": string.digits, "WORD": string.ascii_letters + string.digits + "_", "SPACE": " \t\n"}


def _characters(op: str, value: Any) -> list[str]:
    """The printable characters that one item of a pattern stands for."""
    if op == "ANY":
        return _PRINTABLE
    if op == "NOT_LITERAL":
        return [c for c in _PRINTABLE if c != chr(value)]
    negated = any(str(kind) == "NEGATE" for kind, _ in value)
    chosen = set().union(*(_set(str(kind), part) for kind, part in value))
    found = [c for c in _PRINTABLE if (c in chosen) != negated]
    return found or ["\n" if "\n" in chosen else min(chosen)]


def _set(kind: str, part: Any) -> set[str]:
    if kind == "LITERAL":
        return {chr(part)}
    if kind == "RANGE":
        return {chr(code) for code in range(part[0], min(part[1], 126) + 1)}
    if kind == "CATEGORY":
        name = str(part).removeprefix("CATEGORY_")
        named = set(_CATEGORIES[name.removeprefix("NOT_")])
        return set(_PRINTABLE) - named if name.startswith("NOT_") else named
    return set()


def samples(rule: Rule, generator: random.Random) -> list[str]:
    """Texts that the rule's pattern matches, as far as some turn up in a few attempts."""
    maker, pattern = Maker(rule.regex, generator), compile_pattern(rule.regex, rule, "regex")
    texts = (maker.make() for _ in range(_ATTEMPTS))
    return list(itertools.islice((text for text in texts if pattern.search(text.encode())), _SAMPLES))


def variants(text: str, generator: random.Random) -> Iterator[str]:
    """The text, and what a rule may refuse or cut elsewhere: other case, edges, repetition, a part."""
    yield text
    yield f'x = "{text}"'
    yield text.swapcase()
    yield text.upper()
    yield text.lower()
    yield text[:-1]
    yield text + generator.choice(string.ascii_letters)
    yield generator.choice(string.ascii_letters) + text
    yield text + "-é"
    yield text + "\r"
    at = generator.randrange(len(text) + 1)
    yield text[:at] + "é" + text[at + 1 :]
    yield text + "  # gitleaks" + ":allow"
    yield re.sub(r"[0-9a-zA-Z]{8,}$", lambda run: run[0][0] * len(run[0]), text.rstrip("\"';\n "))


def allowed_variants(text: str, rule: Rule, generator: random.Random) -> Iterator[str]:
    """The text with its value replaced by such as the rule's allowlists are about."""
    found = compile_pattern(rule.regex, rule, "regex").search(text.encode())
    group = found and next((n for n in range(1, found.re.groups + 1) if found.start(n) >= 0), 0)
    if not found or not group:
        return
    start, end = found.span(rule.secret_group or group)
    stopwords = [word for allowlist in rule.allowlists for word in allowlist.stopwords]
    for word in generator.sample(stopwords, min(len(stopwords), _STOPWORDS)):
        at = generator.randint(start, max(start, end - len(word)))
        yield text[:at] + word + text[at + len(word) :]
    for pattern in (p for allowlist in rule.allowlists for p in allowlist.regexes):
        yield text[:start] + Maker(pattern, generator).make() + text[end:]


def make_tree(rules: Sequence[Rule], folder: Path) -> int:
    """A folder and file for each rule with generated values; returns for how many rules there are some.

    Beside them, a file for each path that an allowlist is about, all with the values of the first rule.
    """
    generator = random.Random(8300)
    made = 0
    for rule in rules:
        texts = samples(rule, generator) if rule.regex else [rule.id]
        lines = [line for text in texts for line in variants(text, generator)]
        if rule.regex:
            lines += (line for text in texts for line in allowed_variants(text, rule, generator))
        if texts:
            made += 1
            _write(folder / rule.id, Maker(rule.path, generator).make() if rule.path else ".txt", rule, lines)
    plain = next(rule for rule in rules if rule.regex and not rule.path)
    lines = samples(plain, generator)
    for number, path in enumerate(sorted({p for a in plain.allowlists for p in a.paths})):
        for variant in (made_path := Maker(path, generator).make(), made_path.swapcase()):
            _write(folder / f"path{number}", variant, plain, lines)
    return made


def _write(folder: Path, path: str, rule: Rule, lines: Sequence[str]) -> None:
    """Write the lines, and the keywords of their rule after them. Starts of names get some more letters."""
    parts = [part for part in re.sub(r"[^\w./-]", "", path).split("/") if part.strip(".")] or [".txt"]
    file = folder.joinpath(*(f"values{part}" if part[0] == "." else part for part in parts))
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_dir():
        text = "\n\n".join(lines) + "\n\n" + " ".join(rule.keywords) + "\n"
        file.write_text(text, encoding="utf-8", newline="")


# ---- printing


def tables(comparisons: Sequence[Comparison]) -> str:
    """A row a tree, then a row for each reason and tool, in Markdown."""
    lines = [
        "| tree | files | gitleaks | keylint | both | only gitleaks | only keylint | unexplained |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for c in comparisons:
        only = f"{c.only('gitleaks')} | {c.only('keylint')} | {c.unexplained}"
        lines.append(f"| {c.name} | {c.files:,} | {c.gitleaks:,} | {c.keylint:,} | {c.common:,} | {only} |")
    lines += ["", "| tree | only | differences | reason |", "|---|---|---:|---|"]
    for c in comparisons:
        counted = Counter((finding.tool, reason or "?") for finding, _, reason in c.different)
        lines += [f"| {c.name} | {tool} | {n} | {reason} |" for (tool, reason), n in counted.most_common()]
    return "\n".join(lines)


def main() -> None:
    """Read the command line, compare tree by tree, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--list", action="store_true", help="list each difference, too")
    options = parser.parse_args()
    config = options.config.resolve()
    rules = load_rules((str(config),), builtin=False)
    examiner = Examiner(Engine(rules))
    entries = tomli.loads(EXPLAINED.read_text(encoding="utf-8"))["explained"]
    comparisons = []
    with tempfile.TemporaryDirectory() as scratch:
        made = make_tree(rules, Path(scratch))
        comparisons.append(
            compare(f"generated, {made} of {len(rules)} rules", config, examiner, Path(scratch), entries)
        )
    for tree in options.trees:
        comparisons.append(compare(tree.name, config, examiner, tree.resolve(), entries))
    print(tables(comparisons))
    for compared in comparisons:
        for finding, why, reason in compared.different:
            if options.list or not reason:
                print(
                    f"{compared.name}: only {finding.tool}: {finding.rule} {finding.path}:{finding.line} "
                    f"{finding.mask} ({why or 'not found'})",
                    file=sys.stderr,
                )
    sys.exit(1 if any(compared.unexplained for compared in comparisons) else 0)


if __name__ == "__main__":
    main()
