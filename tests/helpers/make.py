"""Small builders for tests: findings and keys without ceremony. Values are made at run time."""

from __future__ import annotations

import uuid
from random import Random

from keylint.model import (
    Advice,
    Certainty,
    Evidence,
    Finding,
    KeyInfo,
    Link,
    Location,
    Origin,
    Privacy,
    Reason,
    Severity,
    Surface,
    Verdict,
    VerdictKind,
)


def coveo_key(seed: int = 0) -> str:
    """A Coveo-shaped API key of version 4, invented for this run and the same for the same seed."""
    return "xx" + str(uuid.UUID(bytes=Random(seed).randbytes(16), version=4))


def location(path: str = "src/app.js", line: int = 3, surface: Surface = Surface.TREE) -> Location:
    """A place in a file."""
    return Location(Origin(surface, path), line, 5, line, 43, 100)


def verdict(kind: VerdictKind = VerdictKind.EXPOSED, severity: Severity = Severity.HIGH) -> Verdict:
    """A verdict of one kind, for the rule's sake."""
    return Verdict(kind, kind.level, severity, Privacy.PRIVATE, Reason("rule", "the rule says so"))


def finding(
    fingerprint: str = "f" * 32,
    kind: VerdictKind = VerdictKind.EXPOSED,
    path: str = "src/app.js",
    rule_id: str = "coveo.api_key",
) -> Finding:
    """A finding with one place."""
    return Finding(
        fingerprint=fingerprint,
        key=KeyInfo("k" * 32, rule_id, "coveo", "Coveo API key", "xx********1b3e"),
        verdict=verdict(kind),
        evidence=Evidence(),
        link=Link(Certainty.NO_INVENTORY),
        advice=Advice("can do", "impact", ("rotate it",), "https://docs.coveo.com/en/1718/"),
        locations=(location(path),),
        occurrences=1,
    )
