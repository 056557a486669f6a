"""What is loaded: a hook pays for every import at every commit."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from keylint.engine import extension
from tests.helpers.cli import run_keylint
from tests.helpers.make import coveo_key
from tests.helpers.repo import Repo

HEAVY = {"click", "rich", "git", "sarif_om", "httpx", "tomli", "regex", "pathspec", "jsonschema", "asyncio"}


def imported(*arguments: str, cwd: Path) -> set[str]:
    """The top-level names of all modules that a run imports."""
    command = [sys.executable, "-X", "importtime", "-m", "keylint", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr[-500:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "r")
    made.commit({"README": "hello\n"})
    made.write("a.txt", "harmless\n")
    made.stage()
    return made


def test_a_clean_staged_scan_loads_next_to_nothing(repo: Repo) -> None:
    assert run_keylint("scan", "--staged", cwd=repo.path).status == 0  # compiles the rules once
    loaded = imported("scan", "--staged", cwd=repo.path)
    assert "keylint" in loaded
    assert not loaded & (HEAVY | {"typing", "dataclasses", "enum", "inspect", "subprocess", "re", "json"})


def test_a_text_scan_loads_nothing_for_other_formats(repo: Repo) -> None:
    run_keylint("scan", cwd=repo.path)
    loaded = imported("scan", cwd=repo.path)
    assert not loaded & HEAVY


def test_a_folder_without_ignore_rules_is_scanned_without_what_reads_them(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("harmless\n")
    run_keylint("scan", cwd=tmp_path)
    assert not imported("scan", cwd=tmp_path) & HEAVY


def test_a_plain_scan_of_a_history_does_without_click_and_what_it_loads(repo: Repo) -> None:
    repo.commit({"a.txt": "harmless\n"})
    run_keylint("scan", "--history", cwd=repo.path)
    loaded = imported("scan", "--history", "--no-cache", "--output", "report.txt", cwd=repo.path)
    assert not loaded & (HEAVY | {"dataclasses", "inspect", "uuid", "platform"})


@pytest.mark.skipif(extension.load() is None, reason="without hyperscan no pattern is stored")
def test_keys_are_confirmed_with_stored_patterns_alone(repo: Repo) -> None:
    key, other = coveo_key(), hashlib.md5(b"other", usedforsecurity=False).hexdigest()
    repo.commit({"keys.txt": f"coveo = '{key}'\napi_token = '{other}'\n"})
    assert run_keylint("scan", "--history", "--no-cache", cwd=repo.path).status == 1
    loaded = imported("scan", "--history", "--no-cache", cwd=repo.path)
    assert "keylint" in loaded
    assert "regex" not in loaded  # its extension is loaded without the package


def test_a_sarif_scan_does_not_load_gitpython(repo: Repo) -> None:
    loaded = imported("scan", "--format", "sarif", cwd=repo.path)
    assert "sarif_om" in loaded
    assert not loaded & {"git", "rich", "httpx"}
