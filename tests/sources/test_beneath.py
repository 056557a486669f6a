"""Nothing outside a folder can be opened through it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keylint.sources import beneath
from keylint.sources.beneath import Beneath, NotAFileError, open_beneath, read_all

MODES = pytest.mark.parametrize("has_dir_fd", [True, False])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/private.txt").write_text("private")
    place = tmp_path / "tree"
    (place / "a/b").mkdir(parents=True)
    (place / "a/b/c.txt").write_text("c")
    (place / "a/out").symlink_to(tmp_path / "outside")
    (place / "a/file").symlink_to(tmp_path / "outside/private.txt")
    (place / "a/same").symlink_to("b")
    return place


@MODES
def test_files_are_opened_and_links_are_not(
    tree: Path, monkeypatch: pytest.MonkeyPatch, has_dir_fd: bool
) -> None:
    monkeypatch.setattr(beneath, "_HAS_DIR_FD", has_dir_fd)
    with Beneath(str(tree)) as folder:
        fd, status = folder.open_file("a/b/c.txt")
        assert (os.read(fd, 9), status.st_size) == (b"c", 1)
        os.close(fd)
        for through_link in ("a/out/private.txt", "a/file", "a/same/c.txt"):
            with pytest.raises(OSError, match=r"symbolic|Not a directory"):
                folder.open_file(through_link)
        with pytest.raises(IsADirectoryError):
            folder.open_file("a/b")
        with pytest.raises(FileNotFoundError):
            folder.open_file("a/b/nothing")
        assert folder.entries("a") == [("b", "folder"), ("file", "link"), ("out", "link"), ("same", "link")]
        with pytest.raises(OSError, match=r"symbolic|Not a directory"):
            folder.entries("a/out")
        assert folder.mode("a/file") != folder.mode("a/b/c.txt")


def test_a_pipe_is_not_a_file(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    with Beneath(str(tree)) as folder, pytest.raises(NotAFileError):
        folder.open_file("pipe")


def test_a_stream_reads_the_file_from_its_start(tree: Path) -> None:
    with open_beneath(str(tree), "a/b/c.txt") as stream:
        assert stream.read() == b"c"


def test_all_descriptors_are_given_back(tree: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    with Beneath(str(tree)) as folder:
        for name in ("a/b/c.txt", "a/out/private.txt", "a/b", "nothing/at/all"):
            try:
                os.close(folder.open_file(name)[0])
            except OSError:
                continue
    assert len(os.listdir("/dev/fd")) == before


def test_few_descriptors_are_open_in_a_deep_tree(tmp_path: Path) -> None:
    path = "/".join(["d"] * 300)
    (tmp_path / path).mkdir(parents=True)
    before = len(os.listdir("/dev/fd"))
    with Beneath(str(tmp_path)) as folder:
        assert folder.entries(path) == []
        assert len(os.listdir("/dev/fd")) - before < 100
        assert folder.entries("/".join(["d"] * 200)) == [("d", "folder")]
        assert folder.entries("d/d") == [("d", "folder")]


FOLDERS = ["", "a", "a/b", "a/b/c", "a/bb", "x", "x/a/b"]


@settings(max_examples=60, deadline=None)
@given(
    visits=st.lists(
        st.tuples(st.sampled_from([*FOLDERS, "a/none", "none/b"]), st.integers(0, 2)), max_size=30
    )
)
def test_any_order_of_visits_reaches_the_right_folders(
    tmp_path_factory: pytest.TempPathFactory, visits: list[tuple[str, int]]
) -> None:
    root = tmp_path_factory.getbasetemp() / "visits"
    for name in FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "here.txt").write_text(name)
    with pytest.MonkeyPatch.context() as patch, Beneath(str(root)) as folder:
        for name, kept in visits:
            patch.setattr(beneath, "_KEPT_LEVELS", kept)
            path = f"{name}/here.txt".lstrip("/")
            if name in FOLDERS:
                fd, _ = folder.open_file(path)
                assert os.read(fd, 99).decode() == name
                os.close(fd)
            else:
                with pytest.raises(FileNotFoundError):
                    folder.open_file(path)


@pytest.mark.parametrize(("announced", "limit", "expected"), [
    (5, 10, b"12345"), (0, 10, b"12345"), (3, 10, b"12345"), (9, 10, b"12345"), (3, 4, None),
    (5, 5, b"12345"),
])  # fmt: skip
def test_a_file_that_grew_or_shrank_is_read_up_to_the_limit(
    tmp_path: Path, announced: int, limit: int, expected: bytes | None
) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    fd = os.open(tmp_path / "f", os.O_RDONLY)
    try:
        assert read_all(fd, announced, limit) == expected
    finally:
        os.close(fd)
