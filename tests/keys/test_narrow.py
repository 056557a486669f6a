"""Least privilege: the narrowest template, what goes beyond it, and the request for a narrower key."""

from __future__ import annotations

from dataclasses import replace

from keylint.keys.narrow import narrow, template_use
from keylint.keys.render_narrow import request_of
from keylint.model import KeyRecord, KeyStatus, Privacy
from keylint.privileges import load_privilege_model
from tests.keys.make import (
    AUTHENTICATED,
    CUSTOM,
    EXECUTE,
    FIELD_VIEW,
    IMPERSONATE,
    PUSH_EVENTS,
    SOURCE_EDIT,
    VIEW_ALL,
    found,
    key,
)

_MODEL = load_privilege_model()


def _extras(record: KeyRecord, *places: object) -> list[str]:
    return [extra.name for extra in narrow(record, _MODEL, tuple(places)).extras]  # type: ignore[arg-type]


def test_a_key_that_fits_its_template_needs_no_replacement() -> None:
    item = narrow(key(), _MODEL, (found(),))
    assert (item.template, item.extras, item.replacement) == ("Anonymous search", (), None)


def test_what_a_template_does_not_grant_is_extra_and_explained() -> None:
    item = narrow(key(privileges=(EXECUTE, PUSH_EVENTS, SOURCE_EDIT)), _MODEL)
    (extra,) = item.extras
    assert (extra.name, extra.sensitivity.value) == ("PLATFORM/SOURCE/EDIT", "critical")
    assert "sources" in extra.can_do.lower()
    assert item.replacement is not None
    request = request_of(item.replacement, "org")
    assert request["query"] == {"apiKeyTemplateId": "AnonymousSearch"}
    assert "privileges" not in request["body"]


def test_a_private_key_in_client_code_is_measured_against_public_templates() -> None:
    item = narrow(key(**AUTHENTICATED), _MODEL, (found(),))
    assert "SEARCH_API/IMPERSONATE" in [extra.name for extra in item.extras]
    assert "client code" in item.why
    assert _extras(key(**AUTHENTICATED)) == []


def test_a_custom_key_that_a_template_covers_gets_that_template() -> None:
    record = key(template_id="", privileges=(EXECUTE, PUSH_EVENTS))
    item = narrow(record, _MODEL)
    assert item.template == "Anonymous search"
    assert item.replacement is not None
    assert item.replacement.template_id == "AnonymousSearch"


def test_a_custom_key_that_no_template_covers_stays_custom() -> None:
    item = narrow(key(**CUSTOM), _MODEL)
    assert (item.template, item.replacement) == ("Custom", None)


def test_a_legacy_mix_has_to_be_split() -> None:
    item = narrow(key(template_id="", privileges=(IMPERSONATE, FIELD_VIEW)), _MODEL)
    assert item.template == ""
    assert "split the key" in item.why


def test_a_template_with_a_longest_lifetime_puts_it_into_the_request() -> None:
    from keylint.inventory.base import TemplateExport

    export = TemplateExport(
        "coveo", "ViewAll", "View all content", Privacy.PRIVATE, (VIEW_ALL, EXECUTE), longest_lifetime="P14D"
    )
    model = load_privilege_model(overrides=(export,))
    item = narrow(key(template_id="", privileges=(VIEW_ALL, EXECUTE), allowed_ips=("203.0.113.9",)), model)
    assert item.replacement is not None
    body = request_of(item.replacement, "org")["body"]
    assert (body["lifetimeDuration"], body["allowedIps"]) == ("P14D", ["203.0.113.9"])


def test_templates_in_use_are_counted_and_dead_keys_are_not() -> None:
    records = [
        key(),
        key(key_id="k2"),
        key(key_id="k3", **CUSTOM),
        key(key_id="k4", template_id="SomethingNew"),
        replace(key(key_id="k5"), status=KeyStatus.EXPIRED),
    ]
    uses = [(use.template, [record.key_id for record in use.keys]) for use in template_use(records, _MODEL)]
    assert uses == [("Anonymous search", ["k1", "k2"]), ("SomethingNew", ["k4"]), ("no template", ["k3"])]
