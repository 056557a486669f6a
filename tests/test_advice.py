from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from keylint.advice import WINDOW_DAYS, advise
from keylint.model import (
    Advice,
    Certainty,
    Evidence,
    KeyRecord,
    KeyStatus,
    Link,
    Privacy,
    Privilege,
    Severity,
    Surface,
    VerdictKind,
)
from keylint.privileges import load_privilege_model
from keylint.rule import Rule
from keylint.verdict import decide

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.timezone.utc)
MODEL = load_privilege_model()
COVEO = Rule(
    "coveo.api_key",
    "Coveo API key",
    "coveo",
    privacy=Privacy.DEPENDS,
    settle="Which template?",
    can_do="Whatever its privileges allow.",
    impact="Bad.",
    rotate=("Rotate it.",),
    docs="https://docs.coveo.com/en/1718/",
)
OTHER = Rule(
    "x.secret",
    "X",
    "x",
    can_do="Send mail.",
    impact="Spam.",
    rotate=("Roll it.",),
    docs="https://example.com/",
)
EXECUTE = Privilege("SEARCH_API", "EXECUTE_QUERY")
PUSH = Privilege("USAGE_ANALYTICS", "ANALYTICS_DATA", "EDIT")
IMPERSONATE = Privilege("SEARCH_API", "IMPERSONATE")
SOURCE_EDIT = Privilege("PLATFORM", "SOURCE", "EDIT")


def record(**more: Any) -> KeyRecord:
    return KeyRecord("coveo", **{"key_id": "a", "status": KeyStatus.ENABLED, **more})


def advice(
    rule: Rule,
    *records: KeyRecord,
    surface: Surface = Surface.TREE,
    certainty: Certainty | None = None,
    evidence: Evidence | None = None,
) -> tuple[VerdictKind, Advice]:
    link = Link(certainty or (Certainty.EXACT if records else Certainty.NO_INVENTORY), records)
    evidence = evidence or Evidence()
    verdict = decide(rule=rule, evidence=evidence, link=link, surface=surface, model=MODEL, now=NOW)
    return verdict.kind, advise(rule, verdict, link, evidence, surface, MODEL)


def test_known_privileges_say_what_the_key_may_do_and_what_that_costs() -> None:
    _, got = advice(COVEO, record(privileges=(EXECUTE, IMPERSONATE, PUSH)))
    assert got.can_do.startswith(
        "Whoever holds this key can search, and make search tokens, in the name of any"
    )
    assert "send usage events" in got.can_do
    assert "act as others" in got.impact
    assert got.docs == COVEO.docs


def test_a_template_stands_in_for_privileges_and_a_rule_for_both() -> None:
    _, by_template = advice(COVEO, record(template_id="AuthenticatedSearch"))
    assert "in the name of any user or group" in by_template.can_do
    _, by_rule = advice(OTHER)
    assert (by_rule.can_do, by_rule.impact) == ("Send mail.", "Spam.")


def test_a_long_list_of_privileges_is_cut() -> None:
    many = tuple(Privilege("PLATFORM", domain, "VIEW") for domain in ("SOURCE", "FIELD", "GROUP", "LINK",
        "SNAPSHOTS", "PROJECTS", "ACTIVITIES", "SUBSCRIPTION"))  # fmt: skip
    _, got = advice(COVEO, record(privileges=many))
    assert got.can_do.endswith("; and 2 more.")


def test_the_coveo_story_has_every_step() -> None:
    kind, got = advice(COVEO, record(template_id="AuthenticatedSearch", privacy=Privacy.PRIVATE))
    text = "\n".join(got.rotation)
    assert kind is VerdictKind.EXPOSED
    assert "Create from existing" in got.rotation[0]
    assert "Switch every place listed" in got.rotation[1]
    assert "Last used" in text
    assert "Deactivate the old key yourself" in text
    assert "can be activated again" in text
    assert "keylint's own choice" in got.rotation[-1]


@pytest.mark.parametrize(
    ("entry", "surface", "says"),
    [
        (record(privileges=(EXECUTE, SOURCE_EDIT)), Surface.CLIENT, "narrower template Anonymous search"),
        (record(privileges=(EXECUTE, SOURCE_EDIT)), Surface.CLIENT, "leaves out PLATFORM/SOURCE/EDIT"),
        (record(privileges=(EXECUTE, SOURCE_EDIT)), Surface.TREE, "cannot be made today"),
        (record(privileges=(IMPERSONATE,)), Surface.TREE, "from the template Authenticated search"),
        (record(privileges=(SOURCE_EDIT,)), Surface.TREE, "an expiry date rather than Never"),
        (
            record(privileges=(SOURCE_EDIT,)),
            Surface.TREE,
            "seems to be a Custom key, which cannot be activated",
        ),
        (record(privacy=Privacy.PRIVATE), Surface.CLIENT, "Keep the new key on a server"),
        (
            record(template_id="Unknown", privacy=Privacy.PRIVATE),
            Surface.TREE,
            "Crawling Module administration",
        ),
        (record(status=KeyStatus.EXPOSED, privacy=Privacy.PUBLIC), Surface.CLIENT, "belongs on a server"),
    ],
)
def test_the_coveo_steps_fit_the_key(entry: KeyRecord, surface: Surface, says: str) -> None:
    _, got = advice(COVEO, entry, surface=surface)
    assert says in "\n".join(got.rotation)


def test_crawling_module_keys_are_not_copied() -> None:
    from keylint.inventory import TemplateExport

    export = TemplateExport("coveo", "CMA", "Crawling Module administration", Privacy.PRIVATE, (SOURCE_EDIT,))
    model = load_privilege_model(overrides=[export])
    link = Link(Certainty.EXACT, (record(template_id="CMA"),))
    verdict = decide(rule=COVEO, evidence=Evidence(), link=link, surface=Surface.TREE, model=model, now=NOW)
    got = advise(COVEO, verdict, link, Evidence(), Surface.TREE, model)
    assert '"Create from existing" does not offer it' in got.rotation[0]


def test_the_window_follows_severity_inside_the_documented_days() -> None:
    assert list(WINDOW_DAYS) == sorted(WINDOW_DAYS, key=lambda severity: -severity.rank)
    assert (min(WINDOW_DAYS.values()), max(WINDOW_DAYS.values())) == (2, 30)
    _, got = advice(COVEO, record(privileges=(IMPERSONATE,)), surface=Surface.CLIENT)
    assert got.deactivate_within_days == WINDOW_DAYS[Severity.CRITICAL] == 2


def test_another_services_steps_come_from_its_rule() -> None:
    _, got = advice(OTHER)
    assert got.rotation[0] == "Roll it."
    assert len(got.rotation) == 2
    assert got.rotation_certain


def test_steps_without_a_source_say_so() -> None:
    rule = Rule("y.secret", "Y", "y", rotate=("Roll it.",), rotate_certain=False)
    _, got = advice(rule)
    assert not got.rotation_certain
    assert "unverified" in got.rotation[0]


def test_a_token_of_coveos_is_no_key_made_from_a_template() -> None:
    rule = Rule("coveo.rotation_secret", "R", "coveo", rotate=("Deactivate the key.",))
    _, got = advice(rule)
    assert got.rotation[0] == "Deactivate the key."


def test_a_retired_key_is_only_removed() -> None:
    kind, got = advice(COVEO, record(status=KeyStatus.DISABLED))
    assert kind is VerdictKind.RETIRED
    assert got.rotation == ("Remove it from the places listed. No rotation is needed: it no longer works.",)
    assert got.deactivate_within_days is None
    assert got.impact.startswith("None")
    assert got.can_do == "Nothing any more."


def test_an_allowed_key_needs_nothing_but_perhaps_a_search_hub() -> None:
    kind, got = advice(COVEO, record(template_id="AnonymousSearch"))
    assert kind is VerdictKind.ALLOWED
    assert got.rotation[0].startswith("Nothing to do.")
    assert "search hub" in got.rotation[1]
    for more in ({"search_hub": "Main"}, {"catalog_id": "c"}):
        _, got = advice(COVEO, record(privileges=(EXECUTE, PUSH), **more))
        assert len(got.rotation) == 1
    _, got = advice(Rule("x.public", "X", "x", privacy=Privacy.PUBLIC))
    assert got.rotation == ("Nothing to do.",)


@pytest.mark.parametrize(
    ("certainty", "entries", "says"),
    [
        (Certainty.NO_INVENTORY, (), "Which template?"),
        (Certainty.NONE, (), "which organisation"),
        (Certainty.NONE_PARTIAL, (), "without a filter"),
        (Certainty.EXACT, (record(),), "Which template?"),
        (Certainty.EXACT, (record(privileges=(EXECUTE, Privilege("A", "B"))),), "key templates"),
    ],
)
def test_unknown_says_what_would_settle_it(
    certainty: Certainty, entries: tuple[KeyRecord, ...], says: str
) -> None:
    kind, got = advice(COVEO, *entries, certainty=certainty)
    assert kind is VerdictKind.UNKNOWN
    assert says in got.settle
    assert says == "key templates" or got.settle.startswith("Which template?")
    assert got.deactivate_within_days is None


def test_nothing_is_said_about_one_of_several_entries() -> None:
    _, got = advice(
        COVEO,
        record(privileges=(IMPERSONATE,)),
        record(key_id="b", privileges=(EXECUTE,)),
        certainty=Certainty.AMBIGUOUS,
    )
    assert got.can_do == COVEO.can_do


def test_a_test_key_says_so() -> None:
    _, got = advice(OTHER, evidence=Evidence(test_mode=True))
    assert got.impact.startswith("It is for tests")
