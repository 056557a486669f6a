"""Configuration, hooks and surroundings from the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.cli import Completed, call_keylint, run_keylint
from tests.helpers.make import coveo_key
from tests.helpers.repo import Repo


def paths(done: Completed) -> list[str]:
    return sorted(finding["places"][0]["path"] for finding in done.findings)


def scan(*arguments: str, cwd: Path) -> Completed:
    return call_keylint("scan", *arguments, "--format", "json", cwd=cwd)


@pytest.mark.parametrize("name", ["keylint.toml", "pyproject.toml"])
def test_the_configuration_is_found_from_any_folder_below(tmp_path: Path, name: str) -> None:
    table = "" if name == "keylint.toml" else "[tool.keylint]\n"
    (tmp_path / name).write_text(table + 'fail-on = "warning"\nexclude = ["vendor/"]\n')
    (tmp_path / "a" / "vendor").mkdir(parents=True)
    (tmp_path / "a" / "app.js").write_text(coveo_key(1))
    (tmp_path / "a" / "vendor" / "lib.js").write_text(coveo_key(2))
    for cwd, target in ((tmp_path, "."), (tmp_path / "a", "."), (tmp_path, "a"), (tmp_path, "a/app.js")):
        done = scan(target, cwd=cwd)
        assert done.status == 1
        assert len(done.findings) == 1


def test_the_search_for_a_configuration_ends_at_the_top_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "keylint.toml").write_text("this is not for the repository below")
    repo = Repo(tmp_path / "r")
    repo.write("a.js", "x")
    assert scan(cwd=repo.path).status == 0


def test_another_tools_pyproject_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nbroken = ")
    assert scan(cwd=tmp_path).status == 0


def test_options_add_to_the_configuration_and_win_over_it(tmp_path: Path) -> None:
    (tmp_path / "keylint.toml").write_text('fail-on = "never"\n')
    (tmp_path / "app.js").write_text(coveo_key())
    assert scan(cwd=tmp_path).status == 0
    assert scan("--fail-on", "warning", cwd=tmp_path).status == 1
    (tmp_path / "other.toml").write_text('fail-on = "warning"\n')
    assert scan("--config", "other.toml", cwd=tmp_path).status == 1


def test_what_is_excluded_is_told(tmp_path: Path) -> None:
    (tmp_path / "keylint.toml").write_text('exclude = ["dist/", "*.min.js", "!keep.min.js"]\n')
    (tmp_path / "dist").mkdir()
    for number, name in enumerate(("dist/a.js", "b.min.js", "keep.min.js", "c.js")):
        (tmp_path / name).write_text(coveo_key(number))
    done = scan(cwd=tmp_path)
    assert paths(done) == ["c.js", "keep.min.js"]
    assert {(s["path"], s["reason"]) for s in done.json["skipped"]} == {
        ("dist/", "excluded"),
        ("b.min.js", "excluded"),
    }
    assert done.status == 0  # left out on purpose


@pytest.mark.parametrize(("size", "skipped"), [('"1 KB"', True), ("4000", False), ('"1 MiB"', False)])
def test_the_size_limit(tmp_path: Path, size: str, skipped: bool) -> None:
    (tmp_path / "keylint.toml").write_text(f"max-file-size = {size}\n")
    (tmp_path / "big.txt").write_bytes(b"x" * 3000)
    assert scan(cwd=tmp_path).status == (3 if skipped else 0)
    repo = Repo(tmp_path / "r")
    repo.write("keylint.toml", f"max-file-size = {size}\n")
    repo.write("big.txt", b"x" * 3000)
    repo.stage()
    assert run_keylint("scan", "--staged", cwd=repo.path).status == (3 if skipped else 0)


@pytest.mark.usefixtures("pure_path")
def test_own_rules_stand_beside_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.toml").write_text(
        "[[rules]]\nid = 'own.key'\ntitle = 'Own key'\ndescription = 'd'\nregex = 'own_[0-9a-f]{32}'\n"
        "keywords = ['own_']\nprivacy = 'private'\nseverity = 'HIGH'\n"
    )
    value = "own_" + coveo_key(3)[2:].replace("-", "")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.js").write_text(f"a = '{value}'; b = '{coveo_key()}'")
    done = scan("code", "--rules", "rules", cwd=tmp_path)
    assert done.status == 1
    assert {finding["key"]["rule_id"] for finding in done.findings} == {"own.key", "coveo.api_key"}


# ---- hooks


def test_a_hook_scans_the_files_it_is_given(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.write("a.js", coveo_key(1))
    repo.write("-b.js", coveo_key(2))
    repo.write("c.js", coveo_key(3))
    done = run_keylint("hook", "--fail-on", "warning", "a.js", "-b.js", cwd=repo.path)
    assert done.status == 1
    assert "a.js" in done.text and "-b.js" in done.text
    assert "c.js" not in done.text


def test_a_hook_without_files_scans_the_index(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.write("a.js", coveo_key(1))
    assert run_keylint("hook", "--fail-on=warning", cwd=repo.path).status == 0
    repo.stage()
    assert run_keylint("hook", "--fail-on=warning", cwd=repo.path).status == 1


def test_a_hook_for_a_file_that_is_not_there_is_no_success(tmp_path: Path) -> None:
    assert run_keylint("hook", "gone.js", cwd=tmp_path).status in (2, 3)


# ---- surroundings that are not as usual


def test_a_damaged_index_is_no_clean_staged_scan(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"a.js": "x"})
    (repo.path / ".git" / "index").write_bytes(b"garbage")
    done = run_keylint("scan", "--staged", cwd=repo.path)
    assert done.status in (2, 3)
    assert "Traceback" not in done.error
    assert run_keylint("scan", cwd=repo.path).status == 0  # files are there; git is not needed for them


def test_a_missing_object_is_no_clean_staged_scan(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"a.js": "x"})
    repo.write("b.js", coveo_key())
    repo.stage("b.js")
    object_id = repo.git("rev-parse", ":b.js")
    (repo.path / ".git" / "objects" / object_id[:2] / object_id[2:]).unlink()
    done = run_keylint("scan", "--staged", "--format", "json", cwd=repo.path)
    assert done.status == 3
    assert [s["reason"] for s in done.json["skipped"]] == ["missing-object"]


def test_a_repository_of_another_owner_is_scanned(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    repo = Repo(tmp_path / "r")
    repo.write("a.js", coveo_key())
    repo.stage()
    for folder, _, names in os.walk(repo.path):
        for name in (".", *names):
            os.chown(os.path.join(folder, name), 12345, 12345, follow_symlinks=False)
    assert run_keylint("scan", "--fail-on", "warning", cwd=repo.path).status == 1
    done = run_keylint("scan", "--staged", cwd=repo.path)
    assert done.status == 2
    assert "safe.directory" in done.error


def test_without_git_files_are_scanned_and_staged_scans_say_what_is_missing(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.write("a.js", coveo_key())
    repo.stage()
    env = {"PATH": str(tmp_path)}
    done = run_keylint("scan", "--fail-on", "warning", cwd=repo.path, env=env)
    assert done.status == 1
    done = run_keylint("scan", "--staged", cwd=repo.path, env=env)
    assert done.status == 2
    assert "git" in done.error


@pytest.mark.parametrize(
    "line",
    [
        "::error::injected %0A::warning::x",
        "##[error]injected",
        "::set-output name=x::y",
        "::stop-commands::token",
        "\x1b]8;;http://evil\x07",
        "%0D%0A::error::x",
    ],
)
def test_content_cannot_inject_workflow_commands(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.js").write_text(f"{line} '{coveo_key()}' {line}\n{line}\n{coveo_key()} {line}")
    folder = tmp_path / "::error::folder"
    folder.mkdir()
    (folder / "a.js").write_text(f"{line} '{coveo_key()}'")
    for format_name in ("github", "text"):
        done = run_keylint("scan", tmp_path, "--format", format_name, "-v")
        for shown in done.text.splitlines():
            assert "##[" not in shown
            assert "\x1b" not in shown
            if shown.lstrip().startswith("::"):
                assert format_name == "github"
                assert shown.startswith(("::warning ", "::error file", "::notice "))
                assert "title=keylint%3A" in shown
