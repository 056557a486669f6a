"""The command as a process: interrupts, progress, the cache."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from keylint.cli.app import run
from keylint.historycache import HistoryCache
from tests.helpers.repo import Repo
from tests.history.harness import token

SECRET = "sk_" + "live_" + token(7)[4:] + token(8)[4:12]
OTHER = "sk_" + "live_" + token(9)[4:] + token(10)[4:12]


def cli(repo: Repo, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit status and JSON report of a scan in this process."""
    report = repo.path.parent / "report.json"
    status = run(
        ["scan", str(repo.path), "--history", "--format", "json", "--output", str(report), *arguments]
    )
    return status, json.loads(report.read_text())


def endless(tmp_path: Path) -> Repo:
    """A repository whose scan waits for an object that never ends: git is replaced by a slow one."""
    repo = Repo(tmp_path / "repo")
    repo.commit({"a": f"stripe = '{SECRET}'\n"})
    repo.commit({f"f{n}": f"{n}\n" for n in range(50)})
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    real = subprocess.run(["which", "git"], capture_output=True, check=True, text=True).stdout.strip()
    slow.write_text(
        f'#!/bin/sh\ncase "$*" in *"cat-file --batch --buffer"*) "{real}" "$@"; exec sleep 60;; esac\n'
        f'exec "{real}" "$@"\n'
    )
    slow.chmod(0o755)
    return repo


def descendants(pid: int) -> set[int]:
    """The processes below one."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has ended meanwhile
            for child in task.read_text().split():
                found |= {int(child)} | descendants(int(child))
    return found


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("number", "group"), [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False)]
)
def test_an_interrupt_ends_at_once_and_tells_what_was_found(
    tmp_path: Path, number: signal.Signals, *, group: bool
) -> None:
    repo = endless(tmp_path)
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "keylint", "scan", str(repo.path), "--history"]
    process = subprocess.Popen(
        [*command, "--format", "json", "--output", str(report)],
        env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while len(descendants(process.pid)) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    children = descendants(process.pid)
    began = time.monotonic()
    (os.killpg if group else os.kill)(process.pid, number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert time.monotonic() - began < 15
    assert b"Traceback" not in errors
    document = json.loads(report.read_text())
    assert [finding["places"][0]["path"] for finding in document["findings"]] == ["a"]
    time.sleep(0.2)
    # `sleep` of the stand-in is not ours; all that keylint started itself is gone.
    alive = [pid for pid in children if Path(f"/proc/{pid}/cmdline").exists()]
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in alive]
    for pid, line in zip(alive, commands, strict=True):
        if line.startswith(b"sleep"):
            os.kill(pid, signal.SIGKILL)
    assert not [line for line in commands if line and not line.startswith(b"sleep")]
    assert not list((repo.path / ".git").rglob("*.lock"))


def test_progress_is_shown_on_a_terminal_and_taken_away(tmp_path: Path) -> None:
    from keylint.cli import progress
    from keylint.historyscan import Progress

    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        line = progress.ProgressLine()
        line._started -= 5
        line.show(Progress(10, 1_000_000, 1, 40))
        line.clear()
    shown = b""
    while select.select([master], [], [], 0.2)[0]:
        try:
            shown += os.read(master, 1000)
        except OSError:
            break
    os.close(master)
    assert b"10 of 40 objects" in shown
    assert shown.endswith(b"\r\x1b[K")


def test_no_progress_is_shown_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    from keylint.cli import progress
    from keylint.historyscan import Progress

    line = progress.ProgressLine()
    line._started -= 5
    line.show(Progress(10, 1_000_000, 1, 40))
    line.clear()
    assert capsys.readouterr().err == ""


# ---- the cache


@pytest.fixture
def folder(tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder that the environment names. It holds the compiled rules."""
    monkeypatch.setenv("KEYLINT_CACHE_DIR", str(tmp_path / "cache"))
    return with_rules(tmp_path / "cache", compiled)


def with_rules(folder: Path, compiled: Path) -> Path:
    """Make a cache folder with compiled rules in it."""
    folder.mkdir(parents=True)
    shutil.copy2(compiled, folder)
    return folder


def test_a_second_scan_reads_only_what_held_something_and_finds_the_same(repo: Repo, folder: Path) -> None:
    repo.commit({"a": f"stripe = '{SECRET}'\n", "b": "x\n", "c": "y\n"})
    status, first = cli(repo)
    again, second = cli(repo)
    assert (status, again) == (1, 1)
    assert second["findings"] == first["findings"]
    assert second["stats"]["files"] == first["stats"]["files"] == 3
    assert second["stats"]["bytes"] < first["stats"]["bytes"]
    stored = [*folder.glob("clean-*"), *folder.glob("found-*")]
    assert len(stored) == 2
    for path in stored:
        assert path.stat().st_mode & 0o777 == 0o600
        assert SECRET[8:].encode() not in path.read_bytes()


def test_a_second_scan_of_the_same_puts_no_engine_together(repo: Repo, folder: Path) -> None:
    repo.commit({"a": f"stripe = '{SECRET}'\n", "b": "x\n"})
    words = ["scan", "--history", "--format", "json"]
    first, second = (
        subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "keylint", *words],
            cwd=repo.path,
            env={**os.environ, "KEYLINT_CACHE_DIR": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        for _ in range(2)
    )
    assert json.loads(second.stdout)["findings"] == json.loads(first.stdout)["findings"] != []
    assert "keylint.engine.core" in first.stderr
    assert "keylint.engine.core" not in second.stderr


def test_names_are_searched_again_as_soon_as_one_is_new(repo: Repo, folder: Path) -> None:
    repo.commit({"a": f"stripe = '{SECRET}'\n"})
    assert cli(repo)[1]["repository"]["branch"] == "main"
    assert list(folder.glob("names-*"))
    repo.git("branch", "-m", f"on-{OTHER}")
    for _ in range(2):
        report = json.dumps(cli(repo)[1])
        assert "on-" in report
        assert OTHER[8:] not in report
        assert all(OTHER[8:].encode() not in path.read_bytes() for path in folder.glob("names-*"))


def test_whole_secrets_are_shown_where_that_is_asked_for_and_never_kept(repo: Repo, folder: Path) -> None:
    repo.commit({"a": f"stripe = '{SECRET}'\n"})
    for words in ([], ["--reveal"], [], ["--reveal"]):
        text = json.dumps(cli(repo, *words)[1])
        assert (SECRET in text) is bool(words)
        assert all(SECRET[8:].encode() not in path.read_bytes() for path in folder.glob("found-*"))


def test_comments_that_allow_a_key_count_as_they_are_configured(
    repo: Repo, folder: Path, tmp_path: Path
) -> None:
    repo.commit({"a": f"stripe = '{SECRET}'  # gitleaks:allow\n"})
    config = tmp_path / "keylint.toml"
    config.write_text("strict-allow = true\n")
    for _ in range(2):
        assert cli(repo)[0] == 0
        assert cli(repo, "--config", str(config))[0] == 1
    assert len(list(folder.glob("found-*"))) == 2


def test_what_was_left_out_once_is_found_with_all_its_places_when_it_comes_elsewhere(
    repo: Repo, folder: Path, tmp_path: Path
) -> None:
    repo.commit({"vendor/x.py": f"stripe = '{SECRET}'\n", "a": "x\n"})
    config = tmp_path / "keylint.toml"
    config.write_text('exclude = ["vendor/"]\n')
    words = ("--config", str(config))
    assert cli(repo, *words)[1]["findings"] == []
    repo.commit({"src/x.py": f"stripe = '{SECRET}'\n"})
    remembered, plain = cli(repo, *words)[1], cli(repo, *words, "--no-cache")[1]
    assert remembered["findings"] == plain["findings"] != []
    assert remembered["skipped"] == plain["skipped"]


def test_what_a_pattern_leaves_out_is_told_each_time(repo: Repo, folder: Path, tmp_path: Path) -> None:
    repo.commit({"a": f"stripe = '{SECRET}'\n", "vendor/b": "x\n", "vendor/c": "y\n"})
    config = tmp_path / "keylint.toml"
    config.write_text('exclude = ["vendor/", "*.min.js"]\n')
    words = ("--config", str(config))
    _, first = cli(repo, *words)
    repo.commit({"d.min.js": "z\n"})
    _, again = cli(repo, *words)
    assert [s["path"] for s in first["skipped"]] == ["vendor/"]
    assert [s["path"] for s in again["skipped"]] == ["d.min.js", "vendor/"]
    assert [f["fingerprint"] for f in again["findings"]] == [f["fingerprint"] for f in first["findings"]]
    config.write_text('exclude = ["*.min.js"]\n')
    assert [s["path"] for s in cli(repo, *words)[1]["skipped"]] == ["d.min.js"]
    assert len(list(folder.glob("found-*"))) == 2


def test_no_cache_is_kept_unless_it_is_wanted(
    repo: Repo, folder: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a": "x\n"})
    cli(repo, "--no-cache")
    assert not list(folder.glob("clean-*"))
    monkeypatch.delenv("KEYLINT_CACHE_DIR")
    users = with_rules(folder / "keylint", compiled)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    cli(repo)
    assert not list(users.glob("clean-*"))
    cli(repo, "--cache")
    assert list(users.glob("clean-*"))


@pytest.mark.usefixtures("pure_path")
def test_another_rule_looks_at_everything_again(repo: Repo, folder: Path, tmp_path: Path) -> None:
    repo.commit({"a": f"k {token(1)}\n"})
    assert cli(repo)[1]["findings"] == []
    rules = tmp_path / "own.toml"
    head = '[[rules]]\nid = "own"\ndescription = "Own"\nkeywords = ["tok_"]\n'
    rules.write_text(head + "regex = '''tok_[A-Za-z0-9]{20}'''\n")
    assert len(cli(repo, "--rules", str(rules))[1]["findings"]) == 1


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "folder", "foreign"])
@pytest.mark.parametrize("kind", ["clean", "found", "names"])
def test_a_damaged_cache_is_as_good_as_none(repo: Repo, folder: Path, damage: str, kind: str) -> None:
    repo.commit({"a": "x\n"})
    cli(repo)
    (stored,) = folder.glob(f"{kind}-*")
    for other in (*folder.glob("clean-*"), *folder.glob("found-*"), *folder.glob("names-*")):
        if other != stored:
            other.unlink()
    content = stored.read_bytes()
    stored.unlink()
    if damage == "folder":
        stored.mkdir()
    else:
        changed = {
            "cut": content[:-3],
            "flip": content[:-1] + bytes([content[-1] ^ 1]),
            "empty": b"",
            "foreign": content,
        }
        stored.write_bytes(changed[damage])
        stored.chmod(0o666 if damage == "foreign" else 0o600)
    status, report = cli(repo)
    assert (status, report["stats"]["bytes"]) == (0, 2)


def test_ids_come_back_whole_and_only_for_their_repository(tmp_path: Path) -> None:
    ids = {b"%040x" % n for n in range(100)}
    HistoryCache(str(tmp_path), "/one", b"rules").store_clean(ids)
    assert HistoryCache(str(tmp_path), "/one", b"rules").load_clean() == ids
    assert HistoryCache(str(tmp_path), "/two", b"rules").load_clean() == set()
    wide = {b"%064x" % n for n in range(100)}
    HistoryCache(str(tmp_path), "/two", b"rules").store_clean(wide)
    assert HistoryCache(str(tmp_path), "/two", b"rules").load_clean() == wide


def test_many_runs_may_write_at_once(tmp_path: Path) -> None:
    sets = [{b"%040x" % (n * 1000 + k) for k in range(200)} for n in range(8)]
    threads = [
        threading.Thread(target=HistoryCache(str(tmp_path), "/one", b"rules").store_clean, args=(ids,))
        for ids in sets
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert HistoryCache(str(tmp_path), "/one", b"rules").load_clean() in sets
    assert len(list(tmp_path.iterdir())) == 1


def test_options_that_contradict_each_other_are_refused(repo: Repo) -> None:
    repo.commit({"a": "x\n"})
    for words in (
        ["--range", "HEAD~1..HEAD", "--include-unreachable"],
        ["--range", "HEAD..HEAD", "--submodules"],
        ["--since", "HEAD", "--submodules"],
    ):
        assert run(["scan", str(repo.path), *words]) == 2
    assert run(["scan", str(repo.path), "--messages"]) == 2
    assert run(["scan", str(repo.path), "--since", "2020-01-01", "--submodules"]) == 0


def test_a_range_does_not_advise_an_option_that_it_refuses(repo: Repo) -> None:
    start = repo.commit({"a": "x\n"})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repo.git("commit", "-q", "-m", "sub")
    _, report = cli(repo, "--range", f"{start}..HEAD")
    assert [(s["path"], "--submodules" in s["detail"]) for s in report["skipped"]] == [("sub", False)]


def test_a_key_that_an_author_is_called_is_masked(repo: Repo, tmp_path: Path) -> None:
    secret = "sk_" + "live_" + token(5)[4:] + token(6)[4:12]
    repo.write("a", f"stripe = '{secret}'\n")
    repo.stage()
    repo.git("commit", "-q", "-m", "change", f"--author={secret} <x@{secret}>")
    report = tmp_path / "report.json"
    assert run(
        ["scan", str(repo.path), "--history", "--show-authors", "--format", "json", "--output", str(report)]
    )
    text = report.read_text()
    assert secret not in text
    assert "sk_live_" in json.loads(text)["findings"][0]["first_seen"]["author"]
