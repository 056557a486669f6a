"""Reports for people."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from keylint.model import Certainty, Level, Link, Problem, Report, Severity, Skipped, SkipReason, VerdictKind
from keylint.report import render
from keylint.report.options import RenderOptions
from tests.report import builders
from tests.report.builders import finding, place, report

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def show(shown: Report, **options: object) -> str:
    return render("text", shown, RenderOptions(**options))  # type: ignore[arg-type]


def test_findings_stand_under_their_verdict_most_urgent_first() -> None:
    lines = show(report(tuple(reversed(builders.every_verdict()))), include_allowed=True).splitlines()
    headings = [line.split(":")[0] for line in lines if line[:1].isupper()]
    assert headings == ["Exposed", "Over-privileged", "Unknown", "Retired", "Allowed"]


def test_within_a_verdict_the_more_severe_key_comes_first() -> None:
    low = finding(severity=Severity.LOW, places=(place("a.js"),))
    high = finding(severity=Severity.CRITICAL, places=(place("b.js"),))
    text = show(report((low, high)))
    assert text.index("b.js") < text.index("a.js")


def test_a_finding_says_where_which_key_why_and_what_to_do() -> None:
    text = show(report((finding(),)))
    for part in (
        "exposed  CRITICAL  Coveo API key  xx********1b3e",
        "where      src/app.js:12:15",
        'line       const key = "xx********1b3e";',
        "'Search key', id k-1 of acme, enabled",
        "one stray key in 65,536",
        "why        the inventory says that this key must remain private.",
        "may do     Search the whole index and edit sources",
        "do next    1. Create a key from the existing one",
        "2. Switch the places listed",
        "deactivate the key within 2 days",
        f"docs       {builders.DOCS}",
    ):
        assert part in text


def test_further_places_are_counted_and_listed_only_when_verbose() -> None:
    many = finding(places=[place(line=line) for line in range(1, 11)], occurrences=5000)
    assert "src/app.js:4:15 (+4,996 more places)" in show(report((many,)))
    assert "src/app.js:5:15" not in show(report((many,)))
    assert "src/app.js:10:15 (+4,990 more places)" in show(report((many,)), verbose=True)


def test_a_place_in_an_archive_names_container_and_member() -> None:
    assert "app.zip!in.zip!a.js:12:15" in show(
        report((finding(places=[place("app.zip", container=("in.zip", "a.js"))]),))
    )


def test_a_binary_place_is_given_by_its_byte() -> None:
    assert "key.p12@4711" in show(
        report((finding(places=[place("key.p12", binary=True, byte_offset=4711)]),))
    )


def test_history_says_whether_the_key_is_still_in_head() -> None:
    at = builders.commit(2)
    gone = finding(places=[place(commit=at)], in_head=False, first_seen=builders.commit(1))
    assert "only in history, no longer in HEAD; in commit 000000000000 of 2026-03-03" in show(report((gone,)))
    assert "still in HEAD" in show(report((replace(gone, in_head=True),)))


def test_branches_that_still_hold_the_key_are_named() -> None:
    assert "also at the tip of release/1, b, c (+1 more)" in show(
        report((finding(in_head=False, branches=("release/1", "b", "c", "d")),))
    )
    assert "also at the tip of release/1, b, c (+9 more)" in show(
        report((finding(in_head=False, branches=("release/1", "b", "c", "d"), branch_count=12),))
    )


def test_rotation_steps_without_a_source_say_so() -> None:
    unsure = replace(finding(), advice=replace(finding().advice, rotation_certain=False))
    assert "No source was read for these steps" in show(report((unsure,)))


def test_long_lists_of_entries_and_privileges_are_cut_with_a_count() -> None:
    records = tuple(builders.record(key_id=f"k-{number}") for number in range(12))
    verdict = replace(finding().verdict, excess_privileges=tuple(f"P/{number}" for number in range(20)))
    text = show(report((replace(finding(), link=Link(Certainty.AMBIGUOUS, records), verdict=verdict),)))
    assert "and 7 more entries" in text
    assert "P/7 (+12 more)" in text


def test_a_clean_run_is_one_line() -> None:
    assert show(report()) == "keylint: no findings in 10 files (1.2 KB, 46 rules)\n"


def test_allowed_keys_are_counted_and_listed_only_on_request() -> None:
    allowed = report((finding(VerdictKind.ALLOWED),))
    assert show(allowed) == "keylint: no findings in 10 files (1.2 KB, 46 rules); 1 allowed\n"
    assert "Allowed: made to be public" in show(allowed, include_allowed=True)


def test_the_summary_counts_verdicts_suppressed_skipped_and_problems() -> None:
    last = show(builders.full_report()).splitlines()[-2:]
    assert last[0].startswith(
        "keylint: 51 findings (47 exposed, 1 over-privileged, 2 unknown, 1 retired) in 10 files"
    )
    assert last[0].endswith("; 1 allowed; 3 suppressed; 30 skipped; 3 problems")
    assert last[1] == "warning: incomplete, 26 things that should have been scanned could not be read"


def test_suppressed_findings_say_why_they_are_quiet() -> None:
    text = show(builders.full_report(), include_suppressed=True)
    assert "suppressed (inline): a test key" in text
    assert "quiet/inline.js" not in show(builders.full_report())


def test_what_was_not_read_is_named_and_what_was_left_out_only_when_verbose() -> None:
    skipped = (Skipped("gone.js", SkipReason.VANISHED), Skipped("link", SkipReason.SYMLINK, "leads out"))
    text = show(report(skipped=skipped))
    assert "not read: gone.js: vanished\n" in text
    assert "leads out" not in text
    assert "left out: link: symlink: leads out\n" in show(report(skipped=skipped), verbose=True)


def test_a_long_list_of_unread_files_is_cut_with_a_count() -> None:
    skipped = tuple(Skipped(f"f{number}", SkipReason.UNREADABLE) for number in range(25))
    assert "not read: and 15 more" in show(report(skipped=skipped))


def test_problems_name_level_and_place() -> None:
    problem = Problem("unused-allow", Level.NOTE, "matched nothing", "a.js", 7)
    assert "note: a.js:7: matched nothing\n" in show(report(problems=(problem,)))


def test_a_revealing_report_says_so() -> None:
    assert "--reveal" in show(report(revealed=True))


def test_colour_changes_nothing_but_colour() -> None:
    coloured = show(builders.full_report(), color=True, width=100)
    assert "\x1b[1;31mexposed\x1b[0m" in coloured
    assert ANSI.sub("", coloured) == show(builders.full_report(), width=100)


def test_without_colour_there_is_no_escape_sequence() -> None:
    assert "\x1b" not in show(builders.full_report())


def test_wrapping_keeps_the_width_and_every_word() -> None:
    text = "lorem ipsum " * 40
    long = replace(finding(), advice=replace(finding().advice, can_do=text))
    shown = show(report((long,)), width=60)
    assert max(len(line) for line in shown.splitlines() if "lorem" in line) <= 60
    assert shown.count("lorem") == 40


def test_a_long_path_is_never_broken() -> None:
    path = "very/long/" * 30 + "name.js"
    assert path in show(report((finding(places=[place(path)]),)), width=60)


@given(name=st.text(st.characters(), min_size=1), width=st.sampled_from([0, 40, 80]))
def test_no_name_can_start_a_line_or_a_workflow_command(name: str, width: int) -> None:
    hostile = f"x {name} ::error::y ##[error]z"
    shown = report(
        (replace(finding(places=[place(hostile, snippet=hostile)]), other_paths=(hostile,)),),
        skipped=(Skipped(hostile, SkipReason.UNREADABLE, hostile),),
        problems=(Problem("p", Level.NOTE, hostile, hostile),),
    )
    for line in show(shown, width=width).split("\n"):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert line.isprintable() or not any(ord(char) < 32 for char in line)


def test_many_problems_are_counted_and_the_weightiest_shown() -> None:
    notes = [Problem("unused-allow", Level.NOTE, f"note {n}") for n in range(30)]
    problems = (*notes, Problem("partial-inventory", Level.WARNING, "the weighty one"))
    quiet = Report("scan", ".", (), problems=problems)
    short = render("text", quiet, RenderOptions())
    assert "the weighty one" in short
    assert "21 more problems; -v lists them" in short
    assert "note 29" in render("text", quiet, RenderOptions(verbose=True))
