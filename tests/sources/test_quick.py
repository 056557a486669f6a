"""The fast path says "clean" only where the full command would, and otherwise nothing."""

from __future__ import annotations

import os
import random
import shutil
import string
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from keylint import quick
from keylint.engine import Engine, extension
from keylint.rulecache import load_engine
from tests.helpers.repo import Repo, clean_environment

pytestmark = pytest.mark.skipif(
    extension.load() is None or not hasattr(os, "posix_spawnp"), reason="there is no fast path here"
)
ARGUMENTS = ["scan", "--staged"]
STRIPE = "sk_" + "live_" + "".join(random.Random(5).choices(string.ascii_letters + string.digits, k=24))
KEY = "xx" + str(UUID(int=0x5EC2E7_0BAD_4B1D_8F00_123456789ABC))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> tuple[Path, Engine]:
    """A cache folder that holds the compiled built-in rules."""
    folder = tmp_path_factory.mktemp("cache")
    shutil.copy2(compiled, folder)
    return folder, load_engine(cache_dir=str(folder))


@pytest.fixture(autouse=True)
def surroundings(cache: tuple[Path, Engine], repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYLINT_CACHE_DIR", str(cache[0]))
    repo.commit({"a.txt": "committed\n", "sub/b.txt": "b\n"})
    monkeypatch.chdir(repo.path)


def clean(arguments: list[str]) -> int | None:
    """0 where the quick look says that nothing could match."""
    seen = quick.look(arguments)
    return 0 if seen and seen.say() else None


def stage(repo: Repo, name: str = "a.txt", content: str | bytes = "changed\n") -> None:
    repo.write(name, content)
    repo.stage(name)


def test_a_harmless_change_is_clean(
    repo: Repo, cache: tuple[Path, Engine], capfd: pytest.CaptureFixture[str]
) -> None:
    stage(repo, content="x" * 1024)
    stage(repo, "new.bin", b"\x80\x81" * 512)
    assert clean(ARGUMENTS) == 0
    rules = len(cache[1].rules)
    assert capfd.readouterr().out == f"keylint: no findings in 2 files (2.0 KB, {rules:,} rules)\n"


def test_nothing_staged_is_clean(capfd: pytest.CaptureFixture[str]) -> None:
    assert clean(ARGUMENTS) == 0
    assert capfd.readouterr().out.startswith("keylint: no findings in 0 files (0 B, ")


@pytest.mark.parametrize("word", ["-q", "--quiet"])
def test_quiet_says_nothing(repo: Repo, capfd: pytest.CaptureFixture[str], word: str) -> None:
    stage(repo)
    assert clean([*ARGUMENTS, word, "."]) == 0
    assert capfd.readouterr().out == ""


def test_only_what_is_below_the_current_folder_counts(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stage(repo, "a.txt", f'key = "{KEY}"\n')
    stage(repo, "sub/b.txt", "harmless\n")
    monkeypatch.chdir(repo.path / "sub")
    assert clean([*ARGUMENTS, "."]) == 0
    assert "in 1 file " in capfd.readouterr().out
    assert clean(ARGUMENTS) is None


def test_the_index_that_the_hook_names_is_read(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stage(repo, "a.txt", f'key = "{KEY}"\n')
    repo.git("read-tree", "HEAD", env={"GIT_INDEX_FILE": ".git/next-index"})
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index")
    assert clean(ARGUMENTS) == 0
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert clean(ARGUMENTS) is None


@pytest.mark.parametrize(
    "content",
    [
        KEY.encode(),
        b"\n" * 5000 + f"token: {KEY}".encode(),
        f"Bearer {KEY}".encode("utf-16"),
        f"Bearer {KEY}".encode("utf-16-le"),
        b"x = 1  # keylint:" + b"allow",
        b"\0",
        os.urandom(5 << 20),
    ],
    ids=["key", "late key", "utf-16", "utf-16 without mark", "unused allow", "nul", "large"],
)
def test_other_content_is_left_to_the_full_command(
    repo: Repo, capfd: pytest.CaptureFixture[str], content: bytes
) -> None:
    stage(repo, "a.txt", content)
    assert clean(ARGUMENTS) is None
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["--staged"],
        ["bundle", "--staged"],
        ["scan", "--staged", "sub"],
        ["scan", "--staged", "--staged"],
        ["scan", "--staged", ".", "."],
        ["scan", "--staged", "-v"],
        ["scan", "--staged", "--format", "json"],
        ["scan", "--staged", "--help"],
        ["scan", "--staged", "--strict-allow"],
    ],
)
def test_other_arguments_are_left_to_the_full_command(arguments: list[str]) -> None:
    assert clean(arguments) is None


def plant_configuration(repo: Repo) -> None:
    repo.write("keylint.toml", "")


def plant_project_table(repo: Repo) -> None:
    repo.write("pyproject.toml", "[tool.keylint]\n")


def plant_other_work_tree(repo: Repo) -> None:
    repo.git("config", "core.worktree", "..")


def conflict(repo: Repo) -> None:
    repo.branch("side")
    repo.commit({"a.txt": "side\n"})
    repo.git("switch", "-q", "main")
    repo.commit({"a.txt": "main\n"})
    repo.merge("side", check=False)


def stage_submodule(repo: Repo) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD')},module")


def lose_object(repo: Repo) -> None:
    stage(repo)
    object_id = repo.git("rev-parse", ":a.txt")
    (repo.path / ".git/objects" / object_id[:2] / object_id[2:]).unlink()


def damage_object(repo: Repo) -> None:
    stage(repo)
    object_id = repo.git("rev-parse", ":a.txt")
    target = repo.path / ".git/objects" / object_id[:2] / object_id[2:]
    target.chmod(0o644)
    target.write_bytes(target.read_bytes()[:-6])


def pack_object(repo: Repo) -> None:
    stage(repo)
    repo.git("repack", "-q", "-a", "-d")
    repo.git("prune-packed")
    repo.git("gc", "-q", "--prune=now")


def damage_index(repo: Repo) -> None:
    (repo.path / ".git/index").write_bytes(b"garbage")


def lose_head(repo: Repo) -> None:
    repo.git("update-ref", "-d", "HEAD")


@pytest.mark.parametrize(
    "plant",
    [
        plant_configuration,
        plant_project_table,
        plant_other_work_tree,
        conflict,
        stage_submodule,
        lose_object,
        damage_object,
        pack_object,
        damage_index,
        lose_head,
    ],
)
def test_unusual_repositories_are_left_to_the_full_command(repo: Repo, plant: object) -> None:
    assert callable(plant)
    plant(repo)
    assert clean(ARGUMENTS) is None


def test_a_configuration_between_here_and_the_top_counts(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write("sub/keylint.toml", "")
    repo.write("sub/deep/c.txt")
    monkeypatch.chdir(repo.path / "sub/deep")
    assert clean(ARGUMENTS) is None


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"])
def test_another_place_in_the_environment_is_left_to_the_full_command(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(repo.path))
    assert clean(ARGUMENTS) is None


def test_outside_a_repository_and_inside_the_git_folder_it_has_no_answer(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert clean(ARGUMENTS) is None
    monkeypatch.chdir(repo.path / ".git/objects")
    assert clean(ARGUMENTS) is None


def test_without_a_cache_or_git_it_has_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("KEYLINT_CACHE_DIR", str(tmp_path / "empty"))
        assert clean(ARGUMENTS) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert clean(ARGUMENTS) is None


def test_programs_named_by_the_repository_never_run(repo: Repo, tmp_path: Path) -> None:
    marker = tmp_path / "sprung"
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "filter.evil.clean", "diff.evil.textconv"):
        repo.git("config", name, str(trap))
    stage(repo, ".gitattributes", "* filter=evil diff=evil\n")
    marker.unlink(missing_ok=True)
    assert clean(ARGUMENTS) == 0
    assert not marker.exists()


def test_no_process_and_no_descriptor_is_left(repo: Repo) -> None:
    before = len(os.listdir("/dev/fd"))
    for content in ("harmless\n", KEY):
        stage(repo, content=content)
        clean(ARGUMENTS)
    assert len(os.listdir("/dev/fd")) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("arguments", [ARGUMENTS, ["hook", "a.txt"]])
def test_it_imports_next_to_nothing(repo: Repo, cache: tuple[Path, Engine], arguments: list[str]) -> None:
    stage(repo)
    code = (
        "import sys; before = set(sys.modules); from keylint.quick import look; "
        f"assert look({arguments}).say(); print(*sorted(set(sys.modules) - before))"
    )
    env = clean_environment({"KEYLINT_CACHE_DIR": str(cache[0])})
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    heavy = {"click", "dataclasses", "enum", "typing", "re", "subprocess", "pathlib", "tomli", "regex", "git"}
    assert "keylint.quick" in loaded
    assert not loaded & {*heavy, "keylint.model", "keylint.errors", "collections", "functools"}


CONTENTS = [
    "harmless\n",
    f"key = {KEY}\n",
    f"key = {KEY}  # keylint:" + "allow\n",
    "x = 1  # keylint:" + "allow\n",
    "key = xx" + "0" * 8 + "-0000-0000-0000-" + "0" * 12 + "\n",
    "\0" + KEY,
]


@pytest.mark.parametrize(
    "arguments", [ARGUMENTS, [*ARGUMENTS, "."], [*ARGUMENTS, "-q"], ["hook"], ["hook", "a.txt"]]
)
@pytest.mark.parametrize("content", CONTENTS)
def test_the_command_says_the_same_with_and_without_it(
    repo: Repo, cache: tuple[Path, Engine], content: str, arguments: list[str]
) -> None:
    stage(repo, content=content)
    env = clean_environment({"KEYLINT_CACHE_DIR": str(cache[0])})
    full = f"import sys; from keylint.cli.app import run; sys.exit(run({arguments}))"
    expected, got = (
        subprocess.run([sys.executable, *words], env=env, capture_output=True, check=False)
        for words in (["-c", full], ["-m", "keylint", *arguments])
    )
    assert (got.returncode, got.stdout, got.stderr) == (expected.returncode, expected.stdout, expected.stderr)
    assert got.returncode in (0, 1)


def test_what_may_match_is_handed_on_with_its_path(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(repo, "sub/b.txt", KEY)
    for folder, arguments in ((".", ARGUMENTS), ("sub", ["hook", "b.txt"]), (".", ["hook", "sub/b.txt"])):
        monkeypatch.chdir(repo.path / folder)
        seen = quick.look(arguments)
        assert seen is not None
        assert seen.files == [("sub/b.txt", KEY.encode())]
        assert not seen.say()


def test_a_finding_is_reported_without_click_and_dataclasses(repo: Repo, cache: tuple[Path, Engine]) -> None:
    stage(repo, content="stripe = " + STRIPE)
    code = (
        "import os, sys; from keylint.__main__ import main\n"
        "def leave(status): print(int(status), *sys.modules, flush=True); raise SystemExit\n"
        f"os._exit = leave; sys.argv[1:] = {ARGUMENTS}; main()"
    )
    env = clean_environment({"KEYLINT_CACHE_DIR": str(cache[0])})
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    status, *loaded = done.stdout.splitlines()[-1].split()
    assert status == "1"
    heavy = {"click", "dataclasses", "inspect", "subprocess", "git", "rich", "tempfile"}
    assert not set(loaded) & heavy


@pytest.mark.parametrize(
    "word", ["-v", "--config=x", "missing.txt", "sub", "link", "./a.txt", "../r/a.txt", ".."]
)
def test_other_words_of_the_hook_are_left_to_the_full_command(repo: Repo, word: str) -> None:
    (repo.path / "link").symlink_to("a.txt")
    assert quick.look(["hook", word]) is None
    assert quick.look(["hook", "a.txt", word]) is None
    assert quick.look(["hook", "a.txt", "a.txt"]) is None
    assert quick.look(["hook", str(repo.path / "a.txt")]) is None


def test_the_hook_never_follows_a_link(repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "key.txt").write_text(KEY)
    (repo.path / "linked").symlink_to(outside)
    (repo.path / "pipe").unlink(missing_ok=True)
    os.mkfifo(repo.path / "pipe")
    assert quick.look(["hook", "linked/key.txt"]) is None
    assert quick.look(["hook", "pipe"]) is None


def test_the_hook_leaves_large_files_to_the_full_command(repo: Repo) -> None:
    repo.write("large.bin", b"x" * (5 << 20))
    assert quick.look(["hook", "large.bin"]) is None
