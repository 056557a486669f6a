"""Annotations and the job summary of GitHub Actions."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from keylint.model import Level, Problem, Reason, Report, Skipped, SkipReason, Surface, VerdictKind
from keylint.report import render
from keylint.report.github import PER_LEVEL, summary_markdown
from keylint.report.options import RenderOptions
from tests.report import builders
from tests.report.builders import finding, place, report

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def lines(shown: Report) -> list[str]:
    return render("github", shown, RenderOptions()).splitlines()


def test_a_finding_is_annotated_at_its_place() -> None:
    first, last = lines(report((finding(places=[place("src/a.js", 3, 5)]),)))
    assert first.startswith(
        "::error file=src/a.js,line=3,endLine=3,col=5,endColumn=41,title=keylint%3A exposed::"
        "Coveo API key 'xx********1b3e' in 'src/a.js:3:5' is exposed. Why: "
    )
    assert last == "keylint: 1 finding (1 exposed) in 10 files"


def test_levels_become_error_warning_and_notice() -> None:
    kinds = (VerdictKind.EXPOSED, VerdictKind.UNKNOWN, VerdictKind.RETIRED)
    commands = [line.split(" ")[0] for line in lines(report(tuple(finding(kind) for kind in kinds)))]
    assert commands == ["::error", "::warning", "::notice", "keylint:"]


def test_at_most_ten_of_a_level_are_annotated_and_the_rest_is_counted() -> None:
    many = tuple(finding(places=[place(f"{number}.js")]) for number in range(25))
    shown = lines(report(many))
    assert sum(line.startswith("::error") for line in shown) == PER_LEVEL
    assert "keylint: not annotated: 15 more of level error" in shown


def test_an_incomplete_scan_is_a_warning_within_the_limit() -> None:
    unknown = tuple(finding(VerdictKind.UNKNOWN, places=[place(f"{number}.js")]) for number in range(25))
    shown = lines(report(unknown, skipped=(Skipped("a.bin", SkipReason.CORRUPT),)))
    assert "1 thing that should have been scanned could not be read, such as 'a.bin' (corrupt)" in shown[0]
    assert sum(line.startswith("::warning") for line in shown) == PER_LEVEL


def test_a_place_that_the_work_tree_does_not_have_gets_no_position() -> None:
    gone = finding(places=[place("old.js", commit=builders.commit())], in_head=False)
    member = finding(places=[place("app.zip", container=("a.js",))])
    shown = lines(report((gone, member)))
    assert any(line.startswith("::error title=") and "old.js" in line for line in shown)
    assert any(line.startswith("::error file=app.zip,title=") for line in shown)


def test_the_message_of_a_commit_is_no_file_to_annotate() -> None:
    at = place("commit message", commit=builders.commit())
    at = replace(at, origin=replace(at.origin, surface=Surface.HISTORY))
    first, _ = lines(report((finding(places=[at]),)))
    assert first.startswith("::error title=")


def test_a_key_of_the_past_is_told_with_its_commit() -> None:
    at = builders.commit()
    named = f"in commit {at.id[:12]} of {at.date:%Y-%m-%d}"
    gone = finding(places=[place("old.js", commit=at)], in_head=False)
    part = finding(places=[place("part.js", commit=at)])
    kept = finding(places=[place("kept.js", commit=at)], in_head=True)
    shown = report((gone, part, kept))
    today, old, of_range = (line for line in lines(shown) if ".js" in line)
    assert f"in 'old.js:12:15' (only in history, no longer in HEAD; {named}) is exposed" in old
    assert f"in 'part.js:12:15' ({named}) is exposed" in of_range
    assert "commit" not in today
    summary = summary_markdown(shown)
    assert f"| old.js:12:15 (only in history, no longer in HEAD; {named}) |" in summary
    assert "| kept.js:12:15 |" in summary


def test_percent_comma_and_colon_are_escaped() -> None:
    line = lines(report((finding(places=[place("50%,a:b.js")]),)))[0]
    assert "file=50%25%2Ca%3Ab.js,line" in line
    assert "in '50%25,a:b.js:12:15'" in line


@given(st.text(st.characters(), min_size=1))
def test_no_name_can_start_another_command(name: str) -> None:
    hostile = f"{name}\n::error::x\r\n##[error]y"
    one = replace(finding(places=[place(hostile)]), other_paths=(hostile,))
    one = replace(one, verdict=replace(one.verdict, reason=Reason("r", hostile)))
    shown = render(
        "github", report((one,), skipped=(Skipped(hostile, SkipReason.CORRUPT, hostile),)), RenderOptions()
    )
    written = shown.rstrip("\n").split("\n")
    assert len(written) == 3
    assert shown.splitlines() == written
    assert "##[" not in shown
    for line in written[:2]:
        match = COMMAND.fullmatch(line)
        assert match, line
        assert {part.split("=")[0] for part in match[2].split(",")} <= {
            "file", "line", "endLine", "col", "endColumn", "title",
        }  # fmt: skip


def test_the_summary_counts_and_lists() -> None:
    text = summary_markdown(builders.full_report())
    assert "| exposed | 47 |" in text
    assert "**Incomplete:** 26 things" in text
    assert "Suppressed: 3." in text
    assert "| over-privileged | HIGH | Coveo API key" in text


def test_the_summary_of_a_clean_run_has_no_table_of_findings() -> None:
    assert "| Verdict | Severity |" not in summary_markdown(report())
    assert "no findings in 10 files" in summary_markdown(report())


@given(st.text(st.characters(), min_size=1))
def test_no_name_can_leave_its_table_cell(name: str) -> None:
    text = summary_markdown(report((finding(places=[place(f"a|b`c<script>{name}")]),)))
    (row,) = [line for line in text.split("\n") if line.startswith("| exposed | CRITICAL")]
    assert row.count("|") == 6
    assert not set("`<[]") & set(row)
    assert len(row.splitlines()) == 1


def test_a_large_summary_stays_below_the_limit_and_counts_the_rest() -> None:
    many = tuple(finding(places=[place(f"{'ü' * 50}/{number}.js")]) for number in range(500))
    text = summary_markdown(report(many), max_bytes=20_000)
    assert len(text.encode()) <= 20_000
    shown = len(re.findall(r"^\| exposed \| CRITICAL", text, re.MULTILINE))
    assert 0 < shown < 500
    assert f"{500 - shown} further findings are not listed here." in text
    assert text.endswith("\n")


def test_the_action_gets_all_of_one_scan_at_once() -> None:
    shown = builders.full_report()
    options = RenderOptions(exit_code=3)
    document = json.loads(render("action", shown, options))
    assert document["sarif"] == render("sarif", shown, options)
    assert document["annotations"] == render("github", shown, options)
    assert document["summary"] == summary_markdown(shown)
    results = json.loads(document["sarif"])["runs"][0]["results"]
    assert document["findings"] == sum(result["level"] != "none" for result in results) > 0
    assert document["complete"] is False
    assert json.loads(render("action", report(), options))["complete"] is True


def test_problems_in_the_summary_are_bounded_and_escaped() -> None:
    problems = tuple(Problem("p", Level.NOTE, f"<b>{number}", "a`.js", number) for number in range(1, 31))
    text = summary_markdown(report(problems=problems))
    assert "- and 20 more" in text
    assert "<b>" not in text
    assert Counter(text)["`"] == 0


def test_problems_that_matter_are_annotated_and_leave_room_for_findings() -> None:
    problems = tuple(
        Problem("unmasked", Level.ERROR, "whole values", path="k.json", line=n) for n in range(1, 9)
    )
    problems += (Problem("unused-allow", Level.NOTE, "remove it"),)
    shown = lines(report(tuple(finding(places=[place(f"{n}.js")]) for n in range(9)), problems=problems))
    errors = [line for line in shown if line.startswith("::error ")]
    assert errors[0] == "::error file=k.json,line=1,title=keylint%3A unmasked::whole values"
    assert len([line for line in errors if "file=k.json" in line]) == PER_LEVEL // 2
    assert len(errors) == PER_LEVEL
    assert not any("remove it" in line for line in shown)
