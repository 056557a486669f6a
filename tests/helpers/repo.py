"""A real git repository in a temporary folder, the same on every machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_AUTHOR_DATE": "2024-05-01T12:00:00+00:00",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_COMMITTER_DATE": "2024-05-01T12:00:00+00:00",
    "LC_ALL": "C",
}


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what git reads, plus a fixed identity and date."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, **_FIXED, **(extra or {})}


class Repo:
    """A work tree at `path`, on branch `main`."""

    def __init__(self, path: Path, *, object_format: str = "sha1", init: bool = True) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        if init:
            self.git("init", "-q", "-b", "main", f"--object-format={object_format}")

    def git(self, *arguments: str, env: Mapping[str, str] | None = None, check: bool = True) -> str:
        """Run git in the work tree and return what it printed."""
        done = subprocess.run(
            ["git", "--literal-pathspecs", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.path,
            env=clean_environment(env),
            capture_output=True,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"git {arguments} failed: {done.stderr!r}")
        return os.fsdecode(done.stdout).rstrip("\n")

    def write(self, name: str, content: str | bytes = "content\n") -> Path:
        """Write a file, with its folders."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def stage(self, *names: str) -> None:
        """`git add`, ignored files included; everything if no name is given."""
        self.git("add", "-f", "--", *names) if names else self.git("add", "-A")

    def commit(self, files: Mapping[str, str | bytes] | None = None, message: str = "change") -> str:
        """Write and stage `files` (or take what is staged), commit, and return the commit's id."""
        for name, content in (files or {}).items():
            self.write(name, content)
            self.stage(name)
        self.git("commit", "-q", "--allow-empty", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD")

    def amend(self, files: Mapping[str, str | bytes]) -> str:
        """Rewrite the last commit with these files."""
        for name, content in files.items():
            self.write(name, content)
            self.stage(name)
        self.git("commit", "-q", "--amend", "--no-verify", "--no-edit")
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        """Create a branch here and switch to it."""
        self.git("switch", "-q", "-c", name)

    def merge(self, name: str, *, check: bool = True) -> None:
        """Merge a branch with a merge commit; with `check=False` a conflict is left as it is."""
        self.git("merge", "-q", "--no-ff", "--no-edit", name, check=check)

    def rm(self, *names: str) -> None:
        """Remove files from the work tree and the index."""
        if names:
            self.git("rm", "-q", "-f", "--", *names)
