"""First and last commit, what is there today, and one finding for each key and file."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from keylint.rule import Allowlist
from keylint.sources.span import Span
from tests.helpers.repo import Repo
from tests.history.harness import RULE, scan, token


def line(seed: int) -> str:
    return f"key = '{token(seed)}'\n"


def test_a_removed_key_tells_first_and_last_commit(repo: Repo) -> None:
    repo.commit({"a": "x\n"})
    first = repo.commit({"a": "x\n" + line(1)})
    last = repo.commit({"b": "y\n"})
    repo.commit({"a": "x\n"})
    found = scan(repo.path).of(token(1))
    assert (found.first, found.last, found.sighting.in_head) == (first, last, False)
    assert found.places[0].line == 2
    assert found.places[0].origin.commit and found.places[0].origin.commit.id == first


def test_a_key_in_head_comes_with_the_place_of_today_first(repo: Repo) -> None:
    first = repo.commit({"a": line(1)})
    head = repo.commit({"a": "x\n\n" + line(1)})
    found = scan(repo.path).of(token(1))
    assert (found.first, found.last, found.sighting.in_head) == (first, head, True)
    assert [place.line for place in found.places] == [3, 1]
    assert found.places[0].origin.commit is None


def test_reverts_cherry_picks_and_renames_make_no_second_finding(repo: Repo) -> None:
    first = repo.commit({"a": line(1)})
    repo.git("revert", "--no-edit", "HEAD")
    repo.git("revert", "--no-edit", "HEAD")
    repo.branch("side")
    repo.commit({"other": "o\n"})
    repo.git("switch", "-q", "main")
    repo.git("cherry-pick", "side")
    repo.git("mv", "a", "b")
    repo.commit(None, "rename")
    result = scan(repo.path)
    assert result.paths(token(1)) == ["b"]
    assert result.of(token(1)).first == first
    assert result.of(token(1)).sighting.branches == ()


def test_a_branch_that_still_holds_a_key_is_named(repo: Repo) -> None:
    repo.commit({"a": line(1)})
    repo.git("branch", "topic")
    repo.commit({"a": "x\n"})
    found = scan(repo.path).of(token(1))
    assert found.sighting.branches == ("topic",)
    assert found.sighting.branch_count == 1
    assert found.sighting.in_head is False


def test_of_many_branches_that_hold_a_key_ten_are_named_and_all_counted(repo: Repo) -> None:
    repo.commit({"a": line(1)})
    for number in range(12):
        repo.git("branch", f"topic{number:02}")
    repo.commit({"a": "x\n"})
    found = scan(repo.path).of(token(1)).sighting
    assert found.branches == tuple(f"topic{number:02}" for number in range(10))
    assert found.branch_count == 12


def test_a_removal_in_a_merge_names_the_parent_that_held_the_key(repo: Repo) -> None:
    repo.commit({"base": "x\n"})
    repo.branch("side")
    held = repo.commit({"a": line(1)})
    repo.git("switch", "-q", "main")
    repo.commit({"base": "y\n"})
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.git("rm", "-q", "-f", "a")
    repo.commit(None, "merge without it")
    repo.git("branch", "-q", "-D", "side")
    found = scan(repo.path).of(token(1))
    assert (found.first, found.last) == (held, held)


def test_a_key_in_two_files_today_is_two_findings(repo: Repo) -> None:
    repo.commit({"a": line(1)})
    repo.git("mv", "a", "b")
    repo.commit(None, "rename")
    repo.commit({"a": line(1)})
    assert scan(repo.path).paths(token(1)) == ["a", "b"]


def test_many_places_are_capped_and_counted(repo: Repo) -> None:
    for n in range(30):
        repo.commit({"a": f"{n}\n" + line(1)})
    found = scan(repo.path).of(token(1))
    assert len(found.places) + found.sighting.more == 30
    assert len(found.places) < 15


def test_a_wrong_clock_does_not_change_which_commit_came_first(repo: Repo) -> None:
    def commit(text: str, date: str) -> str:
        repo.write("a", text)
        repo.stage("a")
        repo.git("commit", "-q", "-m", "x", env={"GIT_COMMITTER_DATE": date})
        return repo.git("rev-parse", "HEAD")

    first = commit(line(1), "2030-01-01T00:00:00Z")
    repo.branch("side")
    commit("1\n" + line(1), "2001-01-01T00:00:00Z")
    repo.git("switch", "-q", "main")
    commit("2\n" + line(1), "2031-01-01T00:00:00Z")
    assert scan(repo.path).of(token(1)).first == first


def test_a_range_reports_only_lines_that_it_adds(repo: Repo) -> None:
    repo.commit({"a": line(1) + "x\n"})
    base = repo.commit({"b": line(2)})
    repo.commit({"a": line(1) + "y\n" + line(3)})
    repo.commit({"a": line(1) + "y\n"})
    added = repo.commit({"b": line(2) + "moved " + line(2)})
    result = scan(repo.path, Span(range=f"{base}..HEAD"))
    assert result.values == {token(2), token(3)}
    assert [place.line for place in result.of(token(2)).places] == [2]
    assert result.of(token(2)).first == added
    assert result.of(token(3)).sighting.in_head is False


def test_a_range_does_not_report_what_a_merge_brings_from_the_base(repo: Repo) -> None:
    start = repo.commit({"base": "x\n"})
    repo.branch("topic")
    repo.commit({"mine": line(1)})
    repo.git("switch", "-q", "main")
    repo.commit({"theirs": line(2)})
    repo.git("switch", "-q", "topic")
    repo.merge("main")
    assert scan(repo.path, Span(range="main..topic")).values == {token(1)}
    assert scan(repo.path, Span(range="main...topic")).values == {token(1)}
    assert scan(repo.path, Span(range=start)).values == {token(1), token(2)}


def test_a_range_does_not_report_a_file_that_it_only_renames(repo: Repo) -> None:
    start = repo.commit({"a": "x\n" * 9, "c": line(1), "d": line(4)})
    repo.branch("topic")
    repo.git("mv", "a", "b")
    repo.git("mv", "c", "e")
    repo.commit()
    repo.git("switch", "-q", "main")
    repo.commit({"a": "x\n" * 9 + line(2)})
    repo.git("switch", "-q", "topic")
    repo.merge("main")
    assert (repo.path / "b").read_text().endswith(line(2)), "git has followed the file"
    repo.commit({"copy": line(4)})
    assert scan(repo.path, Span(range="main..topic")).values == {token(4)}
    assert scan(repo.path, Span(range=f"{start}..topic")).values == {token(2), token(4)}


def test_a_range_does_not_report_a_key_in_a_file_that_is_renamed_and_changed(repo: Repo) -> None:
    start = repo.commit({"a": "x\n" * 9 + line(1), "b": line(3), "other": "y\n"})
    repo.git("mv", "a", "c")
    repo.git("rm", "-q", "b", "other")
    repo.commit({"c": "x\n" * 9 + line(1) + line(2)})
    result = scan(repo.path, Span(range=f"{start}..HEAD"))
    assert list(result.files) == [(token(2), "c")]


def test_a_key_that_a_range_brings_in_is_followed_to_where_the_range_moves_it(repo: Repo) -> None:
    start = repo.commit({"base": "x\n"})
    first = repo.commit({"a": line(1), "m": "x\n" * 9 + line(2)})
    repo.git("mv", "a", "b")
    repo.git("mv", "m", "n")
    repo.commit({"n": "x\n" * 9 + line(2) + "y\n"})
    repo.git("mv", "b", "c")
    repo.commit()
    result = scan(repo.path, Span(range=f"{start}..HEAD"))
    assert set(result.files) == {(token(1), "c"), (token(2), "n")}
    for seed in (1, 2):
        assert result.of(token(seed)).first == first
        assert result.of(token(seed)).sighting.in_head


def _change(repo: Repo, files: dict[str, str | None]) -> str:
    """Commit files; those that are None go."""
    repo.rm(*(name for name, content in files.items() if content is None))
    return repo.commit({name: content for name, content in files.items() if content is not None})


@pytest.mark.parametrize(
    "after",
    [
        {"a": "q\n", "c": line(1)},
        {"a": "q\n", "b": "x\n" + line(1)},
        {"a": None, "b": "x\n" + line(1)},
        {"a": "x\n", "b": "q\n" + line(1)},
    ],
    ids=["to a new file", "to a file that was there", "from a file that goes", "two files swapped"],
)
def test_a_range_does_not_report_a_key_that_moves_between_files(
    repo: Repo, after: dict[str, str | None]
) -> None:
    start = repo.commit({"a": "q\n" + line(1), "b": "x\n"})
    _change(repo, after)
    assert scan(repo.path, Span(range=f"{start}..HEAD")).files == {}


def test_a_key_of_a_range_is_followed_into_a_file_that_was_there(repo: Repo) -> None:
    start = repo.commit({"b": "x\n"})
    first = repo.commit({"a": line(1)})
    _change(repo, {"a": None, "b": "x\n" + line(1)})
    result = scan(repo.path, Span(range=f"{start}..HEAD"))
    assert list(result.files) == [(token(1), "b")]
    assert result.of(token(1)).first == first


@pytest.mark.parametrize("old", ["a", "z"])
def test_a_key_of_a_range_is_followed_where_an_older_file_joins_it(repo: Repo, old: str) -> None:
    start = repo.commit({old: line(1)})
    repo.commit({"m": "x\n" + line(1)})
    _change(repo, {old: None, "m": None, "n": "y\n" + line(1)})
    assert list(scan(repo.path, Span(range=f"{start}..HEAD")).files) == [(token(1), "n")]


def test_some_of_the_files_that_a_range_changes_are_searched_for_moved_keys_namesakes_first(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keylint.historyadditions._MAX_COMPARED", 1)
    start = repo.commit({"old/a": line(1), "old/b": line(2) + "x\n" * 9})
    _change(repo, {"old/a": None, "old/b": None, "new/b": line(2) + "y\n", "c": "y\n" + line(1)})
    assert scan(repo.path, Span(range=f"{start}..HEAD")).values == {token(1)}


def test_files_that_are_only_renamed_do_not_count_among_those_that_are_searched(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keylint.historyadditions._MAX_COMPARED", 1)
    start = repo.commit({"a/1": "1\n", "a/2": "2\n", "a/3": line(1) + "x\n" * 9})
    repo.git("mv", "a", "b")
    repo.git("mv", "b/3", "b/4")
    repo.commit({"b/4": line(1) + "y\n"})
    assert scan(repo.path, Span(range=f"{start}..HEAD")).files == {}


def test_a_range_reports_every_key_of_a_file_to_which_a_later_commit_of_it_returns(repo: Repo) -> None:
    start = repo.commit({"x": "x\n"})
    repo.commit({"a": line(1) + line(2)})
    repo.commit({"a": line(2)})
    repo.commit({"a": line(1) + line(2)})
    assert scan(repo.path, Span(range=f"{start}..HEAD")).values == {token(1), token(2)}


def test_a_range_shows_a_key_where_it_stands_today_whatever_else_it_adds_there(repo: Repo) -> None:
    start = repo.commit({"a": "x\n"})
    repo.commit({"a": "x\n" + line(1)})
    repo.commit({"a": "new\nnew\nx\n" + line(1) + line(2)})
    result = scan(repo.path, Span(range=f"{start}..HEAD"))
    today = result.of(token(1)).places[0]
    assert (today.line, today.origin.commit) == (4, None)


def test_of_two_places_in_a_file_a_range_shows_the_one_that_it_adds(repo: Repo) -> None:
    start = repo.commit({"a": line(1) + "x\n"})
    repo.commit({"a": line(1) + "x\n" + "again " + line(1)})
    result = scan(repo.path, Span(range=f"{start}..HEAD"))
    assert {place.line for place in result.of(token(1)).places} == {3}


def test_a_merge_adds_no_key_whose_lines_come_from_both_sides(repo: Repo) -> None:
    middle = "m\n" * 9
    repo.commit({"a": "top\n" + middle + "end\n"})
    repo.branch("side")
    repo.commit({"a": line(1) + "top\n" + middle + "end\n"})
    repo.git("switch", "-q", "main")
    repo.commit({"a": "top\n" + middle + "end\nb " + line(1)})
    later = {"GIT_COMMITTER_DATE": "2099-01-01T00:00:00Z"}
    repo.git("merge", "-q", "--no-ff", "--no-edit", "side", env=later)
    assert (repo.path / "a").read_text().count(token(1)) == 2
    assert scan(repo.path, Span(since="2098-01-01")).files == {}


def test_the_last_commit_with_a_key_that_a_range_takes_out_again_is_the_one_before(repo: Repo) -> None:
    start = repo.commit({"a": "x\n"})
    repo.commit({"a": "x\n" + line(1)})
    last = repo.commit({"b": "y\n"})
    repo.commit({"a": "x\n"})
    assert scan(repo.path, Span(range=f"{start}..HEAD")).of(token(1)).last == last


def test_a_key_of_a_range_is_in_head_where_a_later_commit_renamed_its_file(repo: Repo) -> None:
    start = repo.commit({"x": "x\n"})
    end = repo.commit({"a": line(1)})
    repo.git("mv", "a", "b")
    repo.commit()
    result = scan(repo.path, Span(range=f"{start}..{end}"))
    assert result.of(token(1)).sighting.in_head
    assert result.of(token(1)).places[0].origin.path == "b"


def test_a_copy_that_a_range_takes_away_again_is_not_the_file_it_was_made_of(repo: Repo) -> None:
    start = repo.commit({"x": "x\n"})
    first = repo.commit({"a": line(1)})
    copied = repo.commit({"copy": line(1)})
    repo.rm("copy")
    repo.commit()
    result = scan(repo.path, Span(range=f"{start}..HEAD"))
    assert {path: file.first for (_, path), file in result.files.items()} == {"a": first, "copy": copied}


def test_a_range_that_takes_a_submodule_away_reads_no_file_for_it(repo: Repo) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    start = repo.commit({"a": "x\n"})
    repo.git("rm", "-q", "--cached", "sub")
    repo.commit({"b": line(1)})
    result = scan(repo.path, Span(range=f"{start}..HEAD"))
    assert result.values == {token(1)}
    assert result.skipped == []


def test_a_file_in_the_place_of_a_submodule_is_scanned(repo: Repo) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    start = repo.commit({"a": "x\n"})
    repo.git("rm", "-q", "--cached", "sub")
    repo.commit({"sub": line(1)})
    for span in (Span(), Span(range=f"{start}..HEAD")):
        result = scan(repo.path, span)
        assert list(result.files) == [(token(1), "sub")]
        assert result.skipped == []


def test_a_key_that_is_copied_from_a_file_that_stays_is_new_in_a_range(repo: Repo) -> None:
    start = repo.commit({"a": line(1), "b": line(2)})
    repo.git("rm", "-q", "b")
    repo.commit({"c": line(1)})
    assert list(scan(repo.path, Span(range=f"{start}..HEAD")).files) == [(token(1), "c")]


def test_since_takes_a_date_or_a_commit(repo: Repo) -> None:
    def commit(seed: int, date: str) -> str:
        repo.write("a", line(seed))
        repo.stage("a")
        env = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date}
        repo.git("commit", "-q", "-m", "x", env=env)
        return repo.git("rev-parse", "HEAD")

    commit(1, "2024-01-01T00:00:00Z")
    middle = commit(2, "2024-03-01T00:00:00Z")
    commit(3, "2020-01-01T00:00:00Z")  # a wrong clock in between
    commit(4, "2024-06-01T00:00:00Z")
    assert scan(repo.path, Span(since="2024-02-01")).values == {token(2), token(4)}
    assert scan(repo.path, Span(since=middle)).values == {token(3), token(4)}


def test_a_rule_for_some_paths_counts_under_those_paths_only(repo: Repo) -> None:
    repo.commit({"a.env": line(1), "b.txt": line(1) + line(2)})
    result = scan(repo.path, rules=(replace(RULE, path=r"\.env$"),))
    assert list(result.files) == [(token(1), "a.env")]


def test_a_commit_on_an_allowlist_brings_no_finding(repo: Repo) -> None:
    first = repo.commit({"a": line(1)})
    repo.commit({"a": line(1) + line(2)})
    allowing = replace(RULE, allowlists=(Allowlist(commits=(first,)),))
    assert scan(repo.path, rules=(allowing,)).values == {token(2)}


def test_an_allowlist_that_joins_commits_with_other_criteria_needs_all_of_them(repo: Repo) -> None:
    first = repo.commit({"test/a": line(1), "src/a": line(1), "test/x": line(3)})
    repo.commit({"test/b": line(2)})

    def found(**criteria: tuple[str, ...]) -> set[tuple[str, str]]:
        allowlist = Allowlist(condition="AND", commits=(first.upper(),), **criteria)
        return set(scan(repo.path, rules=(replace(RULE, allowlists=(allowlist,)),)).files)

    later = (token(2), "test/b")
    everything = {(token(1), "test/a"), (token(1), "src/a"), (token(3), "test/x"), later}
    assert found() == {later}
    assert found(paths=("^test/",)) == {(token(1), "src/a"), later}
    assert found(regexes=(token(1),)) == {(token(3), "test/x"), later}
    assert found(paths=("^test/",), stopwords=(token(1),)) == everything - {(token(1), "test/a")}
    assert found(paths=("^docs/",)) == everything


def test_the_same_scan_twice_gives_the_same_files(repo: Repo) -> None:
    for n in range(6):
        repo.commit({"a": line(n), os.path.join("d", f"f{n}"): line(n)})
    assert scan(repo.path).files == scan(repo.path).files


def test_which_of_many_places_are_shown_does_not_depend_on_who_found_them_first(repo: Repo) -> None:
    for version in range(6):
        repo.commit({f"f{n}": f"{version}\n{token(n)}\n" for n in range(40)})
    one, *others = (scan(repo.path, number=number).files for number in (1, 2, 3, 4))
    assert len({len(file.places) for file in one.values()}) > 1, "not all are shown"
    assert others == [one] * 3
