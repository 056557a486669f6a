"""Why a finding stays quiet: a baseline of known findings, and ignores from the configuration.

Inline allow comments are read in `inline`, because they belong to places, not to findings. A suppressed
finding is kept and counted; a suppression that matched nothing is reported.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Iterator, Sequence
from typing import Any

from keylint.config import Ignore
from keylint.errors import InventoryError
from keylint.model import Finding, Level, Problem, Suppression, VerdictKind
from keylint.records import dataclass, field

SARIF_FINGERPRINT = "keylintFinding/v1"
_URGENCY = {kind: rank for rank, kind in enumerate(reversed(VerdictKind))}
_HINT = "a baseline is an earlier keylint report, made with --format json or --format sarif"


@dataclass(frozen=True)
class Baseline:
    """Known findings: fingerprint -> the most urgent verdict that was accepted with it."""

    path: str
    entries: dict[str, VerdictKind] = field(default_factory=dict)

    def covers(self, finding: Finding) -> bool:
        """Whether this very key in this file was known, with a verdict at least as urgent as today's."""
        known = self.entries.get(finding.fingerprint)
        return known is not None and _URGENCY[finding.verdict.kind] <= _URGENCY[known]


def load_baseline(path: str) -> Baseline:
    """Read an earlier keylint report (JSON or SARIF) as a baseline.

    Raises InventoryError naming the file and what was expected.
    """
    import json

    try:
        with open(path, encoding="utf-8-sig") as stream:
            document = json.load(stream)
    except OSError as error:
        raise InventoryError(f"{path}: cannot be read: {error.strerror}", hint=_HINT) from None
    except UnicodeDecodeError:
        raise InventoryError(f"{path}: not UTF-8", hint=_HINT) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InventoryError(f"{path}: not valid JSON: {error.msg} at {where}", hint=_HINT) from None
    except RecursionError:
        raise InventoryError(f"{path}: nested too deeply", hint=_HINT) from None
    entries: dict[str, VerdictKind] = {}
    try:
        for fingerprint, verdict in _known(document):
            earlier = entries.get(fingerprint, verdict)
            entries[fingerprint] = max(earlier, verdict, key=_URGENCY.__getitem__)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InventoryError(f"{path}: not a keylint report", hint=_HINT) from None
    return Baseline(path, entries)


def _known(document: Any) -> Iterator[tuple[str, VerdictKind]]:
    if "runs" in document:
        for run in document["runs"]:
            if run["tool"]["driver"]["name"] != "keylint":
                raise ValueError("another tool's report")
            for result in run["results"]:
                yield (
                    result["partialFingerprints"][SARIF_FINGERPRINT],
                    VerdictKind(result["properties"]["verdict"]),
                )
        return
    if document["tool"]["name"] != "keylint":
        raise ValueError("another tool's report")
    for finding in (*document["findings"], *document["suppressed"]):
        yield finding["fingerprint"], VerdictKind(finding["verdict"]["kind"])


class Suppressor:
    """Decides for each finding whether it stays quiet, and remembers which reasons were used."""

    def __init__(self, *, baseline: Baseline | None, ignores: Sequence[Ignore], today: dt.date) -> None:
        self._baseline = baseline
        self._today = today
        self._ignores = [(ignore, _PathGlob(ignore.path)) for ignore in ignores]
        self._used: set[int] = set()
        self._known: set[str] = set()

    def decide(self, finding: Finding) -> Suppression | None:
        """The reason to keep `finding` quiet, or None."""
        for number, (ignore, glob) in enumerate(self._ignores):
            if not self._expired(ignore) and _matches(ignore, glob, finding):
                self._used.add(number)
                return Suppression("config", ignore.reason)
        if self._baseline and self._baseline.covers(finding):
            self._known.add(finding.fingerprint)
            return Suppression("baseline", f"known in {self._baseline.path}")
        return None

    def problems(self, *, whole: bool) -> Iterator[Problem]:
        """Expired ignores; after a `whole` scan also ignores and baseline entries that matched nothing."""
        for number, (ignore, _) in enumerate(self._ignores):
            if self._expired(ignore):
                text = f"the ignore for {ignore.label} expired on {ignore.expires}: renew it or fix it"
                yield Problem("expired-ignore", Level.WARNING, text)
            elif whole and number not in self._used:
                yield Problem(
                    "unused-ignore", Level.NOTE, f"the ignore for {ignore.label} matched nothing: remove it"
                )
        if whole and self._baseline:
            unused = len(self._baseline.entries) - len(self._known & self._baseline.entries.keys())
            if unused:
                text = f"baseline entries that matched nothing: {unused}; write it anew"
                yield Problem("unused-baseline", Level.NOTE, text, path=self._baseline.path)

    def _expired(self, ignore: Ignore) -> bool:
        return ignore.expires is not None and ignore.expires < self._today


class _PathGlob:
    """A path glob in gitignore syntax, compiled on first use; an empty one matches every path."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._spec: Any = None

    def matches(self, path: str) -> bool:
        if not self._pattern:
            return True
        if self._spec is None:
            import pathspec

            self._spec = pathspec.GitIgnoreSpec.from_lines([self._pattern])
        return bool(self._spec.match_file(path))


def _matches(ignore: Ignore, glob: _PathGlob, finding: Finding) -> bool:
    if ignore.fingerprint and ignore.fingerprint not in (finding.fingerprint, finding.key.fingerprint):
        return False
    if ignore.rule and not fnmatch.fnmatchcase(finding.key.rule_id, ignore.rule):
        return False
    return glob.matches(finding.locations[0].origin.path)
