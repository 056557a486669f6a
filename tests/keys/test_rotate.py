"""Rotation: a plan by default, then step by step, with the value handed over once and shown nowhere else."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from keylint.cli.app import run
from tests.keys.helpers import keylint
from tests.standin import Fault, StandIn
from tests.standin.coveo_data import SOURCE_EDIT, SOURCE_VIEW


@pytest.fixture
def place(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COVEO_ACCESS_TOKEN", stand_in.coveo.admin_token)
    return ["--org", stand_in.coveo.org, "--base-url", stand_in.url]


def _rotate(key_id: str, place: list[str], *more: str) -> int:
    return run(["keys", "rotate", key_id, *place, *more])


def _others(stand_in: StandIn, key_id: str) -> list[dict[str, Any]]:
    return [row for row in stand_in.coveo.keys.values() if row["id"] != key_id]


def test_the_default_is_a_plan_that_changes_nothing(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    row = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens", description="for the shop")
    assert _rotate(row["id"], place) == 0
    text = capsys.readouterr().out
    assert f"PUT /rest/organizations/{stand_in.coveo.org}/apikeys/{row['id']}/duplicate" in text
    assert f"PUT /rest/organizations/{stand_in.coveo.org}/apikeys/{row['id']}/disable" in text
    assert "Watch 'Last used' of the original until it stands still" in text
    assert "neither deactivates the original" in text
    assert stand_in.mutations() == []
    assert list(Path.cwd().iterdir()) == []


def test_a_plan_says_what_cannot_be_undone(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    custom = stand_in.coveo.add(
        displayName="push", privileges=[SOURCE_EDIT], exposureReport={"severity": "HIGH", "reasons": []}
    )
    crawler = stand_in.coveo.add("CrawlingModuleAdministration", displayName="crawler")
    _rotate(custom["id"], place)
    text = capsys.readouterr().out
    assert "A Custom key can't be activated again" in text
    assert "deactivated as exposed can't be activated again" in text
    run(["keys", "pull", "coveo", *place, "--output", "inventory.json"])
    _rotate(crawler["id"], ["--inventory", "inventory.json"])
    text = capsys.readouterr().out
    assert "can't be created from existing ones" in text
    assert "POST" in text
    assert "apiKeyTemplateId=CrawlingModuleAdministration" in text


def test_a_plan_from_a_snapshot_lists_the_places_and_needs_no_token(
    stand_in: StandIn, place: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")
    run(["keys", "pull", "coveo", *place, "--output", "inventory.json"])
    finding = {
        "verdict": {"kind": "exposed", "severity": "CRITICAL"},
        "key": {"rule_id": "coveo.api_key", "mask": "xx********" + stand_in.coveo.values[row["id"]][-4:]},
        "link": {"certainty": "suffix", "records": [{"key_id": row["id"]}]},
        "places": [
            {"path": "src/a.py", "container": [], "surface": "tree", "line": n, "column": 1, "snippet": ""}
            for n in (3, 9)
        ],
        "occurrences": 5,
        "first_seen": None,
    }
    Path("report.json").write_text(json.dumps({"findings": [finding]}))
    monkeypatch.delenv("COVEO_ACCESS_TOKEN")
    before = len(stand_in.seen)
    capsys.readouterr()
    offline = ["--inventory", "inventory.json", "--findings", "report.json"]
    assert _rotate(row["id"], offline, "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["places"] == [{"path": "src/a.py", "line": 3, "surface": "tree", "occurrences": 5}]
    assert document["requests"][0]["path"].endswith(f"/apikeys/{row['id']}/duplicate")
    _rotate(row["id"], offline)
    text = capsys.readouterr().out
    assert "src/a.py:9:1" in text
    assert "3 more" in text
    assert len(stand_in.seen) == before
    assert run(["keys", "expose", row["id"], *offline, "--format", "json", "--now", "2026-01-31"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["apiKeyLoggerId"], report["severity"]) == (row["id"], "CRITICAL")
    assert report["deactivationDate"] == "2026-02-02T00:00:00Z"
    assert report["reasons"][0]["source"] == "MANUAL"
    assert "src/a.py:3" in report["reasons"][0]["reason"]
    assert run(["keys", "expose", row["id"], *offline]) == 0
    assert "Please flag the key as Exposed" in capsys.readouterr().out


def test_a_dry_run_prints_masked_requests_and_sends_none_that_change(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    row = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")
    assert _rotate(row["id"], place, "--apply", "--dry-run", "--to-file", "new") == 0
    text = capsys.readouterr().out
    assert text.count("Authorization: Bearer ********") == 1
    assert "/duplicate" in text
    assert stand_in.coveo.admin_token not in text
    assert _rotate(row["id"], place, "--dry-run") == 0
    assert capsys.readouterr().out.count("Authorization: Bearer ********") == 2
    assert stand_in.mutations() == []
    assert list(Path.cwd().iterdir()) == []


def test_a_dry_run_of_a_later_step_shows_its_own_requests(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    assert _rotate(old, place, "--finish", "--dry-run") == 2
    assert "there is no such rotation" in capsys.readouterr().err
    assert _rotate(old, place, "--apply", "--to-file", "new-key") == 0
    (new,) = _others(stand_in, old)
    sent = len(stand_in.mutations())
    capsys.readouterr()
    assert _rotate(old, place, "--finish", "--dry-run") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["PUT", "Authorization:"]
    assert _rotate(old, place, "--rollback", "--dry-run") == 0
    text = capsys.readouterr().out
    assert text.startswith("  DELETE ")
    assert new["id"] in text
    assert len(stand_in.mutations()) == sent


def test_the_whole_way_from_apply_to_finish(
    stand_in: StandIn, place: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    row = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens", description="for the shop")
    old = row["id"]
    stand_in.coveo.use(old)
    assert _rotate(old, place, "--apply", "--to-file", "new-key") == 0
    (new,) = _others(stand_in, old)
    value = stand_in.coveo.values[new["id"]]
    assert Path("new-key").read_text() == value + "\n"
    assert Path("new-key").stat().st_mode & 0o777 == 0o600
    journal = Path(f"keylint-rotation-{old}.json")
    assert journal.stat().st_mode & 0o777 == 0o600
    assert stand_in.coveo.works(old)
    assert _rotate(old, place, "--apply", "--to-file", "new-key") == 0
    assert len(stand_in.coveo.keys) == 2

    assert _rotate(old, place, "--finish") == 3
    assert "it may still be in use" in capfd.readouterr().err
    assert stand_in.coveo.works(old)
    assert _rotate(old, place, "--finish", "--quiet-hours", "0") == 0
    assert not stand_in.coveo.works(old)
    assert stand_in.coveo.works(new["id"])
    assert _rotate(old, place, "--finish") == 0
    out, err = capfd.readouterr()
    for secret in (value, value[2:], stand_in.coveo.values[old], stand_in.coveo.admin_token):
        assert secret not in out + err + journal.read_text()
    assert new["displayName"].startswith("tokens (rotated ")
    assert new["description"].startswith("for the shop (keylint rotation ")


def test_the_original_stays_while_it_is_used_or_the_new_key_does_not_work(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    _rotate(old, place, "--apply", "--to-file", "new-key")
    (new,) = _others(stand_in, old)
    assert _rotate(old, place, "--finish") == 3
    assert "too early" in capsys.readouterr().err
    new.update(status="DISABLED", enabled=False)
    assert _rotate(old, place, "--finish", "--quiet-hours", "0") == 3
    assert "does not work, so the original stays" in capsys.readouterr().err
    assert stand_in.coveo.works(old)


def test_a_rotation_is_taken_back_unless_the_new_key_is_used(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    _rotate(old, place, "--apply", "--to-file", "new-key")
    (new,) = _others(stand_in, old)
    stand_in.coveo.use(new["id"])
    assert _rotate(old, place, "--rollback") == 3
    assert "was used on" in capsys.readouterr().err
    del new["lastUsedDate"]
    assert _rotate(old, place, "--rollback") == 0
    assert f"removed {new['id']}: the rotation is taken back" in capsys.readouterr().out
    assert list(stand_in.coveo.keys) == [old]
    assert stand_in.coveo.works(old)
    assert not Path("new-key").exists()
    assert _rotate(old, place, "--rollback") == 0
    assert _rotate(old, place, "--finish") == 2
    capsys.readouterr()
    assert _rotate(old, place, "--apply", "--to-file", "new-key") == 2
    assert "move this file away" in capsys.readouterr().err


def test_a_copy_that_somebody_made_and_uses_is_never_removed(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    assert _rotate(old, place, "--apply", "--to-file", "new-key") == 0
    (new,) = _others(stand_in, old)
    copied = stand_in.coveo.add("AuthenticatedSearch", displayName="copy", description=new["description"])
    stand_in.coveo.use(copied["id"])
    assert _rotate(old, place, "--finish", "--quiet-hours", "0") == 0
    assert "it was used: it stays" in capsys.readouterr().out
    assert stand_in.coveo.works(copied["id"])
    assert not stand_in.coveo.works(old)


def test_a_command_gets_the_value_on_its_standard_input(stand_in: StandIn, place: list[str]) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    program = "import sys; d = sys.stdin.read(); open('got', 'w').write(d); print(d)"
    command = shlex.join([sys.executable, "-c", program])
    done = keylint(["keys", "rotate", old, *place, "--apply", "--to-command", command])
    assert done.returncode == 0
    (new,) = _others(stand_in, old)
    assert Path("got").read_text() == stand_in.coveo.values[new["id"]] + "\n"
    assert stand_in.coveo.values[new["id"]].encode() not in done.stdout + done.stderr


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads the list of processes from /proc")
def test_no_process_has_token_or_value_in_its_arguments_and_the_command_not_in_its_variables(
    stand_in: StandIn, place: list[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    program = (
        "import os, pathlib, sys; value = sys.stdin.read(); "
        "proc = pathlib.Path('/proc'); "
        "seen = [proc / p / 'cmdline' for p in os.listdir(proc) if p.isdigit()]; "
        "lines = [f.read_bytes() for f in seen if f.exists()]; "
        "pathlib.Path('lines').write_bytes(b'|'.join(lines)); "
        "pathlib.Path('variables').write_bytes((proc / 'self/environ').read_bytes())"
    )
    command = shlex.join([sys.executable, "-c", program])
    done = keylint(["keys", "rotate", old, *place, "--apply", "--to-command", command])
    assert done.returncode == 0
    (new,) = _others(stand_in, old)
    lines, variables = Path("lines").read_bytes(), Path("variables").read_bytes()
    assert b"--to-command" in lines  # keylint itself was among them
    assert b"PATH=" in variables
    for secret in (stand_in.coveo.admin_token, stand_in.coveo.values[new["id"]]):
        assert secret.encode() not in lines
        assert secret.encode() not in variables


def test_a_command_that_fails_is_tried_again_with_another_key(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    failing = shlex.join([sys.executable, "-c", "import sys; sys.exit(5)"])
    assert _rotate(old, place, "--apply", "--to-command", failing) == 3
    assert "exit status 5" in capsys.readouterr().err
    (doubtful,) = _others(stand_in, old)
    assert _rotate(old, place, "--apply", "--to-file", "new-key") == 0
    assert len(stand_in.coveo.keys) == 3
    assert stand_in.coveo.works(doubtful["id"])
    assert _rotate(old, place, "--finish", "--quiet-hours", "0") == 0
    working = [key for key in stand_in.coveo.keys if stand_in.coveo.works(key)]
    assert [stand_in.coveo.values[key] + "\n" for key in working] == [Path("new-key").read_text()]


def test_the_terminal_gets_the_value_and_standard_output_does_not(
    stand_in: StandIn, place: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import pty

    from keylint.keys import handover

    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    monkeypatch.setattr(handover.ToTerminal, "device", "/dev/null")
    monkeypatch.setattr(handover.ToTerminal.__init__, "__defaults__", ("/dev/null",))
    assert _rotate(old, place, "--apply", "--to-terminal") == 2
    assert stand_in.mutations() == []
    leader, follower = pty.openpty()
    monkeypatch.setattr(handover.ToTerminal.__init__, "__defaults__", (os.ttyname(follower),))
    assert _rotate(old, place, "--apply", "--to-terminal") == 0
    shown = os.read(leader, 1000).decode()
    os.close(leader)
    os.close(follower)
    (new,) = _others(stand_in, old)
    assert stand_in.coveo.values[new["id"]] in shown
    assert stand_in.coveo.values[new["id"]] not in capsys.readouterr().out


def test_nothing_is_created_where_the_value_could_not_be_handed_over(
    stand_in: StandIn, place: list[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    Path("taken").write_text("mine")
    for option in (
        ["--to-file", "taken"],
        ["--to-file", "absent/new"],
        ["--to-command", "no-such-program-here"],
        ["--to-command", "'"],
        [],
        ["--to-file", "a", "--to-command", "cat"],
    ):
        assert _rotate(old, place, "--apply", *option) == 2
    assert stand_in.mutations() == []
    assert Path("taken").read_text() == "mine"
    assert [path.name for path in Path.cwd().iterdir()] == ["taken"]


def test_a_lost_answer_is_cleared_up_by_the_next_run(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    stand_in.faults.add(Fault("PUT", "/duplicate", drop=True, after=True))
    assert _rotate(old, place, "--apply", "--to-file", "new-key") == 3
    assert "not known whether" in capsys.readouterr().err
    assert len(stand_in.coveo.keys) == 2
    assert _rotate(old, place, "--apply", "--to-file", "new-key") == 0
    (new,) = _others(stand_in, old)
    assert Path("new-key").read_text() == stand_in.coveo.values[new["id"]] + "\n"


def test_a_narrower_key_drops_what_the_template_does_not_grant(stand_in: StandIn, place: list[str]) -> None:
    old = stand_in.coveo.add("AnonymousSearch", displayName="shop")
    old["privileges"] = [*old["privileges"], SOURCE_VIEW]
    run(["keys", "pull", "coveo", *place, "--output", "inventory.json"])
    options = ["--inventory", "inventory.json", "--narrower", "--apply", "--to-file", "new-key"]
    assert _rotate(old["id"], place, *options) == 0
    (new,) = _others(stand_in, old["id"])
    assert SOURCE_VIEW not in new["privileges"]
    assert new["apiKeyTemplateId"] == "AnonymousSearch"
    plain = stand_in.coveo.add("AnonymousSearch", displayName="fine")
    assert _rotate(plain["id"], place, "--lifetime", "soon") == 2
    assert _rotate(plain["id"], place, "--narrower") == 2


def test_a_journal_of_another_rotation_is_refused(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    other = stand_in.coveo.add("AuthenticatedSearch", displayName="more")["id"]
    _rotate(old, place, "--apply", "--to-file", "a", "--journal", "j.json")
    assert _rotate(other, place, "--apply", "--to-file", "b", "--journal", "j.json") == 2
    Path("broken.json").write_text("{")
    assert _rotate(other, place, "--apply", "--to-file", "b", "--journal", "broken.json") == 2
    assert _rotate(other, place, "--finish") == 2
    assert "use --apply first" in capsys.readouterr().err
    assert len(stand_in.coveo.keys) == 3


def test_two_rotations_do_not_run_at_once(stand_in: StandIn, place: list[str]) -> None:
    from keylint.keys.journal import locked

    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    with locked("j.json"):
        assert _rotate(old, place, "--apply", "--to-file", "a", "--journal", "j.json") == 2
    assert stand_in.mutations() == []


def test_a_pair_is_replaced_and_revoked_in_the_console_or_by_a_named_call(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEYPAIR_ACCESS_TOKEN", stand_in.keypair.token)
    rows = [stand_in.keypair.create(f"pair {n}", "for the checkout") for n in range(2)]
    place = ["--provider", "keypair", "--base-url", stand_in.url]
    for row in rows:
        assert _rotate(row["id"], place, "--apply", "--to-file", f"new-{row['id']}") == 0
    made = [pair for pair in stand_in.keypair.pairs.values() if pair not in rows]
    assert {Path(f"new-{row['id']}").read_text().strip() for row in rows} == {p["private_key"] for p in made}
    assert _rotate(rows[0]["id"], place, "--finish", "--quiet-hours", "0") == 3
    assert "revoke it in the console" in capsys.readouterr().err
    rows[0].update(is_revoked=True, revoked_at="2026-01-31T00:00:00Z")
    assert _rotate(rows[0]["id"], place, "--finish", "--quiet-hours", "0") == 0
    named = ["--revoke-call", "DELETE /api/v2/api-keys/{id}"]
    assert _rotate(rows[1]["id"], place, *named, "--finish", "--quiet-hours", "0") == 0
    assert rows[1]["is_revoked"]
    assert not any(pair["is_revoked"] for pair in made)


def test_a_file_inside_a_repository_is_warned_of(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = stand_in.coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    Path(".git").mkdir()
    assert _rotate(old, place, "--apply", "--to-file", "new-key") == 0
    assert "make sure that it is ignored" in capsys.readouterr().err


def test_the_new_key_lives_as_long_as_the_original_or_as_asked(
    stand_in: StandIn, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = stand_in.coveo.add("ViewAllContent", displayName="debugging", lifetimeDuration="P9D")
    _rotate(old["id"], place, "--format", "json")
    assert json.loads(capsys.readouterr().out)["requests"][0]["body"]["lifetimeDuration"] == "P9D"
    assert _rotate(old["id"], place, "--lifetime", "P3D", "--apply", "--to-file", "new-key") == 0
    (new,) = _others(stand_in, old["id"])
    assert new["expirationDate"] - new["createdDate"] == 3 * 86_400_000
