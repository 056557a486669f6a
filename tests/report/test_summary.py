"""The line of a clean run, which the hook's fast path prints as well."""

from __future__ import annotations

import subprocess
import sys

import pytest

from keylint.report.summary import amount, clean_summary, human_bytes


def test_the_clean_line_names_files_size_and_rules() -> None:
    assert clean_summary(1, 1234, 46) == "keylint: no findings in 1 file (1.2 KB, 46 rules)"
    assert clean_summary(0, 0, 1) == "keylint: no findings in 0 files (0 B, 1 rule)"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (5 * 1024**2, "5.0 MB"),
        (3 * 1024**3, "3.0 GB"),
        (2 * 1024**4, "2.0 TB"),
    ],
)
def test_sizes_are_for_people(size: int, text: str) -> None:
    assert human_bytes(size) == text


def test_amounts_agree_in_number() -> None:
    assert [amount(number, "file") for number in (0, 1, 2, 2000)] == [
        "0 files",
        "1 file",
        "2 files",
        "2,000 files",
    ]


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys; before = set(sys.modules); import keylint.report.summary; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(eval(done.stdout)) - {"__future__"}
    assert loaded == {"keylint", "keylint.report", "keylint.report.summary"}
