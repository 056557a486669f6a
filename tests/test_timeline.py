from __future__ import annotations

from keylint.timeline import Change, Story, tell

A, B = frozenset({1}), frozenset({2})
NONE: frozenset[int] = frozenset()


def change(
    commit: str, path: str, old: frozenset[int], new: frozenset[int], blob: str = "", parent: str = "p"
) -> Change:
    return Change(commit, (parent,), hash(commit), path.encode(), b"old", (blob or commit).encode(), old, new)


def last_commit(story: Story) -> str:
    return story.removal.parents[0] if story.removal else story.places[0].commit


def only(changes: list[Change], key: int = 1) -> Story:
    told = tell(changes)
    (story,) = told[key]
    return story


def test_the_oldest_place_is_the_first_and_the_newest_commit_the_last() -> None:
    story = only([change("c3", "a", A, A), change("c2", "a", A, A), change("c1", "a", NONE, A)])
    assert story.first.commit == "c1"
    assert last_commit(story) == "c3"
    assert [place.commit for place in story.places] == ["c3", "c2", "c1"]


def test_a_removed_key_was_last_held_by_the_parent_of_the_removal() -> None:
    story = only([change("c3", "a", A, NONE, parent="c2"), change("c1", "a", NONE, A)])
    assert last_commit(story) == "c2"


def test_a_key_that_came_back_after_a_removal_is_still_there() -> None:
    changes = [
        change("c5", "a", NONE, A),
        change("c3", "a", A, NONE, parent="c2"),
        change("c1", "a", NONE, A),
    ]
    assert last_commit(only(changes)) == "c5"


def test_a_renamed_file_is_one_file_whichever_way_round_the_commit_lists_it() -> None:
    gone, come = change("c2", "a", A, NONE, parent="c1"), change("c2", "b", NONE, A)
    for pair in ([gone, come], [come, gone]):
        story = only([*pair, change("c1", "a", NONE, A)])
        assert story.paths == [b"b", b"a"]
        assert story.first.path == b"a"
        assert last_commit(story) == "c2"


def test_a_rename_and_a_later_removal_end_with_the_removal() -> None:
    changes = [
        change("c3", "b", A, NONE, parent="c2"),
        change("c2", "a", A, NONE, parent="c1"),
        change("c2", "b", NONE, A),
        change("c1", "a", NONE, A),
    ]
    assert last_commit(only(changes)) == "c2"


def test_a_copy_in_another_commit_is_another_file() -> None:
    told = tell([change("c2", "b", NONE, A), change("c1", "a", NONE, A)])
    assert sorted(story.paths for story in told[1]) == [[b"a"], [b"b"]]


def test_the_same_version_in_cherry_picks_is_one_place_and_the_oldest_counts() -> None:
    story = only([change("c2", "a", NONE, A, "same"), change("c1", "a", NONE, A, "same")])
    assert [place.commit for place in story.places] == ["c1"]


def test_a_key_that_only_went_in_this_range_has_no_story() -> None:
    assert tell([change("c1", "a", A, NONE)]) == {}


def test_two_keys_of_one_file_have_their_own_stories() -> None:
    told = tell([change("c2", "a", A, A | B), change("c1", "a", NONE, A)])
    assert told[1][0].first.commit == "c1"
    assert told[2][0].first.commit == "c2"


def test_a_key_that_is_in_two_files_today_is_two_files_even_if_it_moved_between_them() -> None:
    moved = [change("c2", "a", A, NONE), change("c2", "b", NONE, A), change("c1", "a", NONE, A)]
    told = tell(moved, {(1, b"a"), (1, b"b")})
    assert sorted(story.paths for story in told[1]) == [[b"a"], [b"b"]]


def test_what_two_comparisons_of_a_merge_show_is_no_move() -> None:
    gone = Change("m", ("p", "q"), 1, b"a", b"old", b"new", A, NONE)
    come = Change("m", ("p", "q"), 2, b"b", b"old", b"new", NONE, A)
    told = tell([gone, come, change("c1", "a", NONE, A)])
    assert sorted(story.paths for story in told[1]) == [[b"a"], [b"b"]]
