"""What a scan of a working tree reads, leaves out and reports."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from keylint.errors import ConfigError, SourceError
from keylint.model import Skipped, SkipReason, Surface
from keylint.secret import Blob
from keylint.sources import beneath, files
from keylint.sources.files import FileSource
from tests.helpers.repo import Repo
from tests.sources.reading import contents, items, skips

NOT_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder outside any repository."""
    place = tmp_path / "tree"
    place.mkdir()
    return place


def put(path: Path, content: bytes = b"x\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def hide_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make this a machine without git."""
    (tmp_path / "no-programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))


# --- in a git work tree


def test_untracked_tracked_and_changed_files_are_read_as_they_are_on_disk(repo: Repo) -> None:
    repo.commit({"a.txt": "committed\n", "sub/b.txt": "b\n"})
    repo.write("a.txt", "changed\n")
    repo.write("new.txt", "new\n")
    assert contents(FileSource(str(repo.path))) == {
        "a.txt": b"changed\n",
        "new.txt": b"new\n",
        "sub/b.txt": b"b\n",
    }


def test_ignored_files_are_left_out_unless_git_tracks_them(repo: Repo, own_home: Path) -> None:
    repo.write(".gitignore", "*.log\nbuild/\n")
    repo.write("sub/.gitignore", "!keep.log\n")
    put(repo.path / ".git/info/exclude", b"local.txt\n")
    put(own_home / ".config/git/ignore", b"*.swp\n")
    for name in ("a.log", "tracked.log", "sub/keep.log", "build/out.js", "local.txt", "a.swp", "b.txt"):
        repo.write(name, name)
    repo.stage("tracked.log")
    assert sorted(contents(FileSource(str(repo.path)))) == [
        ".gitignore",
        "b.txt",
        "sub/.gitignore",
        "sub/keep.log",
        "tracked.log",
    ]


def test_paths_are_relative_to_the_top_level(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a/b/c.txt": "c\n", "other.txt": "o\n"})
    assert contents(FileSource(str(repo.path / "a"))) == {"a/b/c.txt": b"c\n"}
    assert contents(FileSource(str(repo.path / "a/b/c.txt"))) == {"a/b/c.txt": b"c\n"}
    monkeypatch.chdir(repo.path / "a")
    assert contents(FileSource(".")) == {"a/b/c.txt": b"c\n"}
    assert FileSource(".").root == str(repo.path)


def test_a_path_with_pathspec_magic_is_taken_literally(repo: Repo) -> None:
    repo.commit({":(top)x/a.txt": "1\n", "*/b.txt": "2\n", "y/b.txt": "3\n"})
    assert contents(FileSource(str(repo.path / "*"))) == {"*/b.txt": b"2\n"}
    assert contents(FileSource(str(repo.path / ":(top)x"))) == {":(top)x/a.txt": b"1\n"}


def test_a_deleted_file_is_silently_absent(repo: Repo) -> None:
    repo.commit({"gone.txt": "x", "deep/gone.txt": "x", "stays.txt": "s"})
    (repo.path / "gone.txt").unlink()
    (repo.path / "deep/gone.txt").unlink()
    (repo.path / "deep").rmdir()
    assert [item.origin.path for item in items(FileSource(str(repo.path))) if isinstance(item, Blob)] == [
        "stays.txt"
    ]
    assert skips(FileSource(str(repo.path))) == {}


def test_an_unmerged_file_is_read_once(repo: Repo) -> None:
    conflict(repo)
    assert list(contents(FileSource(str(repo.path)))) == ["a.txt"]


def conflict(repo: Repo) -> None:
    repo.commit({"a.txt": "base\n"})
    repo.branch("side")
    repo.commit({"a.txt": "side\n"})
    repo.git("switch", "-q", "main")
    repo.commit({"a.txt": "main\n"})
    repo.merge("side", check=False)
    assert "<<<<" in (repo.path / "a.txt").read_text()


def test_a_tracked_file_replaced_by_a_folder_gives_the_folders_files(repo: Repo) -> None:
    repo.commit({"thing": "was a file\n"})
    (repo.path / "thing").unlink()
    repo.write("thing/inner.txt", "inner\n")
    assert contents(FileSource(str(repo.path))) == {"thing/inner.txt": b"inner\n"}
    assert skips(FileSource(str(repo.path))) == {}


def test_submodules_and_embedded_repositories_are_read_by_their_own_rules(repo: Repo, tmp_path: Path) -> None:
    library = Repo(tmp_path / "library")
    library.commit({"lib.js": "lib\n", ".gitignore": "*.tmp\n"})
    repo.git("submodule", "--quiet", "add", library.path.as_uri(), "vendor/library")
    put(repo.path / "vendor/library/scratch.tmp")
    put(repo.path / "vendor/library/fresh.js", b"fresh\n")
    embedded = Repo(repo.path / "nested")
    embedded.commit({"n.txt": "n\n"})
    Repo(repo.path / "nested/deeper").commit({"d.txt": "d\n"})
    found = contents(FileSource(str(repo.path)))
    assert {name for name in found if not name.startswith(".git")} == {
        "nested/deeper/d.txt",
        "nested/n.txt",
        "vendor/library/.gitignore",
        "vendor/library/fresh.js",
        "vendor/library/lib.js",
    }


def test_a_submodule_that_is_not_checked_out_is_told(repo: Repo, tmp_path: Path) -> None:
    library = Repo(tmp_path / "library")
    library.commit({"lib.js": "lib\n"})
    repo.git("submodule", "--quiet", "add", library.path.as_uri(), "library")
    repo.git("submodule", "--quiet", "deinit", "-f", "library")
    assert skips(FileSource(str(repo.path))) == {"library": SkipReason.SUBMODULE}
    put(repo.path / "library/left-over.txt", b"left\n")
    assert contents(FileSource(str(repo.path)))["library/left-over.txt"] == b"left\n"


def test_an_ignored_folder_that_the_user_names_is_read(repo: Repo) -> None:
    repo.write(".gitignore", "dist/\n*.map\nig/\n")
    for name in (
        "dist/app.js",
        "dist/app.map",
        "dist/tracked.map",
        "dist/sub/x.js",
        "dist/sub/y.out",
        "*/ig/x.js",
    ):
        repo.write(name, name)
    repo.write("dist/sub/.gitignore", "*.out\n")
    repo.stage("dist/tracked.map")
    inside = {"dist/app.js", "dist/tracked.map", "dist/sub/.gitignore", "dist/sub/x.js"}
    assert set(contents(FileSource(str(repo.path / "dist")))) == inside
    assert set(contents(FileSource(str(repo.path / "dist/sub")))) == {"dist/sub/.gitignore", "dist/sub/x.js"}
    assert set(contents(FileSource(str(repo.path / "*/ig")))) == {"*/ig/x.js"}


def test_a_linked_work_tree_is_read(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.txt": "a\n"})
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    put(tmp_path / "linked/new.txt", b"n\n")
    put(repo.path / ".git/info/exclude", b"*.log\n")
    put(tmp_path / "linked/x.log")
    assert contents(FileSource(str(tmp_path / "linked"))) == {"a.txt": b"a\n", "new.txt": b"n\n"}


def test_a_damaged_index_is_told_and_the_folder_walked(repo: Repo) -> None:
    repo.commit({"a.txt": "a\n", ".gitignore": "*.log\n", "sub/x.log": "x"})
    put(repo.path / "b.log")
    put(repo.path / ".git/info/exclude", b"local.txt\n")
    put(repo.path / "local.txt")
    (repo.path / ".git/index").write_bytes(b"garbage")
    source = FileSource(str(repo.path))
    assert sorted(contents(source)) == [".gitignore", "a.txt"]
    assert [problem.code for problem in source.problems] == ["listed-without-git"]
    assert "index" in source.problems[0].text


def test_a_repository_that_git_distrusts_is_told_and_walked(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("a.txt", "a\n")
    repo.write("sub/b.txt", "b\n")
    repo.write(".gitignore", "*.log\n")
    repo.write("sub/c.log")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    source = FileSource(str(repo.path / "sub"))
    assert contents(source) == {"sub/b.txt": b"b\n"}
    assert "safe.directory" in source.problems[0].text


def test_without_git_a_work_tree_is_walked(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("a.txt", "a\n")
    repo.write(".gitignore", "*.log\n")
    repo.write("c.log")
    hide_git(monkeypatch, tmp_path)
    source = FileSource(str(repo.path))
    assert sorted(contents(source)) == [".gitignore", "a.txt"]
    assert "git was not found" in source.problems[0].text


# --- outside


def test_outside_git_nested_ignore_files_hold(tree: Path, own_home: Path) -> None:
    put(own_home / ".config/git/ignore", b"*.swp\n")
    put(tree / ".gitignore", b"*.log\n/build\n")
    put(tree / "sub/.gitignore", b"!keep.log\n")
    for name in ("a.log", "sub/keep.log", "build/x.js", "sub/build/y.js", "a.swp", "b.txt", ".git/config"):
        put(tree / name)
    assert sorted(contents(FileSource(str(tree)))) == [
        ".gitignore",
        "b.txt",
        "sub/.gitignore",
        "sub/build/y.js",
        "sub/keep.log",
    ]


def test_outside_git_no_git_is_needed(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tree / "a.txt", b"a\n")
    hide_git(monkeypatch, tmp_path)
    source = FileSource(str(tree))
    assert contents(source) == {"a.txt": b"a\n"}
    assert source.problems == []


def test_a_file_outside_git_is_named_from_the_current_folder(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tree / "sub/a.txt", b"a\n")
    monkeypatch.chdir(tree)
    assert list(contents(FileSource("sub/a.txt"))) == ["sub/a.txt"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert list(contents(FileSource("../tree/sub/a.txt"))) == ["a.txt"]


def test_the_order_is_fixed(tree: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a.txt", "c/d/e.txt", "a-b.txt"):
        put(tree / name)
    assert list(contents(FileSource(str(tree)))) == ["a/z.txt", "a-b.txt", "a.txt", "b.txt", "c/d/e.txt"]


# --- names


@pytest.mark.parametrize("in_git", [True, False])
def test_odd_names_are_kept(tmp_path: Path, in_git: bool) -> None:
    place = tmp_path / "odd"
    place.mkdir()
    if in_git:
        Repo(place)
    names = [
        b"with space",
        b"new\nline",
        b"\xff\xfe latin \xe9",
        b"back\\slash",
        b"-x",
        b"tab\t",
        b'"quote"',
        b"\xc3\xa9",
    ]
    for name in names:
        put(Path(os.fsdecode(os.path.join(os.fsencode(place), b"d " + name, name))), name)
    found = contents(FileSource(str(place)))
    assert found == {os.fsdecode(b"d " + name + b"/" + name): name for name in names}


@pytest.fixture
def deep_tree(tmp_path: Path) -> Iterator[Path]:
    """1500 folders, one in the other, which pytest's own recursive clean-up could not remove."""
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(os.open("deep.txt", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)
    yield tmp_path / "d"
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_a_very_deep_tree_is_read(deep_tree: Path) -> None:
    put(deep_tree / "d/shallow.txt")
    assert list(contents(FileSource(str(deep_tree)))) == ["d/" * 1499 + "deep.txt", "d/shallow.txt"]


# --- links and special files


@pytest.mark.parametrize("in_git", [True, False])
def test_links_are_not_followed_and_those_that_lead_out_are_told(tmp_path: Path, in_git: bool) -> None:
    place = tmp_path / "linked"
    place.mkdir()
    if in_git:
        Repo(place)
    put(tmp_path / "outside/private.txt", b"private\n")
    put(place / "real/a.txt", b"a\n")
    (place / "in-file").symlink_to("real/a.txt")
    (place / "in-folder").symlink_to("real")
    (place / "out-file").symlink_to(tmp_path / "outside/private.txt")
    (place / "out-folder").symlink_to("../outside")
    (place / "loop").symlink_to("loop")
    (place / "real/up").symlink_to("..")
    (place / "dangling").symlink_to("nowhere")
    source = FileSource(str(place))
    assert contents(source) == {"real/a.txt": b"a\n"}
    assert skips(source) == {"out-file": SkipReason.SYMLINK, "out-folder": SkipReason.SYMLINK}


def test_a_tracked_path_through_a_link_does_not_lead_out(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"conf/secret.txt": "inside\n"})
    put(tmp_path / "outside/secret.txt", b"outside\n")
    (repo.path / "conf/secret.txt").unlink()
    (repo.path / "conf").rmdir()
    (repo.path / "conf").symlink_to(tmp_path / "outside")
    source = FileSource(str(repo.path))
    assert contents(source) == {}
    assert skips(source) == {"conf": SkipReason.SYMLINK}


def test_a_link_that_the_user_names_is_read(tmp_path: Path, repo: Repo) -> None:
    put(tmp_path / "outside/a.txt", b"a\n")
    (repo.path / "file-link").symlink_to(tmp_path / "outside/a.txt")
    (tmp_path / "folder-link").symlink_to(repo.path)
    assert contents(FileSource(str(repo.path / "file-link"))) == {"file-link": b"a\n"}
    repo.commit({"b.txt": "b\n"})
    assert contents(FileSource(str(tmp_path / "folder-link"))) == {"b.txt": b"b\n"}


def test_pipes_and_sockets_are_told_and_never_waited_for(tree: Path) -> None:
    put(tree / "a.txt", b"a\n")
    os.mkfifo(tree / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tree / "sock"))
        source = FileSource(str(tree))
        assert contents(source) == {"a.txt": b"a\n"}
        assert skips(source) == {"pipe": SkipReason.SPECIAL_FILE, "sock": SkipReason.SPECIAL_FILE}


def test_a_tracked_file_that_became_a_pipe_is_told(repo: Repo) -> None:
    repo.commit({"a.txt": "a\n"})
    (repo.path / "a.txt").unlink()
    os.mkfifo(repo.path / "a.txt")
    assert skips(FileSource(str(repo.path))) == {"a.txt": SkipReason.SPECIAL_FILE}


def test_a_file_swapped_for_a_link_during_the_scan_is_not_followed(tree: Path, tmp_path: Path) -> None:
    put(tmp_path / "private.txt", b"private\n")
    put(tree / "a.txt", b"a\n")
    put(tree / "b.txt", b"b\n")
    put(tree / "c/c.txt", b"c\n")
    found = FileSource(str(tree)).items()
    first = next(found)
    (tree / "b.txt").unlink()
    (tree / "b.txt").symlink_to(tmp_path / "private.txt")
    rest = list(found)
    assert isinstance(first, Blob)
    assert [item for item in rest if isinstance(item, Skipped)] == [
        Skipped("b.txt", SkipReason.SYMLINK, "leads out of the tree")
    ]
    assert not any(isinstance(item, Blob) and item.data == b"private\n" for item in rest)


# --- what cannot be read


def test_a_file_that_vanishes_during_the_scan_is_told(tree: Path) -> None:
    put(tree / "a.txt")
    put(tree / "b.txt")
    found = FileSource(str(tree)).items()
    next(found)
    (tree / "b.txt").unlink()
    assert list(found) == [Skipped("b.txt", SkipReason.VANISHED)]


@NOT_ROOT
def test_an_unreadable_file_or_folder_is_told(tree: Path) -> None:
    put(tree / "a.txt").chmod(0)
    put(tree / "locked/b.txt")
    (tree / "locked").chmod(0)
    try:
        assert skips(FileSource(str(tree))) == {
            "a.txt": SkipReason.UNREADABLE,
            "locked/": SkipReason.UNREADABLE,
        }
    finally:
        (tree / "locked").chmod(0o755)


def test_a_file_that_the_system_refuses_is_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tree / "a.txt")
    put(tree / "b.txt", b"b\n")
    put(tree / "locked/c.txt")
    real = os.open

    def refusing(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path in ("a.txt", "locked"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(beneath.os, "open", refusing)
    monkeypatch.setattr(beneath, "_HAS_DIR_FD", True)
    source = FileSource(str(tree))
    assert contents(source) == {"b.txt": b"b\n"}
    assert skips(source) == {"a.txt": SkipReason.UNREADABLE, "locked/": SkipReason.UNREADABLE}


def test_a_read_error_is_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tree / "a.txt")

    def failing(fd: int, size: int, limit: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "read_all", failing)
    [item] = items(FileSource(str(tree)))
    assert item == Skipped("a.txt", SkipReason.UNREADABLE, "Input/output error")


def test_a_file_over_the_limit_is_told(tree: Path) -> None:
    put(tree / "big.bin", b"x" * 101)
    put(tree / "fits.bin", b"x" * 100)
    source = FileSource(str(tree), max_file_size=100)
    assert list(contents(source)) == ["fits.bin"]
    assert items(source)[0] == Skipped("big.bin", SkipReason.TOO_LARGE, "101 bytes, limit 100")


def test_a_large_file_is_handed_over_as_a_stream(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "INLINE_BYTES", 1000)
    put(tree / "big.bin", b"y" * 1001)
    put(tree / "small.bin", b"z" * 1000)
    big, small = items(FileSource(str(tree)))
    assert isinstance(big, Blob) and isinstance(small, Blob)
    assert (big.data, big.size_bytes, small.data) == (b"", 1001, b"z" * 1000)
    assert big.open is not None
    for _ in range(2):
        with big.open() as stream:
            assert stream.read() == b"y" * 1001


def test_a_stream_does_not_follow_a_link_put_there_later(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "INLINE_BYTES", 10)
    put(tree / "big.bin", b"y" * 11)
    [big] = items(FileSource(str(tree)))
    (tree / "big.bin").unlink()
    (tree / "big.bin").symlink_to(put(tmp_path / "private.txt"))
    assert isinstance(big, Blob) and big.open is not None
    with pytest.raises(OSError, match="symbolic"):
        big.open()


def test_an_empty_file_is_a_blob(tree: Path) -> None:
    put(tree / "empty", b"")
    assert contents(FileSource(str(tree))) == {"empty": b""}


def test_a_file_that_announces_no_size_is_read(tmp_path: Path) -> None:
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("no /proc here")
    [blob] = items(FileSource(str(status)))
    assert isinstance(blob, Blob) and b"Name:" in blob.data


# --- excludes


@pytest.mark.parametrize("in_git", [True, False])
def test_excluded_files_and_folders_are_told_once_each(tmp_path: Path, in_git: bool) -> None:
    place = tmp_path / "place"
    place.mkdir()
    if in_git:
        Repo(place)
    for name in ("a.js", "b.min.js", "vendor/x.js", "vendor/deep/y.js", "src/vendor/z.js", "src/a.js"):
        put(place / name)
    source = FileSource(str(place), exclude=["*.min.js", "/vendor/"])
    assert {item.path for item in items(source) if isinstance(item, Skipped)} == {"b.min.js", "vendor/"}
    assert sorted(contents(FileSource(str(place), exclude=["*.min.js", "/vendor/"]))) == [
        "a.js",
        "src/a.js",
        "src/vendor/z.js",
    ]


def test_excludes_hold_for_embedded_repositories(repo: Repo) -> None:
    Repo(repo.path / "embedded").commit({"a.txt": "a"})
    assert skips(FileSource(str(repo.path), exclude=["embedded/"])) == {"embedded/": SkipReason.EXCLUDED}


def test_a_file_that_the_user_names_is_read_although_excluded(tree: Path) -> None:
    put(tree / "a.js", b"a\n")
    assert len(contents(FileSource(str(tree / "a.js"), exclude=["*.js"]))) == 1


def test_a_bad_exclude_pattern_is_a_configuration_error(tree: Path) -> None:
    with pytest.raises(ConfigError, match="exclude"):
        FileSource(str(tree), exclude=["!"])


# --- the path


def test_a_path_that_is_not_there_is_an_error(tree: Path) -> None:
    with pytest.raises(SourceError, match=r"nothing\\nhere: No such file"):
        FileSource(str(tree / "nothing\nhere"))


def test_a_path_with_a_nul_is_an_error() -> None:
    with pytest.raises(SourceError, match="not a path"):
        FileSource("a\0b")


def test_a_pipe_as_path_is_an_error(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    with pytest.raises(SourceError, match="standard input"):
        FileSource(str(tree / "pipe"))


def test_blobs_say_that_they_come_from_a_tree(tree: Path) -> None:
    put(tree / "a.txt")
    [blob] = items(FileSource(str(tree)))
    assert isinstance(blob, Blob) and blob.origin.surface is Surface.TREE


def test_outside_a_repository_there_are_no_facts(tree: Path, repo: Repo) -> None:
    revision = repo.commit({"a.txt": "a"})
    assert FileSource(str(tree)).repository().revision == ""
    assert FileSource(str(repo.path)).repository().revision == revision
