"""Ignore rules outside git: never stricter than git's own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from keylint.sources.beneath import Beneath
from keylint.sources.excludes import Excludes
from keylint.sources.ignore import add_rules
from keylint.sources.walk import walk
from tests.helpers.repo import Repo

FILES = [
    "a.log",
    "b.txt",
    "build/a.log",
    "build/b.txt",
    "src/build/a.log",
    "src/b.txt",
    "src/a.tmp/b.txt",
    "d/e/f/b.txt",
]
PATTERNS = [
    *[
        "*.log",
        "build/",
        "/build",
        "!b.txt",
        "!*.log",
        "src/*",
        "**/f",
        "d/**",
        "*",
        "!*/",
        "a.*",
        "src/**/a.log",
        "#x",
        "!",
        "[ab].txt",
        "b.tx?",
    ],
    *["\\!b.txt", "/", "//", "[", "e/", "!src/"],
    "a.log ",
    "",
]


def walked(root: Path) -> set[str]:
    with Beneath(str(root)) as folder:
        return {str(path) for path in walk(folder, "", Excludes([]))}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(top=[], nested=["*", "!*/", "!b.txt"])
@example(top=["*", "!*/", "!b.txt"], nested=["a.tmp/"])
@given(
    top=st.lists(st.sampled_from(PATTERNS), max_size=4),
    nested=st.lists(st.sampled_from(PATTERNS), max_size=3),
)
def test_what_git_lists_is_walked_too(
    tmp_path_factory: pytest.TempPathFactory, top: list[str], nested: list[str]
) -> None:
    repo = Repo(tmp_path_factory.mktemp("rules"))
    for name in FILES:
        repo.write(name)
    repo.write(".gitignore", "\n".join(top))
    repo.write("src/.gitignore", "\n".join(nested))
    listed = repo.git("ls-files", "-z", "--others", "--exclude-standard").strip("\0").split("\0")
    assert {name for name in listed if name} <= walked(repo.path)


def test_common_rules_mean_the_same_as_in_git(repo: Repo) -> None:
    for name in FILES:
        repo.write(name)
    repo.write(".gitignore", "# comment\r\n*.log\n!build/a.log\n/src/build\n**/f/\n")
    listed = repo.git("ls-files", "--others", "--exclude-standard").split("\n")
    assert walked(repo.path) == set(listed)


def test_hostile_patterns_do_not_stop_the_scan() -> None:
    lines = ["*a" * 40 + "b", "/".join(["**/a"] * 12) + "/b", "*a*a*a*a*b", "*.log", "**/*.min.*"]
    rules = add_rules(None, "\n".join(lines).encode(), "")
    assert rules is not None
    started = time.perf_counter()
    assert not rules.ignores("a" * 255)
    assert not rules.ignores("/".join(["a"] * 100))
    assert rules.ignores("x.log") and rules.ignores("deep/x.min.js")
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("content", [None, b"", b"\n# only a comment\n", b"!\n"])
def test_a_file_without_rules_adds_none(content: bytes | None) -> None:
    rules = add_rules(None, content, "")
    assert rules is None or not rules.ignores("anything")


def test_a_byte_order_mark_is_not_part_of_the_first_pattern() -> None:
    rules = add_rules(None, b"\xef\xbb\xbf*.log\n", "")
    assert rules is not None and rules.ignores("a.log")


def test_an_ignore_file_that_is_a_link_or_huge_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x")
    (tmp_path / "elsewhere").write_text("*\n")
    (tmp_path / ".gitignore").symlink_to("elsewhere")
    assert "a.log" in walked(tmp_path)
    (tmp_path / ".gitignore").unlink()
    (tmp_path / ".gitignore").write_bytes(b"*.log\n" * 200_000)
    assert "a.log" in walked(tmp_path)
