"""What lies at a path in a commit is what git says, however many commits are asked about at once."""

from __future__ import annotations

import hashlib
import random
import zlib
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
    common = [name for name in NAMES if rng.random() < 0.8]  # most commits are asked about the same paths
    places = {commit: rng.choice([common, common, rng.sample(NAMES, 3)]) for commit in commits}
    told = {
        commit: {name: told_by_git(repo, commit, name) for name in names} for commit, names in places.items()
    }
    asked = {commit: [name.encode() for name in names] for commit, names in places.items()}
    got = blobs_at(GitRepo.discover(str(repo.path)), asked)
    assert got == {
        commit: {name.encode(): blob for name, blob in blobs.items() if blob}
        for commit, blobs in told.items()
    }
    assert any(got.values())
    assert not all(all(blobs.values()) for blobs in told.values())


def test_trees_that_are_gone_hold_nothing_and_the_others_are_read(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    commits = [repo.commit({"a/x": f"{n}\n", "b/x": "same\n"}) for n in range(3)]
    gone = repo.git("rev-parse", f"{commits[1]}:a").strip()
    (repo.path / ".git" / "objects" / gone[:2] / gone[2:]).unlink()
    places = dict.fromkeys((*commits, "f" * 40), (b"a/x", b"b/x"))
    got = blobs_at(GitRepo.discover(str(repo.path)), places)
    assert [sorted(blobs) for blobs in got.values()] == [[b"a/x", b"b/x"], [b"b/x"], [b"a/x", b"b/x"], []]


def test_folders_may_lie_deep(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    blob = tree = store(repo, b"blob", b"x\n")
    for mode, name in [(b"100644", b"x"), *[(b"40000", b"d")] * 1500]:
        tree = store(repo, b"tree", mode + b" " + name + b"\0" + bytes.fromhex(tree))
    path = b"d/" * 1500 + b"x"
    got = blobs_at(GitRepo.discover(str(repo.path)), {tree: [path, b"d/x"]})
    assert got == {tree: {path: blob.encode()}}


def store(repo: Repo, kind: bytes, content: bytes) -> str:
    """Write a loose object; its id."""
    whole = kind + b" %d\0" % len(content) + content
    name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    file = repo.path / ".git" / "objects" / name[:2] / name[2:]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(zlib.compress(whole))
    return name


def test_nothing_is_asked_about_no_places(tmp_path: Path) -> None:
    assert blobs_at(GitRepo.discover(str(Repo(tmp_path / "r").path)), {}) == {}
