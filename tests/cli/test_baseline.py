"""`--baseline`: known keys stay quiet when lines move; everything else does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.cli import Completed, call_keylint
from tests.helpers.make import coveo_key
from tests.helpers.repo import Repo
from tests.inventory.samples import uuid_mask

FORMATS = ["json", "sarif"]


@pytest.fixture(params=FORMATS)
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Code with one known key, and the report about it."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.js").write_text(f"a = '{coveo_key(1)}';\n")
    done = call_keylint(
        "scan", "code", "--format", request.param, "--output", "base", "--fail-on", "warning", cwd=tmp_path
    )
    assert done.status == 1
    return tmp_path


def scan(folder: Path, *more: str) -> Completed:
    return call_keylint(
        "scan", "code", "--baseline", "base", "--format", "json", "--fail-on", "warning", *more, cwd=folder
    )


def problems(done: Completed) -> list[str]:
    return [problem["code"] for problem in done.json["problems"]]


def test_a_known_key_is_quiet(folder: Path) -> None:
    done = scan(folder)
    assert (done.status, done.findings) == (0, [])
    [quiet] = done.json["suppressed"]
    assert quiet["suppression"]["kind"] == "baseline"
    assert problems(done) == []


def test_a_known_key_stays_quiet_when_lines_move(folder: Path) -> None:
    code = folder / "code" / "app.js"
    code.write_text("// a new header\n\n\n    " + code.read_text() * 3)
    assert scan(folder).status == 0


def test_another_key_on_the_same_line_is_not_quiet(folder: Path) -> None:
    code = folder / "code" / "app.js"
    code.write_text(f"a = '{coveo_key(1)}'; b = '{coveo_key(2)}';\n")
    done = scan(folder)
    assert done.status == 1
    [finding] = done.findings
    assert finding["key"]["mask"].endswith(coveo_key(2)[-4:])


def test_another_key_in_its_place_is_not_quiet_and_the_old_entry_is_unused(folder: Path) -> None:
    (folder / "code" / "app.js").write_text(f"a = '{coveo_key(2)}';\n")
    done = scan(folder)
    assert done.status == 1
    assert problems(done) == ["unused-baseline"]


def test_a_known_key_in_another_file_is_not_quiet(folder: Path) -> None:
    (folder / "code" / "other.js").write_text(coveo_key(1))
    assert [f["places"][0]["path"] for f in scan(folder).findings] == ["other.js"]


def test_an_entry_of_a_key_that_is_gone_is_reported(folder: Path) -> None:
    (folder / "code" / "app.js").write_text("clean\n")
    done = scan(folder)
    assert done.status == 0
    assert problems(done) == ["unused-baseline"]


def test_a_known_key_that_turns_out_worse_is_not_quiet(folder: Path) -> None:
    entry = {
        "id": "k",
        "displayName": "K",
        "value": uuid_mask(coveo_key(1)),
        "status": "ENABLED",
        "privacyLevel": "PRIVATE",
    }
    (folder / "inventory.json").write_text(json.dumps([entry]))
    done = scan(folder, "--inventory", "inventory.json")
    assert done.status == 1
    assert done.findings[0]["verdict"]["kind"] == "exposed"


def test_a_report_made_with_a_baseline_is_a_baseline_too(folder: Path) -> None:
    (folder / "code" / "new.js").write_text(coveo_key(2))
    for format_name in FORMATS:
        made = ["--baseline", "base", "--show-suppressed", "--format", format_name, "--output", "second"]
        call_keylint("scan", "code", *made, cwd=folder)
        done = call_keylint("scan", "code", "--baseline", "second", "--fail-on", "warning", cwd=folder)
        assert done.status == 0


def test_quiet_keys_are_listed_on_request(folder: Path) -> None:
    quiet = call_keylint("scan", "code", "--baseline", "base", cwd=folder)
    assert "app.js" not in quiet.text
    assert "1 suppressed" in quiet.text
    assert (
        "app.js" in call_keylint("scan", "code", "--baseline", "base", "--show-suppressed", cwd=folder).text
    )


def test_a_baseline_holds_no_value(folder: Path) -> None:
    assert coveo_key(1).encode() not in (folder / "base").read_bytes()


def test_the_baseline_may_lie_in_the_scanned_folder_and_be_configured(folder: Path) -> None:
    (folder / "base").rename(folder / "code" / "base")
    (folder / "code" / "keylint.toml").write_text('baseline = "base"\nfail-on = "warning"\n')
    assert call_keylint("scan", "code", cwd=folder).status == 0
    assert call_keylint("scan", cwd=folder / "code").status == 0


@pytest.mark.parametrize("path", [".", "code", "./code/", "code/app.js"])
def test_one_baseline_serves_every_way_to_name_the_place(tmp_path: Path, path: str) -> None:
    """In a repository paths are relative to its top, so the same file has the same fingerprint."""
    repo = Repo(tmp_path / "r")
    repo.write("code/app.js", coveo_key(1))
    call_keylint("scan", "--format", "json", "--output", str(tmp_path / "base"), cwd=repo.path)
    done = call_keylint(
        "scan", path, "--baseline", str(tmp_path / "base"), "--fail-on", "warning", cwd=repo.path
    )
    assert done.status == 0


def test_a_baseline_of_the_tree_serves_staged_scans(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.write("code/app.js", coveo_key(1))
    call_keylint("scan", "--format", "json", "--output", str(tmp_path / "base"), cwd=repo.path)
    repo.stage()
    done = call_keylint(
        "scan", "--staged", "--baseline", str(tmp_path / "base"), "--fail-on", "warning", cwd=repo.path
    )
    assert done.status == 0
    assert "unused" not in done.text
