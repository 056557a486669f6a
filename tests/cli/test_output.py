"""Where a report goes and how it looks."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.cli import call_keylint, run_keylint
from tests.helpers.make import coveo_key
from tests.helpers.repo import Repo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.js").write_text(coveo_key())
    return tmp_path


@pytest.mark.parametrize("format_name", ["text", "json", "sarif", "github"])
def test_output_holds_what_would_have_been_printed(folder: Path, format_name: str) -> None:
    printed = call_keylint("scan", "code", "--format", format_name, cwd=folder)
    written = call_keylint("scan", "code", "--format", format_name, "--output", "r.out", cwd=folder)
    assert written.out == b""
    assert written.status == printed.status
    content = (folder / "r.out").read_bytes()
    if format_name in ("text", "github"):
        assert content == printed.out
    else:
        assert json.loads(content).keys() == json.loads(printed.out).keys()


def test_output_replaces_a_file_whole_and_leaves_nothing_else(folder: Path) -> None:
    (folder / "r.json").write_text("x" * 100_000)
    call_keylint("scan", "code", "--format", "json", "--output", "r.json", cwd=folder)
    json.loads((folder / "r.json").read_bytes())
    assert sorted(os.listdir(folder)) == ["code", "r.json"]


def test_output_is_not_touched_when_the_scan_fails(folder: Path) -> None:
    (folder / "r.json").write_text("before")
    done = call_keylint("scan", "missing", "--output", "r.json", cwd=folder)
    assert done.status == 2
    assert (folder / "r.json").read_text() == "before"


def test_output_that_fails_half_way_leaves_the_old_file(folder: Path) -> None:
    (folder / "r.json").write_text("before")
    before = """
import os
def fail(*args, **more): raise OSError(28, "No space left on device")
os.replace = fail
"""
    done = run_keylint("scan", "code", "--output", "r.json", cwd=folder, before=before)
    assert done.status == 2
    assert (folder / "r.json").read_text() == "before"
    assert sorted(os.listdir(folder)) == ["code", "r.json"]


def test_output_through_a_link_keeps_the_link(folder: Path) -> None:
    (folder / "real.json").write_text("before")
    (folder / "r.json").symlink_to("real.json")
    call_keylint("scan", "code", "--format", "json", "--output", "r.json", cwd=folder)
    assert (folder / "r.json").is_symlink()
    json.loads((folder / "real.json").read_bytes())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("command", [("scan", "code"), ("keys", "lint", "--list")])
def test_output_to_a_pipe_goes_through_it_and_leaves_it(folder: Path, command: tuple[str, ...]) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    keeping = os.open(pipe, os.O_RDWR)  # so that neither end has to wait for the other
    try:
        done = call_keylint(*command, "--output", "pipe", cwd=folder)
        written = os.read(keeping, 1 << 16)
    finally:
        os.close(keeping)
    assert done.status in (0, 1)
    assert pipe.is_fifo()
    assert written == call_keylint(*command, cwd=folder).out


def test_output_inside_the_scanned_folder_is_not_scanned_half_written(folder: Path) -> None:
    for _ in range(2):
        done = call_keylint("scan", ".", "--format", "json", "--output", "r.json", cwd=folder)
        assert done.status == 0
    assert json.loads((folder / "r.json").read_bytes())["summary"]["findings"] == 1


# ---- colour and width


def on_terminal(*arguments: str, cwd: Path, env: dict[str, str]) -> bytes:
    """What keylint writes when standard output is a terminal."""
    main, worker = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "keylint", *arguments],
        cwd=cwd,
        stdout=worker,
        stderr=worker,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm-256color", **env},
    )
    os.close(worker)
    written = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:
            break
        if not part:
            break
        written += part
    os.close(main)
    child.wait()
    return written


@pytest.mark.parametrize(
    ("env", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_colour_is_for_terminals_that_want_it(folder: Path, env: dict[str, str], coloured: bool) -> None:
    written = on_terminal("scan", "code", cwd=folder, env=env)
    assert b"unknown" in written
    assert (b"\x1b[" in written) == coloured


def test_a_pipe_gets_plain_text(folder: Path) -> None:
    assert b"\x1b" not in run_keylint("scan", "code", cwd=folder, env={"TERM": "xterm"}).out


def test_names_with_escapes_do_not_reach_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "evil\x1b]0;title\x07\r\n.js").write_text(coveo_key())
    written = on_terminal("scan", ".", cwd=tmp_path, env={})
    assert b"\x1b]0;" not in written
    assert b"\x07" not in written


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_output_encoding_will_do(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "käse🔑.js").write_text(coveo_key())
    done = run_keylint("scan", tmp_path, env={"PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0"})
    assert done.status == 0
    assert coveo_key()[-4:] in done.text


# ---- quiet and verbose


def test_quiet_says_nothing_where_nothing_was_found(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    done = call_keylint("scan", "-q", cwd=tmp_path)
    assert (done.status, done.out, done.err) == (0, b"", b"")


def test_quiet_shows_findings(folder: Path) -> None:
    assert b"app.js" in call_keylint("scan", "-q", "--fail-on", "warning", "code", cwd=folder).out


def test_quiet_does_not_empty_a_document(tmp_path: Path) -> None:
    assert call_keylint("scan", "-q", "--format", "json", cwd=tmp_path).json["findings"] == []


def test_quiet_with_output_still_writes_the_file(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("an older report with findings")
    (tmp_path / "code").mkdir()
    call_keylint("scan", "-q", "code", "--output", "r.txt", cwd=tmp_path)
    assert "older" not in (tmp_path / "r.txt").read_text()


# ---- reveal


def test_reveal_shows_the_value_and_says_so(folder: Path) -> None:
    done = call_keylint("scan", "code", "--reveal", "--format", "json", cwd=folder)
    assert coveo_key() in done.text
    assert done.json["revealed"] is True
    assert coveo_key() in call_keylint("scan", "code", "--reveal", cwd=folder).text


def test_reveal_refuses_a_file_that_git_tracks(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"r.txt": "before"})
    repo.write("code/app.js", coveo_key())
    for cwd, name in ((repo.path, "r.txt"), (repo.path / "code", "../r.txt"), (tmp_path, "r/r.txt")):
        done = call_keylint("scan", repo.path, "--reveal", "--output", name, cwd=cwd)
        assert done.status == 2
        assert "--reveal" in done.error
    (repo.path / "link.txt").symlink_to("r.txt")
    assert call_keylint("scan", "--reveal", "--output", "link.txt", cwd=repo.path).status == 2
    assert (repo.path / "r.txt").read_text() == "before"


def test_reveal_writes_to_a_file_that_git_does_not_track_and_only_for_its_owner(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.write("code/app.js", coveo_key())
    done = call_keylint("scan", "code", "--reveal", "--output", "r.txt", cwd=repo.path)
    assert done.status == 0
    assert coveo_key() in (repo.path / "r.txt").read_text()
    assert (repo.path / "r.txt").stat().st_mode & 0o077 == 0
