"""`keylint baseline create` and `keylint baseline import`, with real repositories."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from keylint.cli.app import run
from tests.helpers.make import coveo_key
from tests.helpers.repo import Repo


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    found = Repo(tmp_path / "repo")
    monkeypatch.chdir(found.path)
    return found


def stripe_key(tail: str) -> str:
    return "sk_" + "live_" + hashlib.sha256(tail.encode()).hexdigest()[:24] + "Zz9"


def open_findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Path of every finding that a scan still reports."""
    capsys.readouterr()
    run(["scan", "--format", "json", *arguments])
    report = json.loads(capsys.readouterr().out)
    return [finding["places"][0]["path"] for finding in report["findings"]]


def test_what_was_there_at_creation_stays_quiet_and_new_keys_do_not(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.js", f"k = '{stripe_key('a')}'\n")
    assert run(["baseline", "create"]) == 0
    repo.write("b.js", f"k = '{stripe_key('b')}'\n")
    assert open_findings(capsys, "--baseline", "keylint-baseline.json") == ["b.js"]


def test_entries_of_gitleaksignore_are_taken_over_by_place(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("src/a.js", f"\nk = '{stripe_key('a')}'\nl = '{stripe_key('other')}'\n")
    repo.write(
        ".gitleaksignore", "# accepted\nsrc/a.js:stripe-access-token:2\nsrc/gone.js:x:1\nsrc/a.js:x:1\n"
    )
    assert run(["baseline", "import", ".gitleaksignore", "--output", "known.json"]) == 0
    report = json.loads(Path("known.json").read_text())
    assert [f["places"][0]["line"] for f in report["findings"]] == [2]
    assert [p["line"] for p in report["problems"]] == [3, 4] or [p["line"] for p in report["problems"]] == [
        4,
        3,
    ]
    repo.write("src/a.js", f"\n\n\nk = '{stripe_key('a')}'\nl = '{stripe_key('other')}'\n")
    capsys.readouterr()
    run(["scan", "src", "--format", "json", "--baseline", "known.json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [f["places"][0]["line"] for f in found] == [5]


def test_entries_with_a_commit_are_looked_up_in_that_commit(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.js", f"k = '{stripe_key('a')}'\n")
    repo.git("add", "a.js")
    repo.git("commit", "-qm", "one")
    commit = repo.git("rev-parse", "HEAD")
    repo.write("a.js", f"\n\nk = '{stripe_key('a')}'\n")
    repo.write(".gitleaksignore", f"{commit}:a.js:stripe-access-token:1\n")
    assert run(["baseline", "import", ".gitleaksignore"]) == 0
    assert open_findings(capsys, "--baseline", "keylint-baseline.json") == []


def test_digests_of_detect_secrets_are_taken_over_wherever_the_value_stands(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.js", f"k = '{coveo_key(1)}'\nl = '{stripe_key('a')}'\n")
    digest = hashlib.sha1(stripe_key("a").encode()).hexdigest()
    entry = {"type": "Secret Keyword", "filename": "a.js", "hashed_secret": digest, "line_number": 77}
    repo.write(".secrets.baseline", json.dumps({"version": "1.5.0", "results": {"a.js": [entry]}}))
    assert run(["baseline", "import", ".secrets.baseline"]) == 0
    report = json.loads(Path("keylint-baseline.json").read_text())
    assert [f["key"]["rule_id"] for f in report["findings"]] == ["stripe.secret_live"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.js\n", "line 1: expected [commit:]file:rule:line"),
        ("# fine\n\na.js:rule:x\n", "line 3"),
        ("{", "not valid JSON"),
        ('{"results": []}', "results: expected a table"),
        ('{"results": {"a": 3}}', "results.a: expected a list"),
        ('{"results": {"a": [{}]}}', "no hashed_secret"),
    ],
)
def test_anything_else_is_one_clear_line(
    repo: Repo, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    repo.write("known", text)
    assert run(["baseline", "import", "known"]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_no_baseline_holds_a_whole_key(repo: Repo) -> None:
    repo.write("a.js", f"k = '{stripe_key('a')}'\n")
    run(["baseline", "create"])
    assert stripe_key("a") not in Path("keylint-baseline.json").read_text()
