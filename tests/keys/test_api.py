"""The API clients without a server: addresses, ids, and what their values show of themselves."""

from __future__ import annotations

import datetime as dt

import pytest

from keylint.cli.keys_api import coveo_url
from keylint.errors import ApiError, UsageError
from keylint.inventory.api.algolia import AlgoliaApi, check_application
from keylint.inventory.api.base import Created, KeyApi, PullOptions, Replacement, Rotator
from keylint.inventory.api.coveo import CoveoApi
from keylint.inventory.api.coveo_calls import CoveoCalls
from keylint.inventory.api.http import JsonClient
from keylint.inventory.api.keypair import KeyPairApi
from keylint.inventory.api.rows import rows_of, text_member
from keylint.secret import Secret

_CLIENT = JsonClient("https://api.example.com", {})


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us", "platform.cloud.coveo.com"),
        ("eu", "platform-eu.cloud.coveo.com"),
        ("au", "platform-au.cloud.coveo.com"),
        ("ca", "platform-ca.cloud.coveo.com"),
        ("hipaa", "platformhipaa.cloud.coveo.com"),
    ],
)
def test_each_region_has_its_documented_host(region: str, host: str) -> None:
    assert coveo_url(region, None) == f"https://{host}"
    assert coveo_url(region, "https://other.example") == "https://other.example"


@pytest.mark.parametrize("org", ["", "../x", "a/b", "a b", "x" * 200])
def test_an_organisation_id_cannot_leave_its_place_in_the_path(org: str) -> None:
    with pytest.raises(UsageError, match="--org"):
        CoveoCalls(org)


def test_a_key_id_is_quoted_in_the_path() -> None:
    assert CoveoCalls("org").get_key("../x?y").path.endswith("/apikeys/..%2Fx%3Fy")


@pytest.mark.parametrize("revoke", ["DELETE /x", "GET /x/{id}", "DELETE x/{id}", "nonsense"])
def test_a_call_to_revoke_is_a_method_and_a_path_with_the_id(revoke: str) -> None:
    with pytest.raises(UsageError, match="--revoke-call"):
        KeyPairApi(_CLIENT, revoke=revoke)


def test_paths_and_application_ids_are_checked() -> None:
    with pytest.raises(UsageError, match="--path"):
        KeyPairApi(_CLIENT, path="https://elsewhere.example/")
    with pytest.raises(UsageError, match="--app"):
        check_application("a.b/c")


def test_the_marker_of_a_rotation_survives_the_short_description_of_a_pair() -> None:
    marker = "(keylint rotation 0123456789abcdef of key_1)"
    call = KeyPairApi(_CLIENT).create_call(Replacement("n" * 200, "d" * 500 + marker))
    assert len(call.body["name"]) == 100
    assert len(call.body["description"]) == 255
    assert call.body["description"].endswith(marker)


def test_an_answer_of_another_shape_is_an_error_that_does_not_quote_it() -> None:
    for answer in (None, {"value": 3}, {"value": ""}, "text"):
        with pytest.raises(ApiError, match="has no value"):
            text_member(answer, "value", "the new key")
    with pytest.raises(ApiError, match="a list was expected"):
        rows_of({"rows": []}, "keys")


def test_values_show_masks_only() -> None:
    value = "xx" + "ab12" * 9
    created = Created("id", Secret(value.encode(), prefix_len=2))
    options = PullOptions(b"salty-salt", dt.datetime(2026, 1, 31, tzinfo=dt.timezone.utc))
    assert value not in repr(created)
    assert "salty" not in repr(options)


def test_the_adapters_meet_their_protocols() -> None:
    listers: list[KeyApi] = [CoveoApi(_CLIENT, "org"), KeyPairApi(_CLIENT), AlgoliaApi(_CLIENT, "APP123")]
    rotators: list[Rotator] = [CoveoApi(_CLIENT, "org"), KeyPairApi(_CLIENT)]
    assert [api.provider for api in listers] == ["coveo", "keypair", "algolia"]
    assert all(api.retire_call("k") is None or api.provider == "coveo" for api in rotators)
