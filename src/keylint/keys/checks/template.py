"""Checks of what a key may do, against the templates. https://docs.coveo.com/en/1718/"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from keylint.keys.checks.base import REGISTRY, Check, Context, Grade, Hit
from keylint.model import KeyRecord, Sensitivity

_VIEW_ALL_DAYS = 14  # the longest lifetime of a View all content key
_SLACK = dt.timedelta(days=1)  # keys expire at the end of the day
_IMPERSONATE = "SEARCH_API/IMPERSONATE"
_VIEW_ALL = "SEARCH_API/VIEW_ALL_CONTENT"
_MAKES_KEYS = frozenset({"PLATFORM/API_KEY/CREATE", "PLATFORM/API_KEY/EDIT"})


@REGISTRY.record(
    Check(
        "custom-for-template-use",
        Grade.LOW,
        "Custom key where a template fits",
        "apiKeyTemplateId, privileges",
        "a key without template has a privilege set that fits a template",
        "Use the template: it says what the key is for, and may be reactivated.",
    ),
    applies=lambda profile: profile.custom and bool(profile.narrowest),
)
def custom_for_template_use(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key made by hand that a template covers."""
    fitting = context.profile_of(record).narrowest
    yield Grade.LOW, f"apiKeyTemplateId: none, although the template '{fitting}' covers the privileges"


@REGISTRY.record(
    Check(
        "excluded-privilege-on-custom",
        Grade.MEDIUM,
        "Legacy key holds a privilege that Custom keys may not have",
        "apiKeyTemplateId, privileges",
        "a key without template holds Execute queries, Search Impersonate, Analytics data Push or Analytics "
        "Impersonate: it was made before the rule (the documentation lists three in one place and four in "
        "another; the longer list is used)",
        "Replace the legacy key by keys made from templates.",
        grades="critical for Search Impersonate",
    ),
    applies=lambda profile: profile.custom and bool(profile.excluded),
)
def excluded_privilege_on_custom(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key that could not be made today."""
    excluded = context.profile_of(record).excluded
    grade = Grade.CRITICAL if _IMPERSONATE in excluded else Grade.MEDIUM
    yield grade, f"privileges: {', '.join(excluded)} on a key without template"


@REGISTRY.record(
    Check(
        "impersonate-with-more",
        Grade.HIGH,
        "Search Impersonate together with other privileges",
        "privileges",
        "SEARCH_API/IMPERSONATE plus anything outside Authenticated search and what is tolerated there",
        "Split the key: one that makes search tokens, and others for the rest.",
    ),
    applies=lambda profile: _IMPERSONATE in profile.names and bool(profile.beyond_authenticated),
)
def impersonate_with_more(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """The search token key does other work too. USAGE_ANALYTICS/IMPERSONATE is another privilege."""
    more = context.profile_of(record).beyond_authenticated
    yield Grade.HIGH, f"privileges: {_IMPERSONATE} together with {_some(more)}"


@REGISTRY.record(
    Check(
        "impersonate-unrestricted",
        Grade.MEDIUM,
        "Search Impersonate for everyone from everywhere",
        "privileges, allowedIps, impersonationRestrictions",
        "SEARCH_API/IMPERSONATE with neither allowed IPs nor restricted identities",
        "Add allowed IPs (with a new key), and restrict the identities.",
    ),
    applies=lambda profile: _IMPERSONATE in profile.names,
)
def impersonate_unrestricted(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """Neither addresses nor identities are limited."""
    if not record.allowed_ips and not record.allowed_user_ids:
        yield Grade.MEDIUM, f"privileges: {_IMPERSONATE} with no allowedIps and no impersonationRestrictions"


@REGISTRY.record(
    Check(
        "view-all-content-lifetime",
        Grade.CRITICAL,
        "View all content for too long",
        "privileges, expirationDate, createdDate",
        "VIEW_ALL_CONTENT and no expiration date, or one more than 14 days after the creation",
        "Delete the key, and make one that lives for 1 to 14 days when it is needed.",
    ),
    applies=lambda profile: _VIEW_ALL in profile.names,
)
def view_all_content_lifetime(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key that bypasses item permissions and lives too long. A Custom key may do so without expiry."""
    if record.expires is None:
        yield Grade.CRITICAL, f"expirationDate: none on a key with {_VIEW_ALL}"
    elif record.created is not None:
        lifetime = record.expires - record.created
        if lifetime > dt.timedelta(days=_VIEW_ALL_DAYS) + _SLACK:
            yield Grade.CRITICAL, f"expirationDate: {lifetime.days} days after creation with {_VIEW_ALL}"


@REGISTRY.record(
    Check(
        "view-all-content-present",
        Grade.HIGH,
        "View all content is in place",
        "privileges, status",
        "VIEW_ALL_CONTENT on an active key",
        "Delete the key after troubleshooting: it bypasses the permissions of every item.",
    ),
    applies=lambda profile: _VIEW_ALL in profile.names,
)
def view_all_content_present(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key that sees everything is active."""
    yield Grade.HIGH, f"privileges: {_VIEW_ALL} on an active key"


@REGISTRY.record(
    Check(
        "custom-never-expires",
        Grade.HIGH,
        "Powerful Custom key never expires",
        "apiKeyTemplateId, privileges, expirationDate",
        "a Custom key with critical or sensitive privileges has no expiration date",
        "Make a new key with an expiration date.",
        grades="medium if its privileges are only sensitive",
    ),
    applies=lambda profile: profile.custom and profile.sensitivity is not Sensitivity.PUBLIC_SAFE,
)
def custom_never_expires(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A powerful key for ever."""
    if record.expires is not None:
        return
    critical = context.profile_of(record).critical
    if critical:
        yield Grade.HIGH, f"expirationDate: none, with critical privileges: {_some(critical)}"
    else:
        yield Grade.MEDIUM, "expirationDate: none, with sensitive privileges"


@REGISTRY.record(
    Check(
        "single-purpose",
        Grade.MEDIUM,
        "One key for several purposes",
        "privileges",
        "no template covers the privileges, and they span several templates, or search plus push, or search "
        "plus administration",
        "Split the key: one key, one purpose.",
    ),
    applies=lambda profile: len(profile.purposes) > 1,
)
def single_purpose(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key with several jobs."""
    yield Grade.MEDIUM, f"privileges: span {', '.join(context.profile_of(record).purposes)}"


@REGISTRY.record(
    Check(
        "least-privilege",
        Grade.MEDIUM,
        "Key has more privileges than its template",
        "apiKeyTemplateId, privileges",
        "the template is known, and the key has privileges beyond its documented and tolerated set",
        "Make a new key with fewer privileges, and deactivate this one: privileges can't be changed.",
        grades="high if one of them is critical",
    ),
    applies=lambda profile: bool(profile.excess),
)
def least_privilege(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """Privileges that the template does not grant."""
    profile = context.profile_of(record)
    grade = Grade.HIGH if profile.critical_excess else Grade.MEDIUM
    yield grade, f"privileges: {_some(profile.excess)} beyond the template '{profile.template}'"


@REGISTRY.record(
    Check(
        "api-key-create",
        Grade.HIGH,
        "Key can make or change keys",
        "privileges",
        "PLATFORM/API_KEY CREATE or EDIT on an active key",
        "It is needed once, when a Crawling Module is installed: delete the key after pairing.",
    ),
    applies=lambda profile: bool(_MAKES_KEYS & profile.names),
)
def api_key_create(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key that outlives its own revocation by making others."""
    held = _MAKES_KEYS & context.profile_of(record).names
    yield Grade.HIGH, f"privileges: {', '.join(sorted(held))} on an active key"


@REGISTRY.record(
    Check(
        "search-hub-missing",
        Grade.MEDIUM,
        "Search key enforces no search hub",
        "additionalConfiguration.search.enforcedQueryPipelineConfiguration.searchHub",
        "Anonymous search, Authenticated search, Search pages, or a key without template that may search; "
        "not where a catalogue is set or the key is used by Commerce code",
        "Set a search hub, so that queries are routed to the right pipeline.",
    ),
    applies=lambda profile: profile.wants_search_hub,
)
def search_hub_missing(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A search key without a hub."""
    if not record.search_hub and not record.catalog_id and record.key_id not in context.commerce_keys:
        yield Grade.MEDIUM, "searchHub: none, so every pipeline can be queried"


@REGISTRY.record(
    Check(
        "commerce-search-hub",
        Grade.MEDIUM,
        "Commerce key enforces a search hub",
        "additionalConfiguration.commerce.catalogId, searchHub",
        "a catalogue is set or Commerce code uses the key, and a search hub is set",
        "Leave the search hub out: the Commerce API sets it. Use source-level permissions for content that "
        "is not for everyone.",
        source="https://docs.coveo.com/en/o8ld0051/",
    )
)
def commerce_search_hub(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A hub where the Commerce API sets its own."""
    if record.search_hub and (record.catalog_id or record.key_id in context.commerce_keys):
        yield Grade.MEDIUM, "searchHub: set on a Commerce key"


def _some(names: tuple[str, ...]) -> str:
    """The first few of many."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
