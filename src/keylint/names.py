"""Hide keys in names: in paths, branches, labels and messages, which reports and errors quote.

The content of files is redacted where it is read (`snippet`). Names take other ways, and a key in one is a
key all the same. What is hidden here is what the engine finds in the name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from keylint.engine.hit import Hit, ScanResult
from keylint.latepattern import late
from keylint.model import Finding, Report
from keylint.secret import Secret

_STARS = "********"
_OPAQUE = late(r"[\w%+=-]{20,}")


class Cleared(Protocol):
    """Remembers texts in which an engine with the same rules found nothing."""

    def has(self, texts: bytes) -> bool:
        """Whether these are among them."""

    def keep(self, texts: bytes) -> None:
        """Add these."""


class NameMask:
    """Replaces every key in a text by its mask. `scan` is that of an engine.

    What is `cleared` is not searched by `hits_any`, and what it finds nothing in becomes so.
    """

    def __init__(self, scan: Callable[[bytes], ScanResult], cleared: Cleared | None = None) -> None:
        self._scan = scan
        self._cleared = cleared

    def __call__(self, text: str) -> str:
        """The text without keys."""
        data = text.encode("utf-8", "surrogateescape")
        result = self._scan(data)
        hits = _sure(result)
        if not hits:
            return text
        spans = [(hit.secret_start, hit.secret_end, _mask(hit)) for hit in hits]
        spans += [(start, end, _STARS) for start, end in result.hidden]
        out, here = b"", 0
        for start, end, mask in sorted(spans):
            if end > here:
                out += data[here : max(here, start)] + mask.encode()
                here = end
        return (out + data[here:]).decode("utf-8", "surrogateescape")

    def hits_any(self, texts: Iterable[str]) -> bool:
        """Whether any of these may hold a key; quicker than to try each."""
        data = "\n".join(sorted(texts)).encode("utf-8", "surrogateescape")
        if self._cleared and self._cleared.has(data):
            return False
        result = self._scan(data)
        if result.limits or _sure(result):
            return True
        if self._cleared:
            self._cleared.keep(data)
        return False


def hide_opaque(text: str) -> str:
    """The text without any long word: for the moment when there are no rules to tell what a key is."""
    return _OPAQUE.sub(_STARS, text)


def hide_keys(report: Report, mask: NameMask) -> Report:
    """The report without keys in its names. Fingerprints stay those of the real names."""
    names = set(_names(report))
    if not mask.hits_any(names):
        return report
    masked = {name: mask(name) for name in names}
    renamed = _renamed(report, {name: new for name, new in masked.items() if new != name})
    assert isinstance(renamed, Report)
    return renamed


def _sure(hits: Iterable[Hit]) -> list[Hit]:
    return [hit for hit in hits if not hit.tentative]


def _mask(hit: Hit) -> str:
    prefix_len = hit.rule.prefix_len or hit.base.prefix_len
    return Secret(hit.value, prefix_len=prefix_len, weak=hit.rule.weak or hit.base.weak).mask


def _names(report: Report) -> Iterator[str]:
    """Every text of the report that somebody else chose."""
    yield report.target
    yield report.repository.remote
    yield report.repository.branch
    for skipped in report.skipped:
        yield skipped.path
        yield skipped.detail
    for problem in report.problems:
        yield problem.path
        yield problem.text
    for finding in (*report.findings, *report.suppressed):
        yield from _names_of(finding)


def _names_of(finding: Finding) -> Iterator[str]:
    commits = [finding.first_seen, finding.last_seen]
    for location in finding.locations:
        yield location.origin.path
        yield from location.origin.container
        commits.append(location.origin.commit)
    yield from (commit.author for commit in commits if commit)
    yield from finding.other_paths
    yield from finding.branches
    yield finding.verdict.reason.text
    yield from (note.text for note in finding.verdict.notes)
    yield from (value for _, value in finding.evidence.facts)  # what a token claims, say
    yield finding.link.explanation
    for record in finding.link.records:
        yield from (record.label, record.description)
    if finding.suppression:
        yield finding.suppression.justification


def _renamed(value: Any, masked: dict[str, str]) -> Any:
    """`value` with every text that has a masked form in that form, however deep inside."""
    if isinstance(value, str):
        return masked.get(value, value)
    if isinstance(value, tuple):
        return tuple(_renamed(item, masked) for item in value)
    names: tuple[str, ...] = getattr(type(value), "__match_args__", ())
    changes = {}
    for name in names:
        old = getattr(value, name)
        new = _renamed(old, masked)
        if new != old:
            changes[name] = new
    if not changes:
        return value
    return type(value)(**{name: changes.get(name, getattr(value, name)) for name in names})
