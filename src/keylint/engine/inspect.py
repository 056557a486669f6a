"""What a value says about itself, read offline: facts for refinements, and `Evidence` fit to print.

Facts are a flat mapping from names such as `payload.role` to text, numbers, booleans or tuples of these. A
value that is malformed has no facts: an inspector never raises. There is no clock here, so an expiry is
reported and judged elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from keylint.engine import checksums
from keylint.engine.claims import (
    MAX_CHARS,
    Facts,
    github_installation,
    jwt,
    mapbox,
    printable,
    sentry_org_token,
)
from keylint.engine.structures import (
    aws_key_id,
    azure_annotated,
    azure_devops,
    azure_key,
    azure_sas,
    clerk_publishable,
    discord,
    gitlab,
    mailchimp,
    mode,
    pem,
    pypi,
    sentry_dsn,
    slack,
    telegram,
    unleash,
    url_credentials,
)
from keylint.model import Evidence
from keylint.records import dataclass, field

INSPECTORS: dict[str, Callable[[str], Facts]] = {
    "aws_key_id": aws_key_id,
    "azure_annotated": azure_annotated,
    "azure_devops": azure_devops,
    "azure_key": azure_key,
    "azure_sas": azure_sas,
    "clerk_publishable": clerk_publishable,
    "discord": discord,
    "github_installation": github_installation,
    "gitlab": gitlab,
    "jwt": jwt,
    "mailchimp": mailchimp,
    "mapbox": mapbox,
    "mode": mode,
    "pem": pem,
    "pypi": pypi,
    "sentry_dsn": sentry_dsn,
    "sentry_org_token": sentry_org_token,
    "slack": slack,
    "telegram": telegram,
    "unleash": unleash,
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
