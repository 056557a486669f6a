"""Every check has an example on which it fires with the documented grade, and one on which it is silent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from keylint.keys.lint import check_ids
from keylint.model import KeyRecord, KeyStatus, Level, Privacy, Privilege, Problem
from tests.keys.make import (
    AGENT,
    AUTHENTICATED,
    CUSTOM,
    EXECUTE,
    FIELD_VIEW,
    IMPERSONATE,
    KEY_CREATE,
    NOW,
    PUSH_EVENTS,
    SOURCE_EDIT,
    UA_IMPERSONATE,
    VIEW_ALL,
    days_ago,
    exposure,
    found,
    key,
    pair,
    revoked,
    run,
)

# The contract: the ids of the leading practices, and of the key-pair API.
_IDS = """
    private-key-in-client-code unknown-key-in-client-code public-key-in-client-code key-in-repository
    private-key-in-bundled-variable exposed-flag exposed-deadline custom-for-template-use
    excluded-privilege-on-custom impersonate-with-more impersonate-unrestricted view-all-content-lifetime
    view-all-content-present custom-never-expires expired-or-soon soon-disabled unused-key never-used
    disabled-not-deleted rotation-pair description-missing single-purpose least-privilege ip-missing
    ip-too-wide ip-private-range ip-on-public-key ip-allow-deny-overlap search-hub-missing
    commerce-search-hub api-key-create creator-left editors-wide rotation-secret-leak unmasked-inventory
    token-in-url
    private-half-exposed private-half-in-bundled-variable public-half-in-client public-half-of-revoked-pair
    revoked-private-still-present halves-together unused-pair old-pair environment-mix environment-missing
    duplicate-name listing-holds-private revoked-state-odd
"""
CONTRACT = frozenset(_IDS.split())


class Case(NamedTuple):
    """`items` make `check` fire with `grade`; with grade "" they must not make it fire."""

    check: str
    grade: str
    items: tuple[Any, ...]
    options: Mapping[str, Any] = MappingProxyType({})


_ELSEWHERE = found(surface="tree", path="src/config.py")
_TOKEN_URL = 'fetch("https://x/rest/search?access_token=xx********1b3e")'
_ALLOWED = ("203.0.113.0/24",)
_AUTH = key(**AUTHENTICATED, allowed_ips=_ALLOWED)
_CUSTOM = key(**CUSTOM, allowed_ips=_ALLOWED)
_VIEW_14 = key(
    template_id="",
    privileges=(VIEW_ALL,),
    privacy=Privacy.PRIVATE,
    created=NOW,
    expires=NOW + dt.timedelta(14.9),
)
_OFF = {"status": KeyStatus.DISABLED, "raw_status": "DISABLED"}
_STRANGER: dict[str, Any] = {"key_ids": (), "mask": "sk_********0000", "certainty": ""}
_PRIVATE_FOUND = found("keypair.private_key", mask="sk_********9f2c")
_PUBLIC_FOUND = found("keypair.public_key", mask="ak_********77aa")
_COPY = key(key_id="k2", label="Storefront (copy 2)", created=days_ago(2))

CASES = [
    Case("private-key-in-client-code", "critical", (_AUTH, found())),
    Case("private-key-in-client-code", "high", (_AUTH, found(certainty="ambiguous"))),
    Case("private-key-in-client-code", "critical", (_CUSTOM, found(key_ids=(), certainty=""))),
    Case("private-key-in-client-code", "", (key(), found())),
    Case("private-key-in-client-code", "", (_AUTH, _ELSEWHERE)),
    Case("private-key-in-client-code", "", (replace(_AUTH, status=KeyStatus.EXPIRED), found())),
    Case("unknown-key-in-client-code", "high", (key(), found(key_ids=(), mask="xx********0000"))),
    Case("unknown-key-in-client-code", "", (key(), found())),
    Case(
        "unknown-key-in-client-code",
        "",
        (key(), found(key_ids=(), mask="xx********0000")),
        {"complete": False},
    ),
    Case(
        "unknown-key-in-client-code",
        "",
        (key(), found("stripe.secret_key", key_ids=(), mask="sk_live_********0000")),
    ),
    Case("public-key-in-client-code", "info", (key(), found())),
    Case(
        "public-key-in-client-code",
        "low",
        (key(created=days_ago(400)), found()),
        {"config": {"rotate_public_days": 180}},
    ),
    Case("public-key-in-client-code", "", (_AUTH, found())),
    Case("key-in-repository", "high", (_AUTH, _ELSEWHERE)),
    Case("key-in-repository", "low", (key(), _ELSEWHERE)),
    Case("key-in-repository", "", (key(), found())),
    Case(
        "private-key-in-bundled-variable",
        "high",
        (_AUTH, replace(_ELSEWHERE, snippet="REACT_APP_API_KEY=xx********1b3e")),
    ),
    Case(
        "private-key-in-bundled-variable", "", (_AUTH, replace(_ELSEWHERE, snippet="API_KEY=xx********1b3e"))
    ),
    Case(
        "private-key-in-bundled-variable", "", (key(), replace(_ELSEWHERE, snippet="VITE_KEY=xx********1b3e"))
    ),
    Case("private-key-in-bundled-variable", "high", (_AUTH, replace(_ELSEWHERE, bundled="NEXT_PUBLIC_"))),
    Case("exposed-flag", "high", (key(status=KeyStatus.EXPOSED, exposure=exposure("MEDIUM")),)),
    Case("exposed-flag", "critical", (key(status=KeyStatus.EXPOSED, exposure=exposure("HIGH")),)),
    Case("exposed-flag", "", (key(**_OFF, exposure=exposure("HIGH")),)),
    Case("exposed-deadline", "high", (key(exposure=exposure("LOW", NOW + dt.timedelta(6))),)),
    Case("exposed-deadline", "", (key(exposure=exposure("LOW", NOW + dt.timedelta(8))),)),
    Case("exposed-deadline", "", (key(exposure=exposure("LOW")),)),
    Case("custom-for-template-use", "low", (key(template_id=""),)),
    Case("custom-for-template-use", "low", (key(template_id="CUSTOM"),)),
    Case("custom-for-template-use", "", (_CUSTOM,)),
    Case("custom-for-template-use", "", (key(),)),
    Case("excluded-privilege-on-custom", "medium", (key(template_id=""),)),
    Case("excluded-privilege-on-custom", "medium", (key(template_id="", privileges=(UA_IMPERSONATE,)),)),
    Case("excluded-privilege-on-custom", "critical", (key(template_id="", privileges=(IMPERSONATE,)),)),
    Case("excluded-privilege-on-custom", "", (_CUSTOM,)),
    Case("excluded-privilege-on-custom", "", (_AUTH,)),
    Case("impersonate-with-more", "high", (replace(_AUTH, privileges=(IMPERSONATE, FIELD_VIEW)),)),
    Case(
        "impersonate-with-more", "", (replace(_AUTH, privileges=(IMPERSONATE, PUSH_EVENTS, UA_IMPERSONATE)),)
    ),
    Case("impersonate-with-more", "", (key(privileges=(UA_IMPERSONATE, FIELD_VIEW)),)),
    Case("impersonate-unrestricted", "medium", (key(**AUTHENTICATED),)),
    Case(
        "impersonate-unrestricted",
        "medium",
        (key(privileges=(Privilege("SEARCH_API", "IMPERSONATE_SEARCH_API"),)),),
    ),
    Case("impersonate-unrestricted", "", (_AUTH,)),
    Case("impersonate-unrestricted", "", (key(**AUTHENTICATED, allowed_user_ids=("User",)),)),
    Case("impersonate-unrestricted", "", (key(privileges=(UA_IMPERSONATE,)),)),
    Case("view-all-content-lifetime", "critical", (replace(_VIEW_14, expires=None),)),
    Case("view-all-content-lifetime", "critical", (replace(_VIEW_14, expires=NOW + dt.timedelta(16)),)),
    Case("view-all-content-lifetime", "", (_VIEW_14,)),
    Case("view-all-content-present", "high", (_VIEW_14,)),
    Case("view-all-content-present", "", (replace(_VIEW_14, status=KeyStatus.EXPIRED),)),
    Case("custom-never-expires", "high", (replace(_CUSTOM, privileges=(SOURCE_EDIT,), expires=None),)),
    Case("custom-never-expires", "medium", (replace(_CUSTOM, expires=None),)),
    Case("custom-never-expires", "", (_CUSTOM,)),
    Case("custom-never-expires", "", (key(expires=None),)),
    Case("expired-or-soon", "medium", (key(raw_status="SOON_TO_BE_EXPIRED"),)),
    Case("expired-or-soon", "", (key(),)),
    Case("soon-disabled", "low", (key(raw_status="SOON_TO_BE_DISABLED"),)),
    Case("soon-disabled", "", (key(),)),
    Case("unused-key", "low", (key(last_used=days_ago(91)),)),
    Case("unused-key", "medium", (replace(_AUTH, last_used=days_ago(91)),)),
    Case("unused-key", "low", (key(last_used=None, activated=None, created=days_ago(91)),)),
    Case("unused-key", "", (key(last_used=None, activated=days_ago(5), created=days_ago(400)),)),
    Case("unused-key", "", (key(last_used=days_ago(90)),)),
    Case("unused-key", "", (key(last_used=days_ago(400), **_OFF),)),
    Case("unused-key", "", (key(last_used=days_ago(91)),), {"config": {"unused_days": 180}}),
    Case("never-used", "low", (key(last_used=None, created=days_ago(31)),)),
    Case("never-used", "low", (pair(last_used=None, created=days_ago(31)),)),
    Case("never-used", "", (key(last_used=None, created=days_ago(30)),)),
    Case("never-used", "", (key(created=days_ago(500)),)),
    Case("disabled-not-deleted", "info", (key(**_OFF, disabled=days_ago(91)),)),
    Case("disabled-not-deleted", "info", (key(status=KeyStatus.EXPIRED, expires=days_ago(100)),)),
    Case("disabled-not-deleted", "", (key(**_OFF, disabled=days_ago(3)),)),
    Case("rotation-pair", "medium", (key(), _COPY)),
    Case("rotation-pair", "", (key(), replace(_COPY, label="point of sale"))),
    Case("rotation-pair", "", (key(**_OFF), _COPY)),
    Case("rotation-pair", "", (key(), replace(_COPY, privileges=(EXECUTE,)))),
    Case("description-missing", "low", (key(description=""),)),
    Case("description-missing", "low", (key(description="my key"),)),
    Case("description-missing", "low", (pair(label="test"),)),
    Case("description-missing", "", (key(),)),
    Case("description-missing", "", (pair(),)),
    Case(
        "single-purpose", "medium", (key(template_id="", privileges=(EXECUTE, PUSH_EVENTS, UA_IMPERSONATE)),)
    ),
    Case("single-purpose", "medium", (replace(_CUSTOM, privileges=(EXECUTE, SOURCE_EDIT)),)),
    Case("single-purpose", "medium", (replace(_CUSTOM, privileges=(VIEW_ALL, KEY_CREATE)),)),
    Case("single-purpose", "", (key(privileges=(EXECUTE, PUSH_EVENTS, UA_IMPERSONATE)),)),
    Case("single-purpose", "", (key(privileges=(EXECUTE, PUSH_EVENTS, AGENT)),)),
    Case("single-purpose", "", (_CUSTOM,)),
    Case("least-privilege", "medium", (key(privileges=(EXECUTE, PUSH_EVENTS, FIELD_VIEW)),)),
    Case("least-privilege", "high", (key(privileges=(EXECUTE, SOURCE_EDIT)),)),
    Case(
        "least-privilege", "high", (key(privileges=(EXECUTE, AGENT, replace(AGENT, target_domain="OTHER"))),)
    ),
    Case("least-privilege", "", (key(privileges=(EXECUTE, PUSH_EVENTS, UA_IMPERSONATE)),)),
    Case("least-privilege", "", (key(privileges=(EXECUTE, PUSH_EVENTS, AGENT)),)),
    Case("least-privilege", "", (_CUSTOM,)),
    Case("ip-missing", "medium", (key(**AUTHENTICATED),)),
    Case("ip-missing", "medium", (key(**CUSTOM),)),
    Case("ip-missing", "", (_AUTH,)),
    Case("ip-missing", "", (key(),)),
    Case("ip-too-wide", "medium", (key(**AUTHENTICATED, allowed_ips=("0.0.0.0/0",)),)),
    Case("ip-too-wide", "medium", (key(**AUTHENTICATED, allowed_ips=("::/0",)),)),
    Case("ip-too-wide", "medium", (key(**AUTHENTICATED, allowed_ips=("104.0.0.0/8",)),)),
    Case(
        "ip-too-wide", "", (key(**AUTHENTICATED, allowed_ips=("104.1.1.0/24", "nonsense", "2001:db8::/48")),)
    ),
    Case("ip-private-range", "medium", (key(**AUTHENTICATED, allowed_ips=("192.168.0.0/16",)),)),
    Case("ip-private-range", "", (_AUTH,)),
    Case("ip-on-public-key", "info", (key(allowed_ips=_ALLOWED),)),
    Case("ip-on-public-key", "", (_AUTH,)),
    Case("ip-allow-deny-overlap", "low", (replace(_AUTH, denied_ips=("203.0.113.7",)),)),
    Case("ip-allow-deny-overlap", "", (replace(_AUTH, denied_ips=("198.51.100.0/24", "2001:db8::1")),)),
    Case("search-hub-missing", "medium", (key(search_hub=""),)),
    Case("search-hub-missing", "medium", (key(search_hub="", template_id="", privileges=(EXECUTE,)),)),
    Case("search-hub-missing", "", (key(search_hub="", catalog_id="c"),)),
    Case("search-hub-missing", "", (key(search_hub=""), found(snippet="buildCommerceEngine({"))),
    Case("search-hub-missing", "", (replace(_CUSTOM, search_hub=""),)),
    Case("commerce-search-hub", "medium", (key(catalog_id="c"),)),
    Case("commerce-search-hub", "medium", (key(), found(path="app/headless/commerce.js"))),
    Case("commerce-search-hub", "medium", (key(), found(beside=("Commerce code buildCommerceEngine",)))),
    Case("commerce-search-hub", "", (key(), found(beside=("organization commerce",)))),
    Case("commerce-search-hub", "", (key(),)),
    Case("api-key-create", "high", (replace(_CUSTOM, privileges=(KEY_CREATE,)),)),
    Case("api-key-create", "", (replace(_CUSTOM, privileges=(replace(KEY_CREATE, type="VIEW"),)),)),
    Case("creator-left", "medium", (key(created_by="Ana@Example.com"),), {"members": ["bo@example.com"]}),
    Case("creator-left", "", (key(created_by="Ana@Example.com"),), {"members": ["ana@example.com"]}),
    Case("creator-left", "", (key(created_by="Ana@Example.com"),)),
    Case("editors-wide", "low", (replace(_AUTH, editors=("Administrators", "Developers")),)),
    Case("editors-wide", "", (replace(_AUTH, editors=("Administrators",)),)),
    Case("editors-wide", "", (key(editors=("Developers",)),)),
    Case(
        "rotation-secret-leak",
        "critical",
        (key(),),
        {"problems": (Problem("rotation-secret-in-inventory", Level.ERROR, "", line=7),)},
    ),
    Case(
        "rotation-secret-leak",
        "critical",
        (key(), found("coveo.rotation_secret", key_ids=(), mask="********")),
    ),
    Case("rotation-secret-leak", "", (key(), found())),
    Case("unmasked-inventory", "critical", (key(unmasked=True),)),
    Case("unmasked-inventory", "", (key(),)),
    Case("token-in-url", "critical", (_AUTH, replace(_ELSEWHERE, snippet=_TOKEN_URL))),
    Case("token-in-url", "critical", (_AUTH, replace(_ELSEWHERE, parameter="accessToken"))),
    Case("token-in-url", "", (_AUTH, replace(_ELSEWHERE, parameter="key"))),
    Case("token-in-url", "", (_AUTH, replace(_ELSEWHERE, snippet="Authorization: Bearer xx********1b3e"))),
    Case("token-in-url", "", (key(), found(snippet=_TOKEN_URL))),
    Case("private-half-exposed", "critical", (pair(), pair("public"), _PRIVATE_FOUND)),
    Case("private-half-exposed", "critical", (pair(), replace(_PRIVATE_FOUND, surface="history"))),
    Case("private-half-exposed", "", (pair(), pair("public"), _PUBLIC_FOUND)),
    Case("private-half-exposed", "", (revoked(), _PRIVATE_FOUND)),
    Case("private-half-exposed", "critical", (pair(), replace(_PRIVATE_FOUND, **_STRANGER))),
    Case("private-half-exposed", "", (key(), replace(_PRIVATE_FOUND, **_STRANGER))),
    Case(
        "private-half-in-bundled-variable",
        "critical",
        (pair(), replace(_PRIVATE_FOUND, surface="tree", snippet="VITE_SECRET=sk_********9f2c")),
    ),
    Case("private-half-in-bundled-variable", "critical", (pair(), replace(_PRIVATE_FOUND, bundled="VITE_"))),
    Case("private-half-in-bundled-variable", "", (pair(), _PRIVATE_FOUND)),
    Case("public-half-in-client", "info", (pair(), pair("public"), _PUBLIC_FOUND)),
    Case("public-half-in-client", "", (pair("public"), replace(_PUBLIC_FOUND, surface="tree"))),
    Case("public-half-of-revoked-pair", "medium", (revoked(), revoked("public"), _PUBLIC_FOUND)),
    Case("public-half-of-revoked-pair", "", (pair("public"), _PUBLIC_FOUND)),
    Case("revoked-private-still-present", "low", (revoked(), _PRIVATE_FOUND)),
    Case("revoked-private-still-present", "", (pair(), _PRIVATE_FOUND)),
    Case("halves-together", "critical", (pair(), pair("public"), _PRIVATE_FOUND, _PUBLIC_FOUND)),
    Case(
        "halves-together",
        "",
        (pair(), pair("public"), _PRIVATE_FOUND, replace(_PUBLIC_FOUND, path="dist/other.js")),
    ),
    Case("unused-pair", "medium", (pair(last_used=days_ago(91)),)),
    Case("unused-pair", "", (pair(last_used=days_ago(90)),)),
    Case("unused-pair", "", (revoked(last_used=days_ago(900)),)),
    Case("old-pair", "medium", (pair(created=days_ago(366)),)),
    Case("old-pair", "", (pair(created=days_ago(365)),)),
    Case("environment-mix", "medium", (pair(masks=("sk_test_****9f2c",)),)),
    Case("environment-mix", "medium", (pair(), replace(_PRIVATE_FOUND, path="tests/data/app.js"))),
    Case("environment-mix", "", (pair(masks=("sk_live_****9f2c",)), _PRIVATE_FOUND)),
    Case("environment-missing", "info", (pair(environment=""),)),
    Case("environment-missing", "", (pair(),)),
    Case("duplicate-name", "low", (pair(), pair(key_id="p2"))),
    Case("duplicate-name", "", (pair(), pair("public"), revoked(key_id="p2"))),
    Case("listing-holds-private", "critical", (pair(unmasked=True),)),
    Case("listing-holds-private", "", (pair(), pair("public"))),
    Case("revoked-state-odd", "info", (pair(disabled=days_ago(1)),)),
    Case(
        "revoked-state-odd",
        "info",
        (revoked(), pair(key_id="p2", raw_status="revoked", status=KeyStatus.REVOKED)),
    ),
    Case("revoked-state-odd", "", (pair(), revoked(key_id="p2"))),
]


def _name(case: Case) -> str:
    return f"{case.check}-{case.grade or 'silent'}"


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_check_fires_where_it_should_and_nowhere_else(case: Case) -> None:
    fired = [grade for check, grade in run(*case.items, **case.options) if check == case.check]
    assert fired == ([case.grade] if case.grade else [])


def test_the_ids_are_the_contract_and_each_has_both_examples() -> None:
    assert set(check_ids()) == CONTRACT
    assert {case.check for case in CASES if case.grade} == CONTRACT
    assert {case.check for case in CASES if not case.grade} == CONTRACT


@pytest.mark.parametrize("record", [key(), pair(), _AUTH, _CUSTOM, pair("public")], ids=lambda r: r.provider)
def test_a_good_key_has_no_issue(record: KeyRecord) -> None:
    assert run(record) == []


def test_select_and_ignore_choose_the_checks() -> None:
    bad = key(description="", search_hub="")
    assert run(bad, config={"select": ("description-missing",)}) == [("description-missing", "low")]
    assert run(bad, config={"ignore": ("description-missing",)}) == [("search-hub-missing", "medium")]


def test_a_template_export_of_the_organisation_decides() -> None:
    from keylint.inventory.base import TemplateExport

    export = TemplateExport("coveo", "AnonymousSearch", "Anonymous search", Privacy.PUBLIC, (EXECUTE, AGENT))
    bad = key(privileges=(EXECUTE, PUSH_EVENTS, AGENT))
    assert ("least-privilege", "medium") in run(bad, templates=(export,))
    assert run(key(privileges=(EXECUTE, AGENT)), templates=(export,)) == []
