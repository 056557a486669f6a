"""`keylint scan --staged`: what the index holds, wherever and however git is set up."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.cli import Completed, run_keylint
from tests.helpers.make import coveo_key
from tests.helpers.repo import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "r")
    made.commit({"README": "hello\n"})
    return made


def staged(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> Completed:
    return run_keylint(
        "scan", *arguments, "--staged", "--format", "json", "--fail-on", "warning", cwd=cwd, env=env
    )


def paths(done: Completed) -> list[str]:
    assert done.status == (1 if done.findings else 0), done
    return [finding["places"][0]["path"] for finding in done.findings]


def test_the_index_counts_not_the_working_tree(repo: Repo) -> None:
    repo.write("staged.js", coveo_key(1))
    repo.stage("staged.js")
    repo.write("staged.js", "removed again after staging")
    repo.write("unstaged.js", coveo_key(2))
    done = staged(cwd=repo.path)
    assert paths(done) == ["staged.js"]
    assert done.findings[0]["places"][0]["surface"] == "staged"


def test_what_is_committed_already_is_not_staged(repo: Repo) -> None:
    repo.commit({"old.js": coveo_key(1)})
    repo.write("new.js", coveo_key(2))
    repo.stage("new.js")
    assert paths(staged(cwd=repo.path)) == ["new.js"]


def test_before_the_first_commit(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "new")
    repo.write("a.js", coveo_key())
    repo.stage("a.js")
    assert paths(staged(cwd=repo.path)) == ["a.js"]


def test_from_a_folder_below_all_of_the_index_counts(repo: Repo) -> None:
    repo.write("top.js", coveo_key(1))
    repo.write("sub/below.js", coveo_key(2))
    repo.stage("top.js", "sub/below.js")
    assert paths(staged(cwd=repo.path / "sub")) == ["sub/below.js", "top.js"]
    assert paths(staged(".", cwd=repo.path / "sub")) == ["sub/below.js"]
    assert paths(staged("..", cwd=repo.path / "sub")) == ["sub/below.js", "top.js"]
    assert paths(staged("top.js", cwd=repo.path)) == ["top.js"]


def test_in_a_linked_work_tree(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "-b", "other", str(repo.path.parent / "linked"))
    linked = Repo(repo.path.parent / "linked", init=False)
    linked.write("a.js", coveo_key())
    linked.stage("a.js")
    assert paths(staged(cwd=linked.path)) == ["a.js"]
    assert paths(staged(cwd=repo.path)) == []


def test_in_a_hook_of_a_plain_commit(repo: Repo) -> None:
    """Git sets GIT_INDEX_FILE, and with `commit FILE` to an index of its own."""
    repo.commit({"b.js": "b"})
    repo.write("a.js", coveo_key(1))
    repo.stage("a.js")
    repo.write("b.js", coveo_key(2))
    answer = repo.path.parent / "answer.json"
    hook = repo.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!/bin/sh\nexec '{sys.executable}' -m keylint scan --staged --fail-on warning"
        f" --format json --output '{answer}'\n"
    )
    hook.chmod(0o755)
    repo.git("commit", "-q", "-m", "partial", "--", "b.js", check=False)
    report = json.loads(answer.read_text())
    assert [finding["places"][0]["path"] for finding in report["findings"]] == ["b.js"]
    assert repo.git("log", "--format=%s", "-1") != "partial"  # the hook stopped the commit


def test_git_dir_and_index_file_are_heeded(repo: Repo, tmp_path: Path) -> None:
    repo.write("a.js", coveo_key(1))
    other_index = tmp_path / "index"
    shutil.copy(repo.path / ".git" / "index", other_index)
    repo.git("add", "a.js", env={"GIT_INDEX_FILE": str(other_index)})
    assert paths(staged(cwd=repo.path)) == []
    assert paths(staged(cwd=repo.path, env={"GIT_INDEX_FILE": str(other_index)})) == ["a.js"]
    located = {"GIT_DIR": str(repo.path / ".git"), "GIT_WORK_TREE": str(repo.path)}
    located["GIT_INDEX_FILE"] = str(other_index)
    assert paths(staged(str(repo.path), cwd=repo.path, env=located)) == ["a.js"]


def test_git_dir_that_is_relative(repo: Repo) -> None:
    repo.write("a.js", coveo_key(1))
    repo.stage("a.js")
    assert paths(staged(cwd=repo.path, env={"GIT_DIR": ".git"})) == ["a.js"]


def test_a_merge_conflict_is_reported_and_gives_status_3(repo: Repo) -> None:
    repo.commit({"a.txt": "one\n"})
    repo.branch("other")
    repo.commit({"a.txt": "two\n"})
    repo.git("switch", "-q", "main")
    repo.commit({"a.txt": "three\n"})
    repo.merge("other", check=False)
    done = staged(cwd=repo.path)
    assert done.status == 3
    assert [s["reason"] for s in done.json["skipped"]] == ["unmerged"]


_SETTINGS = [
    ("color.ui", "always"),
    ("color.diff", "always"),
    ("diff.external", "/bin/false"),
    ("diff.noprefix", "true"),
    ("diff.mnemonicPrefix", "true"),
    ("diff.renames", "copies"),
    ("diff.relative", "true"),
    ("diff.ignoreSubmodules", "all"),
    ("diff.orderFile", "/does/not/exist"),
    ("diff.submodule", "log"),
    ("diff.wordRegex", "."),
    ("core.quotePath", "true"),
    ("core.pager", "cat /etc/hosts"),
    ("core.autocrlf", "true"),
    ("core.fsmonitor", "/bin/false"),
    ("core.bigFileThreshold", "1"),
    ("status.showUntrackedFiles", "no"),
    ("core.precomposeUnicode", "true"),
]


@pytest.mark.parametrize("seen_by", ["quick", "full"])
def test_no_setting_of_the_user_changes_what_is_seen(repo: Repo, surroundings: Path, seen_by: str) -> None:
    for name, value in _SETTINGS:
        repo.git("config", name, value)
        repo.git("config", "--file", str(surroundings / ".gitconfig"), name, value)
    repo.write("käse name.js", coveo_key())
    repo.stage("käse name.js")
    extra = [] if seen_by == "quick" else ["--format", "json"]
    done = run_keylint("scan", "--staged", "--fail-on", "warning", *extra, cwd=repo.path)
    assert done.status == 1
    assert coveo_key()[-4:] in done.text


@pytest.mark.parametrize(
    "attributes", ["-diff", "binary", "-text -diff", "diff=nothing", "filter=hide", "export-ignore", "ident"]
)
def test_no_attribute_hides_what_is_staged(repo: Repo, attributes: str, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    for command in (
        "filter.hide.clean",
        "filter.hide.smudge",
        "diff.nothing.textconv",
        "diff.nothing.command",
    ):
        repo.git("config", command, f"touch '{marker}'; cat")
    repo.write("a.js", coveo_key())
    repo.stage("a.js")
    repo.write(".gitattributes", f"*.js {attributes}\n")
    repo.stage(".gitattributes")
    marker.unlink(missing_ok=True)
    assert paths(staged(cwd=repo.path)) == ["a.js"]
    assert not marker.exists()


def test_nothing_of_the_repository_is_executed(repo: Repo, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.sshCommand", "diff.external", "core.pager", "credential.helper"):
        repo.git("config", name, str(trap))
    repo.git("config", "core.hooksPath", str(tmp_path))
    repo.write("a.js", coveo_key())
    repo.git("-c", "core.fsmonitor=false", "add", "a.js")
    marker.unlink(missing_ok=True)
    assert paths(staged(cwd=repo.path)) == ["a.js"]
    assert run_keylint("scan", cwd=repo.path).status in (0, 1)
    assert run_keylint("scan", "--history", cwd=repo.path).status in (0, 1)
    assert not marker.exists()


def test_no_identity_and_no_home_are_needed(repo: Repo) -> None:
    repo.write("a.js", coveo_key())
    repo.stage("a.js")
    env = {"HOME": "/does/not/exist", "XDG_CACHE_HOME": "/does/not/exist", "EMAIL": ""}
    assert paths(staged(cwd=repo.path, env=env)) == ["a.js"]


def test_a_clean_index_and_a_clean_change_are_status_0(repo: Repo) -> None:
    done = run_keylint("scan", "--staged", cwd=repo.path)
    assert (done.status, done.err) == (0, b"")
    repo.write("a.js", "harmless")
    repo.stage("a.js")
    done = run_keylint("scan", "--staged", cwd=repo.path)
    assert done.status == 0
    assert "1 file" in done.text


def test_deletions_renames_links_and_intents_are_no_problem(repo: Repo) -> None:
    repo.commit({"gone.js": "gone", "moved.js": coveo_key(1)})
    repo.rm("gone.js")
    repo.git("mv", "moved.js", "new-name.js")
    (repo.path / "link").symlink_to("README")
    repo.stage("link")
    repo.write("intended.js", coveo_key(2))
    repo.git("add", "--intent-to-add", "intended.js")
    assert paths(staged(cwd=repo.path)) == ["new-name.js"]


def test_a_key_in_the_target_of_a_link_is_found(repo: Repo) -> None:
    (repo.path / "link").symlink_to(f"https://example.com/?k={coveo_key()}")
    repo.stage("link")
    assert paths(staged(cwd=repo.path)) == ["link"]


@pytest.mark.parametrize(
    "name", [b"new\nline.js", b"\xff\xfe.js", b"tab\t.js", b'"quoted".js', b":(top)magic.js", b" "]
)
def test_staged_files_with_strange_names(repo: Repo, name: bytes) -> None:
    repo.write(os.fsdecode(name), coveo_key())
    repo.stage(os.fsdecode(name))
    done = staged(cwd=repo.path)
    assert done.status == 1
    assert len(done.findings) == 1


def test_a_sha256_repository(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", object_format="sha256")
    repo.write("a.js", coveo_key())
    repo.stage("a.js")
    assert paths(staged(cwd=repo.path)) == ["a.js"]


def test_the_fast_path_and_the_full_one_count_the_same(repo: Repo) -> None:
    for number in range(5):
        repo.write(f"{number}.txt", "harmless\n" * number)
    repo.stage()
    quick = run_keylint("scan", "--staged", cwd=repo.path)
    full = run_keylint("scan", "--staged", "--fail-on", "error", cwd=repo.path)
    assert quick.out == full.out
    assert quick.status == full.status == 0


def test_an_encoded_key_is_no_different_for_the_fast_path(repo: Repo) -> None:
    repo.write("utf16.txt", f"k = {coveo_key()}\n".encode("utf-16-le"))
    repo.stage()
    done = run_keylint("scan", "--staged", cwd=repo.path)
    assert coveo_key()[-4:] in done.text
