"""A scan that goes on from what an earlier one has left finds what one without a memory finds."""

from __future__ import annotations

import marshal
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from keylint import workers
from keylint.engine import Engine
from keylint.held import Found, Held, Known, numbered, values_of
from keylint.historycache import HistoryCache, Memory
from keylint.historyscan import Sweeper
from keylint.model import SkipReason
from keylint.sources.history import History
from keylint.sources.slabs import Large, Slab, read_slabs
from keylint.sources.span import Span
from tests.helpers.repo import Repo
from tests.history.harness import RULE, Result, scan, token
from tests.history.test_reference import Author


def line(seed: int) -> str:
    return f"key = '{token(seed)}'\n"


def dated(day: int) -> dict[str, str]:
    """What lets git commit on some day."""
    date = f"{1_700_000_000 + day * 86_400} +0000"
    return {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}


def commit(repo: Repo, day: int, files: dict[str, str]) -> str:
    for name, content in files.items():
        repo.write(name, content)
        repo.stage(name)
    repo.git("commit", "-q", "--allow-empty", "-m", "change", env=dated(day))
    return repo.git("rev-parse", "HEAD")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def scan_twice(repo: Repo, cache: Path) -> Result:
    """A scan with a memory, after it was compared with one without."""
    remembered, plain = scan(repo.path, cache=cache), scan(repo.path)
    assert remembered.files == plain.files
    assert remembered.skipped == plain.skipped
    assert remembered.problems == plain.problems
    assert remembered.objects == plain.objects
    return remembered


@pytest.mark.parametrize("seed", range(8))
def test_a_history_that_grows_at_random_gives_the_same_at_every_step(
    tmp_path: Path, cache: Path, seed: int
) -> None:
    repo = Repo(tmp_path / "repo")
    author = Author(repo, seed)
    resumed = []
    for _ in range(6):
        author.work(5)
        resumed.append(scan_twice(repo, cache).resumed)
    assert resumed == [False, True, True, True, True, True]


def test_where_nothing_is_new_no_object_is_scanned(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1), "b": "x\n"})
    repo.commit({"a": line(1) + line(2)})
    scan(repo.path, cache=cache)
    again = scan_twice(repo, cache)
    assert again.resumed
    assert (again.swept.objects, again.swept.bytes, again.objects) == (0, 0, 3)
    assert again.values == {token(1), token(2)}


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_where_nothing_is_new_no_worker_starts(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a": line(1), "b": line(2)})
    repo.commit({"a": line(1) + line(3)})
    expected = scan(repo.path, cache=cache)
    monkeypatch.setattr(workers.Crew, "start", lambda *_, **__: pytest.fail("started"))
    assert scan(repo.path, cache=cache).files == expected.files


@pytest.mark.skipif(not workers.CAN_FORK, reason="nothing is forked")
def test_no_worker_is_forked_while_git_is_asked_aside(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(9):
        commit(repo, n, {"a": line(n // 8) + f"{n}\n" * n})
        commit(repo, n, {"a": "x\n"})
    scan(repo.path, cache=cache)
    usual, forks = threading.active_count(), []
    fork = os.fork

    def checked() -> int:
        assert threading.active_count() == usual, "the child would hold the pipes of git"
        forks.append(1)
        return fork()

    monkeypatch.setattr(os, "fork", checked)
    part = Span(range="HEAD~10..HEAD~9")  # a version that no report of all shows
    assert scan(repo.path, part, cache=cache).values == {token(0)}
    assert forks


def test_a_version_that_shows_another_key_now_is_looked_at_again(repo: Repo, cache: Path) -> None:
    """Only four places of a story are shown: which they are changes with each commit."""
    for n in range(8):
        repo.commit({"a": "x\n" * n + line(1) + line(2 + n % 3)})
        assert token(1) in scan_twice(repo, cache).values


def test_only_what_is_new_is_scanned(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1), "b": "x\n"})
    scan(repo.path, cache=cache)
    repo.commit({"b": line(1)})
    repo.commit({"b": "x\n", "c": "y\n"})
    again = scan_twice(repo, cache)
    assert (again.resumed, again.swept.objects) == (True, 1)
    assert again.paths(token(1)) == ["a", "b"]


def test_a_branch_from_the_past_tells_an_earlier_first_commit(repo: Repo, cache: Path) -> None:
    commit(repo, 1, {"x": "x\n"})
    commit(repo, 9, {"a": line(1)})
    scan(repo.path, cache=cache)
    repo.git("switch", "-q", "-c", "old", "HEAD~1")
    early = commit(repo, 5, {"a": line(1)})
    again = scan_twice(repo, cache)
    assert again.resumed and again.of(token(1)).first == early


def test_of_branches_of_the_same_date_git_says_which_comes_first(repo: Repo, cache: Path) -> None:
    commit(repo, 1, {"x": "x\n"})
    for name in ("aa", "zz", "mm"):
        repo.git("switch", "-q", "-c", name, "main")
        commit(repo, 5, {"a": line(1), name: "x\n"})
        scan_twice(repo, cache)


def test_a_line_of_commits_of_one_date_is_gone_on_from(repo: Repo, cache: Path) -> None:
    commit(repo, 1, {"a": line(1)})
    scan(repo.path, cache=cache)
    commit(repo, 1, {"a": line(2)})
    assert scan_twice(repo, cache).resumed


def test_after_a_commit_with_a_wrong_clock_all_is_listed_again(repo: Repo, cache: Path) -> None:
    commit(repo, 5, {"a": line(1)})
    scan(repo.path, cache=cache)
    commit(repo, 3, {"a": "gone\n"})
    assert not scan_twice(repo, cache).resumed
    assert scan_twice(repo, cache).resumed


def test_a_commit_from_a_time_of_wrong_clocks_lists_all_again(repo: Repo, cache: Path) -> None:
    root = commit(repo, 0, {"r": "r\n"})
    commit(repo, 10, {"a": line(1)})
    commit(repo, 5, {"b": "x\n"})
    scan(repo.path, cache=cache)
    repo.git("checkout", "-q", "-b", "side", root)
    commit(repo, 7, {"a": "x\n" + line(1)})
    assert not scan_twice(repo, cache).resumed
    commit(repo, 11, {"c": line(2)})
    assert scan_twice(repo, cache).resumed, "that time is over"
    commit(repo, 12, {"d": line(3)})
    assert scan_twice(repo, cache).resumed


def test_what_only_lost_commits_held_is_no_longer_told(repo: Repo, cache: Path) -> None:
    repo.commit({"a": "x\n"})
    repo.branch("side")
    repo.commit({"b": line(1)})
    repo.git("switch", "-q", "main")
    assert scan_twice(repo, cache).values == {token(1)}
    repo.git("branch", "-q", "-D", "side")
    repo.git("reflog", "expire", "--expire=now", "--all")
    again = scan_twice(repo, cache)
    assert not again.resumed and not again.values
    assert scan_twice(repo, cache).resumed


def test_another_repository_in_the_same_place_is_listed_anew(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1)})
    scan(repo.path, cache=cache)
    shutil.rmtree(repo.path)
    other = Repo(repo.path)
    other.commit({"b": line(2)})
    again = scan_twice(other, cache)
    assert not again.resumed and again.values == {token(2)}


def test_an_object_that_was_lost_meanwhile_is_told(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1), "b": line(2)})
    scan(repo.path, cache=cache)
    gone = repo.git("rev-parse", "HEAD:a")
    (repo.path / ".git" / "objects" / gone[:2] / gone[2:]).unlink()
    again = scan_twice(repo, cache)
    assert again.values == {token(2)}
    assert [s.reason for s in again.skipped] == [SkipReason.MISSING_OBJECT]


def test_a_value_comes_back_from_any_object_that_has_it(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1) + line(2)})
    repo.commit({"a": line(1)})
    repo.commit({"a": line(2)})
    scan(repo.path, cache=cache)
    gone = repo.git("rev-parse", "HEAD~2:a")
    (repo.path / ".git" / "objects" / gone[:2] / gone[2:]).unlink()
    again = scan(repo.path, cache=cache)
    assert again.values == {token(1), token(2)}
    assert gone in again.details()


def test_text_of_two_bytes_a_character_is_read_each_time(repo: Repo, cache: Path) -> None:
    repo.commit({"a": ("\ufeff" + line(1)).encode("utf-16-le"), "b": line(1), "c": "x\n"})
    scan(repo.path, cache=cache)
    again = scan_twice(repo, cache)
    assert (again.resumed, again.swept.objects) == (True, 1)
    assert again.paths(token(1)) == ["a", "b"]


def test_a_tag_on_a_file_keeps_being_found(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1)})
    repo.write("loose", line(2))
    blob = repo.git("hash-object", "-w", "loose")
    repo.git("tag", "file", blob)
    for _ in range(2):
        assert scan_twice(repo, cache).values == {token(1), token(2)}
    repo.git("tag", "-d", "file")
    assert scan_twice(repo, cache).values == {token(1)}


def test_a_tag_on_a_file_that_comes_later_is_found(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1)})
    scan(repo.path, cache=cache)
    repo.write("loose", line(2))
    repo.git("tag", "-a", "-m", "it", "file", repo.git("hash-object", "-w", "loose"))
    assert scan_twice(repo, cache).values == {token(1), token(2)}


def test_what_comes_while_all_is_listed_is_found_the_next_time(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a": line(1)})
    original = History.object_ids

    def slow(history: History) -> Iterator[list[bytes]]:
        yield from original(history)
        repo.commit({"b": line(2)})

    monkeypatch.setattr(History, "object_ids", slow)
    scan(repo.path, cache=cache)
    monkeypatch.undo()
    again = scan_twice(repo, cache)
    assert not again.resumed and again.values == {token(1), token(2)}


def test_an_interrupt_leaves_what_the_next_scan_goes_on_from(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a": line(1), "b": "x\n"})
    scan(repo.path, cache=cache)
    repo.commit({"c": line(2)})

    def interrupted(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(Sweeper, "_recover", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scan(repo.path, cache=cache)
    monkeypatch.undo()
    again = scan_twice(repo, cache)
    assert again.resumed and again.values == {token(1), token(2)}


def test_a_broken_reference_that_comes_later_is_told(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1)})
    scan(repo.path, cache=cache)
    repo.write(".git/refs/heads/bad", "no id\n")
    assert "bad" in scan_twice(repo, cache).details()


def test_the_number_of_objects_is_that_of_a_scan_of_all_whatever_was_scanned_between(
    repo: Repo, cache: Path
) -> None:
    repo.commit({"a": line(1), "b": "old\n"})
    scan(repo.path, cache=cache)
    repo.commit({"c": "clean\n"})
    scan(repo.path, Span(range="HEAD~1..HEAD"), cache=cache)
    assert scan_twice(repo, cache).resumed
    for path in cache.glob("clean-*"):
        path.unlink()
    repo.commit({"b": "new\n"})
    repo.commit({"b": "old\n"})
    assert scan_twice(repo, cache).resumed


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_answers_to_what_was_not_asked_are_not_trusted(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a fault in reading what git says: the ids are not those of the objects."""
    repo.commit({"a": line(1), "b": "x\n"})
    once = tmp_path / "once"

    def shifted(fd: int) -> Iterator[Slab | Large]:
        for slab in read_slabs(fd):
            if isinstance(slab, Slab) and not once.exists():
                once.touch()
                slab.ids[:] = [name[1:] for name in slab.ids]
            yield slab

    monkeypatch.setattr("keylint.historywork.read_slabs", shifted)
    found = scan(repo.path, known=Known(), number=1)
    assert once.exists() and found.values == {token(1)}
    assert found.swept.clean == [blob(repo, "b")]


def test_a_large_object_does_not_hide_the_next(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keylint.sources.slabs.LARGE_BYTES", 1 << 16)
    for n in range(4):
        repo.commit({f"big{n}": f"{n}\n" * (1 << 21) + line(10 + n), f"a{n}": line(n), f"b{n}": f"{n}\n"})
    expected = {token(n) for n in (0, 1, 2, 3, 10, 11, 12, 13)}
    assert scan(repo.path, cache=cache, number=1).values == expected
    assert scan(repo.path, cache=cache, number=1).values == expected


def test_a_path_with_a_key_is_not_kept(repo: Repo, cache: Path) -> None:
    repo.commit({f"{token(5)}.txt": line(1), "b": "x\n"})
    for _ in range(2):
        assert scan_twice(repo, cache).values == {token(1)}
        assert all(token(5).encode() not in path.read_bytes() for path in cache.iterdir())


@pytest.mark.parametrize(
    "body",
    [
        b"garbage",
        marshal.dumps(5),
        marshal.dumps((1, 2, 3, 4)),
        marshal.dumps(({b"1" * 40: ((9999, 0, 1, 0, 1, 0), (0,), (0,))}, None, (), {})),
        marshal.dumps(({b"1" * 40: ((0, 1, 2), (0,), (0,))}, None, (), {})),
        marshal.dumps(({b"1" * 40: ((0, 0, 1, 0, 1, 0), (0,), (0, 1))}, None, (), {})),
        marshal.dumps(({b"1" * 40: ((0, 0, 1, 0, 1, 0), (7,), (0,))}, None, (), {})),
        marshal.dumps(({b"1" * 40: ((0, -1, 1, 0, 1, 0), (0,), (0,))}, None, (), {})),
        marshal.dumps(({b"1" * 40: (("x",) * 6, (0,), (0,))}, None, (), {})),
    ],
)
def test_a_stored_file_that_makes_no_sense_is_as_good_as_none(repo: Repo, cache: Path, body: bytes) -> None:
    repo.commit({"a": line(1)})
    name = repo.git("rev-parse", "HEAD:a").encode()
    scan(repo.path, cache=cache)
    stored = HistoryCache(str(cache), str(repo.path / ".git"), b"rules")
    stored._write("found", stored._found_key, body.replace(b"1" * 40, name))
    assert scan_twice(repo, cache).values == {token(1)}


def test_a_submodule_is_told_each_time_and_a_new_one_lists_all_again(repo: Repo, cache: Path) -> None:
    def link(path: str, commit: str) -> None:
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
        repo.git("commit", "-q", "-m", "link")

    first = repo.commit({"a": line(1)})
    link("sub", first)
    scan(repo.path, cache=cache)
    assert scan_twice(repo, cache).resumed
    link("other", first)
    assert not scan_twice(repo, cache).resumed


def test_a_part_of_history_is_no_base_to_go_on_from_and_takes_none_away(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1)})
    repo.commit({"b": line(2)})
    part = scan(repo.path, Span(range="HEAD~1..HEAD"), cache=cache)
    assert part.values == {token(2)}
    again = scan_twice(repo, cache)
    assert not again.resumed and again.values == {token(1), token(2)}
    part = scan(repo.path, Span(range="HEAD~1..HEAD"), cache=cache)
    assert (part.resumed, part.values, part.swept.held) == (False, {token(2)}, [blob(repo, "b")])
    again = scan_twice(repo, cache)
    assert again.resumed and again.values == {token(1), token(2)}


def blob(repo: Repo, path: str) -> bytes:
    return repo.git("rev-parse", f"HEAD:{path}").encode()


def test_messages_are_no_base_to_go_on_from(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1)}, message=line(2))
    for _ in range(2):
        found = scan(repo.path, Span(messages=True), cache=cache)
        assert (found.resumed, found.values) == (False, {token(1), token(2)})


def test_a_shallow_clone_is_listed_each_time(repo: Repo, cache: Path, tmp_path: Path) -> None:
    for seed in range(3):
        repo.commit({"a": line(seed)})
    clone = Repo(tmp_path / "clone", init=False)
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(clone.path))
    for _ in range(2):
        found = scan_twice(clone, cache)
        assert (found.resumed, found.values) == (False, {token(2)})
    clone.git("fetch", "-q", "--unshallow")
    assert scan_twice(clone, cache).values == {token(0), token(1), token(2)}


def test_a_damaged_history_is_read_and_told_each_time(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1)})
    repo.commit({"b": line(2)})
    repo.write(".git/refs/heads/nowhere", "1" * 40 + "\n")
    for _ in range(2):
        found = scan_twice(repo, cache)
        assert not found.resumed and found.values == {token(1), token(2)}
        assert "nowhere" in found.details()


def test_a_reference_to_nowhere_that_comes_later_is_told(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1)})
    scan(repo.path, cache=cache)
    repo.write(".git/refs/heads/nowhere", "1" * 40 + "\n")
    found = scan_twice(repo, cache)
    assert "nowhere" in found.details() and found.values == {token(1)}


def test_threads_go_on_as_processes_do(repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({f"f{n}": line(n) for n in range(8)})
    monkeypatch.setattr(workers, "CAN_FORK", False)
    scan(repo.path, cache=cache)
    assert len(scan_twice(repo, cache).values) == 8
    repo.commit({"g": line(9)})
    assert len(scan_twice(repo, cache).values) == 9


def test_a_repository_of_long_ids_goes_on_as_well(tmp_path: Path, cache: Path) -> None:
    repo = Repo(tmp_path / "wide", object_format="sha256")
    repo.commit({"a": line(1)})
    scan(repo.path, cache=cache)
    repo.commit({"b": line(1)})
    again = scan_twice(repo, cache)
    assert again.resumed and again.paths(token(1)) == ["a", "b"]


def test_an_unborn_branch_has_nothing_and_the_first_commit_is_found(repo: Repo, cache: Path) -> None:
    assert [p.code for p in scan_twice(repo, cache).problems] == ["empty-history"]
    repo.commit({"a": line(1)})
    assert scan_twice(repo, cache).values == {token(1)}


def test_what_is_stored_holds_no_content(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1) + "# a remark\n"}, message="a message")
    scan(repo.path, cache=cache)
    stored = b"".join(path.read_bytes() for path in cache.iterdir())
    for text in (token(1), token(1)[4:10], "remark", "message", "Test"):
        assert text.encode() not in stored
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in cache.iterdir())


def test_values_come_from_as_few_objects_as_may_be() -> None:
    engine = Engine([RULE], prefilter="pure")
    contents = {
        b"one": line(1).encode(),
        b"both": (line(1) + line(2)).encode(),
        b"two": b"# " + line(2).encode(),
    }
    held = held_by(engine, contents)
    asked: list[bytes] = []

    def read(names: list[bytes]) -> list[bytes | None]:
        asked.extend(names)
        return [contents.get(name) for name in names]

    values = values_of(held, engine.rules, read)
    assert values[b"both"] == (token(1).encode(), token(2).encode())
    assert values[b"two"] == (token(2).encode(),)
    assert asked == [b"both"]
    del contents[b"both"]
    asked.clear()
    assert values_of(held, engine.rules, read).keys() == {b"one", b"two"}
    del contents[b"two"]
    asked.clear()
    assert values_of(held, engine.rules, read) == {b"one": (token(1).encode(),)}
    assert set(asked) == {b"both", b"one", b"two"}


def held_by(engine: Engine, contents: dict[bytes, bytes]) -> dict[bytes, Held]:
    hits = {name: engine.scan(data, path=None) for name, data in contents.items()}
    found = {name: Found(engine.places(list(h)), tuple(range(len(h)))) for name, h in hits.items()}
    return numbered(found, {}, {name: [hit.value for hit in h] for name, h in hits.items()})[0]


def test_what_was_stored_comes_back_for_the_same_rules_and_patterns_only(cache: Path) -> None:
    memory = Memory({b"1" * 40: Held((0, 1, 2, 3, 4, 0), (0,), (0,))}, None, ("vendor/",))
    HistoryCache(str(cache), "/one", b"rules", ("vendor",)).store(memory)
    assert HistoryCache(str(cache), "/one", b"rules", ("vendor",)).load() == memory
    for other in (
        HistoryCache(str(cache), "/two", b"rules", ("vendor",)),
        HistoryCache(str(cache), "/one", b"other", ("vendor",)),
        HistoryCache(str(cache), "/one", b"rules"),
    ):
        assert other.load() == Memory({})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_stored_file_that_is_a_pipe_is_not_waited_for(repo: Repo, cache: Path) -> None:
    repo.commit({"a": line(1)})
    scan(repo.path, cache=cache)
    for path in cache.iterdir():
        path.unlink()
        os.mkfifo(path)
    assert not scan_twice(repo, cache).resumed
