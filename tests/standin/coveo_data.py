"""Templates and groups of the stand-in organisation.

Only two template ids are published (AnonymousSearch, AuthenticatedSearch); the others are this stand-in's.
"""

from __future__ import annotations

from typing import Any


def _privilege(owner: str, domain: str, kind: str = "ENABLE") -> dict[str, str]:
    return {"owner": owner, "targetDomain": domain, "type": kind, "targetId": "*"}


EXECUTE_QUERY = _privilege("SEARCH_API", "EXECUTE_QUERY")
SEARCH_IMPERSONATE = _privilege("SEARCH_API", "IMPERSONATE")
VIEW_ALL_CONTENT = _privilege("SEARCH_API", "VIEW_ALL_CONTENT")
ANALYTICS_PUSH = _privilege("USAGE_ANALYTICS", "ANALYTICS_DATA", "EDIT")
ANALYTICS_IMPERSONATE = _privilege("USAGE_ANALYTICS", "IMPERSONATE")
SOURCE_VIEW = _privilege("PLATFORM", "SOURCE", "VIEW")
SOURCE_EDIT = _privilege("PLATFORM", "SOURCE", "EDIT")
API_KEY_CREATE = _privilege("PLATFORM", "API_KEY", "CREATE")
FIELD_VIEW = _privilege("PLATFORM", "FIELD", "VIEW")

_EXCLUDED = {
    (p["owner"], p["targetDomain"], p["type"])
    for p in (EXECUTE_QUERY, SEARCH_IMPERSONATE, ANALYTICS_PUSH, ANALYTICS_IMPERSONATE)
}


def is_excluded(privilege: dict[str, Any]) -> bool:
    """Whether a Custom key may not hold this privilege."""
    kind = privilege.get("type") or "ENABLE"
    return (privilege.get("owner"), privilege.get("targetDomain"), kind) in _EXCLUDED


def _template(name: str, privacy: str, *privileges: dict[str, str], **extra: Any) -> dict[str, Any]:
    return {
        "displayName": name,
        "privacyLevel": privacy,
        "privileges": list(privileges),
        "creationType": "MANUAL",
        **extra,
    }


TEMPLATES: dict[str, dict[str, Any]] = {
    "AnonymousSearch": _template(
        "Anonymous search", "PUBLIC", EXECUTE_QUERY, ANALYTICS_PUSH, ANALYTICS_IMPERSONATE
    ),
    "AuthenticatedSearch": _template("Authenticated search", "PRIVATE", SEARCH_IMPERSONATE, ANALYTICS_PUSH),
    "UsageAnalytics": _template("Usage analytics", "PUBLIC", ANALYTICS_IMPERSONATE, ANALYTICS_PUSH),
    "ViewAllContent": _template(
        "View all content", "PRIVATE", VIEW_ALL_CONTENT, EXECUTE_QUERY, enforcedLifetimePeriod="P14D"
    ),
    "CrawlingModuleAdministration": _template(
        "Crawling Module administration", "PRIVATE", API_KEY_CREATE, SOURCE_VIEW
    ),
}

GROUPS: list[dict[str, Any]] = [
    {"id": "grpadmin", "displayName": "Administrators", "deletable": False},
    {"id": "grpdev", "displayName": "Developers", "deletable": True},
]
