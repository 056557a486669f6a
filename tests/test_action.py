"""The GitHub action: its steps really run where a key was planted. (`make lint` checks its files.)"""

from __future__ import annotations

import json
import os
import random
import re
import string
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Outcome:
    """What a run of the action left behind."""

    ok: bool
    outputs: dict[str, str]
    log: str
    summary: str

    @property
    def everything(self) -> str:
        """All text that people or machines see."""
        return self.log + self.summary + str(self.outputs)


def _expand(value: str, scope: dict[str, str]) -> str:
    """Replace `${{ inputs.x }}` and `${{ steps.x.outputs.y }}`; fail on any other expression."""
    return re.sub(r"\$\{\{ ([a-z0-9.-]+) \}\}", lambda match: scope[match[1]], value)


def _read_outputs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())


def run_action(
    workspace: Path, runner_temp: Path, scratch: Path, *, install: bool = False, **given: str
) -> Outcome:
    """Run the steps of action.yml as GitHub's runner does. The installation is skipped unless `install`."""
    declared = {name: spec["default"] for name, spec in ACTION["inputs"].items()}
    chosen = {name.replace("_", "-"): value for name, value in given.items()}
    assert chosen.keys() <= declared.keys()
    scope = {f"inputs.{name}": value for name, value in {**declared, **chosen}.items()}
    for spec in ACTION["outputs"].values():  # an output that no step sets is empty
        scope[spec["value"][4:-3].strip()] = ""
    summary = scratch / "summary.md"
    log, ok = "", True
    steps = ACTION["runs"]["steps"]
    for number, step in enumerate(steps[0 if install else 1 :]):
        output = scratch / f"output-{number}"
        for file in (output, summary):
            file.touch()
        env = {
            **os.environ,
            **{name: _expand(value, scope) for name, value in step.get("env", {}).items()},
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(runner_temp),
        }
        assert "${{" not in step["run"]
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=workspace,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=300,
        )
        log += done.stdout.decode("utf-8", "replace")
        if "id" in step:
            scope.update({f"steps.{step['id']}.outputs.{k}": v for k, v in _read_outputs(output).items()})
        if done.returncode != 0:
            ok = False
            break
    outputs = {name: _expand(spec["value"], scope) for name, spec in ACTION["outputs"].items()}
    return Outcome(ok, outputs, log, summary.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def runner_temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runner's folder for temporary files, in which the install step of the action has really run."""
    folder, scratch = tmp_path_factory.mktemp("runner"), tmp_path_factory.mktemp("install")
    empty = tmp_path_factory.mktemp("empty")
    outcome = run_action(empty, folder, scratch, install=True)
    assert outcome.ok, outcome.log
    return folder


@pytest.fixture
def secret() -> str:
    """A value with the shape of a Stripe secret key, made here."""
    return "sk_" + "live_" + "".join(random.Random(11).choices(string.ascii_letters + string.digits, k=24))


def _commit(workspace: Path, name: str, text: str) -> None:
    (workspace / name).write_text(text, encoding="utf-8")
    for arguments in (["add", "."], ["commit", "--quiet", "-m", "Change"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=workspace, check=True)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with one commit and nothing to find."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    _commit(folder, "clean.py", "print('hello')\n")
    return folder


def _sarif(workspace: Path, outcome: Outcome) -> dict[str, Any]:
    run: dict[str, Any] = json.loads((workspace / outcome.outputs["sarif-file"]).read_text(encoding="utf-8"))
    return run["runs"][0]


def test_a_clean_repository_passes(workspace: Path, runner_temp: Path, tmp_path: Path) -> None:
    outcome = run_action(workspace, runner_temp, tmp_path)
    assert outcome.ok, outcome.log
    assert outcome.outputs == {
        "findings": "0",
        "sarif-file": "keylint.sarif",
        "exit-code": "0",
        "complete": "true",
    }
    assert _sarif(workspace, outcome)["results"] == []
    assert "no findings" in outcome.summary


def test_a_planted_key_fails_the_job_after_everything_is_written(
    workspace: Path, runner_temp: Path, tmp_path: Path, secret: str
) -> None:
    (workspace / "app.py").write_text(f"KEY = '{secret}'\n", encoding="utf-8")
    outcome = run_action(workspace, runner_temp, tmp_path)
    assert not outcome.ok
    assert outcome.outputs == {
        "findings": "1",
        "sarif-file": "keylint.sarif",
        "exit-code": "1",
        "complete": "true",
    }
    (result,) = _sarif(workspace, outcome)["results"]
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app.py"
    assert re.search(r"^::error .*file=app\.py,line=1", outcome.log, re.M)
    assert "app.py:1" in outcome.summary
    assert secret not in outcome.everything
    assert secret not in (workspace / "keylint.sarif").read_text(encoding="utf-8")


def test_fail_on_never_reports_and_passes(
    workspace: Path, runner_temp: Path, tmp_path: Path, secret: str
) -> None:
    (workspace / "app.py").write_text(f"KEY = '{secret}'\n", encoding="utf-8")
    outcome = run_action(workspace, runner_temp, tmp_path, fail_on="never")
    assert outcome.ok
    assert (outcome.outputs["findings"], outcome.outputs["exit-code"]) == ("1", "0")


def test_annotations_and_summary_can_be_switched_off(
    workspace: Path, runner_temp: Path, tmp_path: Path, secret: str
) -> None:
    (workspace / "app.py").write_text(f"KEY = '{secret}'\n", encoding="utf-8")
    outcome = run_action(workspace, runner_temp, tmp_path, annotations="false", summary="false")
    assert outcome.outputs["findings"] == "1"
    assert "::" not in outcome.log
    assert outcome.summary == ""


def test_a_bundle_is_scanned_although_it_is_ignored(
    workspace: Path, runner_temp: Path, tmp_path: Path, secret: str
) -> None:
    (workspace / ".gitignore").write_text("dist/\n", encoding="utf-8")
    (workspace / "dist").mkdir()
    (workspace / "dist" / "app.js").write_text(f"const key = '{secret}'\n", encoding="utf-8")
    assert run_action(workspace, runner_temp, tmp_path).outputs["findings"] == "0"
    outcome = run_action(workspace, runner_temp, tmp_path, mode="bundle", path="dist")
    assert outcome.outputs["findings"] == "1"


def test_a_key_that_was_taken_out_is_found_in_the_history(
    workspace: Path, runner_temp: Path, tmp_path: Path, secret: str
) -> None:
    _commit(workspace, "app.py", f"KEY = '{secret}'\n")
    _commit(workspace, "app.py", "KEY = load()\n")
    assert run_action(workspace, runner_temp, tmp_path).outputs["findings"] == "0"
    outcome = run_action(workspace, runner_temp, tmp_path, mode="history")
    assert outcome.outputs["findings"] == "1"
    assert re.search(r"^::error title=", outcome.log, re.M), "no line of today to annotate"
    assert secret not in outcome.everything


def test_a_range_tells_only_what_its_commits_add(
    workspace: Path, runner_temp: Path, tmp_path: Path, secret: str
) -> None:
    _commit(workspace, "app.py", f"KEY = '{secret}'\n")
    _commit(workspace, "other.py", "pass\n")
    outcome = run_action(workspace, runner_temp, tmp_path, mode="history", range="HEAD~1..HEAD")
    assert (outcome.ok, outcome.outputs["findings"]) == (True, "0")
    outcome = run_action(workspace, runner_temp, tmp_path, mode="history", range="HEAD~2..HEAD")
    assert (outcome.ok, outcome.outputs["findings"]) == (False, "1")


def test_the_cache_of_a_job_serves_the_next_one(
    workspace: Path, runner_temp: Path, tmp_path: Path, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("KEYLINT_CACHE_DIR", str(cache))
    _commit(workspace, "app.py", f"KEY = '{secret}'\n")
    first = run_action(workspace, runner_temp, tmp_path, mode="history")
    kept = {file.name.partition("-")[0] for file in cache.iterdir()}
    assert {"rules", "clean", "found"} <= kept
    again = run_action(workspace, runner_temp, tmp_path, mode="history")
    assert again.outputs == first.outputs
    assert not any(secret.encode() in file.read_bytes() for file in cache.iterdir())


@pytest.mark.parametrize(
    "name",
    ["::error::x.py", "a\n::set-output name=findings::9\nb.py", "100%25,line=9.py", "a|b`c<script>.py"],
)
def test_a_file_name_cannot_write_commands_outputs_or_markup(
    workspace: Path, runner_temp: Path, tmp_path: Path, secret: str, name: str
) -> None:
    (workspace / name).write_text(f"KEY = '{secret}'\n", encoding="utf-8")
    outcome = run_action(workspace, runner_temp, tmp_path)
    assert outcome.outputs["findings"] == "1"
    commands = [line for line in outcome.log.splitlines() if line.lstrip().startswith("::")]
    assert len(commands) == 1
    assert commands[0].startswith("::error ")
    rows = [line for line in outcome.summary.splitlines() if line.startswith("| exposed | ")][1:]
    assert len(rows) == 1
    assert rows[0].count(" | ") == 4
    assert "<script>" not in outcome.summary
    assert secret not in outcome.everything


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "everything"},
        {"range": "HEAD~1..HEAD"},
        {"mode": "history", "range": "missing..HEAD"},
        {"mode": "history", "range": "--output=injected"},
        {"mode": "history", "range": "..HEAD"},
        {"mode": "history", "range": "0" * 40 + "..HEAD"},
        {"path": ""},
        {"path": "missing"},
        {"sarif_file": ""},
        {"sarif_file": "a\nfindings=0"},
        {"fail_on": "sometimes"},
        {"config": "missing.toml"},
        {"inventory": "missing.json"},
        {"path": "--version"},
        {"path": "$(touch injected)"},
    ],
)
def test_a_wrong_input_fails_with_one_line_and_no_report(
    workspace: Path, runner_temp: Path, tmp_path: Path, given: dict[str, str]
) -> None:
    outcome = run_action(workspace, runner_temp, tmp_path, **given)
    assert not outcome.ok
    assert outcome.outputs == {"findings": "", "sarif-file": "", "exit-code": "2", "complete": "false"}
    assert len(outcome.log.splitlines()) == 1
    assert "Traceback" not in outcome.log
    assert not (workspace / "injected").exists()


def test_a_path_with_spaces_and_several_inventories_are_passed_whole(
    workspace: Path, runner_temp: Path, tmp_path: Path, secret: str
) -> None:
    folder = workspace / "two words; echo"
    folder.mkdir()
    (folder / "app.py").write_text(f"KEY = '{secret}'\n", encoding="utf-8")
    outcome = run_action(
        workspace, runner_temp, tmp_path, path="two words; echo", inventory="one.json\ntwo.json\n"
    )
    assert outcome.outputs["exit-code"] == "2"
    assert "one.json" in outcome.log
    outcome = run_action(workspace, runner_temp, tmp_path, path="two words; echo", sarif_file="out put.sarif")
    assert (outcome.outputs["findings"], outcome.outputs["sarif-file"]) == ("1", "out put.sarif")


def test_a_report_of_an_earlier_step_is_not_taken_for_this_one(
    workspace: Path, runner_temp: Path, tmp_path: Path
) -> None:
    (workspace / "keylint.sarif").write_text("{}", encoding="utf-8")
    outcome = run_action(workspace, runner_temp, tmp_path, path="missing")
    assert outcome.outputs["sarif-file"] == ""
    assert not (workspace / "keylint.sarif").exists()


def test_a_report_that_cannot_be_written_is_a_wrong_input(
    workspace: Path, runner_temp: Path, tmp_path: Path
) -> None:
    outcome = run_action(workspace, runner_temp, tmp_path, sarif_file="missing/a.sarif")
    assert not outcome.ok
    assert outcome.outputs == {"findings": "", "sarif-file": "", "exit-code": "2", "complete": "false"}
    assert len(outcome.log.splitlines()) == 1
    assert "::error::keylint action: the input sarif-file cannot be written" in outcome.log


def test_inputs_reach_scripts_through_the_environment_only_and_are_documented() -> None:
    text = (ROOT / "docs" / "github-action.md").read_text(encoding="utf-8")
    for name in [*ACTION["inputs"], *ACTION["outputs"]]:
        assert f"| `{name}` |" in text
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
        assert "uses" not in step
