"""Git is run safely, on the right repository, and its refusals become clear errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keylint.errors import SourceError
from keylint.sources.files import FileSource
from keylint.sources.gitrepo import (
    ForeignRepositoryError,
    GitMissingError,
    GitRepo,
    NotARepositoryError,
    is_tracked,
    user_excludes,
)
from keylint.sources.staged import StagedSource
from tests.helpers.repo import Repo, clean_environment
from tests.sources.reading import contents, items


def trap(tmp_path: Path) -> tuple[Path, Path]:
    """A program that leaves a marker, and the marker."""
    marker = tmp_path / "sprung"
    program = tmp_path / "trap.sh"
    program.write_text(f"#!/bin/sh\necho sprung >> '{marker}'\ncat\n")
    program.chmod(0o755)
    return program, marker


TRAPS = {
    "fsmonitor": [("core.fsmonitor", "{program}")],
    "pager": [("core.pager", "{program}"), ("pager.ls-files", "{program}"), ("pager.cat-file", "true")],
    "external diff": [("diff.external", "{program}")],
    "diff driver": [("diff.evil.command", "{program}"), ("diff.evil.textconv", "{program}")],
    "filter": [("filter.evil.clean", "{program}"), ("filter.evil.smudge", "{program}"),
               ("filter.evil.process", "{program}"), ("filter.evil.required", "true")],
    "alias": [("alias.ls-files", "!{program}"), ("alias.cat-file", "!{program}")],
    "ssh": [("core.sshCommand", "{program}"), ("core.gitProxy", "{program}"), ("core.askPass", "{program}")],
    "signature": [("log.showSignature", "true"), ("gpg.program", "{program}")],
    "credential": [("credential.helper", "!{program}")],
    "editor": [("core.editor", "{program}"), ("sequence.editor", "{program}")],
    "alternate refs": [("core.alternateRefsCommand", "{program}")],
    "promisor": [("extensions.partialClone", "origin"), ("remote.origin.promisor", "true"),
                 ("remote.origin.url", "ext::{program}"), ("protocol.ext.allow", "always"),
                 ("remote.origin.uploadpack", "{program}"), ("core.repositoryFormatVersion", "1")],
}  # fmt: skip


def scan_everything(repo: Repo) -> None:
    """Every way in which a repository can be read here."""
    contents(FileSource(str(repo.path)))
    items(StagedSource(str(repo.path)))
    found = GitRepo.discover(str(repo.path))
    found.facts()
    found.is_partial()
    found.attempt("log", "--all", "--raw", "-m", "--format=%H")


@pytest.mark.parametrize("settings", TRAPS.values(), ids=TRAPS)
def test_programs_named_by_the_repository_never_run(
    repo: Repo, tmp_path: Path, settings: list[tuple[str, str]]
) -> None:
    program, marker = trap(tmp_path)
    repo.commit({"a.txt": "one\n", ".gitattributes": "* filter=evil diff=evil\n", "b/c.txt": "two\n"})
    repo.write("a.txt", "changed\n")
    repo.stage("a.txt")
    repo.write("new.txt")
    lost = repo.git("rev-parse", ":a.txt")
    (repo.path / ".git/objects" / lost[:2] / lost[2:]).unlink()
    for name, value in settings:
        repo.git("config", name, value.format(program=program))
    scan_everything(repo)
    assert not marker.exists()


def test_a_trap_would_spring_without_the_safe_settings(repo: Repo, tmp_path: Path) -> None:
    program, marker = trap(tmp_path)
    repo.commit({"a.txt": "one\n"})
    repo.git("config", "core.fsmonitor", str(program))
    repo.git("status")
    assert marker.exists()


def test_hooks_of_the_repository_never_run(repo: Repo, tmp_path: Path) -> None:
    program, marker = trap(tmp_path)
    repo.commit({"a.txt": "one\n"})
    for hook in ("post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        target = repo.path / ".git/hooks" / hook
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(program.read_bytes())
        target.chmod(0o755)
    repo.git("config", "core.hooksPath", str(repo.path / ".git/hooks"))
    marker.unlink(missing_ok=True)
    scan_everything(repo)
    assert not marker.exists()


def test_settings_from_an_included_file_are_overridden_too(repo: Repo, tmp_path: Path) -> None:
    program, marker = trap(tmp_path)
    repo.commit({"a.txt": "one\n"})
    repo.write("evil.config", f"[core]\n\tfsmonitor = {program}\n")
    repo.git("config", "include.path", "../evil.config")
    scan_everything(repo)
    assert not marker.exists()


def test_a_work_tree_elsewhere_is_not_followed(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.txt": "inside\n"})
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim/private.txt").write_text("private\n")
    repo.git("config", "core.worktree", str(tmp_path / "victim"))
    assert contents(FileSource(str(repo.path))) == {"a.txt": b"inside\n"}
    with pytest.raises(NotARepositoryError, match=r"core\.worktree"):
        StagedSource(str(repo.path))


def test_the_top_level_is_found_from_a_subfolder(repo: Repo) -> None:
    repo.commit({"a/b/c.txt": "x"})
    found = GitRepo.discover(str(repo.path / "a/b"))
    assert found.top == str(repo.path)
    assert found.relative(str(repo.path / "a/b")) == "a/b"


def test_a_folder_that_is_gone_belongs_to_the_repository_around_it(repo: Repo) -> None:
    assert GitRepo.discover(str(repo.path / "gone/deep")).top == str(repo.path)


def test_a_folder_outside_any_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotARepositoryError, match="not a git repository"):
        GitRepo.discover(str(tmp_path))


def test_the_git_folder_itself_is_not_a_work_tree(repo: Repo) -> None:
    with pytest.raises(NotARepositoryError):
        GitRepo.discover(str(repo.path / ".git"))


def test_a_bare_repository_has_no_top(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    Repo(bare, init=False).git("init", "-q", "--bare")
    found = GitRepo.discover(str(bare))
    assert (found.top, found.git_dir) == ("", str(bare))


def test_a_missing_git_is_named_with_a_remedy(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo.path))
    with pytest.raises(GitMissingError, match="install git"):
        GitRepo.discover(str(repo.path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_owner_is_refused_with_the_remedy(repo: Repo) -> None:
    os.chown(repo.path, 12345, 12345)
    os.chown(repo.path / ".git", 12345, 12345)
    with pytest.raises(ForeignRepositoryError, match=r"safe\.directory"):
        GitRepo.discover(str(repo.path))


def test_an_owner_that_git_distrusts_is_refused_with_the_remedy(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(ForeignRepositoryError, match=r"safe\.directory"):
        GitRepo.discover(str(repo.path))


def test_a_broken_configuration_is_reported_in_one_line(repo: Repo) -> None:
    (repo.path / ".git/config").write_text("[core\n")
    with pytest.raises(SourceError, match="bad config") as caught:
        GitRepo.discover(str(repo.path))
    assert "\n" not in str(caught.value)


def test_variables_of_another_repository_are_ignored(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repo(tmp_path / "other")
    other.commit({"other.txt": "other\n"})
    repo.write("mine.txt", "mine\n")
    repo.stage()
    monkeypatch.chdir(other.path)
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git/index"))
    assert contents(StagedSource(str(repo.path))) == {"mine.txt": b"mine\n"}


def test_variables_of_this_repository_are_honoured(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a.txt": "old\n", "b.txt": "old\n"})
    repo.git("read-tree", "HEAD", env={"GIT_INDEX_FILE": ".git/other-index"})
    repo.write("a.txt", "new\n")
    repo.git("add", "a.txt", env={"GIT_INDEX_FILE": ".git/other-index"})
    repo.write("b.txt", "not in that index\n")
    repo.stage("b.txt")
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other-index")
    assert contents(StagedSource(".")) == {"a.txt": b"new\n"}
    monkeypatch.setenv("GIT_DIR", ".git")
    assert contents(StagedSource(".")) == {"a.txt": b"new\n"}
    monkeypatch.chdir(repo.path / ".git")
    monkeypatch.delenv("GIT_DIR")
    assert contents(StagedSource(str(repo.path))) == {"b.txt": b"not in that index\n"}


def test_a_repository_that_only_the_environment_names_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "dotfiles"
    place.mkdir()
    env = {"GIT_DIR": str(tmp_path / "dots.git"), "GIT_WORK_TREE": str(place)}
    files = Repo(place, init=False)
    files.git("init", "-q", env=env)
    files.write(".profile", "export A=1\n")
    files.git("add", ".profile", env=env)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place)
    assert contents(StagedSource(".")) == {".profile": b"export A=1\n"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:token@example.com:8443/org/app.git?access=1#x", "https://example.com:8443/org/app.git"),
        ("git@example.com:org/app.git", "ssh://example.com/org/app.git"),
        ("ssh://git@example.com/org/app.git", "ssh://example.com/org/app.git"),
        ("/srv/git/app.git", ""),
        ("file:///srv/git/app.git", ""),
        ("https://[broken/app", ""),
    ],
)
def test_the_remote_is_told_without_user_information(repo: Repo, url: str, shown: str) -> None:
    repo.git("remote", "add", "origin", url)
    assert GitRepo.discover(str(repo.path)).facts().remote == shown


def test_facts_name_revision_and_branch(repo: Repo) -> None:
    revision = repo.commit({"a.txt": "x"})
    facts = GitRepo.discover(str(repo.path)).facts()
    assert (facts.revision, facts.branch) == (revision, "main")
    repo.git("checkout", "-q", "--detach")
    assert GitRepo.discover(str(repo.path)).facts().branch == ""


def test_facts_of_a_repository_without_commits_are_empty(repo: Repo) -> None:
    facts = GitRepo.discover(str(repo.path)).facts()
    assert (facts.remote, facts.revision, facts.branch) == ("", "", "main")


def test_partial_and_shallow_clones_are_recognised(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.txt": "1"})
    repo.commit({"a.txt": "2"})
    assert not GitRepo.discover(str(repo.path)).is_partial()
    repo.git("config", "uploadpack.allowFilter", "true")
    url = repo.path.as_uri()
    repo.git("clone", "-q", "--filter=blob:none", url, str(tmp_path / "partial"))
    assert GitRepo.discover(str(tmp_path / "partial")).is_partial()
    repo.git("clone", "-q", "--depth=1", url, str(tmp_path / "shallow"))
    shallow = GitRepo.discover(str(tmp_path / "shallow"))
    assert shallow.shallow and not shallow.is_partial()


def test_the_users_excludes_file_is_found(own_home: Path) -> None:
    assert user_excludes() == str(own_home / ".config/git/ignore")
    (own_home / ".gitconfig").write_text("[core]\n\texcludesFile = ~/my ignores\n")
    assert user_excludes() == str(own_home / "my ignores")


def test_scanning_does_not_import_gitpython(repo: Repo) -> None:
    repo.write("a.txt")
    code = (
        "import sys; from keylint.sources.files import FileSource; from keylint.sources.staged import "
        "StagedSource; list(FileSource('.').items()); list(StagedSource('.').items()); "
        "StagedSource('.').repository(); "
        "sys.exit('git' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repo.path, env=clean_environment(), check=False)
    assert done.returncode == 0


def test_tracked_files_are_told_from_others(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"sub/a.txt": "a"})
    repo.write("sub/b.txt")
    assert is_tracked(str(repo.path / "sub/a.txt"))
    assert not is_tracked(str(repo.path / "sub/b.txt"))
    assert not is_tracked(str(tmp_path / "anything"))
    assert not is_tracked(str(repo.path / ".git/config"))


@pytest.mark.parametrize("number", [3, 3000])
def test_git_answers_few_and_many_questions(repo: Repo, number: int) -> None:
    repo.commit({"a": "x\n"})
    asked = b"HEAD:a\nHEAD:gone\n" * number
    done = GitRepo.discover(str(repo.path)).attempt("cat-file", "--batch-check=%(objecttype)", stdin=asked)
    assert (done.returncode, done.stdout) == (0, b"blob\nHEAD:gone missing\n" * number)


def test_git_says_what_it_refuses_whatever_the_number_of_questions(repo: Repo) -> None:
    found = GitRepo.discover(str(repo.path))
    for number in (1, 10_000):
        done = found.attempt("cat-file", "--no-such-option", stdin=b"HEAD\n" * number)
        assert done.returncode != 0
        assert b"no-such-option" in done.stderr
