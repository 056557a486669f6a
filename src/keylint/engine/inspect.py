"""What a value says about itself, read offline: facts for refinements, and `Evidence` fit to print.

Facts are a flat mapping from names such as `payload.role` to text, numbers, true/false or tuples of text. A
value that is malformed has no facts: an inspector never raises. There is no clock here, so an expiry is
reported and judged elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from keylint.engine import checksums
from keylint.engine.claims import MAX_CHARS, Facts, jwt, mapbox, printable, sentry_org_token
from keylint.engine.structures import (
    aws_key_id,
    azure_key,
    azure_sas,
    clerk_publishable,
    gitlab,
    mode,
    pem,
    pypi,
    sentry_dsn,
    slack,
    telegram,
    url_credentials,
)
from keylint.model import Evidence
from keylint.rule import Rule

INSPECTORS: dict[str, Callable[[str], Facts]] = {
    "aws_key_id": aws_key_id,
    "azure_key": azure_key,
    "azure_sas": azure_sas,
    "clerk_publishable": clerk_publishable,
    "gitlab": gitlab,
    "jwt": jwt,
    "mapbox": mapbox,
    "mode": mode,
    "pem": pem,
    "pypi": pypi,
    "sentry_dsn": sentry_dsn,
    "sentry_org_token": sentry_org_token,
    "slack": slack,
    "telegram": telegram,
    "url_credentials": url_credentials,
}


@dataclass(frozen=True)
class Inspection:
    """Facts for refinements, some of which may be personal data, and the evidence, which may be printed."""

    facts: Mapping[str, object] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)


def inspect(name: str, value: bytes) -> Inspection:
    """Read a value with the inspector of that name ("" for none). Values over 64 KiB are not read.

    Raises KeyError for a name that is not in INSPECTORS.
    """
    text = _text(value)
    if not name or text is None:
        return Inspection()
    facts = INSPECTORS[name](text)
    evidence = Evidence(
        facts=printable(facts),
        expires_at=_expiry(facts),
        test_mode=facts.get("mode") == "test",
    )
    return Inspection(facts, evidence)


def checksum(name: str, value: bytes) -> bool | None:
    """Whether the value's checksum fits; None where the kind has none ("") or the value cannot be judged.

    Raises KeyError for a name that is not in `checksums.REGISTRY`.
    """
    text = _text(value)
    return checksums.REGISTRY[name](text) if name and text is not None else None


def judge(rule: Rule, refinements: Sequence[Rule], value: bytes) -> tuple[Rule, Evidence]:
    """The rule that names this value, which may be a refinement of `rule`, and what the value proves.

    Of several refinements that fit, the one with the most conditions wins, then the first.
    """
    inspection = inspect(rule.inspect, value)
    fitting = [r for r in refinements if r.refines == rule.id and satisfies(inspection.facts, r.when)]
    chosen = max(fitting, key=lambda r: len(r.when), default=rule)
    evidence = replace(inspection.evidence, checksum_ok=checksum(rule.checksum, value))
    if chosen.proves:
        evidence = replace(evidence, privacy=chosen.privacy, reason=chosen.decided_by)
    return chosen, evidence


def satisfies(facts: Mapping[str, object], when: Sequence[tuple[str, Any]]) -> bool:
    """Whether the facts meet every condition of a refinement.

    A condition is text (with `*` and `?` as wildcards), a number, true (the fact is there and not empty),
    false (it is not), or a tuple of these, of which one must hold. A fact with several values meets a
    condition when one of its values does.
    """
    return all(_meets(facts.get(name), condition) for name, condition in when)


def _meets(fact: object, condition: object) -> bool:
    if isinstance(condition, tuple):
        return any(_meets(fact, choice) for choice in condition)
    if isinstance(condition, bool):
        return bool(fact) is condition
    if isinstance(fact, tuple):
        return any(_meets(value, condition) for value in fact)
    if isinstance(condition, str):
        return isinstance(fact, str) and fnmatchcase(fact, condition)
    return fact == condition


def _text(value: bytes) -> str | None:
    if len(value) > MAX_CHARS:
        return None
    try:
        return value.decode("ascii")
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace")


def _expiry(facts: Facts) -> dt.datetime | None:
    """The moment an `expires` fact names: seconds since 1970, or an ISO 8601 date as SAS tokens have it."""
    expires = facts.get("expires")
    try:
        if isinstance(expires, str):
            moment = dt.datetime.fromisoformat(expires.replace("Z", "+00:00"))
            return moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
        if isinstance(expires, (int, float)) and not isinstance(expires, bool):
            return dt.datetime.fromtimestamp(expires, dt.timezone.utc)
    except (ValueError, OverflowError, OSError):
        pass
    return None
