from __future__ import annotations

import datetime as dt
from itertools import product
from typing import Any

import pytest

from keylint.inventory import TemplateExport
from keylint.model import (
    Certainty,
    Evidence,
    ExposureReport,
    KeyRecord,
    KeyStatus,
    Level,
    Link,
    Privacy,
    Privilege,
    Severity,
    Surface,
    Surroundings,
    Verdict,
    VerdictKind,
)
from keylint.privileges import PrivilegeModel, load_privilege_model
from keylint.records import replace
from keylint.rule import Rule
from keylint.verdict import decide

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.timezone.utc)
PAST = NOW - dt.timedelta(seconds=1)
FUTURE = NOW + dt.timedelta(days=1)
MODEL = load_privilege_model()

EXECUTE = Privilege("SEARCH_API", "EXECUTE_QUERY")
PUSH = Privilege("USAGE_ANALYTICS", "ANALYTICS_DATA", "EDIT")
UA_IMPERSONATE = Privilege("USAGE_ANALYTICS", "IMPERSONATE")
IMPERSONATE = Privilege("SEARCH_API", "IMPERSONATE")
SOURCE_VIEW = Privilege("PLATFORM", "SOURCE", "VIEW")
NEW = Privilege("KNOWLEDGE", "AGENT_QUERY")
PAGES = Privilege("SEARCH_API", "SEARCH_PAGES", "VIEW")
ASSIST = Privilege("CUSTOMER_SERVICE", "USE_CASE_ASSIST")

DEPENDS = Rule("coveo.api_key", "Coveo API key", "coveo", privacy=Privacy.DEPENDS)
PRIVATE = Rule("x.secret", "X secret", "coveo", privacy=Privacy.PRIVATE, severity=Severity.HIGH)
PUBLIC = Rule("x.public", "X public", "coveo", privacy=Privacy.PUBLIC, decided_by="the prefix")
SECRET = Rule("p.secret", "P secret", "coveo", privacy=Privacy.PRIVATE, proves=True)
BROWSER = Rule("p.public", "P public", "coveo", privacy=Privacy.PUBLIC, proves=True)
NIL = Evidence()
EXPOSED, OVER, UNKNOWN, RETIRED, ALLOWED = VerdictKind
PUB, PRI, DEP = Privacy


def record(**more: Any) -> KeyRecord:
    return KeyRecord("coveo", **{"key_id": "a", "label": "Main", "status": KeyStatus.ENABLED, **more})


def judge(
    rule: Rule = DEPENDS,
    entry: KeyRecord | None = None,
    *more: KeyRecord,
    surface: Surface = Surface.TREE,
    evidence: Evidence = NIL,
    certainty: Certainty | None = None,
    model: PrivilegeModel = MODEL,
    tentative: bool = False,
) -> Verdict:
    records = (entry, *more) if entry else ()
    found = certainty or (Certainty.EXACT if records else Certainty.NO_INVENTORY)
    link = Link(found, records, "One in 65,536." if records else "")
    return decide(
        rule=rule, evidence=evidence, link=link, surface=surface, model=model, now=NOW, tentative=tentative
    )


# Every way to privacy: rule, entry, evidence -> privacy, deciding reason, verdict in a tree, in a client.
PATHS: dict[str, tuple[Rule, KeyRecord | None, Evidence, Privacy, str, VerdictKind, VerdictKind]] = {
    "claim says private": (
        DEPENDS, None, Evidence(privacy=PRI, reason="role"), PRI, "value-private",
        EXPOSED, EXPOSED,
    ),
    "prefix proves private": (SECRET, None, NIL, PRI, "value-private", EXPOSED, EXPOSED),
    "value proves private, inventory says public": (
        SECRET, record(privacy=PUB), NIL, PRI, "value-private", EXPOSED, EXPOSED,
    ),
    "value proves private, privileges known": (
        SECRET, record(privileges=(IMPERSONATE,)), NIL, PRI, "value-private", EXPOSED, EXPOSED,
    ),
    "level public": (
        DEPENDS, record(privacy=PUB), NIL, PUB, "inventory-level", ALLOWED, ALLOWED,
    ),
    "level public, uncatalogued privilege": (
        DEPENDS, record(privacy=PUB, privileges=(EXECUTE, NEW)), NIL, PUB,
        "inventory-level", ALLOWED, ALLOWED,
    ),
    "level public, too many privileges": (
        DEPENDS, record(privacy=PUB, privileges=(EXECUTE, SOURCE_VIEW)), NIL, PUB,
        "inventory-level", OVER, OVER,
    ),
    "level public, two public sets in one key": (
        DEPENDS, record(privacy=PUB, privileges=(PAGES, ASSIST)), NIL, PUB,
        "inventory-level", OVER, OVER,
    ),
    "bare level private": (
        DEPENDS, record(privacy=PRI), NIL, PRI, "inventory-level", EXPOSED, EXPOSED,
    ),
    "level private, privileges known": (
        DEPENDS, record(privacy=PRI, privileges=(IMPERSONATE, PUSH)), NIL, PRI,
        "inventory-level", EXPOSED, OVER,
    ),
    "level private, privileges fit a public template": (
        DEPENDS, record(privacy=PRI, privileges=(EXECUTE, PUSH)), NIL, PRI,
        "inventory-level", EXPOSED, EXPOSED,
    ),
    "level private beats a public rule": (
        BROWSER, record(privacy=PRI), NIL, PRI, "inventory-level", EXPOSED, EXPOSED,
    ),
    "level public beats a private rule": (
        PRIVATE, record(privacy=PUB), NIL, PUB, "inventory-level", ALLOWED, ALLOWED,
    ),
    "public template": (
        DEPENDS, record(template_id="AnonymousSearch"), NIL, PUB, "template", ALLOWED, ALLOWED,
    ),
    "public template, tolerated and uncatalogued privileges": (
        DEPENDS, record(template_id="AnonymousSearch", privileges=(EXECUTE, PUSH, UA_IMPERSONATE, NEW)), NIL,
        PUB, "template", ALLOWED, ALLOWED,
    ),
    "public template, too many privileges": (
        DEPENDS, record(template_id="AnonymousSearch", privileges=(EXECUTE, IMPERSONATE)), NIL, PUB,
        "template", OVER, OVER,
    ),
    "private template": (
        DEPENDS, record(template_id="AuthenticatedSearch"), NIL, PRI, "template", EXPOSED, OVER,
    ),
    "level before template": (
        DEPENDS, record(privacy=PUB, template_id="AuthenticatedSearch", privileges=(EXECUTE,)), NIL,
        PUB, "inventory-level", ALLOWED, ALLOWED,
    ),
    "unknown template, privileges decide": (
        DEPENDS, record(template_id="Other", privileges=(EXECUTE, PUSH)), NIL, PUB, "privileges",
        ALLOWED, ALLOWED,
    ),
    "privileges fit a public template": (
        DEPENDS, record(privileges=(EXECUTE, PUSH)), NIL, PUB, "privileges", ALLOWED, ALLOWED,
    ),
    "privileges with a tolerated one": (
        DEPENDS, record(privileges=(EXECUTE, PUSH, UA_IMPERSONATE)), NIL, PUB, "privileges",
        ALLOWED, ALLOWED,
    ),
    "privileges fit none": (
        DEPENDS, record(privileges=(EXECUTE, SOURCE_VIEW)), NIL, PRI, "privileges", EXPOSED, OVER,
    ),
    "privileges keylint cannot place": (
        DEPENDS, record(privileges=(EXECUTE, PUSH, NEW)), NIL, DEP, "privileges-uncatalogued",
        UNKNOWN, UNKNOWN,
    ),
    "entry without a word": (DEPENDS, record(), NIL, DEP, "entry-undecided", UNKNOWN, UNKNOWN),
    "entry without privileges": (
        DEPENDS, record(privileges=()), NIL, DEP, "entry-undecided", UNKNOWN, UNKNOWN,
    ),
    "claim says public": (
        DEPENDS, None, Evidence(privacy=PUB), PUB, "value-public", ALLOWED, ALLOWED,
    ),
    "prefix proves public": (BROWSER, None, NIL, PUB, "value-public", ALLOWED, ALLOWED),
    "rule public": (PUBLIC, None, NIL, PUB, "rule", ALLOWED, ALLOWED),
    "rule private": (PRIVATE, None, NIL, PRI, "rule", EXPOSED, EXPOSED),
    "rule private, silent entry": (PRIVATE, record(), NIL, PRI, "rule", EXPOSED, EXPOSED),
}  # fmt: skip


@pytest.mark.parametrize(("path", "surface"), list(product(PATHS, Surface)))
def test_every_path_to_privacy_on_every_surface(path: str, surface: Surface) -> None:
    rule, entry, evidence, privacy, code, in_tree, in_client = PATHS[path]
    verdict = judge(rule, entry, evidence=evidence, surface=surface)
    assert verdict.kind is (in_client if surface is Surface.CLIENT else in_tree)
    assert verdict.privacy is privacy
    assert verdict.reason.code == code
    assert verdict.level is verdict.kind.level
    assert bool(verdict.excess_privileges) is (verdict.kind is OVER)
    if verdict.kind is ALLOWED:
        assert verdict.severity is Severity.WARN


@pytest.mark.parametrize(("path", "surface"), list(product(PATHS, Surface)))
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (KeyStatus.EXPIRED, "status-expired"),
        (KeyStatus.DISABLED, "status-disabled"),
        (KeyStatus.REVOKED, "status-revoked"),
        (KeyStatus.DELETED, "status-deleted"),
    ],
)
def test_a_dead_key_is_retired_on_every_path_and_surface(
    path: str, surface: Surface, status: KeyStatus, code: str
) -> None:
    rule, entry, evidence, *_ = PATHS[path]
    base = entry or record()
    dead = KeyRecord("coveo", "a", status=status, privacy=base.privacy, privileges=base.privileges)
    verdict = judge(rule, dead, evidence=evidence, surface=surface)
    assert (verdict.kind, verdict.reason.code) == (RETIRED, code)
    assert (verdict.severity, verdict.level) == (Severity.LOW, Level.NOTE)


@pytest.mark.parametrize(("path", "surface"), list(product(PATHS, Surface)))
def test_a_live_key_flagged_as_exposed_is_exposed_on_every_path(path: str, surface: Surface) -> None:
    rule, entry, evidence, privacy, code, *_ = PATHS[path]
    base = entry or record()
    flagged = record(
        status=KeyStatus.EXPOSED, exposure=ExposureReport(Severity.CRITICAL), privacy=base.privacy,
        privileges=base.privileges, template_id=base.template_id,
    )  # fmt: skip
    verdict = judge(rule, flagged, evidence=evidence, surface=surface)
    assert (verdict.kind, verdict.reason.code) == (EXPOSED, "status-exposed")
    assert verdict.severity is Severity.CRITICAL
    assert verdict.privacy is privacy
    if entry is not None:
        assert code in {note.code for note in verdict.notes}


@pytest.mark.parametrize("status", [KeyStatus.ENABLED, KeyStatus.UNKNOWN])
def test_a_key_of_unknown_status_counts_as_alive(status: KeyStatus) -> None:
    assert judge(DEPENDS, record(privacy=Privacy.PRIVATE, status=status)).kind is EXPOSED


@pytest.mark.parametrize(
    ("entry", "evidence", "kind", "code"),
    [
        (record(expires=PAST, privacy=Privacy.PRIVATE), NIL, RETIRED, "status-expired"),
        (record(expires=FUTURE, privacy=Privacy.PRIVATE), NIL, EXPOSED, "inventory-level"),
        (None, Evidence(expires_at=PAST), RETIRED, "value-expired"),
        (None, Evidence(expires_at=FUTURE), EXPOSED, "rule"),
        (record(status=KeyStatus.EXPOSED, expires=PAST), NIL, RETIRED, "status-expired"),
    ],
)
def test_expiry_is_judged_against_now(
    entry: KeyRecord | None, evidence: Evidence, kind: VerdictKind, code: str
) -> None:
    verdict = judge(PRIVATE, entry, evidence=evidence)
    assert (verdict.kind, verdict.reason.code) == (kind, code)


@pytest.mark.parametrize(
    ("certainty", "code"),
    [
        (Certainty.NONE, "no-entry"),
        (Certainty.NONE_PARTIAL, "no-entry-partial"),
        (Certainty.NO_INVENTORY, "no-inventory"),
    ],
)
@pytest.mark.parametrize("surface", list(Surface))
def test_a_look_alike_without_an_entry_is_unknown(certainty: Certainty, code: str, surface: Surface) -> None:
    verdict = judge(DEPENDS, certainty=certainty, surface=surface)
    assert (verdict.kind, verdict.level, verdict.reason.code) == (UNKNOWN, Level.WARNING, code)
    assert verdict.severity is (Severity.MEDIUM if surface is Surface.CLIENT else Severity.LOW)


def test_a_match_by_mask_says_so_and_still_retires() -> None:
    verdict = judge(DEPENDS, record(status=KeyStatus.DISABLED), certainty=Certainty.SUFFIX)
    assert verdict.kind is RETIRED
    assert [note.code for note in verdict.notes] == ["match-by-mask"]
    assert not judge(DEPENDS, record(status=KeyStatus.DISABLED)).notes


def test_among_several_entries_the_most_severe_answer_wins_and_all_are_named() -> None:
    rows = (
        record(key_id="pub", privacy=Privacy.PUBLIC),
        record(key_id="dead", status=KeyStatus.DISABLED),
        record(key_id="weak", privacy=Privacy.PRIVATE, privileges=(EXECUTE,)),
        record(key_id="worst", privacy=Privacy.PRIVATE, privileges=(IMPERSONATE,)),
        record(key_id="dunno"),
    )
    verdict = judge(DEPENDS, *rows, certainty=Certainty.AMBIGUOUS)
    assert (verdict.kind, verdict.severity) == (EXPOSED, Severity.HIGH)
    assert verdict.reason.text.startswith("5 inventory entries fit")
    named = next(note.text for note in verdict.notes if note.code == "ambiguous-entries")
    assert "(pub): allowed" in named
    assert "(dead): retired" in named
    assert "(worst): exposed" in named
    assert "(dunno): unknown" in named


def test_very_many_fitting_entries_are_named_in_part() -> None:
    rows = [record(key_id=f"k{n}", privacy=Privacy.PUBLIC) for n in range(50)]
    verdict = judge(DEPENDS, *rows, certainty=Certainty.AMBIGUOUS)
    assert verdict.kind is ALLOWED
    assert "and 40 more" in next(note.text for note in verdict.notes if note.code == "ambiguous-entries")


def test_contradictions_are_reported() -> None:
    verdict = judge(SECRET, record(privacy=Privacy.PUBLIC, template_id="AnonymousSearch"))
    texts = [note.text for note in verdict.notes if note.code == "contradiction"]
    assert len(texts) == 2
    assert "public, but the value itself decides" in texts[0]
    assert not judge(DEPENDS, record(privacy=Privacy.PUBLIC, template_id="AnonymousSearch")).notes


def test_uncatalogued_privileges_are_listed_but_no_excess() -> None:
    verdict = judge(
        DEPENDS, record(privacy=Privacy.PUBLIC, privileges=(EXECUTE, NEW)), surface=Surface.CLIENT
    )
    assert verdict.kind is ALLOWED
    assert [note.code for note in verdict.notes] == ["uncatalogued-privileges"]
    assert "KNOWLEDGE/AGENT_QUERY" in verdict.notes[0].text


def test_excess_is_named_beside_the_nearest_public_template() -> None:
    verdict = judge(DEPENDS, record(privileges=(EXECUTE, PUSH, SOURCE_VIEW)), surface=Surface.CLIENT)
    assert verdict.kind is OVER
    assert verdict.template == "Anonymous search"
    assert verdict.excess_privileges == ("PLATFORM/SOURCE/VIEW",)


def test_a_private_template_alone_names_its_excess() -> None:
    verdict = judge(DEPENDS, record(template_id="AuthenticatedSearch"), surface=Surface.CLIENT)
    assert verdict.excess_privileges == ("SEARCH_API/IMPERSONATE",)


def test_an_organisations_templates_decide() -> None:
    ours = TemplateExport("coveo", "House", "House", Privacy.PUBLIC, (EXECUTE, NEW))
    model = load_privilege_model(overrides=[ours])
    assert judge(DEPENDS, record(template_id="House"), model=model).kind is ALLOWED
    assert judge(DEPENDS, record(privileges=(EXECUTE, NEW)), model=model).kind is ALLOWED
    assert judge(DEPENDS, record(template_id="House")).kind is UNKNOWN


SEVERITIES = [
    # rule, entry, evidence, in a repository, in a client
    (DEPENDS, record(privileges=(IMPERSONATE,)), NIL, Severity.HIGH, Severity.CRITICAL),
    (DEPENDS, record(privileges=(SOURCE_VIEW,)), NIL, Severity.MEDIUM, Severity.HIGH),
    (DEPENDS, record(privacy=Privacy.PRIVATE, privileges=(EXECUTE,)), NIL, Severity.LOW, Severity.MEDIUM),
    (DEPENDS, record(template_id="AuthenticatedSearch"), NIL, Severity.HIGH, Severity.CRITICAL),
    (PRIVATE, None, NIL, Severity.HIGH, Severity.CRITICAL),
    (PRIVATE, None, Evidence(test_mode=True), Severity.LOW, Severity.MEDIUM),
    (DEPENDS, record(privileges=(IMPERSONATE,)), Evidence(test_mode=True), Severity.LOW, Severity.MEDIUM),
    (SECRET, record(privileges=(EXECUTE,)), NIL, Severity.HIGH, Severity.CRITICAL),
    (
        DEPENDS, record(privacy=Privacy.PUBLIC, exposure=ExposureReport(Severity.WARN)), NIL,
        Severity.LOW, Severity.MEDIUM,
    ),
    (
        DEPENDS, record(privacy=Privacy.PUBLIC, exposure=ExposureReport(Severity.HIGH)), NIL,
        Severity.HIGH, Severity.HIGH,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "entry", "evidence", "tree", "client"), SEVERITIES)
def test_severity_follows_privileges_rule_surface_and_mode(
    rule: Rule, entry: KeyRecord | None, evidence: Evidence, tree: Severity, client: Severity
) -> None:
    for surface in Surface:
        expected = client if surface is Surface.CLIENT else tree
        assert judge(rule, entry, evidence=evidence, surface=surface).severity is expected


def test_a_documented_sample_is_allowed_everywhere() -> None:
    evidence = Evidence(privacy=Privacy.PUBLIC, facts=(("sample", "documented sample"),))
    for surface in Surface:
        verdict = judge(PRIVATE, surface=surface, evidence=evidence)
        assert (verdict.kind, verdict.reason.code) == (ALLOWED, "documented-sample")


def test_a_shape_alone_is_only_a_note_and_an_entry_makes_it_a_finding() -> None:
    verdict = judge(PRIVATE, tentative=True)
    assert (verdict.kind, verdict.level, verdict.reason.code) == (UNKNOWN, Level.NOTE, "shape-only")
    assert judge(PRIVATE, record(), tentative=True).kind is EXPOSED


def test_the_public_half_of_a_revoked_pair_is_retired() -> None:
    half = KeyRecord("keypair", "p", half="public", privacy=Privacy.PUBLIC, status=KeyStatus.REVOKED)
    verdict = judge(BROWSER, half, surface=Surface.CLIENT)
    assert (verdict.kind, verdict.reason.code) == (RETIRED, "status-revoked")


def test_privileges_of_a_service_without_templates_do_not_decide() -> None:
    entry = KeyRecord("algolia", "k", privileges=(Privilege("ALGOLIA", "search"),))
    assert judge(DEPENDS, entry).reason.code == "entry-undecided"


# --- What stands around the key


def near(
    rule: Rule, *, surface: Surface = Surface.TREE, evidence: Evidence = NIL, size: int = 0, **more: Any
) -> Verdict:
    """The verdict about a key of no inventory with these surroundings."""
    link = Link(Certainty.NO_INVENTORY)
    around = Surroundings(**more)
    return decide(
        rule=rule,
        evidence=evidence,
        link=link,
        surface=surface,
        model=MODEL,
        now=NOW,
        around=around,
        size=size,
    )


def codes(verdict: Verdict) -> list[str]:
    return [note.code for note in verdict.notes]


@pytest.mark.parametrize(
    ("more", "surface", "code", "severity"),
    [
        ({}, Surface.TREE, [], Severity.HIGH),
        ({"bundled": "VITE_"}, Surface.TREE, ["private-key-in-bundled-variable"], Severity.CRITICAL),
        ({"bundled": "VITE_"}, Surface.CLIENT, ["private-key-in-bundled-variable"], Severity.CRITICAL),
        ({"parameter": "access_token"}, Surface.TREE, ["token-in-url"], Severity.CRITICAL),
    ],
)
def test_a_private_key_is_worse_where_browsers_or_logs_get_it(
    more: dict[str, Any], surface: Surface, code: list[str], severity: Severity
) -> None:
    verdict = near(SECRET, surface=surface, **more)
    assert (verdict.kind, codes(verdict), verdict.severity) == (EXPOSED, code, severity)


def test_the_step_for_bundled_variables_is_not_counted_again_in_a_client() -> None:
    medium = Rule("m.secret", "M", "m", privacy=PRI, severity=Severity.MEDIUM)
    assert near(medium, bundled="VITE_").severity is Severity.HIGH
    assert near(medium, surface=Surface.CLIENT, bundled="VITE_").severity is Severity.HIGH
    assert near(medium, bundled="VITE_", parameter="token").severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"public_hints": ("a",)}, "speaks for a public one, which is no proof"),
        ({"private_hints": ("a",)}, "speaks for a private one, which is no proof"),
        ({"public_hints": ("a",), "private_hints": ("b",)}, "speaks for both"),
    ],
)
@pytest.mark.parametrize("surface", Surface)
def test_hints_are_told_and_never_decide(more: dict[str, Any], says: str, surface: Surface) -> None:
    plain, hinted = near(DEPENDS, surface=surface), near(DEPENDS, surface=surface, **more)
    assert says in hinted.reason.text
    assert codes(hinted) == [code for code, key in HINTS if key in more]
    assert (hinted.kind, hinted.severity, hinted.privacy) == (plain.kind, plain.severity, plain.privacy)


HINTS = [("hint-public", "public_hints"), ("hint-private", "private_hints")]


def test_a_public_prefix_does_not_make_a_look_alike_public() -> None:
    verdict = near(DEPENDS, bundled="NEXT_PUBLIC_")
    assert (verdict.kind, codes(verdict)) == (UNKNOWN, ["bundled-variable"])


@pytest.mark.parametrize("more", [{"bundled": "VITE_"}, {"parameter": "key"}, {"private_hints": ("a",)}])
def test_a_public_key_is_public_whatever_is_around_it(more: dict[str, Any]) -> None:
    verdict = near(BROWSER, **more)
    assert (verdict.kind, codes(verdict)) == (ALLOWED, [])


def test_a_value_that_may_not_be_whole_is_one_step_less_severe_and_still_found() -> None:
    rule = replace(SECRET, lengths=(40,))
    odd = near(rule, size=38)
    assert (odd.kind, odd.severity, codes(odd)) == (EXPOSED, Severity.MEDIUM, ["unusual-length"])
    assert near(rule, size=40).severity is Severity.HIGH
    assert near(rule).severity is Severity.HIGH
    broken = near(rule, evidence=Evidence(checksum_ok=False), size=38)
    assert (broken.kind, broken.severity, codes(broken)) == (EXPOSED, Severity.MEDIUM, ["checksum-mismatch"])
    assert near(rule, evidence=Evidence(checksum_ok=True), size=40).severity is Severity.HIGH
