"""The log of a repository, read in whatever pieces it comes."""

from __future__ import annotations

import os
from contextlib import closing

import pytest

from keylint.errors import SourceError
from keylint.sources import gitlog
from keylint.sources.gitlog import LogChange, RawLog
from keylint.sources.gitrepo import GitRepo
from tests.helpers.repo import Repo

NAMES = ("a", ":b", "\x01c", "\n:d", " e ", ":100644 100644 f M", "\udcff", "\x02")


@pytest.fixture
def history(repo: Repo) -> Repo:
    for number, name in enumerate(NAMES):
        repo.commit({name: f"{number}\n"})
    repo.git("checkout", "-q", "-b", "other", "HEAD~3")
    repo.commit({"g": "g\n"})
    repo.commit()  # without a change
    repo.git("merge", "-q", "-m", "merge", "main")
    return repo


def read(repo: Repo) -> tuple[list[bytes], int, list[LogChange], list[str]]:
    with closing(RawLog(GitRepo.discover(str(repo.path)), ["--all"])) as log:
        ids = [name for found in log.stream() for name in found]
        changes = list(log.changes(set(ids)))
        assert list(log.changes(set(ids))) == changes
        return ids, log.commits, changes, [commit.id for commit in log.walked()]


def test_every_blob_comes_once_with_the_change_that_brought_it(history: Repo) -> None:
    ids, _, changes, walked = read(history)
    listed = history.git(
        "rev-list", "--all", "--objects", "--filter=object:type=blob", "--filter-provided-objects"
    )
    assert sorted(ids) == sorted({line[:40].encode() for line in listed.splitlines()})
    assert {os.fsdecode(change.path) for change in changes} == {*NAMES, "g"}
    assert walked == history.git("rev-list", "--all", "--date-order").splitlines()


@pytest.mark.parametrize(("chunk", "kept"), [(1, 1 << 20), (7, 200), (64, 0), (1 << 20, 0)])
def test_the_pieces_in_which_it_comes_do_not_matter(
    history: Repo, monkeypatch: pytest.MonkeyPatch, chunk: int, kept: int
) -> None:
    expected = read(history)
    monkeypatch.setattr(gitlog, "_CHUNK", chunk)
    monkeypatch.setattr(gitlog, "_KEPT", kept)
    assert read(history) == expected


@pytest.mark.parametrize("text", [b"x\0", b":100644\0a\0", b"\x01abc\0", b"fatal: no\0"])
def test_what_git_does_not_say_is_refused(text: bytes) -> None:
    with pytest.raises(SourceError, match="cannot be understood"):
        list(gitlog._Text(40).entries(text))


def test_a_commit_is_dated_by_who_committed_it_even_before_1970(repo: Repo) -> None:
    dates = {"GIT_AUTHOR_DATE": "1000000000 +0000", "GIT_COMMITTER_DATE": "1500000000 +0200"}
    repo.write("a")
    repo.stage("a")
    repo.git("commit", "-q", "-m", "one", env=dates)
    tree = repo.git("rev-parse", "HEAD^{tree}")
    old = f"tree {tree}\nauthor a <a@b> -5 +0000\ncommitter a <a@b> -5 +0000\n\nold\n"
    (repo.path / "text").write_text(old)
    name = repo.git("hash-object", "-t", "commit", "-w", "--literally", "text")
    repo.git("update-ref", "refs/heads/old", name)
    with closing(RawLog(GitRepo.discover(str(repo.path)), ["--all"])) as log:
        list(log.stream())
        dated = {commit.id: commit.committed for commit in log.walked()}
    assert dated[repo.git("rev-parse", "HEAD")] == 1_500_000_000
    assert dated[name] in (0, -5)  # as git reads it
