"""The staged scan reads what the next commit would add, whatever the surroundings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keylint.errors import SourceError
from keylint.model import Skipped, SkipReason, Surface
from keylint.secret import Blob
from keylint.sources import gitobjects
from keylint.sources.gitrepo import NotARepositoryError
from keylint.sources.staged import StagedSource, parse_raw
from tests.helpers.repo import Repo, clean_environment
from tests.sources.reading import contents, items, skips

READ_STAGED = (
    f"#!/bin/sh\nexec '{sys.executable}' -c '"
    "from keylint.sources.staged import StagedSource\n"
    'out = open("{out}", "ab")\n'
    "for item in StagedSource({path!a}).items():\n"
    '    out.write(item.origin.path.encode() + b"=" + item.data)\n'
    "'\n"
)


def staged(repo: Repo, below: str = ".") -> dict[str, bytes]:
    return contents(StagedSource(str(repo.path / below)))


def hook(repo: Repo, name: str, out: Path, path: str = ".") -> None:
    """Install a real hook that writes down what is staged."""
    target = repo.path / ".git/hooks" / name
    target.parent.mkdir(exist_ok=True)
    target.write_text(READ_STAGED.format(out=out, path=path).replace("'.'", '"."'))
    target.chmod(0o755)


def lose(repo: Repo, object_id: str) -> Path:
    return repo.path / ".git/objects" / object_id[:2] / object_id[2:]


def test_the_index_is_read_and_not_the_work_tree(repo: Repo) -> None:
    repo.commit({"a.txt": "old\n", "same.txt": "same\n"})
    repo.write("a.txt", "staged\n")
    repo.stage("a.txt")
    repo.write("a.txt", "cleaned up afterwards\n")
    repo.write("untracked.txt")
    assert staged(repo) == {"a.txt": b"staged\n"}


def test_nothing_staged_is_nothing(repo: Repo) -> None:
    repo.commit({"a.txt": "old\n"})
    assert items(StagedSource(str(repo.path))) == []


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_before_the_first_commit_everything_is_new(tmp_path: Path, object_format: str) -> None:
    repo = Repo(tmp_path / "fresh", object_format=object_format)
    repo.write("a.txt", "first\n")
    repo.stage()
    assert staged(repo) == {"a.txt": b"first\n"}
    repo.commit()
    repo.write("b.txt", "second\n")
    repo.stage()
    assert staged(repo) == {"b.txt": b"second\n"}


def test_an_empty_repository_has_nothing_staged(repo: Repo) -> None:
    assert items(StagedSource(str(repo.path))) == []


def test_a_subfolder_limits_the_scan_and_paths_stay_those_of_the_top(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("sub/a.txt", "a\n")
    repo.write("sub/deep/b.txt", "b\n")
    repo.write("other.txt")
    repo.stage()
    monkeypatch.chdir(repo.path / "sub")
    assert contents(StagedSource(".")) == {"sub/a.txt": b"a\n", "sub/deep/b.txt": b"b\n"}
    assert contents(StagedSource("deep/b.txt")) == {"sub/deep/b.txt": b"b\n"}
    assert StagedSource(".").root == str(repo.path)


def test_a_path_that_is_only_in_the_index_can_be_named(repo: Repo) -> None:
    repo.write("sub/a.txt", "a\n")
    repo.stage()
    (repo.path / "sub/a.txt").unlink()
    (repo.path / "sub").rmdir()
    assert staged(repo, "sub") == {"sub/a.txt": b"a\n"}


def test_a_path_that_is_nowhere_is_an_error(repo: Repo) -> None:
    with pytest.raises(SourceError, match="typo: no such file"):
        StagedSource(str(repo.path / "typo"))


def test_outside_a_repository_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotARepositoryError, match="not a git repository"):
        StagedSource(str(tmp_path))


def test_a_bare_repository_is_an_error(tmp_path: Path) -> None:
    bare = Repo(tmp_path / "bare", init=False)
    bare.git("init", "-q", "--bare")
    with pytest.raises(NotARepositoryError, match="bare"):
        StagedSource(str(bare.path))


def test_a_linked_work_tree_has_its_own_index(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.txt": "a\n"})
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked", init=False)
    linked.write("b.txt", "in linked\n")
    linked.stage()
    assert staged(linked) == {"b.txt": b"in linked\n"}
    assert staged(repo) == {}


@pytest.mark.parametrize(
    "settings",
    [
        {
            "color.ui": "always",
            "color.diff": "always",
            "diff.noprefix": "true",
            "diff.mnemonicPrefix": "true",
        },
        {"diff.renames": "copies", "diff.relative": "true", "diff.orderFile": "/nonexistent"},
        {"diff.ignoreSubmodules": "all", "diff.context": "0", "diff.algorithm": "patience"},
        {"core.quotePath": "true", "core.autocrlf": "true", "core.abbrev": "4", "core.fileMode": "false"},
        {
            "diff.noIndex": "x",
            "core.splitIndex": "true",
            "index.sparse": "true",
            "core.preloadIndex": "false",
        },
    ],
)
def test_no_setting_changes_what_is_read(repo: Repo, settings: dict[str, str]) -> None:
    repo.commit({"a.txt": "a\n", "old name.txt": "moved without change\n"})
    repo.git("mv", "old name.txt", "n\u00e9w.txt")
    repo.write("sub/b.txt", "b\n")
    repo.stage("sub/b.txt")
    for name, value in settings.items():
        repo.git("config", name, value)
    assert staged(repo) == {"n\u00e9w.txt": b"moved without change\n", "sub/b.txt": b"b\n"}
    assert staged(repo, "sub") == {"sub/b.txt": b"b\n"}


@pytest.mark.parametrize(
    "attribute", ["-diff", "binary", "filter=lfs diff=lfs", "-text", "export-ignore", "eol=crlf"]
)
def test_no_attribute_hides_content(repo: Repo, attribute: str) -> None:
    repo.commit({".gitattributes": f"* {attribute}\n", "a.txt": "old\n"})
    repo.write("a.txt", "new\n")
    repo.stage("a.txt")
    assert staged(repo) == {"a.txt": b"new\n"}


def test_line_endings_are_those_of_the_index(repo: Repo) -> None:
    repo.write("kept.txt", b"a\r\nb\r\n")
    repo.write(".gitattributes", "normal.txt text eol=crlf\nkept.txt -text\n")
    repo.write("normal.txt", b"a\r\nb\r\n")
    repo.stage()
    found = staged(repo)
    assert (found["kept.txt"], found["normal.txt"]) == (b"a\r\nb\r\n", b"a\nb\n")


def test_odd_names_are_kept(repo: Repo) -> None:
    names = [
        b"new\nline",
        b"\xff\xfe",
        b"tab\tname",
        b"back\\slash",
        b"-x",
        b" space ",
        b":(top)",
        b'"q"',
        b"\xc3\xa9",
    ]
    for name in names:
        repo.write(os.fsdecode(name), name)
    repo.stage()
    assert staged(repo) == {os.fsdecode(name): name for name in names}


def test_the_text_of_a_link_is_read(repo: Repo) -> None:
    (repo.path / "link").symlink_to("/somewhere/else")
    repo.stage()
    assert staged(repo) == {"link": b"/somewhere/else"}


def test_a_deleted_file_is_not_read(repo: Repo) -> None:
    repo.commit({"a.txt": "a\n"})
    repo.rm("a.txt")
    assert items(StagedSource(str(repo.path))) == []


def test_a_name_added_without_content_is_nothing(repo: Repo) -> None:
    repo.write("a.txt", "a\n")
    repo.git("add", "--intent-to-add", "a.txt")
    assert staged(repo) in ({}, {"a.txt": b""})


def test_a_submodule_is_told(repo: Repo, tmp_path: Path) -> None:
    library = Repo(tmp_path / "library")
    library.commit({"lib.js": "lib\n"})
    repo.git("submodule", "--quiet", "add", library.path.as_uri(), "library")
    assert skips(StagedSource(str(repo.path))) == {"library": SkipReason.SUBMODULE}
    assert list(staged(repo)) == [".gitmodules"]


def test_an_unmerged_file_is_told(repo: Repo) -> None:
    repo.commit({"a.txt": "base\n"})
    repo.branch("side")
    repo.commit({"a.txt": "side\n", "clean.txt": "from side\n"})
    repo.git("switch", "-q", "main")
    repo.commit({"a.txt": "main\n"})
    repo.merge("side", check=False)
    assert skips(StagedSource(str(repo.path))) == {"a.txt": SkipReason.UNMERGED}
    assert staged(repo) == {"clean.txt": b"from side\n"}


def test_a_missing_object_is_told_and_the_rest_read(repo: Repo) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        repo.write(name, name)
    repo.stage()
    lost = repo.git("rev-parse", ":b.txt")
    lose(repo, lost).unlink()
    assert staged(repo) == {"a.txt": b"a.txt", "c.txt": b"c.txt"}
    assert [item for item in items(StagedSource(str(repo.path))) if isinstance(item, Skipped)] == [
        Skipped("b.txt", SkipReason.MISSING_OBJECT, f"object {lost}")
    ]


@pytest.mark.parametrize("damage", ["empty", "garbage", "truncated"])
def test_a_damaged_object_is_told_and_the_rest_read(repo: Repo, damage: str) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        repo.write(name, os.urandom(5000).hex())
    repo.stage()
    target = lose(repo, repo.git("rev-parse", ":b.txt"))
    content = target.read_bytes()
    target.chmod(0o644)
    target.write_bytes({"empty": b"", "garbage": b"not zlib at all", "truncated": content[:900]}[damage])
    assert sorted(staged(repo)) == ["a.txt", "c.txt"]
    [reason] = skips(StagedSource(str(repo.path))).values()
    assert reason in (SkipReason.CORRUPT, SkipReason.MISSING_OBJECT)


def test_a_replacement_does_not_hide_the_real_object(repo: Repo) -> None:
    repo.write("a.txt", "real\n")
    repo.write("b.txt", "harmless\n")
    repo.stage()
    repo.git("replace", repo.git("rev-parse", ":a.txt"), repo.git("rev-parse", ":b.txt"))
    assert staged(repo)["a.txt"] == b"real\n"


def test_a_head_that_is_lost_makes_the_whole_index_new(repo: Repo) -> None:
    head = repo.commit({"a.txt": "a\n"})
    lose(repo, head).unlink()
    assert staged(repo) == {"a.txt": b"a\n"}


def test_a_damaged_index_is_an_error_in_one_line(repo: Repo) -> None:
    repo.commit({"a.txt": "a\n"})
    (repo.path / ".git/index").write_bytes(b"garbage")
    with pytest.raises(SourceError, match="git diff-index failed") as caught:
        items(StagedSource(str(repo.path)))
    assert "\n" not in str(caught.value)


def test_a_large_blob_is_handed_over_as_a_stream(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitobjects, "INLINE_BYTES", 100)
    repo.write("big.txt", "y" * 101)
    repo.write("small.txt", "z" * 100)
    repo.stage()
    big, small = items(StagedSource(str(repo.path)))
    assert isinstance(big, Blob) and isinstance(small, Blob) and big.open is not None
    assert (big.data, big.size_bytes, small.data) == (b"", 101, b"z" * 100)
    for _ in range(2):
        with big.open() as stream:
            assert stream.read(50) + stream.read() == b"y" * 101
    with big.open() as stream:
        assert stream.read(1) == b"y"


def test_a_stream_of_a_damaged_object_fails_and_does_not_just_end(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitobjects, "INLINE_BYTES", 100)
    repo.write("big.txt", os.urandom(20000).hex())
    repo.stage()
    [big] = items(StagedSource(str(repo.path)))
    assert isinstance(big, Blob) and big.open is not None
    target = lose(repo, repo.git("rev-parse", ":big.txt"))
    content = target.read_bytes()
    target.chmod(0o644)
    target.write_bytes(content[: len(content) // 2])
    with big.open() as stream, pytest.raises(OSError, match="cat-file"):
        stream.read()


def test_a_blob_over_the_limit_is_told(repo: Repo) -> None:
    repo.write("big.txt", "y" * 101)
    repo.stage()
    assert items(StagedSource(str(repo.path), max_file_size=100)) == [
        Skipped("big.txt", SkipReason.TOO_LARGE, "101 bytes, limit 100")
    ]


def test_excluded_paths_are_told(repo: Repo) -> None:
    for name in ("a.js", "vendor/x.js", "vendor/y.js"):
        repo.write(name)
    repo.stage()
    source = StagedSource(str(repo.path), exclude=["vendor/"])
    assert [item.path for item in items(source) if isinstance(item, Skipped)] == ["vendor/"]
    assert list(contents(StagedSource(str(repo.path), exclude=["vendor/"]))) == ["a.js"]


def test_blobs_say_that_they_are_staged(repo: Repo) -> None:
    repo.write("a.txt")
    repo.stage()
    [blob] = items(StagedSource(str(repo.path)))
    assert isinstance(blob, Blob) and blob.origin.surface is Surface.STAGED


def test_no_process_is_left_when_the_reader_stops_early(repo: Repo) -> None:
    for name in ("a.txt", "b.txt"):
        repo.write(name)
    repo.stage()
    code = (
        "import os, sys\nfrom keylint.sources.staged import StagedSource\n"
        "found = StagedSource('.').items()\nnext(found)\nfound.close()\n"
        "try:\n    os.waitpid(-1, os.WNOHANG)\nexcept ChildProcessError:\n    sys.exit(0)\nsys.exit(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repo.path, env=clean_environment(), check=False)
    assert done.returncode == 0


# --- in real hooks


def test_in_a_hook_of_commit_with_a_path_only_that_path_is_read(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.txt": "a\n", "b.txt": "b\n"})
    hook(repo, "pre-commit", tmp_path / "seen")
    repo.write("a.txt", "new a\n")
    repo.write("b.txt", "new b\n")
    repo.stage("a.txt")
    repo.git("commit", "-q", "-m", "only b", "b.txt")
    assert (tmp_path / "seen").read_bytes() == b"b.txt=new b\n"


def test_in_a_hook_of_commit_all_changed_files_are_read(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.txt": "a\n", "b.txt": "b\n"})
    hook(repo, "pre-commit", tmp_path / "seen")
    repo.write("a.txt", "new a\n")
    repo.git("commit", "-q", "-a", "-m", "all")
    assert (tmp_path / "seen").read_bytes() == b"a.txt=new a\n"


def test_in_a_hook_of_a_linked_work_tree_its_index_is_read(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.txt": "a\n"})
    hook(repo, "pre-commit", tmp_path / "seen")
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked", init=False)
    linked.write("sub/b.txt", "b\n")
    linked.stage()
    Repo(tmp_path / "linked/sub", init=False).git("commit", "-q", "-m", "in linked")
    assert (tmp_path / "seen").read_bytes() == b"sub/b.txt=b\n"


def test_in_a_hook_of_the_first_commit_without_identity_settings(repo: Repo, tmp_path: Path) -> None:
    hook(repo, "pre-commit", tmp_path / "seen")
    repo.write("a.txt", "first\n")
    repo.stage()
    repo.git("commit", "-q", "-m", "first")
    assert (tmp_path / "seen").read_bytes() == b"a.txt=first\n"


def test_in_a_hook_of_a_merge_what_the_merge_brings_is_read(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.txt": "a\n"})
    repo.branch("side")
    repo.commit({"b.txt": "from side\n"})
    repo.git("switch", "-q", "main")
    repo.commit({"c.txt": "c\n"})
    hook(repo, "pre-merge-commit", tmp_path / "seen")
    repo.merge("side")
    assert (tmp_path / "seen").read_bytes() == b"b.txt=from side\n"


def test_a_hook_can_read_another_repository(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    other.write("theirs.txt", "theirs\n")
    other.stage()
    hook(repo, "pre-commit", tmp_path / "seen")
    target = repo.path / ".git/hooks/pre-commit"
    target.write_text(target.read_text().replace('"."', f'"{other.path}"'))
    repo.write("mine.txt", "mine\n")
    repo.stage()
    repo.git("commit", "-q", "-m", "mine")
    assert (tmp_path / "seen").read_bytes() == b"theirs.txt=theirs\n"


def test_the_raw_format_is_parsed_to_the_byte() -> None:
    zero, one = "0" * 40, "1" * 40
    raw = f":100644 100755 {zero} {one} M\0new\nline\0:000000 120000 {zero} {one} A\0x\0".encode()
    first, second = parse_raw(raw)
    assert (first.mode, first.object_id, first.status, first.path) == ("100755", one, "M", "new\nline")
    assert (second.mode, second.status, second.path) == ("120000", "A", "x")
    assert list(parse_raw(b"")) == []
