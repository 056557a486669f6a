"""The stand-in itself keeps the documented rules: otherwise the other tests would prove nothing."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.standin import Fault, StandIn
from tests.standin.coveo_data import EXECUTE_QUERY, SOURCE_VIEW


def _call(
    server: StandIn, method: str, path: str, token: str | None = None, **options: Any
) -> httpx.Response:
    token = server.coveo.admin_token if token is None else token
    url = f"{server.url}/rest/organizations/{server.coveo.org}/{path}"
    return httpx.request(
        method, url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, **options
    )


def test_a_created_value_is_shown_once_and_masked_in_every_listing(stand_in: StandIn) -> None:
    made = _call(stand_in, "POST", "apikeys?apiKeyTemplateId=AnonymousSearch", json={"displayName": "a"})
    assert made.status_code == 201
    assert re.fullmatch(
        "xx[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made.json()["value"]
    )
    (row,) = _call(stand_in, "GET", "apikeys").json()
    assert row["value"] == "**********-****-****-****-********" + made.json()["value"][-4:]


def test_refusals_have_the_documented_statuses(stand_in: StandIn) -> None:
    row = stand_in.coveo.add("AnonymousSearch")
    custom = stand_in.coveo.add(displayName="c", privileges=[SOURCE_VIEW])
    assert _call(stand_in, "GET", "apikeys", token="x-unknown").status_code == 401
    assert _call(stand_in, "GET", "apikeys", token=stand_in.coveo.values[row["id"]]).status_code == 403
    assert _call(stand_in, "GET", "apikeys", token=stand_in.coveo.grant("API_KEY/CREATE")).status_code == 403
    assert _call(stand_in, "GET", "apikeys/nosuchkey").status_code == 404
    body = {"displayName": "x", "privileges": [EXECUTE_QUERY]}
    assert _call(stand_in, "POST", "apikeys", json=body).status_code == 412
    assert _call(stand_in, "PUT", f"apikeys/{custom['id']}/disable").status_code == 204
    assert _call(stand_in, "PUT", f"apikeys/{custom['id']}/activate").status_code == 412


def test_create_from_existing_leaves_the_original_active(stand_in: StandIn) -> None:
    row = stand_in.coveo.add("AuthenticatedSearch", displayName="a", allowedIps=["192.0.2.1"])
    copy = _call(stand_in, "PUT", f"apikeys/{row['id']}/duplicate", json={"displayName": "b"})
    assert copy.status_code == 201
    assert copy.json()["allowedIps"] == ["192.0.2.1"]
    assert copy.json()["apiKeyTemplateId"] == "AuthenticatedSearch"
    assert stand_in.coveo.works(row["id"])


def test_a_crawling_module_key_cannot_be_created_from_existing(stand_in: StandIn) -> None:
    row = stand_in.coveo.add("CrawlingModuleAdministration")
    assert _call(stand_in, "PUT", f"apikeys/{row['id']}/duplicate", json={}).status_code == 412


def test_a_refused_call_moves_last_used(stand_in: StandIn) -> None:
    row = stand_in.coveo.add("AnonymousSearch")
    _call(stand_in, "PUT", f"apikeys/{row['id']}/disable")
    header = {"Authorization": f"Bearer {stand_in.coveo.values[row['id']]}"}
    answer = httpx.get(f"{stand_in.url}/rest/search/v2", headers=header, trust_env=False)
    assert answer.status_code == 401
    assert stand_in.coveo.keys[row["id"]]["lastUsedDate"]


def test_status_filters_leave_rows_out(stand_in: StandIn) -> None:
    stand_in.coveo.add("AnonymousSearch", status="DISABLED")
    active = stand_in.coveo.add("AnonymousSearch")
    assert [row["id"] for row in _call(stand_in, "GET", "apikeys?status=ACTIVE").json()] == [active["id"]]


def test_faults_count_down_and_may_lose_only_the_answer(stand_in: StandIn) -> None:
    stand_in.faults.add(Fault("GET", "apikeys", status=429, headers={"Retry-After": "3"}))
    first = _call(stand_in, "GET", "apikeys")
    assert (first.status_code, first.headers["Retry-After"]) == (429, "3")
    assert _call(stand_in, "GET", "apikeys").status_code == 200
    stand_in.faults.add(Fault("POST", "apikeys", drop=True, after=True))
    with pytest.raises(httpx.HTTPError):
        _call(stand_in, "POST", "apikeys?apiKeyTemplateId=AnonymousSearch", json={})
    assert len(stand_in.coveo.keys) == 1
