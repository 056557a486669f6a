from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from keylint.cli.app import run
from keylint.engine import Engine
from keylint.rulecheck import check, check_pattern
from keylint.ruleset import load_rules, parse_rules
from tests.helpers import builtin

GOOD = """
[[rules]]
id = "acme.key"
description = "Acme key"
regex = '''(?<![0-9a-z])acme_[0-9a-z]{20}(?![0-9a-z])'''
keywords = ["acme_"]
examples = ["{{acme_|alnum:20}}"]
counter_examples = ["acme_short"]
"""


def test_list_filters_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "list", "--provider", "stripe", "--privacy", "public"]) == 0
    out = capsys.readouterr().out
    assert "stripe.publishable" in out
    assert "stripe.secret_live" not in out
    assert out.endswith("1 rules of 1 providers\n")


def test_list_as_json_has_a_row_for_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "list", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(builtin.rules())


def test_show_prints_what_people_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "show", "coveo.api_key"]) == 0
    out = capsys.readouterr().out
    for word in ("Coveo API key", "depends", "Rotation", "https://docs.coveo.com"):
        assert word in out


def test_show_names_the_nearest_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "show", "coveo.api_ky"]) == 2
    assert "did you mean coveo.api_key?" in capsys.readouterr().err


def test_test_passes_a_good_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(GOOD)
    assert run(["rules", "test", str(path)]) == 0
    assert capsys.readouterr().out == "1 rules tested, 0 complaints\n"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("{{acme_|alnum:20}}", "{{acme_|alnum:19}}", "example"),
        ("acme_short", "{{acme_|alnum:20}}", "counter-example"),
        ('keywords = ["acme_"]', "", "no-keyword"),
        ("acme_[0-9a-z]{20}", "acme_[0-9a-z]{20,}", "unbounded"),
        ("(?<![0-9a-z])acme_", "[a-z]{2,5}acme_", "unanchored"),
        ('examples = ["{{acme_|alnum:20}}"]', "", "no-example"),
        ('counter_examples = ["acme_short"]', "", "no-counter-example"),
    ],
)
def test_each_mistake_is_a_complaint(old: str, new: str, code: str) -> None:
    rules = parse_rules(GOOD.replace(old, new, 1), "acme.toml")
    assert code in {complaint.code for complaint in check(rules, rules)}


def test_complaints_give_exit_status_1_and_name_the_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Compiled without the built-in rules, which takes a moment instead of 5 s.
    monkeypatch.setattr("keylint.ruleset.load_rules", partial(load_rules, builtin=False))
    path = tmp_path / "acme.toml"
    path.write_text(GOOD.replace("{20}(?!", "{21}(?!"))
    assert run(["rules", "test", str(path)]) == 1
    assert "acme.key: example 1 is not found" in capsys.readouterr().out


def test_the_built_in_patterns_raise_no_complaint() -> None:
    assert [complaint for rule in builtin.rules() for complaint in check_pattern(rule)] == []


def test_both_prefilters_are_run() -> None:
    rules = parse_rules(GOOD.replace("alnum:20", "alnum:19"), "acme.toml")
    texts = [complaint.text for complaint in check(rules, rules) if complaint.code == "example"]
    assert len(texts) == len({Engine(rules, prefilter=name).prefilter_name for name in ("pure", "auto")})
