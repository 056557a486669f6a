"""Builders of records and findings for the tests of checks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from keylint.inventory.base import Snapshot
from keylint.keys.config import LintConfig
from keylint.keys.found import Found, join
from keylint.keys.lint import lint, make_context
from keylint.model import ExposureReport, KeyRecord, KeyStatus, Privacy, Privilege, Severity

NOW = dt.datetime(2026, 1, 31, tzinfo=dt.timezone.utc)

EXECUTE = Privilege("SEARCH_API", "EXECUTE_QUERY", "ENABLE")
IMPERSONATE = Privilege("SEARCH_API", "IMPERSONATE", "ENABLE")
VIEW_ALL = Privilege("SEARCH_API", "VIEW_ALL_CONTENT")  # no type: "Allowed" on older rows
PUSH_EVENTS = Privilege("USAGE_ANALYTICS", "ANALYTICS_DATA", "EDIT")
UA_IMPERSONATE = Privilege("USAGE_ANALYTICS", "IMPERSONATE", "ENABLE")
SOURCE_EDIT = Privilege("PLATFORM", "SOURCE", "EDIT")
FIELD_VIEW = Privilege("PLATFORM", "FIELD", "VIEW")
KEY_CREATE = Privilege("PLATFORM", "API_KEY", "CREATE")
AGENT = Privilege("SEARCH_API", "SOME_NEW_NAME", "ENABLE")  # stands for "Execute agent queries"

ANONYMOUS: dict[str, Any] = {
    "template_id": "AnonymousSearch",
    "privacy": Privacy.PUBLIC,
    "privileges": (EXECUTE, PUSH_EVENTS),
}
AUTHENTICATED: dict[str, Any] = {
    "template_id": "AuthenticatedSearch",
    "privacy": Privacy.PRIVATE,
    "privileges": (IMPERSONATE, PUSH_EVENTS),
}
CUSTOM: dict[str, Any] = {"template_id": "", "privacy": Privacy.PRIVATE, "privileges": (FIELD_VIEW,)}


def days_ago(days: int) -> dt.datetime:
    """A date before NOW."""
    return NOW - dt.timedelta(days=days)


def key(**fields: Any) -> KeyRecord:
    """A Coveo key that no check has anything to say about, with these fields changed."""
    return KeyRecord(
        **{
            "provider": "coveo",
            "key_id": "k1",
            "label": "storefront",
            "description": "for the shop, shared with Ana in May",
            "organization": "org",
            "masks": ("**********-****-****-****-********1b3e",),
            "status": KeyStatus.ENABLED,
            "raw_status": "ENABLED",
            "created": days_ago(20),
            "activated": days_ago(20),
            "last_used": days_ago(1),
            "expires": NOW + dt.timedelta(days=100),
            "search_hub": "shop",
            "line": 7,
            **ANONYMOUS,
            **fields,
        }
    )


def pair(half: str = "private", **fields: Any) -> KeyRecord:
    """Half of a key pair that no check has anything to say about, with these fields changed."""
    return KeyRecord(
        **{
            "provider": "keypair",
            "key_id": "p1",
            "label": "checkout service",
            "description": "for the checkout, shared with Bo",
            "organization": "org",
            "half": half,
            "masks": ("sk_****9f2c",) if half == "private" else ("ak_********77aa",),
            "status": KeyStatus.ENABLED,
            "privacy": Privacy.PRIVATE if half == "private" else Privacy.PUBLIC,
            "environment": "live",
            "created": days_ago(20),
            "last_used": days_ago(1),
            **fields,
        }
    )


def revoked(half: str = "private", **fields: Any) -> KeyRecord:
    """A pair that was revoked yesterday."""
    return pair(half, status=KeyStatus.REVOKED, raw_status="revoked", disabled=days_ago(1), **fields)


def found(rule_id: str = "coveo.api_key", surface: str = "client", **fields: Any) -> Found:
    """A finding of the key `k1` (or `p1`) by its full value."""
    return Found(
        **{
            "rule_id": rule_id,
            "verdict": "exposed",
            "surface": surface,
            "path": "dist/main.js",
            "line": 3,
            "column": 9,
            "mask": "xx********1b3e",
            "places": ("dist/main.js:3:9",),
            "occurrences": 1,
            "key_ids": ("p1",) if rule_id.startswith("keypair") else ("k1",),
            "certainty": "exact",
            **fields,
        }
    )


def exposure(severity: str = "LOW", deactivation: dt.datetime | None = None) -> ExposureReport:
    """An exposure report."""
    return ExposureReport(Severity(severity), deactivation=deactivation)


def run(*items: KeyRecord | Found, **options: Any) -> list[tuple[str, str]]:
    """Check id and grade of every issue for these records and findings."""
    records = tuple(item for item in items if isinstance(item, KeyRecord))
    findings = [item for item in items if isinstance(item, Found)]
    config = LintConfig(**options.pop("config", {}))
    members = options.pop("members", None)
    snapshot = Snapshot(provider="coveo", records=records, **options)
    context = make_context(snapshot, now=NOW, config=config, joined=join(findings, records), members=members)
    return [(issue.check.id, issue.grade.value) for issue in lint(records, context)]
