"""Large inventories: time and memory grow with the number of keys, and stay small.

The goal is 100,000 keys in 5 s and 300 MB, and 10,000 findings joined in 2 s. A fifth of the keys is linted
here, and processor time counted, since other work on the machine must not decide.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keylint.keys.found import join, load_findings
from keylint.model import KeyRecord
from tests.keys.test_lint_cli import NOW, _row

_KEYS = 20_000


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three kinds of keys in turn."""
    kinds = (
        ("AnonymousSearch", "SEARCH_API/EXECUTE_QUERY/ENABLE", "USAGE_ANALYTICS/ANALYTICS_DATA/EDIT"),
        ("AuthenticatedSearch", "SEARCH_API/IMPERSONATE/ENABLE", "USAGE_ANALYTICS/ANALYTICS_DATA/EDIT"),
        (None, "PLATFORM/SOURCE/EDIT", "PLATFORM/SOURCE/VIEW"),
    )
    rows = [
        _row(f"key{n:021d}", *kinds[n % 3], allowedIps=[f"203.0.113.{n % 250}"] if n % 2 else [])
        for n in range(_KEYS)
    ]
    # One wide character makes the whole text four times as large where it is held at once.
    rows[-1]["displayName"] = "\U0001f511"
    path = tmp_path_factory.mktemp("scale") / "inventory.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


# What the process itself took: the counters of waiting for a child include what its parent was before.
_MEASURED = """
import re, sys, time
from keylint.cli.app import run
run(sys.argv[1:])
peak = re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())
print(time.process_time(), int(peak[1]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from /proc")
@pytest.mark.parametrize("form", ["text", "json", "sarif", "html"])
def test_a_large_inventory_is_linted_fast_and_in_little_memory(inventory: Path, form: str) -> None:
    output = inventory.with_name(f"out.{form}")
    options = ["keys", "lint", str(inventory), "--now", NOW, "--format", form, "--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *options], check=True, capture_output=True, text=True
    )
    seconds, peak_kb = map(float, done.stdout.split())
    assert output.stat().st_size > 1_000_000
    assert seconds < 4.0
    assert peak_kb < 90_000


def test_many_findings_are_joined_fast(tmp_path: Path) -> None:
    finding = {
        "verdict": {"kind": "exposed", "severity": "HIGH"},
        "link": {"certainty": "no-inventory", "records": []},
        "occurrences": 1,
        "first_seen": None,
    }
    place = {"container": [], "surface": "tree", "line": 1, "column": 1, "snippet": ""}
    findings = [
        {
            **finding,
            "key": {"rule_id": "coveo.api_key", "mask": f"xx********{n:04x}"},
            "places": [{**place, "path": f"src/{n}.py"}],
        }
        for n in range(10_000)
    ]
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"findings": findings}))
    records = [
        KeyRecord("coveo", f"k{n}", masks=(f"**********-****-****-****-********{n % 65536:04x}",))
        for n in range(100_000)
    ]
    began = time.process_time()
    joined = join(load_findings(str(report)), records)
    assert time.process_time() - began < 2.0
    assert sum(map(len, joined.by_key.values())) == 20_000  # each tail fits two rows
