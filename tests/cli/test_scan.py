"""`keylint scan` of folders, files and standard input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.cli import Completed, call_keylint, run_keylint
from tests.helpers.make import coveo_key
from tests.helpers.repo import Repo


def paths(done: Completed) -> list[str]:
    """The files that have findings, in order."""
    return sorted({finding["places"][0]["path"] for finding in done.findings})


def scan(*arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"") -> Completed:
    return call_keylint("scan", *arguments, "--format", "json", "--fail-on", "warning", cwd=cwd, stdin=stdin)


def test_the_current_folder_is_scanned_by_default(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(f"const k = '{coveo_key()}';\n")
    done = scan(cwd=tmp_path)
    assert done.status == 1
    assert paths(done) == ["app.js"]


def test_a_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(coveo_key(1))
    (tmp_path / "other.js").write_text(coveo_key(2))
    assert paths(scan("app.js", cwd=tmp_path)) == ["app.js"]


def test_standard_input_is_scanned(tmp_path: Path) -> None:
    done = scan("-", cwd=tmp_path, stdin=f"x = {coveo_key()}".encode())
    assert done.status == 1
    [finding] = done.findings
    assert finding["places"][0]["surface"] == "stdin"
    assert finding["places"][0]["column"] == 5


def test_standard_input_may_be_a_pipe_that_trickles() -> None:
    import subprocess
    import sys
    import time

    with subprocess.Popen(
        [sys.executable, "-m", "keylint", "scan", "-", "--fail-on", "warning"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin and child.stdout
        key = coveo_key().encode()
        for part in (key[:7], key[7:20], key[20:]):
            child.stdin.write(part)
            child.stdin.flush()
            time.sleep(0.05)
        child.stdin.close()
        text = child.stdout.read()
    assert child.returncode == 1
    assert key[-4:] in text and key not in text


def test_nothing_found_is_status_0_and_says_what_was_scanned(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing to see")
    done = call_keylint("scan", cwd=tmp_path)
    assert done.status == 0
    assert "1 file" in done.text


def test_a_bundle_is_a_client_surface_and_ignores_ignore_files(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.write(".gitignore", "dist/\n")
    repo.write("dist/main.js", coveo_key())
    done = call_keylint("bundle", "dist", "--format", "json", "--fail-on", "warning", cwd=repo.path)
    assert done.status == 1
    assert done.findings[0]["places"][0]["surface"] == "client"
    assert paths(scan(cwd=repo.path)) == []


def test_a_bundle_may_be_one_file(tmp_path: Path) -> None:
    (tmp_path / "main.js").write_text(coveo_key())
    done = call_keylint("bundle", tmp_path / "main.js", "--format", "json")
    assert done.findings[0]["places"][0]["surface"] == "client"


# ---- ignore files


def test_ignore_rules_are_honoured_and_tracked_files_scanned_all_the_same(
    tmp_path: Path, surroundings: Path
) -> None:
    repo = Repo(tmp_path / "r")
    names = ["by_gitignore.js", "by_exclude.js", "by_user.js", "sub/nested.js", "tracked.js", "plain.js"]
    for seed, name in enumerate(names):
        repo.write(name, coveo_key(seed))
    repo.write(".gitignore", "by_gitignore.js\ntracked.js\n")
    repo.write("sub/.gitignore", "nested.js\n")
    repo.write(".git/info/exclude", "by_exclude.js\n")
    (surroundings / "excludes").write_text("by_user.js\n")
    (surroundings / ".gitconfig").write_text("[core]\n\texcludesFile = ~/excludes\n")
    repo.stage("tracked.js")
    done = scan(cwd=repo.path)
    assert paths(done) == ["plain.js", "tracked.js"]


def test_ignore_rules_are_honoured_outside_of_a_repository_too(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log\n!keep.log\n")
    (tmp_path / "a.log").write_text(coveo_key(1))
    (tmp_path / "keep.log").write_text(coveo_key(2))
    assert paths(scan(tmp_path)) == ["keep.log"]


def test_the_default_global_ignore_file_counts(tmp_path: Path, surroundings: Path) -> None:
    (surroundings / ".config" / "git").mkdir(parents=True)
    (surroundings / ".config" / "git" / "ignore").write_text("mine.txt\n")
    repo = Repo(tmp_path / "r")
    repo.write("mine.txt", coveo_key(1))
    repo.write("ours.txt", coveo_key(2))
    assert paths(scan(cwd=repo.path)) == ["ours.txt"]


def test_a_named_file_is_scanned_even_if_ignored(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.write(".gitignore", ".env\n")
    repo.write(".env", coveo_key())
    assert scan(".env", cwd=repo.path).status == 1


def test_paths_are_relative_to_the_top_of_the_repository(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.write("sub/deep/a.js", coveo_key())
    assert paths(scan("deep", cwd=repo.path / "sub")) == ["sub/deep/a.js"]


# ---- strange names and files


STRANGE = [
    b"with space.js",
    b"new\nline.js",
    b"non-utf8-\xff\xfe.js",
    b"ansi-\x1b[31mred\x1b[0m.js",
    b"::error::injected.js",
    b"-dash.js",
    b"quote\"'`.js",
    b"percent%41.js",
    "bidi-\u202egpj.js".encode(),
    "c1-\u009b31m.js".encode(),
    "emoji-\U0001f511.js".encode(),
]


@pytest.mark.parametrize("in_git", [False, True])
def test_files_with_strange_names_are_scanned(tmp_path: Path, in_git: bool) -> None:
    folder = tmp_path / "r"
    Repo(folder, init=in_git)
    for seed, name in enumerate(STRANGE):
        (folder / os.fsdecode(name)).write_text(coveo_key(seed))
    done = scan(folder)
    uris = {finding["places"][0]["uri"] for finding in done.findings}
    assert len(uris) == len(STRANGE)
    assert "non-utf8-%FF%FE.js" in uris
    assert "new%0Aline.js" in uris


@pytest.mark.parametrize("format_name", ["text", "json", "sarif", "github"])
def test_names_never_reach_the_output_raw(tmp_path: Path, format_name: str) -> None:
    for seed, name in enumerate(STRANGE):
        (tmp_path / os.fsdecode(name)).write_text(coveo_key(seed))
    done = run_keylint("scan", tmp_path, "--format", format_name, "-v")
    controls = set(done.out + done.err) & (set(range(32)) - {10} | {127})
    assert not controls, controls
    for char in "\u202e\u009b":
        assert char not in done.text
    if format_name == "github":
        commands = [line for line in done.text.splitlines() if line.startswith("::")]
        assert all(line.startswith(("::warning ", "::notice", "::group", "::endgroup")) for line in commands)
        assert not any(line.startswith("::error::injected") for line in done.text.splitlines())


def test_a_link_that_leaves_the_tree_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(coveo_key())
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").symlink_to(outside / "secret.txt")
    (tree / "folder").symlink_to(outside)
    (tree / "loop").symlink_to(tree)
    done = scan(tree)
    assert done.status == 0
    assert done.findings == []
    assert {s["path"] for s in done.json["skipped"]} == {"file", "folder"}
    assert {s["reason"] for s in done.json["skipped"]} == {"symlink"}


@pytest.mark.parametrize("in_git", [False, True])
def test_a_pipe_is_counted_not_read(tmp_path: Path, in_git: bool) -> None:
    folder = tmp_path / "r"
    Repo(folder, init=in_git)
    os.mkfifo(folder / "pipe")
    (folder / "a.js").write_text(coveo_key())
    done = run_keylint("scan", folder, "--format", "json", "--fail-on", "warning", timeout=60)
    assert done.status == 1
    assert in_git or [s["reason"] for s in done.json["skipped"]] == ["special-file"]


def test_a_named_pipe_as_path_is_an_error_not_a_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = run_keylint("scan", tmp_path / "pipe", timeout=60)
    assert done.status == 2
    assert done.error.count("\n") == 1


_LOCKED = """
import os
real = os.open
def locked(path, *args, **more):
    if os.fsencode(path).endswith(b"locked.txt"):
        raise PermissionError(13, "Permission denied", path)
    return real(path, *args, **more)
os.open = locked
"""


@pytest.mark.parametrize("target", [".", "locked.txt"])
def test_an_unreadable_file_is_counted_and_gives_status_3(tmp_path: Path, target: str) -> None:
    (tmp_path / "locked.txt").write_text("x")
    done = run_keylint("scan", target, "--format", "json", cwd=tmp_path, before=_LOCKED)  # root reads all
    assert done.status == 3
    assert [(s["path"], s["reason"]) for s in done.json["skipped"]] == [("locked.txt", "unreadable")]


def test_findings_win_over_unreadable_files_and_the_report_says_both(tmp_path: Path) -> None:
    (tmp_path / "locked.txt").write_text("x")
    (tmp_path / "app.js").write_text(coveo_key())
    done = run_keylint("scan", "--fail-on", "warning", cwd=tmp_path, before=_LOCKED)
    assert done.status == 1
    assert "locked.txt" in done.text
    assert "app.js" in done.text


def test_an_empty_file_and_an_empty_folder_are_fine(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    assert scan(tmp_path).status == 0
    assert scan(tmp_path / "empty").status == 0
    assert scan(tmp_path / "folder").status == 0
    assert scan("-").status == 0


def test_binary_files_are_scanned_for_kinds_with_a_clear_shape(tmp_path: Path) -> None:
    (tmp_path / "app.bin").write_bytes(bytes(range(256)) * 8 + b"\0" + coveo_key().encode() + b"\0" * 64)
    done = scan(tmp_path)
    [finding] = done.findings
    place = finding["places"][0]
    assert place["binary"] is True
    assert place["byte_offset"] == 256 * 8 + 1
