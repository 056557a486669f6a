"""`keylint keys pull`: snapshots of masks and metadata, or one clear line and no file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from keylint.cli.app import run
from keylint.inventory.load import load_inventory
from keylint.model import KeyStatus, Privacy
from tests.keys.helpers import keylint
from tests.standin import Fault, StandIn


@pytest.fixture
def token(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COVEO_ACCESS_TOKEN", stand_in.coveo.admin_token)
    return stand_in.coveo.admin_token


def _pull(stand_in: StandIn, output: Path, *more: str) -> int:
    place = ["--org", stand_in.coveo.org, "--base-url", stand_in.url]
    return run(["keys", "pull", "coveo", *place, "--output", str(output), *more])


def test_a_snapshot_has_masks_templates_privileges_and_groups_but_no_value(
    stand_in: StandIn, token: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = stand_in.coveo.add("AnonymousSearch", displayName="storefront", description="for the shop")
    output = tmp_path / "inventory.json"
    assert _pull(stand_in, output) == 0
    assert capsys.readouterr().out == f"1 key -> {output}\n"
    text = output.read_text()
    snapshot = load_inventory(output)
    (record,) = snapshot.records
    assert (record.key_id, record.label, record.status) == (row["id"], "storefront", KeyStatus.ENABLED)
    assert record.privacy is Privacy.PUBLIC
    assert record.masks == ("**********-****-****-****-********" + stand_in.coveo.values[row["id"]][-4:],)
    assert snapshot.complete
    assert {t.template_id for t in snapshot.templates} >= {"AnonymousSearch", "ViewAllContent"}
    assert snapshot.groups == ("Administrators", "Developers")
    assert any(p.name == "PLATFORM/API_KEY/CREATE" for p in snapshot.assignable)
    assert not any(p.name == "SEARCH_API/EXECUTE_QUERY" for p in snapshot.assignable)
    assert stand_in.coveo.values[row["id"]][:20] not in text
    assert token not in text


@pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX matter")
def test_the_file_is_private_and_nothing_else_is_left(stand_in: StandIn, token: str, tmp_path: Path) -> None:
    output = tmp_path / "inventory.json"
    output.write_text("old")
    output.chmod(0o644)
    _pull(stand_in, output)
    assert output.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_a_pipe_or_device_is_refused_and_left(
    stand_in: StandIn, token: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert _pull(stand_in, pipe) == 2
    assert "pipe: not a file" in capsys.readouterr().err
    assert pipe.is_fifo()


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_a_link_stays_and_its_file_is_replaced(stand_in: StandIn, token: str, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to("inventory.json")
    assert _pull(stand_in, link) == 0
    assert link.is_symlink()
    load_inventory(tmp_path / "inventory.json")


def test_personal_data_is_kept_only_on_request(stand_in: StandIn, token: str, tmp_path: Path) -> None:
    stand_in.coveo.add("AnonymousSearch")
    output = tmp_path / "inventory.json"
    _pull(stand_in, output)
    assert "ana@example.com" not in output.read_text()
    _pull(stand_in, output, "--personal-data")
    assert load_inventory(output, personal=True).records[0].created_by == "ana@example.com"


def test_a_filtered_listing_is_partial(
    stand_in: StandIn, token: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in.coveo.add("AnonymousSearch", status="DISABLED")
    assert _pull(stand_in, tmp_path / "i.json", "--status", "active") == 0
    snapshot = load_inventory(tmp_path / "i.json")
    assert (snapshot.complete, snapshot.records) == (False, ())
    assert "partial" in capsys.readouterr().err
    assert _pull(stand_in, tmp_path / "i.json", "--status", "lively") == 2


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault("GET", "apikeys", status=401), 2, "the token is not valid or has expired"),
        (Fault("GET", "apikeys", status=404), 2, "check --org"),
        (Fault("GET", "apikeys", status=429, headers={"Retry-After": "900"}), 3, "asks to wait 900 s"),
        (Fault("GET", "apikeys", status=200, body=b"[{"), 3, "not JSON"),
        (Fault("GET", "apikeys", status=200, body={"error": 1}), 3, "a list was expected"),
        (
            Fault("GET", "apikeys", status=200, body=[{"displayName": "no id"}]),
            3,
            "entry:1: id: expected text",
        ),
        (
            Fault("GET", "apikeys", status=302, headers={"Location": "https://elsewhere.example/"}),
            3,
            "redirects",
        ),
    ],
)
def test_a_failure_is_one_line_a_documented_status_and_no_file(
    stand_in: StandIn,
    token: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fault: Fault,
    code: int,
    words: str,
) -> None:
    stand_in.faults.add(fault)
    output = tmp_path / "inventory.json"
    assert _pull(stand_in, output) == code
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_token_without_view_is_told_so(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COVEO_ACCESS_TOKEN", stand_in.coveo.grant("API_KEY/CREATE"))
    assert _pull(stand_in, tmp_path / "i.json") == 2
    assert "API keys: View" in capsys.readouterr().err


def test_an_api_key_is_recognised_before_anything_is_sent(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = stand_in.coveo.add("AnonymousSearch")
    monkeypatch.setenv("COVEO_ACCESS_TOKEN", stand_in.coveo.values[row["id"]])
    assert _pull(stand_in, tmp_path / "i.json") == 2
    assert "an API key can't list API keys" in capsys.readouterr().err
    assert stand_in.seen == []


def test_templates_that_may_not_be_read_are_a_warning(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COVEO_ACCESS_TOKEN", stand_in.coveo.grant("API_KEY/VIEW"))
    assert _pull(stand_in, tmp_path / "i.json") == 0
    assert "templates could not be listed" in capsys.readouterr().err
    assert load_inventory(tmp_path / "i.json").complete


@pytest.mark.parametrize("what", ["templates", "privileges", "groups"])
def test_what_a_snapshot_can_do_without_may_be_nonsense(
    stand_in: StandIn, token: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    rows = 5 if what == "groups" else [{"displayName": "no id, no owner"}]
    stand_in.faults.add(Fault("GET", f"/{what}", status=200, body=rows))
    assert _pull(stand_in, tmp_path / "i.json") == 0
    err = capsys.readouterr().err
    assert f"{what} could not be listed" in err
    assert err.count("\n") == 1
    assert load_inventory(tmp_path / "i.json").complete


def test_the_token_comes_from_a_file_or_standard_input(stand_in: StandIn, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(stand_in.coveo.admin_token)
    secret.chmod(0o600)
    place = ["--org", stand_in.coveo.org, "--base-url", stand_in.url, "--output", str(tmp_path / "i.json")]
    assert run(["keys", "pull", "coveo", *place, "--token-file", str(secret)]) == 0
    done = keylint(["keys", "pull", "coveo", *place, "--token-stdin"], stdin=secret.read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert run(["keys", "pull", "coveo", *place, "--token-file", str(secret), "--token-stdin"]) == 2


def test_no_command_takes_a_token_as_an_argument() -> None:
    from keylint.cli.keys_pull import pull

    options = {option for command in pull.commands.values() for p in command.params for option in p.opts}
    assert {o for o in options if "token" in o} == {"--token-env", "--token-file", "--token-stdin"}


def test_pairs_are_pulled_over_several_pages(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEYPAIR_ACCESS_TOKEN", stand_in.keypair.token)
    rows = [stand_in.keypair.create(f"pair {n}") for n in range(5)]
    stand_in.keypair.page_size = 2
    output = tmp_path / "pairs.json"
    assert run(["keys", "pull", "keypair", "--base-url", stand_in.url, "--output", str(output)]) == 0
    snapshot = load_inventory(output)
    assert snapshot.complete
    assert {record.key_id for record in snapshot.records} == {row["id"] for row in rows}
    assert {record.half for record in snapshot.records} == {"public", "private"}
    assert not any(row["private_key"] in output.read_text() for row in rows)


def test_a_page_on_another_host_is_not_asked_for(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYPAIR_ACCESS_TOKEN", stand_in.keypair.token)
    body = {"items": [], "next": "https://elsewhere.example/api/v2/api-keys/?offset=2"}
    stand_in.faults.add(Fault("GET", "api-keys", status=200, body=body))
    assert run(["keys", "pull", "keypair", "--base-url", stand_in.url, "--output", str(tmp_path / "p")]) == 3
    assert "another host" in capsys.readouterr().err


def test_a_list_that_says_there_is_more_is_partial(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEYPAIR_ACCESS_TOKEN", stand_in.keypair.token)
    stand_in.faults.add(Fault("GET", "api-keys", status=200, body={"items": [], "total": 7}))
    output = tmp_path / "pairs.json"
    assert run(["keys", "pull", "keypair", "--base-url", stand_in.url, "--output", str(output)]) == 3
    assert not load_inventory(output).complete


def test_algolia_acls_decide_who_may_see_a_key(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state = stand_in.algolia
    search, writer = state.add("search", description="shop"), state.add("search", "addObject", validity=60)
    monkeypatch.setenv("ALGOLIA_ADMIN_KEY", state.admin_key)
    output = tmp_path / "algolia.json"
    command = ["keys", "pull", "algolia", "--app", state.application, "--base-url", stand_in.url]
    assert run([*command, "--output", str(output)]) == 0
    text = output.read_text()
    records = load_inventory(output).records
    assert [record.privacy for record in records] == [Privacy.PUBLIC, Privacy.PRIVATE]
    assert records[1].expires is not None
    assert records[0].expires is None
    assert json.loads(text)["provider"] == "algolia"
    for secret in (search["value"], writer["value"], state.admin_key):
        assert secret not in text
