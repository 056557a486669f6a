"""What is loaded: a hook pays for every import at every commit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.cli import run_keylint
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
    assert not loaded & (HEAVY - {"pathspec"})


def test_a_plain_scan_of_a_history_does_without_click_and_what_it_loads(repo: Repo) -> None:
    repo.commit({"a.txt": "harmless\n"})
    run_keylint("scan", "--history", cwd=repo.path)
    loaded = imported("scan", "--history", "--no-cache", "--output", "report.txt", cwd=repo.path)
    assert not loaded & ((HEAVY - {"regex"}) | {"dataclasses", "inspect", "uuid", "platform"})


def test_a_sarif_scan_does_not_load_gitpython(repo: Repo) -> None:
    loaded = imported("scan", "--format", "sarif", cwd=repo.path)
    assert "sarif_om" in loaded
    assert not loaded & {"git", "rich", "httpx"}
