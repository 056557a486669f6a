"""Damaged and hostile repositories: the rest is scanned, each problem is listed, nothing of theirs runs."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from keylint import workers
from keylint.cli.app import run
from keylint.engine import Engine, ScanResult
from keylint.model import SkipReason
from keylint.sift import Bounds, sift
from keylint.sources.span import Span
from tests.helpers.repo import Repo
from tests.history.harness import scan, token


def line(seed: int) -> str:
    return f"key = '{token(seed)}'\n"


@pytest.fixture
def old(repo: Repo) -> Repo:
    """Five commits with one key each, in files of their own, as loose objects."""
    for n in range(5):
        repo.commit({f"f{n}": line(n)})
    return repo


def loose(repo: Repo, name: str) -> Path:
    """The file of a loose object, made writable."""
    full = repo.git("rev-parse", name)
    path = repo.path / ".git" / "objects" / full[:2] / full[2:]
    path.chmod(0o644)
    return path


ALL = {token(n) for n in range(5)}


def test_a_missing_blob_is_named_with_its_path(old: Repo) -> None:
    loose(old, "HEAD:f2").unlink()
    result = scan(old.path)
    assert result.values == ALL - {token(2)}
    (skipped,) = result.skipped
    assert (skipped.path, skipped.reason) == ("f2", SkipReason.MISSING_OBJECT)


def test_missing_blobs_are_named_in_the_order_of_their_paths(repo: Repo) -> None:
    repo.commit({f"f{n:02}": line(n) for n in range(40)})
    for n in range(40):
        loose(repo, f"HEAD:f{n:02}").unlink()
    assert [skipped.path for skipped in scan(repo.path).skipped] == [f"f{n:02}" for n in range(40)]


@pytest.mark.parametrize("damage", ["truncate", "garbage", "empty", "flip"])
def test_a_damaged_blob_is_named_and_the_rest_is_scanned(old: Repo, damage: str) -> None:
    path = loose(old, "HEAD:f2")
    content = path.read_bytes()
    middle = len(content) // 2
    damaged = {
        "truncate": content[:middle],
        "garbage": b"not zlib at all" * 10,
        "empty": b"",
        "flip": content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :],
    }
    path.write_bytes(damaged[damage])
    result = scan(old.path)
    assert result.values >= ALL - {token(2)}
    assert [(s.path, s.reason) for s in result.skipped] == [("f2", SkipReason.CORRUPT)]


def test_many_damaged_blobs_are_all_named(repo: Repo) -> None:
    repo.commit({f"f{n}": line(n) for n in range(60)})
    for n in range(0, 60, 2):
        loose(repo, f"HEAD:f{n}").write_bytes(b"x")
    result = scan(repo.path)
    assert result.values == {token(n) for n in range(1, 60, 2)}
    assert sorted(s.path for s in result.skipped) == sorted(f"f{n}" for n in range(0, 60, 2))


@pytest.mark.parametrize("what", ["HEAD~2", "HEAD~2^{tree}", "HEAD", "HEAD^{tree}"])
@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_lost_commit_or_folder_hides_no_file(old: Repo, what: str, how: str) -> None:
    path = loose(old, what)
    path.unlink() if how == "missing" else path.write_bytes(b"x")
    result = scan(old.path)
    assert result.values == ALL
    assert result.skipped and all(s.incomplete for s in result.skipped)
    assert result.paths(token(0)) == ["f0"]


def test_a_damaged_folder_does_not_hide_what_is_in_head_elsewhere(repo: Repo) -> None:
    repo.commit({"a/f": f"{token(1)}\n"})
    repo.commit({"b/f": f"{token(2)}\n"})
    loose(repo, "HEAD:b").unlink()
    result = scan(repo.path)
    assert result.of(token(1)).sighting.in_head
    assert not result.of(token(2)).sighting.in_head
    assert any(s.incomplete for s in result.skipped)


def test_a_reference_to_nowhere_is_named(old: Repo) -> None:
    heads = old.path / ".git" / "refs" / "heads"
    (heads / "lost").write_text("1234567890" * 4 + "\n")
    (heads / "broken").write_text("garbage\n")
    result = scan(old.path)
    assert result.values == ALL
    assert "refs/heads/lost names object" in result.details()
    assert "refs/heads/broken" in result.details()


def test_a_pack_without_index_is_named(old: Repo) -> None:
    old.git("repack", "-q", "-a", "-d")
    (pack,) = (old.path / ".git" / "objects" / "pack").glob("*.idx")
    pack.unlink()
    result = scan(old.path)
    assert "has no index" in "\n".join(s.detail for s in result.skipped)


def test_a_corrupt_index_and_corrupt_copies_of_what_git_knows_do_not_matter(old: Repo) -> None:
    old.git("repack", "-q", "-a", "-d")
    old.git("commit-graph", "write", "--reachable")
    old.git("multi-pack-index", "write")
    objects = old.path / ".git" / "objects"
    for copy in (objects / "info" / "commit-graph", objects / "pack" / "multi-pack-index"):
        copy.chmod(0o644)
        copy.write_bytes(copy.read_bytes()[:4] + bytes(100))
    (old.path / ".git" / "index").write_bytes(b"DIRC" + bytes(20))
    result = scan(old.path)
    assert (result.values, result.skipped) == (ALL, [])


def test_objects_that_vanish_while_they_are_scanned_are_named(
    old: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keylint.sources.history import History

    real = History.start_reader

    def start(self: History, cache: str = "") -> object:
        path = loose(old, "HEAD:f2")
        if path.exists():
            path.unlink()
        monkeypatch.setattr(History, "start_reader", real)
        return real(self, cache)

    monkeypatch.setattr(History, "start_reader", start)
    result = scan(old.path)
    assert result.values == ALL - {token(2)}
    assert [s.path for s in result.skipped] == ["f2"]


def cli(repo: Repo, tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit status and JSON report of a scan by the command line."""
    report = tmp_path / "report.json"
    status = run(
        ["scan", str(repo.path), "--history", "--format", "json", "--output", str(report), *arguments]
    )
    return status, json.loads(report.read_text())


def test_the_exit_status_says_that_something_was_not_read(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a": "x\n", "b": "y\n"})
    assert cli(repo, tmp_path)[0] == 0
    loose(repo, "HEAD:a").unlink()
    assert cli(repo, tmp_path)[0] == 3


def trap(folder: Path, name: str) -> str:
    """A program that leaves a mark when it runs."""
    program = folder / name
    program.write_text(f"#!/bin/sh\ntouch '{folder}/ran-{name}'\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def test_nothing_that_a_repository_names_ever_runs(repo: Repo, tmp_path: Path) -> None:
    traps = tmp_path / "traps"
    traps.mkdir()
    inner = Repo(tmp_path / "inner")
    inner.commit({"deep": line(9)})
    repo.commit({".gitattributes": "* filter=evil diff=evil merge=evil\n", "a": line(1)})
    repo.commit({"a": line(2)})
    repo.git("submodule", "--quiet", "add", str(inner.path), "sub")
    repo.commit(None, "submodule")
    settings = {
        "core.fsmonitor": "fsmonitor",
        "core.pager": "pager",
        "core.editor": "editor",
        "core.sshCommand": "ssh",
        "core.askPass": "askpass",
        "core.gitProxy": "proxy",
        "core.alternateRefsCommand": "alternates",
        "pager.log": "pagerlog",
        "diff.external": "external",
        "diff.evil.command": "command",
        "diff.evil.textconv": "textconv",
        "merge.evil.driver": "merge",
        "filter.evil.smudge": "smudge",
        "filter.evil.clean": "clean",
        "filter.evil.process": "process",
        "gpg.program": "gpg",
        "credential.helper": "credential",
        "uploadpack.packObjectsHook": "packobjects",
        "remote.origin.uploadpack": "uploadpack",
        "trace2.eventTarget": "trace",
    }
    for name, program in settings.items():
        repo.git("config", name, trap(traps, program))
    for name in ("log", "cat-file", "rev-parse", "for-each-ref", "config", "ls-tree"):
        repo.git("config", f"alias.{name}", f"!{trap(traps, f'alias-{name}')}")
    hooks = repo.path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc"):
        trap(hooks, name)
    repo.git("config", "core.hooksPath", str(hooks))
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "submodule.sub.url", f"ext::{trap(traps, 'ext')}")
    repo.git("config", "submodule.sub.update", f"!{trap(traps, 'update')}")
    repo.git("config", "remote.origin.url", f"ext::{trap(traps, 'origin')}")
    repo.git("config", "remote.origin.promisor", "true")
    more = repo.path / "more.cfg"
    more.write_text(f"[core]\n\tfsmonitor = {trap(traps, 'included')}\n\tpager = {trap(traps, 'incpager')}\n")
    repo.git("config", "include.path", str(more))
    status, report = cli(
        repo, tmp_path, "--messages", "--submodules", "--include-unreachable", "--show-authors"
    )
    assert status in (0, 1, 3)
    assert report
    assert not [*traps.glob("ran-*"), *hooks.glob("ran-*")]
    assert scan(repo.path, Span(messages=True)).values >= {token(1), token(2)}


def test_a_pipe_as_mailmap_or_order_file_stops_nothing(old: Repo, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    old.git("config", "mailmap.file", str(pipe))
    old.git("config", "diff.orderFile", str(pipe))
    assert scan(old.path).values == ALL


def test_submodules_are_listed_and_scanned_when_asked_for(repo: Repo, tmp_path: Path) -> None:
    secret = "sk_" + "live_" + token(7)[4:] + token(8)[4:12]
    inner = Repo(tmp_path / "inner")
    inner.commit({"deep": f"stripe = '{secret}'\n"})
    inner.commit({"deep": "clean\n"})
    repo.commit({"a": "x\n"})
    repo.git("submodule", "--quiet", "add", str(inner.path), "libs/sub")
    repo.commit(None, "submodule")
    status, report = cli(repo, tmp_path)
    assert status == 0
    assert any(s["path"] == "libs/sub" for s in report["skipped"])
    status, report = cli(repo, tmp_path, "--submodules")
    assert status == 1
    (finding,) = report["findings"]
    assert finding["places"][0]["path"] == "libs/sub/deep"


def test_a_key_in_the_path_of_a_submodule_is_not_kept(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk_" + "live_" + token(9)[4:] + token(10)[4:12]
    inner = Repo(tmp_path / "inner")
    inner.commit({"clean": "x\n", "deep": f"stripe = 'sk_{'live_'}{token(7)[4:]}{token(8)[4:12]}'\n"})
    repo.git("submodule", "--quiet", "add", str(inner.path), f"libs/{key}")
    repo.commit(None, "submodule")
    cache = tmp_path / "cache"
    monkeypatch.setenv("KEYLINT_CACHE_DIR", str(cache))
    for _ in range(2):
        assert cli(repo, tmp_path, "--submodules")[0] == 1
        assert any(file.name.startswith("clean-") for file in cache.iterdir())
        assert not any(key.encode() in file.read_bytes() for file in cache.iterdir())


def test_a_submodule_that_leads_out_of_the_repository_is_refused(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "private")
    other.commit({"deep": line(1)})
    repo.commit({"a": "x\n"})
    repo.git("submodule", "--quiet", "add", str(other.path), "sub")
    repo.commit(None, "submodule")
    (repo.path / "sub" / ".git").write_text(f"gitdir: {other.path}/.git\n")
    _, report = cli(repo, tmp_path, "--submodules")
    assert [s["reason"] for s in report["skipped"]] == ["unsafe"]
    shutil.rmtree(repo.path / "sub")
    (repo.path / "sub").symlink_to(other.path)
    _, report = cli(repo, tmp_path, "--submodules")
    assert [s["reason"] for s in report["skipped"]] == ["unsafe"]


def test_excluded_paths_are_left_out_and_said(repo: Repo, tmp_path: Path) -> None:
    secret = "sk_" + "live_" + token(7)[4:] + token(8)[4:12]
    repo.commit({"gen/a.lock": f"stripe = '{secret}'\n", "keylint.toml": 'exclude = ["*.lock"]\n'})
    status, report = cli(repo, tmp_path)
    assert status == 0
    assert [s["reason"] for s in report["skipped"]] == ["excluded"]
    repo.git("mv", "gen/a.lock", "a.txt")
    repo.commit(None, "move")
    assert cli(repo, tmp_path)[0] == 1


def test_an_excluded_path_is_not_told_whatever_else_leads_to_its_content(repo: Repo, tmp_path: Path) -> None:
    secret = "sk_" + "live_" + token(7)[4:] + token(8)[4:12]
    repo.write("keylint.toml", 'exclude = ["vendor/"]\n')
    repo.commit({"vendor/a": f"stripe = '{secret}'\n"})
    repo.git("tag", "tree", "HEAD^{tree}")
    assert cli(repo, tmp_path, "--include-unreachable")[1]["findings"] == []
    repo.write(".git/refs/heads/nowhere", "1" * 40 + "\n")
    assert cli(repo, tmp_path)[1]["findings"] == []
    repo.commit({"src/a": f"stripe = '{secret}'\n"})
    _, report = cli(repo, tmp_path)
    assert [place["path"] for found in report["findings"] for place in found["places"]] == ["src/a"]


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_workers_that_die_do_not_keep_the_scan_waiting(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    files = 6000  # far more ids and bytes than pipes hold
    for number in range(files):
        repo.write(f"file{number}", f"{number:2000}")
    repo.stage(".")
    repo.commit()
    monkeypatch.setattr("keylint.historyscan.work", lambda *_: os._exit(9))
    result = scan(repo.path)
    assert result.swept.left_out == files
    assert SkipReason.UNREADABLE in {skipped.reason for skipped in result.skipped}


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_one_object_of_which_workers_die_costs_little_else(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(400):
        repo.write(f"file{number}", f"{number:4000}\n" + (f"key = {token(number)}\n" if number % 4 else ""))
    repo.write("poison", "POISON\n")
    repo.stage(".")
    repo.commit()

    def deadly(engine: Engine, buffer: bytearray, bounds: Bounds) -> dict[int, ScanResult]:
        if any(b"POISON" in buffer[start:end] for start, end in bounds):
            os._exit(9)
        return sift(engine, buffer, bounds)

    monkeypatch.setattr("keylint.historywork.sift", deadly)
    result = scan(repo.path)
    assert 1 <= result.swept.left_out <= 200
    assert len(result.values) >= 200
    assert SkipReason.UNREADABLE in {skipped.reason for skipped in result.skipped}
