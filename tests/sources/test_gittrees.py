"""What lies at a path in a commit is what git says, however many commits are asked about at once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from keylint.sources.gitrepo import GitRepo
from keylint.sources.gittrees import blobs_at
from tests.helpers.repo import Repo

NAMES = ["a", "b", "a/a", "a/b", "a/b/c", "b/a/x", "b/a/y", "c d", "c/e\nf", "c/é", "-x", "a.b"]


def told_by_git(repo: Repo, commit: str, path: str) -> bytes:
    """The slow way: one question for each place."""
    kind = repo.git("cat-file", "-t", f"{commit}:{path}", check=False).strip()
    return repo.git("rev-parse", f"{commit}:{path}").strip().encode() if kind == "blob" else b""


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_many_places_are_what_git_says_of_each(tmp_path: Path, seed: int, object_format: str) -> None:
    rng = random.Random(seed)
    repo = Repo(tmp_path / "r", object_format=object_format)
    commits = []
    for _ in range(6):
        for name in repo.git("ls-files", "-z").split("\0")[:-1]:
            if rng.random() < 0.5:
                repo.rm(name)
        for name in rng.sample(NAMES, 5):
            place = repo.path / name
            if not place.is_dir() and not any(parent.is_file() for parent in place.parents):
                repo.write(name, f"{rng.randrange(9)}\n")
        repo.stage(".")
        commits.append(repo.commit())
    places = [(commit, name) for commit in commits for name in NAMES if rng.random() < 0.8]
    expected = [told_by_git(repo, commit, name) for commit, name in places]
    got = blobs_at(GitRepo.discover(str(repo.path)), [(commit, name.encode()) for commit, name in places])
    assert got == expected
    assert any(expected)
    assert not all(expected)


def test_trees_that_are_gone_hold_nothing_and_the_others_are_read(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    commits = [repo.commit({"a/x": f"{n}\n", "b/x": "same\n"}) for n in range(3)]
    gone = repo.git("rev-parse", f"{commits[1]}:a").strip()
    (repo.path / ".git" / "objects" / gone[:2] / gone[2:]).unlink()
    places = [(commit, path) for commit in (*commits, "f" * 40) for path in (b"a/x", b"b/x")]
    got = blobs_at(GitRepo.discover(str(repo.path)), places)
    assert [bool(blob) for blob in got] == [True, True, False, True, True, True, False, False]


def test_nothing_is_asked_about_no_places(tmp_path: Path) -> None:
    assert blobs_at(GitRepo.discover(str(Repo(tmp_path / "r").path)), []) == []
