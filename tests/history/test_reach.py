"""What belongs to a history: every place where git keeps something that was ever committed."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from keylint import workers
from keylint.cli.app import run
from keylint.errors import SourceError, UsageError
from keylint.held import Known
from keylint.model import SkipReason
from keylint.sources.span import Span
from tests.helpers.repo import Repo
from tests.history.harness import scan, token


def line(seed: int) -> str:
    return f"key = '{token(seed)}'\n"


def test_keys_on_branches_tags_notes_remotes_stashes_and_in_reflogs_are_found(repo: Repo) -> None:
    repo.commit({"base": "x\n"})
    repo.branch("side")
    repo.commit({"a": line(1)})
    repo.git("switch", "-q", "main")
    repo.git("update-ref", "refs/remotes/origin/topic", "side")
    repo.git("branch", "-q", "-D", "side")
    repo.commit({"b": line(2)})
    repo.git("tag", "old")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    for seed in (3, 4):
        repo.write("base", line(seed))
        repo.git("stash", "-q")
    repo.commit({"gone": line(5)})
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("notes", "add", "-m", line(6))
    assert scan(repo.path).values == {token(n) for n in (1, 2, 3, 4, 5, 6)}


def test_untracked_files_in_a_stash_are_found(repo: Repo) -> None:
    repo.commit({"base": "x\n"})
    repo.write("new", line(1))
    repo.git("stash", "-q", "--include-untracked")
    assert scan(repo.path).values == {token(1)}


def test_content_that_only_a_merge_made_is_found(repo: Repo) -> None:
    repo.commit({"base": "x\n"})
    repo.branch("side")
    repo.commit({"side": "s\n"})
    repo.git("switch", "-q", "main")
    repo.commit({"main": "m\n"})
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    merge = repo.commit({"evil": line(1)}, "merge")
    repo.git("rm", "-q", "evil")
    repo.commit(None, "clean")
    found = scan(repo.path).of(token(1))
    assert (found.first, found.last, found.sighting.in_head) == (merge, merge, False)


def test_a_configuration_cannot_hide_merges(repo: Repo) -> None:
    test_content_that_only_a_merge_made_is_found(repo)
    repo.git("config", "log.diffMerges", "off")
    repo.git("config", "i18n.logOutputEncoding", "UTF-16")
    repo.git("config", "log.showRoot", "false")
    found = scan(repo.path).of(token(1))
    assert found.sighting.first_seen and found.sighting.first_seen.author == "Ada"


def test_tags_on_blobs_and_trees_are_part_of_it(repo: Repo) -> None:
    repo.commit({"base": "x\n"})
    repo.write("note", line(1))
    blob = repo.git("hash-object", "-w", "note")
    repo.git("tag", "-a", "-m", "t", "outer", blob)
    repo.git("tag", "-a", "-m", "t", "nested", "outer")
    (repo.path / "note").unlink()
    repo.commit({"dir/file": line(2)})
    repo.git("tag", "tree", "HEAD^{tree}")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("reflog", "expire", "--expire=now", "--all")
    result = scan(repo.path)
    assert result.paths(token(1)) == ["refs/tags/nested"]
    assert result.paths(token(2)) == ["refs/tags/tree:dir/file"]


def test_unreachable_objects_are_scanned_only_when_asked_for(repo: Repo) -> None:
    repo.commit({"base": "x\n"})
    repo.write("note", line(1))
    blob = repo.git("hash-object", "-w", "note")
    assert scan(repo.path).values == set()
    result = scan(repo.path, Span(unreachable=True))
    assert result.paths(token(1)) == [f".git/objects/{blob[:2]}/{blob[2:]}"]


def test_messages_of_commits_and_tags_are_scanned_when_asked_for(repo: Repo) -> None:
    first = repo.commit({"a": "x\n"}, f"Use {token(1)}\n\nbody")
    second = repo.commit({"a": "y\n"}, f"Still {token(1)}")
    repo.git("tag", "-a", "-m", f"line\n{token(2)}", "v1")
    assert scan(repo.path).values == set()
    result = scan(repo.path, Span(messages=True))
    found = result.of(token(1))
    assert (found.first, found.last, result.paths(token(1))) == (first, second, ["commit message"])
    assert [(place.line, place.column) for place in found.places] == [(1, 5), (1, 7)]
    assert result.paths(token(2)) == ["refs/tags/v1"]
    assert result.of(token(2)).first == second


def tag_on(repo: Repo, target: str, kind: str, message: str) -> str:
    """Write a tag object that no reference names."""
    repo.write("tag", f"object {target}\ntype {kind}\ntag t\ntagger A <a@example.com> 0 +0000\n\n{message}\n")
    return repo.git("hash-object", "-t", "tag", "-w", "tag")


def test_messages_of_tags_on_which_other_tags_are_count_too(repo: Repo) -> None:
    commit = repo.commit({"a": "x\n"})
    inner = tag_on(repo, commit, "commit", token(1))
    middle = tag_on(repo, inner, "tag", f"line\n{token(2)}")
    repo.git("tag", "-a", "-m", token(3), "v1", middle)
    repo.git("tag", "-a", "-m", token(4), "v2", middle)
    result = scan(repo.path, Span(messages=True))
    assert result.values == {token(1), token(2), token(3), token(4)}
    assert result.paths(token(4)) == ["refs/tags/v2"]
    assert {result.of(token(n)).first for n in (1, 2, 3, 4)} == {commit}
    assert result.of(token(2)).places[0].line == 2
    assert not result.skipped


def test_where_tags_on_tags_are_no_longer_followed_is_said(repo: Repo) -> None:
    name = repo.commit({"a": "x\n"})
    kind = "commit"
    for depth in range(60):
        name, kind = tag_on(repo, name, kind, token(depth)), "tag"
    repo.git("tag", "deep", name)
    result = scan(repo.path, Span(messages=True))
    assert result.values == {token(n) for n in range(10, 60)}
    assert "refs/tags/deep budget" in result.details()


def test_names_in_the_headers_of_a_commit_are_no_message(repo: Repo) -> None:
    repo.write("a", "x\n")
    repo.stage("a")
    repo.git("commit", "-q", "-m", "x", env={"GIT_AUTHOR_NAME": token(1)})
    assert scan(repo.path, Span(messages=True)).values == set()


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_both_object_formats_are_read(tmp_path: Path, form: str) -> None:
    repo = Repo(tmp_path / form, object_format=form)
    first = repo.commit({"a": line(1)})
    assert scan(repo.path).of(token(1)).first == first


def test_bare_repositories_linked_work_trees_alternates_and_packed_refs_are_read(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit({"a": line(1)})
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked", init=False)
    linked.commit({"b": line(2)})
    repo.git("pack-refs", "--all")
    repo.git("clone", "-q", "--bare", "--shared", ".", str(tmp_path / "bare.git"))
    assert scan(linked.path).values == {token(1), token(2)}
    assert scan(repo.path).values == {token(1), token(2)}
    assert scan(tmp_path / "bare.git").values == {token(1)}


def test_grafts_and_replacements_hide_nothing(repo: Repo) -> None:
    first = repo.commit({"a": line(1)})
    second = repo.commit({"a": "clean\n"})
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    (repo.path / ".git" / "info" / "grafts").write_text(f"{second}\n")
    blob = repo.git("rev-parse", f"{first}:a")
    repo.write("other", line(2))
    repo.git("replace", blob, repo.git("hash-object", "-w", "other"))
    assert scan(repo.path).values == {token(1), token(2)}


def test_a_shallow_clone_says_where_it_is_cut(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a": line(1)})
    cut = repo.commit({"a": line(2)})
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    result = scan(tmp_path / "shallow")
    assert result.values == {token(2)}
    (skipped,) = result.skipped
    assert skipped.reason is SkipReason.TRUNCATED_HISTORY and cut[:12] in skipped.detail


def test_a_partial_clone_is_read_without_fetching(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a": line(1), "b": "x\n"})
    repo.commit({"a": line(2)})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.path}", str(clone))
    before = sorted(os.listdir(clone / ".git" / "objects" / "pack"))
    result = scan(clone)
    assert result.values == {token(2)}
    assert "1 objects are not in this partial clone" in result.details()
    assert sorted(os.listdir(clone / ".git" / "objects" / "pack")) == before


def test_paths_and_authors_may_be_any_bytes(repo: Repo) -> None:
    name = os.fsdecode(b"caf\xe9\n\x01\x02:100644 \xff")
    repo.git("config", "user.name", "x")
    repo.write(name, line(1))
    repo.stage(name)
    repo.git("commit", "-q", "-m", "x", env={"GIT_AUTHOR_NAME": os.fsdecode(b"J\xfcrgen")})
    result = scan(repo.path)
    assert result.paths(token(1)) == [name]
    assert result.of(token(1)).sighting.first_seen is not None


def test_an_empty_repository_is_a_note(repo: Repo) -> None:
    result = scan(repo.path)
    assert [problem.code for problem in result.problems] == ["empty-history"]
    assert not result.skipped


def test_no_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        scan(tmp_path)


def test_wide_characters_are_read(repo: Repo) -> None:
    text = ("é" * 9000 + line(1)).encode("utf-16-le")
    chinese = "中" * 9000 + line(2)
    repo.commit({"a": b"\xff\xfe" + text, "b": b"\xff\xfe" + chinese.encode("utf-16-le")})
    assert scan(repo.path).values == {token(1), token(2)}


def test_large_objects_are_read_in_pieces(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    from keylint.sources import slabs

    monkeypatch.setattr(slabs, "LARGE_BYTES", 1000)
    repo.commit({"big": "x\n" * 2000 + line(1) + "y\n" * 2000, "small": line(2)})
    result = scan(repo.path)
    assert result.values == {token(1), token(2)}
    assert result.of(token(1)).places[0].line == 2001


def test_threads_find_what_processes_find(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(20):
        repo.commit({"a": line(n), f"f{n}": "x\n"})
    expected = scan(repo.path)
    monkeypatch.setattr(workers, "CAN_FORK", False)
    found = scan(repo.path)
    assert found.files == expected.files and len(found.files) == 20


def test_known_clean_objects_are_not_read_again(repo: Repo) -> None:
    repo.commit({"a": line(1), "b": "x\n", "c": "y\n"})
    first = scan(repo.path).swept
    assert len(first.clean) == 2
    again = scan(repo.path, known=Known(load_clean=lambda: set(first.clean)))
    assert again.values == {token(1)}
    assert (again.swept.objects, again.swept.known_clean) == (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "nowhere..HEAD",
        "--all",
        "--output=x..HEAD",
        "main..",
        "..nowhere",
        "..HEAD",
        "...HEAD",
        "0" * 40 + "..HEAD",
    ],
)
def test_a_bad_range_is_named(repo: Repo, text: str) -> None:
    repo.commit({"a": "x\n"})
    repo.git("branch", "-m", "trunk")
    with pytest.raises(UsageError, match="--range"):
        scan(repo.path, Span(range=text))


BAD_DAYS = ["2026-13-01", "2026-02-30", "2026-01-31 ..."]
BAD_TIMES = ["2026-01-31T25:00", "2026-01-31T10:61", "2026-01-31T10:00+99:00"]


@pytest.mark.parametrize("text", ["nowhere", "--all", *BAD_DAYS, *BAD_TIMES])
def test_a_bad_since_is_named(repo: Repo, text: str) -> None:
    repo.commit({"a": "x\n"})
    with pytest.raises(UsageError, match="--since"):
        scan(repo.path, Span(since=text))


@pytest.mark.parametrize("option", ["--range", "--since"])
def test_an_empty_part_is_no_scan_of_something_else(
    repo: Repo, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", str(repo.path), option, ""]) == 2
    assert f"{option} is empty" in capsys.readouterr().err


def test_a_day_begins_at_midnight_whatever_the_time_is_now(repo: Repo) -> None:
    midnight = dt.datetime(2024, 1, 31).astimezone()
    for number, minutes in enumerate((-1, 1, 60)):
        repo.write(f"f{number}", line(number))
        repo.stage()
        date = (midnight + dt.timedelta(minutes=minutes)).isoformat()
        repo.git("commit", "-q", "-m", "change", env={"GIT_COMMITTER_DATE": date})
    half_past = midnight + dt.timedelta(minutes=30)
    elsewhere = half_past.astimezone(dt.timezone(dt.timedelta(hours=-3, minutes=-30)))
    expected = {
        "1969-12-30": {0, 1, 2},
        "2024-01-31": {1, 2},
        "2024-01-31T00:30": {2},
        "2024-01-31 00:30:00.5": {2},
        half_past.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"): {2},
        elsewhere.isoformat(): {2},
        elsewhere.strftime("%Y-%m-%d %H:%M %z"): {2},
        "9998-12-31": set(),
    }
    found = {since: scan(repo.path, Span(since=since)).values for since in expected}
    assert found == {since: {token(n) for n in numbers} for since, numbers in expected.items()}


def test_thousands_of_branches_and_tags_are_read(repo: Repo) -> None:
    first = repo.commit({"base": "x\n"})
    kept = repo.commit({"a": line(1)})
    repo.git("reset", "-q", "--hard", first)
    names = sorted(f"refs/{kind}/n{number}" for kind in ("heads", "tags") for number in range(2500))
    packed = "".join(f"{first} {name}\n" for name in names) + f"{kept} refs/heads/kept\n"
    repo.path.joinpath(".git", "packed-refs").write_text(packed)
    repo.git("update-ref", "refs/heads/loose", kept)
    result = scan(repo.path)
    assert result.values == {token(1)}
    (file,) = result.files.values()
    assert file.sighting.branches == ("kept", "loose")


def test_a_history_of_another_owner_is_refused_with_the_remedy(repo: Repo) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    repo.commit({"a": line(1)})
    for folder, _, names in os.walk(repo.path):
        for name in (".", *names):
            os.chown(os.path.join(folder, name), 12345, 12345, follow_symlinks=False)
    with pytest.raises(SourceError) as caught:
        scan(repo.path)
    assert "safe.directory" in (caught.value.hint or "")
