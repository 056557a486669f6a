"""The exit status is a contract: 0, 1, 2, 3, 4 and 130, and 0 only for a scan that took place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.cli import call_keylint, run_keylint
from tests.helpers.make import coveo_key
from tests.inventory.samples import coveo_key as entry
from tests.inventory.samples import coveo_value, write

LEVELS = ["error", "warning", "note", "never"]


def folder_with(tmp_path: Path, verdict: str) -> list[str]:
    """A folder with one key of this verdict, and the options that make it one."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.js").write_text(f'k = "{coveo_value(7)}"\n')
    if verdict == "unknown":
        return ["scan", "code"]
    more = {
        "exposed": {"privacyLevel": "PRIVATE"},
        "over-privileged": {
            "privacyLevel": "PUBLIC",
            "privileges": [{"owner": "PLATFORM", "targetDomain": "SOURCE", "type": "EDIT"}],
        },
        "retired": {"status": "DISABLED", "enabled": False, "privacyLevel": "PRIVATE"},
        "allowed": {"privacyLevel": "PUBLIC"},
    }[verdict]
    write(tmp_path, [entry(7, **more)])
    return ["scan", "code", "--inventory", "inventory.json"]


@pytest.mark.parametrize("fail_on", LEVELS)
@pytest.mark.parametrize(
    ("verdict", "level"),
    [
        ("exposed", "error"),
        ("over-privileged", "error"),
        ("unknown", "warning"),
        ("retired", "note"),
        ("allowed", "none"),
    ],
)
def test_the_fail_level_decides(tmp_path: Path, verdict: str, level: str, fail_on: str) -> None:
    arguments = folder_with(tmp_path, verdict)
    done = call_keylint(*arguments, "--format", "json", "--fail-on", fail_on, cwd=tmp_path)
    [finding] = done.findings
    assert (finding["verdict"]["kind"], finding["verdict"]["level"]) == (verdict, level)
    fails = level != "none" and fail_on != "never" and LEVELS.index(level) <= LEVELS.index(fail_on)
    assert done.status == (1 if fails else 0)
    assert done.json["exit_code"] == done.status


def test_error_is_the_default_level(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(coveo_key())
    assert call_keylint("scan", tmp_path).status == 0
    (tmp_path / "own.js").write_text("sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dcAbCdEfGh")
    assert call_keylint("scan", tmp_path).status == 1


_TOO_LARGE = 'max-file-size = "1 KB"\n'


def test_an_incomplete_scan_is_status_3_unless_something_was_found(tmp_path: Path) -> None:
    (tmp_path / "keylint.toml").write_text(_TOO_LARGE)
    (tmp_path / "large.txt").write_bytes(b"x" * 2000)
    done = call_keylint("scan", "--format", "json", cwd=tmp_path)
    assert done.status == 3
    assert done.json["complete"] is False
    (tmp_path / "app.js").write_text(coveo_key())
    assert call_keylint("scan", cwd=tmp_path).status == 3  # a warning, and the fail level is error
    done = call_keylint("scan", "--format", "json", "--fail-on", "warning", cwd=tmp_path)
    assert done.status == 1
    assert done.json["complete"] is False
    assert done.json["summary"]["incomplete"] == 1


@pytest.mark.parametrize("format_name", ["text", "sarif", "github"])
def test_every_report_says_that_the_scan_is_incomplete(tmp_path: Path, format_name: str) -> None:
    (tmp_path / "keylint.toml").write_text(_TOO_LARGE)
    (tmp_path / "large.txt").write_bytes(b"x" * 2000)
    done = call_keylint("scan", "--format", format_name, cwd=tmp_path)
    assert done.status == 3
    assert "large.txt" in done.text


def test_quiet_does_not_hide_that_the_scan_is_incomplete(tmp_path: Path) -> None:
    (tmp_path / "keylint.toml").write_text(_TOO_LARGE)
    (tmp_path / "large.txt").write_bytes(b"x" * 2000)
    done = call_keylint("scan", "--quiet", cwd=tmp_path)
    assert done.status == 3
    assert "large.txt" in done.text


def test_standard_input_that_is_too_large_is_not_a_clean_scan(tmp_path: Path) -> None:
    (tmp_path / "keylint.toml").write_text(_TOO_LARGE)
    assert call_keylint("scan", "-", cwd=tmp_path, stdin=b"x" * 2000).status == 3


_CRASH = """
import keylint.examine
def examine(self, blob):
    raise RuntimeError(blob.data)
keylint.examine.Examiner.examine = examine
"""


def test_a_bug_is_status_4_and_one_line_tells(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(coveo_key())
    done = run_keylint("scan", cwd=tmp_path, before=_CRASH)
    assert done.status == 4
    assert done.out == b""
    assert "bug in keylint" in done.error
    assert "Traceback" not in done.error
    assert coveo_key() not in done.error


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_is_status_130_and_reports_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dcAbCdEfGh")
    (tmp_path / "b.js").write_text("x")
    before = """
import os, signal, keylint.examine
real = keylint.examine.Examiner.examine
def examine(self, blob):
    if blob.origin.path == "b.js":
        os.kill(os.getpid(), signal.SIGINT)
    return real(self, blob)
keylint.examine.Examiner.examine = examine
"""
    done = run_keylint("scan", "--format", "json", cwd=tmp_path, before=before)
    assert done.status == 130
    assert done.json["interrupted"] is True
    assert done.json["complete"] is False
    assert len(done.findings) == 1


def test_an_interrupt_before_the_scan_is_status_130(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "keylint", "scan", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        time.sleep(1.0)
        child.send_signal(signal.SIGINT)
        _, error = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Traceback" not in error


def test_a_reader_that_goes_away_is_no_success(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.js").write_text(coveo_key(number))
    with subprocess.Popen(
        [sys.executable, "-m", "keylint", "scan", str(tmp_path), "--fail-on", "warning", "-v"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout and child.stderr
        child.stdout.read(10)
        child.stdout.close()
        error = child.stderr.read()
    assert child.returncode not in (0, 4)
    assert b"Traceback" not in error
    assert b"Exception ignored" not in error


def test_a_full_disk_is_no_success(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    (tmp_path / "a.js").write_text("harmless")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "keylint", "scan", str(tmp_path)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode not in (0, 1, 4)
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1
    done2 = run_keylint("scan", tmp_path, "--output", "/dev/full")
    assert done2.status == 2


def test_help_and_version_are_status_0() -> None:
    assert call_keylint("--help").status == 0
    assert call_keylint("--version").status == 0
    assert call_keylint("scan", "--help").status == 0
    assert call_keylint("-h").status == 0


def test_no_command_is_not_a_scan() -> None:
    assert call_keylint().status == 2
