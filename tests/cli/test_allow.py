"""Inline allow comments, from the command line. The words are put together here, so that none stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.cli import Completed, call_keylint
from tests.helpers.make import coveo_key
from tests.inventory.samples import private_half

ALLOW = "keylint" + ":allow"
OTHER = "gitleaks" + ":allow"
KEY = coveo_key(1)


def scan(tmp_path: Path, text: str, *more: str) -> Completed:
    (tmp_path / "app.js").write_text(text)
    return call_keylint(
        "scan", tmp_path / "app.js", "--format", "json", "--fail-on", "warning", *more, cwd=tmp_path
    )


def unused(done: Completed) -> list[int]:
    return [p["line"] for p in done.json["problems"] if p["code"] == "unused-allow"]


@pytest.mark.parametrize(
    "comment",
    [
        f"// {ALLOW}",
        f"// {ALLOW}=coveo.api_key",
        f"// {ALLOW}=coveo.api_key the demo page's key",
        f"# {ALLOW} because",
        f"/* {ALLOW} */",
        f"<!-- {ALLOW} -->",
        f"// {OTHER}",
    ],
)
def test_a_comment_on_the_line_allows_the_key(tmp_path: Path, comment: str) -> None:
    done = scan(tmp_path, f"k = '{KEY}'; {comment}\n")
    assert (done.status, done.findings) == (0, [])
    [quiet] = done.json["suppressed"]
    assert quiet["suppression"]["kind"] == "inline"
    assert unused(done) == []


def test_a_place_where_several_rules_match_counts_once_and_one_comment_will_do(tmp_path: Path) -> None:
    key = private_half(4)  # Stripe's prefix, and that of a service with key pairs
    [finding] = scan(tmp_path, f"k = '{key}'\n\nk = '{key}'\n").findings
    assert finding["occurrences"] == 2
    assert [place["line"] for place in finding["places"]] == [1, 3]
    done = scan(tmp_path, f"k = '{key}' // {ALLOW}={finding['key']['rule_id']}\n")
    assert (done.status, done.findings, unused(done)) == (0, [], [])


def test_the_reason_is_kept(tmp_path: Path) -> None:
    done = scan(tmp_path, f"k = '{KEY}'; // {ALLOW}=coveo.api_key the demo page's key\n")
    assert done.json["suppressed"][0]["suppression"]["justification"] == "the demo page's key"


def test_strict_allow_heeds_only_our_own(tmp_path: Path) -> None:
    assert scan(tmp_path, f"k = '{KEY}'; // {OTHER}\n", "--strict-allow").status == 1
    assert scan(tmp_path, f"k = '{KEY}'; // {ALLOW}\n", "--strict-allow").status == 0
    (tmp_path / "keylint.toml").write_text("strict-allow = true\n")
    assert scan(tmp_path, f"k = '{KEY}'; // {OTHER}\n").status == 1


@pytest.mark.parametrize(
    "text",
    [
        f"// {ALLOW}\nk = '{KEY}';\n",
        f"k = '{KEY}';\n// {ALLOW}\n",
        f"k = '{KEY}'; // {ALLOW}=stripe.secret_key\n",
        f"k = '{KEY}'; // {ALLOW}ed\n",
        f"k = '{KEY}'; // un{ALLOW}\n",
    ],
    ids=["line before", "line after", "another rule", "another word", "end of a word"],
)
def test_anything_else_does_not_allow_it(tmp_path: Path, text: str) -> None:
    assert scan(tmp_path, text).status == 1


def test_an_unused_comment_is_reported_with_its_line(tmp_path: Path) -> None:
    done = scan(tmp_path, f"clean\nclean // {ALLOW}\nk = '{KEY}' // {ALLOW}=stripe.secret_key\n")
    assert done.status == 1
    assert unused(done) == [2, 3]


def test_the_reason_cannot_smuggle_a_key_into_the_report(tmp_path: Path) -> None:
    done = scan(tmp_path, f"k = '{KEY}'; // {ALLOW} {KEY}\n")
    assert KEY not in done.text


@pytest.mark.parametrize(
    ("text", "open_keys"),
    [
        (f"{'x;' * 300}k='{KEY}'/*{ALLOW}*/;{'y;' * 300}", []),
        (f"{'x;' * 300}k='{KEY}';{'y;' * 300}/*{ALLOW}*/", [KEY]),
        (f"/*{ALLOW}*/{'x;' * 300}k='{KEY}';", [KEY]),
        (f"{'x;' * 300}a='{coveo_key(2)}',b='{KEY}'/*{ALLOW}*/;", [coveo_key(2)]),
    ],
    ids=["beside", "far after", "far before", "beside the second"],
)
def test_on_a_long_line_it_covers_only_the_key_beside_it(
    tmp_path: Path, text: str, open_keys: list[str]
) -> None:
    done = scan(tmp_path, text)
    assert [f["key"]["mask"][-4:] for f in done.findings] == [key[-4:] for key in open_keys]


def test_an_allowed_place_does_not_allow_the_other_places(tmp_path: Path) -> None:
    done = scan(tmp_path, f"a = '{KEY}' // {ALLOW}\nb = '{KEY}'\n")
    [finding] = done.findings
    assert [place["line"] for place in finding["places"]] == [2]


def test_configured_ignores_and_their_ends(tmp_path: Path) -> None:
    def configured(lines: str) -> Completed:
        (tmp_path / "keylint.toml").write_text(f"[[ignore]]\nreason = 'known'\n{lines}\n")
        (tmp_path / "app.js").write_text(KEY)
        return call_keylint("scan", "--format", "json", "--fail-on", "warning", cwd=tmp_path)

    assert configured("rule = 'coveo.*'").status == 0
    assert configured("path = '*.js'").status == 0
    assert configured("path = '*.js'\nrule = 'stripe.*'").status == 1
    done = configured("path = '*.py'")
    assert done.status == 1
    assert [p["code"] for p in done.json["problems"]] == ["unused-ignore"]
    done = configured("path = '*.js'\nexpires = 2020-01-31")
    assert done.status == 1
    assert [p["code"] for p in done.json["problems"]] == ["expired-ignore"]
    assert configured("path = '*.js'\nexpires = 2999-01-31").status == 0
    fingerprint = done.findings[0]["fingerprint"]
    assert configured(f"fingerprint = '{fingerprint}'").status == 0
