from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from keylint.config import Ignore
from keylint.errors import InventoryError
from keylint.model import VerdictKind
from keylint.suppress import Baseline, Suppressor, load_baseline
from tests.helpers.make import finding

TODAY = dt.date(2026, 11, 21)


def suppressor(*ignores: Ignore, baseline: Baseline | None = None) -> Suppressor:
    return Suppressor(baseline=baseline, ignores=ignores, today=TODAY)


def test_a_known_finding_stays_quiet() -> None:
    known = Baseline("b.json", {"f" * 32: VerdictKind.EXPOSED})
    reason = suppressor(baseline=known).decide(finding())
    assert reason is not None
    assert reason.kind == "baseline"


def test_another_key_is_not_covered_by_the_baseline() -> None:
    known = Baseline("b.json", {"f" * 32: VerdictKind.EXPOSED})
    assert suppressor(baseline=known).decide(finding("e" * 32)) is None


def test_a_known_key_whose_verdict_got_worse_is_reported_again() -> None:
    known = Baseline("b.json", {"f" * 32: VerdictKind.UNKNOWN})
    quiet = suppressor(baseline=known)
    assert quiet.decide(finding(kind=VerdictKind.RETIRED)) is not None
    assert quiet.decide(finding(kind=VerdictKind.EXPOSED)) is None


@pytest.mark.parametrize(
    ("ignore", "quiet"),
    [
        (Ignore("r", rule="coveo.*"), True),
        (Ignore("r", rule="stripe.*"), False),
        (Ignore("r", path="src/"), True),
        (Ignore("r", path="*.ts"), False),
        (Ignore("r", rule="coveo.*", path="*.ts"), False),
        (Ignore("r", fingerprint="f" * 32), True),
        (Ignore("r", fingerprint="k" * 32), True),
        (Ignore("r", rule="coveo.*", expires=TODAY), True),
        (Ignore("r", rule="coveo.*", expires=TODAY - dt.timedelta(days=1)), False),
    ],
)
def test_an_ignore_holds_where_every_field_matches_and_until_it_expires(ignore: Ignore, quiet: bool) -> None:
    assert (suppressor(ignore).decide(finding()) is not None) is quiet


def test_reasons_that_matched_nothing_are_reported_after_a_whole_scan_only() -> None:
    known = Baseline("b.json", {"e" * 32: VerdictKind.EXPOSED})
    quiet = suppressor(Ignore("r", rule="stripe.*"), baseline=known)
    quiet.decide(finding())
    assert list(quiet.problems(whole=False)) == []
    assert [p.code for p in quiet.problems(whole=True)] == ["unused-ignore", "unused-baseline"]


def test_an_expired_ignore_is_reported_always() -> None:
    quiet = suppressor(Ignore("r", rule="x", expires=TODAY - dt.timedelta(days=1)))
    assert [p.code for p in quiet.problems(whole=False)] == ["expired-ignore"]


def document(fingerprint: str, verdict: str) -> dict[str, Any]:
    return {"fingerprint": fingerprint, "verdict": {"kind": verdict}}


def test_json_reports_are_read_with_the_most_urgent_verdict(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    report = {
        "tool": {"name": "keylint"},
        "findings": [document("a", "unknown"), document("b", "exposed")],
        "suppressed": [document("a", "exposed")],
    }
    path.write_text(json.dumps(report), encoding="utf-8-sig")
    assert load_baseline(str(path)).entries == {"a": VerdictKind.EXPOSED, "b": VerdictKind.EXPOSED}


def test_sarif_reports_are_read(tmp_path: Path) -> None:
    path = tmp_path / "b.sarif"
    result = {"partialFingerprints": {"keylintFinding/v1": "a"}, "properties": {"verdict": "retired"}}
    run = {"tool": {"driver": {"name": "keylint"}}, "results": [result]}
    path.write_text(json.dumps({"version": "2.1.0", "runs": [run]}))
    assert load_baseline(str(path)).entries == {"a": VerdictKind.RETIRED}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a keylint report"),
        ("3", "not a keylint report"),
        ('{"tool": {"name": "other"}, "findings": []}', "not a keylint report"),
        ('{"runs": [{"tool": {"driver": {"name": "gitleaks"}}, "results": []}]}', "not a keylint report"),
        ('{"tool": {"name": "keylint"}, "findings": [{}], "suppressed": []}', "not a keylint report"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_anything_else_is_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(InventoryError, match=words) as caught:
        load_baseline(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
