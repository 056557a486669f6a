"""Compare with a slow and obvious reference on random repositories."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
import regex

from tests.helpers.repo import Repo, clean_environment
from tests.history.harness import PATTERN, scan, token

_SEARCH = regex.compile(PATTERN.encode())


class Author:
    """Makes a random history."""

    def __init__(self, repo: Repo, seed: int) -> None:
        self.repo = repo
        self.random = random.Random(seed)
        self.clock = 1_700_000_000
        self.seed = seed * 1000

    def git(self, *arguments: str, check: bool = True) -> str:
        self.clock += 60
        date = f"{self.clock} +0000"
        env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        return self.repo.git(*arguments, env=env, check=check)

    def write(self, times: int = 1) -> None:
        for _ in range(times):
            path = self.repo.path / self.random.choice(("a", "b", "dir/c", "dir/d"))
            path.parent.mkdir(exist_ok=True)
            lines = path.read_text().splitlines() if path.exists() else []
            if lines and self.random.random() < 0.4:
                del lines[self.random.randrange(len(lines))]
            text = token(self.seed + self.random.randrange(30)) if self.random.random() < 0.6 else "plain"
            lines.insert(self.random.randrange(len(lines) + 1), f"{text} {self.random.randrange(99)}")
            path.write_text("\n".join(lines) + "\n")

    def commit(self) -> None:
        self.write(self.random.randrange(1, 3))
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")

    def rename(self) -> None:
        names = self.git("ls-files").split()
        if names:
            self.git("mv", self.random.choice(names), f"moved{self.random.randrange(1000)}")
            self.git("commit", "-q", "-m", "rename")

    def delete(self) -> None:
        names = self.git("ls-files").split()
        if len(names) > 1:
            self.git("rm", "-q", "-f", self.random.choice(names))
            self.git("commit", "-q", "-m", "delete")

    def stash(self) -> None:
        self.write()
        self.git("stash", "-q", "--include-untracked", check=False)

    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def branch(self) -> None:
        self.git("switch", "-q", "-c", f"side{self.random.randrange(10**6)}")

    def switch(self) -> None:
        self.git("switch", "-q", self.random.choice(self.branches()), check=False)  # files may be in the way

    def merge(self) -> None:
        others = self.branches()
        chosen = self.random.sample(others, min(len(others), self.random.choice((1, 1, 2))))
        self.git("merge", "-q", "--no-ff", "--no-commit", *chosen, check=False)
        for name in ("a", "b", "dir/c", "dir/d"):  # conflicts stay in, as text
            if (self.repo.path / name).exists() and self.random.random() < 0.2:
                self.write()
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "merge")

    def pick(self) -> None:
        self.git("cherry-pick", self.random.choice(self.branches()), check=False)
        self.git("cherry-pick", "--abort", check=False)
        self.git("reset", "-q", "--hard")

    def drop(self) -> None:
        others = [name for name in self.branches() if name != self.git("branch", "--show-current")]
        if others:
            self.git("branch", "-q", "-D", self.random.choice(others))

    def work(self, steps: int) -> None:
        self.commit()
        kinds = (
            self.commit,
            self.commit,
            self.rename,
            self.delete,
            self.stash,
            self.branch,
            self.switch,
            self.merge,
            self.pick,
            self.drop,
        )
        for _ in range(steps):
            self.random.choice(kinds)()


def reachable_values(path: Path) -> set[str]:
    """Every value in every blob that git calls reachable."""
    listed = output(path, "rev-list", "--objects", "--all", "--reflog")
    found: set[str] = set()
    for row in listed.splitlines():
        name = row.split(b" ")[0].decode()
        if output(path, "cat-file", "-t", name) == b"blob\n":
            found.update(m.decode() for m in _SEARCH.findall(output(path, "cat-file", "blob", name)))
    return found


def output(path: Path, *arguments: str) -> bytes:
    done = subprocess.run(
        ["git", *arguments], cwd=path, env=clean_environment(), capture_output=True, check=True
    )
    return done.stdout


def holders(path: Path, commit: str) -> dict[str, set[str]]:
    """File -> the values in it, at one commit."""
    found = {}
    for name in output(path, "ls-tree", "-r", "--name-only", commit).decode().splitlines():
        content = output(path, "cat-file", "blob", f"{commit}:{name}")
        found[name] = {m.decode() for m in _SEARCH.findall(content)}
    return found


@pytest.mark.parametrize("seed", range(6))
def test_random_histories_give_what_a_slow_search_gives(tmp_path: Path, seed: int) -> None:
    repo = Repo(tmp_path / "repo")
    Author(repo, seed).work(25)
    result = scan(repo.path)
    assert result.values == reachable_values(repo.path)
    assert not result.skipped
    commits = output(repo.path, "rev-list", "--date-order", "--all", "--reflog").decode().split()
    at = {commit: holders(repo.path, commit) for commit in commits}
    head = holders(repo.path, "HEAD")
    tips = {
        row.split(" ")[1]: row.split(" ")[0]
        for row in repo.git("for-each-ref", "--format=%(objectname) %(refname:short)", "refs/heads").split(
            "\n"
        )
    }
    for (value, path), file in result.files.items():
        holding = [c for c in commits if any(value in values for values in at[c].values())]
        assert file.first in holding and file.last in holding
        assert file.sighting.in_head == (value in head.get(path, set()))
        for branch in file.sighting.branches:
            assert any(value in values for values in at[tips[branch]].values())
    for value in result.values:
        holding = [c for c in commits if any(value in values for values in at[c].values())]
        firsts = {file.first for (found, _), file in result.files.items() if found == value}
        assert holding[-1] in firsts, "the very first commit that held a key begins one of its files"
        in_head = {path for path, values in head.items() if value in values}
        told = {
            path for (found, path), file in result.files.items() if found == value and file.sighting.in_head
        }
        assert told == in_head


@pytest.mark.parametrize("seed", range(100, 104))
def test_linear_histories_name_the_first_and_the_last_commit_of_every_file(tmp_path: Path, seed: int) -> None:
    repo = Repo(tmp_path / "repo")
    author = Author(repo, seed)
    for _ in range(15):
        author.commit()
    commits = output(repo.path, "rev-list", "HEAD").decode().split()  # newest first
    at = {commit: holders(repo.path, commit) for commit in commits}
    for (value, path), file in scan(repo.path).files.items():
        paths = {place.origin.path for place in file.places}
        holding = [c for c in commits if any(value in at[c].get(p, set()) for p in paths)]
        assert (file.first, file.last) == (holding[-1], holding[0]), path
