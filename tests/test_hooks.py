"""The pre-commit hook, run by the real pre-commit on real commits. One environment is built for all cases."""

from __future__ import annotations

import os
import random
import shutil
import string
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "src", "rules")

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Framework:
    """pre-commit with the hook's environment built: where its store is, and the hook's repository."""

    home: Path
    hook_repo: Path
    revision: str


@dataclass(frozen=True)
class Project:
    """A repository in which the hook is installed."""

    path: Path
    env: dict[str, str]

    def git(self, *arguments: str, status: int | None = 0) -> str:
        """Run git; returns what it said. Fails the test on another exit status than `status`, if given."""
        return _run(["git", *arguments], self.path, self.env, status)

    def pre_commit(self, *arguments: str, status: int) -> str:
        """Run pre-commit likewise."""
        return _run([sys.executable, "-m", "pre_commit", *arguments], self.path, self.env, status)

    def write(self, name: str, content: str) -> None:
        """Write a file of the working tree."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    def stage(self, name: str, content: str) -> None:
        """Write a file and add it to the index."""
        self.write(name, content)
        self.git("add", "--", name)

    def commits(self) -> int:
        """How many commits HEAD has."""
        listed = self.git("rev-list", "--count", "--all")
        return int(listed)


def _run(command: list[str], cwd: Path, env: dict[str, str], status: int | None) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert status is None or done.returncode == status, done.stdout
    return done.stdout


def _environment(home: Path) -> dict[str, str]:
    """What a person's shell has, with an identity, and with pre-commit's store in the folder `home`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    identity = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "A Person"), ("EMAIL", "person@example.com"))
    }
    return {
        **env,
        **identity,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(home),
        "PRE_COMMIT_COLOR": "never",
    }


@pytest.fixture(scope="session")
def framework(tmp_path_factory: pytest.TempPathFactory) -> Framework:
    """A copy of keylint as a hook repository with one commit, and its environment built by pre-commit."""
    hook_repo = tmp_path_factory.mktemp("keylint")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, hook_repo / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, hook_repo / name)
    home = tmp_path_factory.mktemp("pre-commit")
    env = _environment(home)
    _run(["git", "init", "--quiet"], hook_repo, env, 0)
    _run(["git", "add", "--all"], hook_repo, env, 0)
    _run(["git", "commit", "--quiet", "-m", "Release"], hook_repo, env, 0)
    revision = _run(["git", "rev-parse", "HEAD"], hook_repo, env, 0).strip()
    made = Framework(home, hook_repo, revision)
    first = tmp_path_factory.mktemp("first")
    _run(["git", "init", "--quiet"], first, env, 0)
    _configure(first, made)
    _run([sys.executable, "-m", "pre_commit", "install-hooks"], first, env, 0)
    return made


def _configure(folder: Path, framework: Framework, more: str = "    args: [--fail-on, error]\n") -> None:
    hook = f"- repo: {framework.hook_repo}\n  rev: {framework.revision}\n  hooks:\n  - id: keylint\n"
    config = f"repos:\n{hook}{more}"
    (folder / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")


@pytest.fixture
def empty_project(framework: Framework, tmp_path: Path) -> Project:
    """A repository without a commit, the hook installed."""
    path = tmp_path / "project"
    path.mkdir()
    project = Project(path, _environment(framework.home))
    project.git("init", "--quiet")
    _configure(path, framework)
    project.pre_commit("install", status=0)
    return project


@pytest.fixture
def project(empty_project: Project) -> Project:
    """A repository with one commit, the hook installed."""
    empty_project.stage("app.py", "print('hello')\n")
    empty_project.git("add", ".pre-commit-config.yaml")
    empty_project.git("commit", "-m", "Start")
    return empty_project


@pytest.fixture
def secret() -> str:
    """A value with the shape of a Stripe secret key, made here."""
    return "sk_" + "live_" + "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=24))


def _assert_blocked(output: str, secret: str, name: str) -> None:
    assert "Failed" in output
    assert name in output
    assert secret not in output


def test_a_staged_secret_blocks_the_commit_and_is_not_shown(project: Project, secret: str) -> None:
    project.stage("settings.py", f"KEY = '{secret}'\n")
    output = project.git("commit", "-m", "Add settings", status=1)
    _assert_blocked(output, secret, "settings.py")
    assert project.commits() == 1


def test_a_clean_commit_passes(project: Project) -> None:
    project.stage("other.py", "print('clean')\n")
    assert "Passed" in project.git("commit", "-m", "Add other")
    assert project.commits() == 2


def test_a_secret_that_is_not_staged_is_not_reported(project: Project, secret: str) -> None:
    project.stage("other.py", "print('clean')\n")
    project.write("app.py", f"KEY = '{secret}'\n")
    project.git("commit", "-m", "Add other")
    assert secret in (project.path / "app.py").read_text(encoding="utf-8")


def test_a_secret_staged_and_then_cleaned_in_the_working_tree_is_found(project: Project, secret: str) -> None:
    project.stage("app.py", f"KEY = '{secret}'\n")
    project.write("app.py", "print('hello')\n")
    _assert_blocked(project.git("commit", "-m", "Change", status=1), secret, "app.py")


def test_the_first_commit_of_a_repository_is_checked(empty_project: Project, secret: str) -> None:
    empty_project.git("add", ".pre-commit-config.yaml")
    empty_project.stage("app.py", f"KEY = '{secret}'\n")
    _assert_blocked(empty_project.git("commit", "-m", "Start", status=1), secret, "app.py")


def test_committing_one_path_checks_that_path_only(project: Project, secret: str) -> None:
    project.stage("leaky.py", f"KEY = '{secret}'\n")
    project.write("app.py", "print('changed')\n")
    project.git("commit", "-m", "Change app", "app.py")
    _assert_blocked(project.git("commit", "-m", "Add leaky", "leaky.py", status=1), secret, "leaky.py")


def test_all_files_and_a_range_check_what_is_committed(project: Project, secret: str) -> None:
    """As in CI: nothing is staged there, so a hook that reads the staged difference would find nothing."""
    project.stage("app.py", f"KEY = '{secret}'\n")
    project.git("commit", "--no-verify", "-m", "Leak")
    _assert_blocked(project.pre_commit("run", "--all-files", status=1), secret, "app.py")
    in_range = project.pre_commit("run", "--from-ref", "HEAD~1", "--to-ref", "HEAD", status=1)
    _assert_blocked(in_range, secret, "app.py")


@pytest.mark.parametrize("name", ["-v", "--staged", "@app.py", "two words.py", "quote'\"$(x).py"])
def test_a_file_of_any_name_is_checked(project: Project, secret: str, name: str) -> None:
    project.stage(name, f"KEY = '{secret}'\n")
    output = project.git("commit", "-m", "Add", status=1)
    _assert_blocked(output, secret, name)


def test_a_binary_file_is_checked(project: Project, secret: str) -> None:
    (project.path / "store.bin").write_bytes(b"\0\1\2" + secret.encode() + b"\0\xff")
    project.git("add", "store.bin")
    _assert_blocked(project.git("commit", "-m", "Add", status=1), secret, "store.bin")


def test_the_manifest_works_as_it_is(project: Project, framework: Framework, secret: str) -> None:
    """As `pre-commit try-repo` runs it, too, which builds an environment of its own first."""
    _configure(project.path, framework, more="")
    project.stage("app.py", f"KEY = '{secret}'\n")
    project.git("commit", "--no-verify", "-m", "Leak")
    _assert_blocked(project.pre_commit("run", "--all-files", status=1), secret, "app.py")


def test_the_manifest_and_its_undotted_twin_are_equal() -> None:
    dotted = (ROOT / ".pre-commit-hooks.yaml").read_bytes()
    assert dotted == (ROOT / "pre-commit-hooks.yaml").read_bytes()
    assert b"entry: keylint hook\n" in dotted
