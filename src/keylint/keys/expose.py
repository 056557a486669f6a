"""What an administrator needs to flag a key as Exposed, in the shape of the inventory's own report.

The members are those of Coveo's `exposureReport` (https://docs.coveo.com/en/1718/ and its OpenAPI text). No
call to flag a key is documented, so this is to be sent to a person.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from keylint.advice import WINDOW_DAYS
from keylint.inventory.dates import format_date
from keylint.keys.found import Found
from keylint.keys.words import key_name
from keylint.model import KeyRecord, Severity
from keylint.report.clean import clean

_NOTE = "The number of days is keylint's own suggestion, inside the 2 to 30 days that Coveo documents."


def exposure_report(record: KeyRecord, found: Sequence[Found], now: dt.datetime) -> dict[str, Any]:
    """The report as JSON values. Each file is one reason."""
    severity = severity_of(found)
    return {
        "apiKeyLoggerId": record.key_id,
        "severity": severity.value,
        "deactivationDate": format_date(now + dt.timedelta(days=WINDOW_DAYS[severity])),
        "creationType": "MANUAL",
        "createdDate": format_date(now),
        "reasons": [_reason(item, now) for item in found],
    }


def severity_of(found: Sequence[Found]) -> Severity:
    """The worst severity of the places; HIGH where the report of the scan did not say."""
    known = [Severity(item.severity) for item in found if item.severity in Severity.__members__]
    return max(known, key=lambda severity: severity.rank, default=Severity.HIGH)


def message(record: KeyRecord, found: Sequence[Found], now: dt.datetime) -> Iterator[str]:
    """A text to send, line by line."""
    severity = severity_of(found)
    date = now + dt.timedelta(days=WINDOW_DAYS[severity])
    yield clean(f"Subject: exposed API key {key_name(record)} of {record.organization}")
    yield ""
    yield clean(f"The API key {key_name(record)} of the organisation {record.organization} can be read here:")
    for item in found:
        yield clean(f"  - {_text(item)}")
    yield ""
    yield f"Severity: {severity.value}. Suggested deactivation: {date:%Y-%m-%d}. {_NOTE}"
    yield "Please flag the key as Exposed, create a new key from it, change the places above, and then"
    yield "deactivate the original: creating from existing does not do that."
    if any(not item.exact for item in found):
        yield "The listing shows only the end of a value, so some places are not certain: compare them first."


def _reason(item: Found, now: dt.datetime) -> dict[str, Any]:
    out = {
        "id": hashlib.sha256(f"{item.path}\0{item.mask}".encode("utf-8", "replace")).hexdigest()[:16],
        "reason": clean(_text(item)),
        "source": "MANUAL",
        "createdDate": item.first_seen or format_date(now),
    }
    parts = urlsplit(item.path)
    if parts.scheme in ("http", "https") and parts.hostname:
        out["url"] = clean(item.path)
        out["source"] = "GITHUB" if parts.hostname.endswith("github.com") else "MANUAL"
    return out


def _text(item: Found) -> str:
    what = {"client": "client code", "history": "the history of a repository"}.get(item.surface, "a file")
    times = f", {item.occurrences} times" if item.occurrences > 1 else ""
    sure = "" if item.exact else f" (match: {item.certainty or 'unknown'})"
    return f"{item.mask} in {what}: {item.path}:{item.line}{times}{sure}"
