"""Wrong options, files and places: one line that names the remedy, status 2, and never a traceback."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from tests.helpers.cli import Completed, call_keylint, run_keylint
from tests.helpers.make import coveo_key
from tests.helpers.repo import Repo


def complaint(done: Completed) -> str:
    """The one line that a wrong call gets."""
    assert done.status == 2, done
    assert done.out == b""
    assert done.error.count("\n") == 1, done.error
    assert done.error.startswith("keylint: error: ")
    assert "Traceback" not in done.error
    return done.error


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.js").write_text("nothing here")
    return tmp_path


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("--stagd", "--staged"),
        ("--formt=json", "--format"),
        ("--inventry=x", "--inventory"),
        ("--fail-one=error", "--fail-on"),
        ("--baselin=x", "--baseline"),
    ],
)
def test_an_unknown_option_names_the_nearest(folder: Path, wrong: str, near: str) -> None:
    assert near in complaint(call_keylint("scan", wrong, cwd=folder))


def test_an_unknown_command_names_the_nearest(folder: Path) -> None:
    assert "scan" in complaint(call_keylint("scna", cwd=folder))


def test_an_unknown_option_of_the_hook_names_the_nearest(folder: Path) -> None:
    assert "--fail-on" in complaint(call_keylint("hook", "--fail-one=error", cwd=folder))


@pytest.mark.parametrize("option", ["--format", "--fail-on"])
def test_a_wrong_choice_lists_the_right_ones(folder: Path, option: str) -> None:
    text = complaint(call_keylint("scan", option, "bogus", cwd=folder))
    assert option in text
    assert ("sarif" if option == "--format" else "warning") in text


@pytest.mark.parametrize("command", ["scan", "bundle"])
def test_a_path_that_does_not_exist(folder: Path, command: str) -> None:
    assert "missing.js" in complaint(call_keylint(command, "missing.js", cwd=folder))


@pytest.mark.parametrize("command", ["scan", "bundle"])
def test_an_empty_path_is_not_the_current_folder(folder: Path, command: str) -> None:
    complaint(call_keylint(command, "", cwd=folder))


def test_a_bundle_needs_a_path(folder: Path) -> None:
    assert "PATH" in complaint(call_keylint("bundle", cwd=folder))


def test_two_paths_are_one_too_many(folder: Path) -> None:
    complaint(call_keylint("scan", "app.js", "app.js", cwd=folder))


@pytest.mark.parametrize("option", ["--inventory", "--rules", "--baseline", "--config"])
def test_an_option_file_that_does_not_exist(folder: Path, option: str) -> None:
    text = complaint(call_keylint("scan", option, "missing.file", cwd=folder))
    assert option in text
    assert "missing.file" in text


@pytest.mark.parametrize("option", ["--inventory", "--baseline", "--config"])
def test_an_option_file_that_is_a_folder(folder: Path, option: str) -> None:
    assert option in complaint(call_keylint("scan", option, ".", cwd=folder))


def test_staged_outside_of_a_repository(folder: Path) -> None:
    text = complaint(run_keylint("scan", "--staged", cwd=folder))
    assert "not a git repository" in text.lower() or "no git repository" in text.lower()


def test_staged_in_a_bare_repository(tmp_path: Path) -> None:
    Repo(tmp_path).git("init", "-q", "--bare", "bare.git")
    assert "bare" in complaint(run_keylint("scan", "--staged", cwd=tmp_path / "bare.git"))


def test_staged_standard_input_makes_no_sense(folder: Path) -> None:
    complaint(run_keylint("scan", "-", "--staged", cwd=folder))


def test_standard_input_that_is_closed(folder: Path) -> None:
    before = "import os, sys; os.close(0); sys.stdin = None"
    assert "standard input" in complaint(run_keylint("scan", "-", cwd=folder, before=before))


# ---- configuration


def config(folder: Path, content: str | bytes, name: str = "keylint.toml") -> Completed:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return call_keylint("scan", cwd=folder)


def test_an_unknown_key_names_the_nearest(folder: Path) -> None:
    text = complaint(config(folder, 'fail-onn = "error"\n'))
    assert "keylint.toml" in text
    assert "fail-onn" in text
    assert "did you mean fail-on?" in text


def test_an_unknown_key_in_pyproject(folder: Path) -> None:
    text = complaint(config(folder, "[tool.keylint]\nexcludes = []\n", "pyproject.toml"))
    assert "pyproject.toml" in text
    assert "exclude" in text


def test_broken_toml_names_file_line_and_expectation(folder: Path) -> None:
    text = complaint(config(folder, 'exclude = ["a"]\nrules = [\n"x"\nfail-on = 3\n'))
    assert "keylint.toml" in text
    assert "line 4" in text


def test_toml_that_is_not_utf_8(folder: Path) -> None:
    assert "UTF-8" in complaint(config(folder, b'fail-on = "\xff"\n'))


def test_toml_that_is_nested_without_end(folder: Path) -> None:
    assert "keylint.toml" in complaint(config(folder, "exclude = " + "[" * 100_000))


@pytest.mark.parametrize(
    "line",
    [
        "fail-on = 3",
        'fail-on = "fatal"',
        'exclude = "x"',
        "exclude = [1]",
        "strict-allow = 'yes'",
        "max-file-size = 'huge'",
        "max-file-size = -1",
        "max-file-size = nan",
        "ignore = 3",
        "[[ignore]]\npath = 'x'",
        "[[ignore]]\nreason = 'x'",
        "[[ignore]]\nreason = 'x'\npaht = 'y'",
        "[[ignore]]\nreason = 'x'\npath = 'y'\nexpires = 'soon'",
        "baseline = []",
        "inventory = 3",
        "fingerprint-salt = 3",
        "[keys]\nlinnt = 1",
    ],
)
def test_values_of_the_wrong_type_name_file_and_key(folder: Path, line: str) -> None:
    text = complaint(config(folder, line + "\n"))
    key = re.sub(r"[\[\]]", "", line.split(" ", maxsplit=1)[0].split("\n", maxsplit=1)[0])
    assert "keylint.toml" in text
    assert key in text


@pytest.mark.parametrize("key", ["inventory", "rules", "baseline"])
def test_a_file_that_the_configuration_names_and_that_is_missing(folder: Path, key: str) -> None:
    text = complaint(config(folder, f'{key} = "missing.file"\n'))
    assert "missing.file" in text


def test_an_exclude_that_is_no_pattern(folder: Path) -> None:
    assert "exclude" in complaint(config(folder, 'exclude = ["a\\\\"]\n'))


def test_an_ignore_path_that_is_no_pattern(folder: Path) -> None:
    (folder / "app.js").write_text(coveo_key())
    assert "ignore" in complaint(config(folder, '[[ignore]]\nreason = "r"\npath = "a\\\\"\n'))


# ---- rules


def rules(folder: Path, content: str) -> str:
    (folder / "own.toml").write_text(content)
    text = complaint(call_keylint("scan", "--rules", "own.toml", cwd=folder))
    assert "own.toml" in text
    return text


def test_a_rule_that_does_not_compile(folder: Path) -> None:
    text = rules(folder, "[[rules]]\nid = 'own.rule'\ndescription = 'd'\nregex = '(abc'\n")
    assert "own.rule" in text
    assert "regex" in text


def test_a_rule_file_with_broken_toml(folder: Path) -> None:
    assert "line 2" in rules(folder, "[[rules]]\nid = \n")


def test_a_rule_without_an_id(folder: Path) -> None:
    assert "id" in rules(folder, "[[rules]]\nregex = 'abcdef'\n")


def test_a_rule_file_that_is_nested_without_end(folder: Path) -> None:
    assert "nested" in rules(folder, "rules = " + "[" * 100_000)


def test_an_unknown_rule_field_names_the_nearest(folder: Path) -> None:
    text = rules(folder, "[[rules]]\nid = 'a'\nregex = 'abcdef'\nkeyword = ['abc']\n")
    assert "keywords" in text


@pytest.mark.usefixtures("pure_path")
def test_a_pattern_that_takes_forever_is_stopped(folder: Path) -> None:
    (folder / "own.toml").write_text("[[rules]]\nid = 'slow'\nregex = '(a+)+b'\n")
    (folder / "app.js").write_text("a" * 50_000)
    started = time.process_time()
    done = call_keylint("scan", "--rules", "own.toml", cwd=folder)
    assert done.status in (0, 3)
    assert time.process_time() - started < 30


# ---- inventories and baselines


@pytest.mark.parametrize(
    "content",
    ["", "{", "[1, 2]", '"text"', "null", "3", '{"foo": 1}', '[{"a": 1}]', "[" * 100_000, '[{"id": 3}]'],
)
@pytest.mark.parametrize("option", ["--inventory", "--baseline"])
def test_a_json_file_of_the_wrong_shape(folder: Path, option: str, content: str) -> None:
    (folder / "wrong.json").write_text(content)
    text = complaint(call_keylint("scan", option, "wrong.json", cwd=folder))
    assert "wrong.json" in text
    assert len(text) < 400


@pytest.mark.parametrize("option", ["--inventory", "--baseline"])
def test_broken_json_names_the_line(folder: Path, option: str) -> None:
    entry = '{"id": "a", "displayName": "A", "value": "********", "status": "ENABLED"}'
    (folder / "wrong.json").write_text(f'[\n{entry},\n{{"id" "b"}}\n]')
    text = complaint(call_keylint("scan", option, "wrong.json", cwd=folder))
    assert "line 3" in text or "wrong.json:3:" in text


@pytest.mark.parametrize("option", ["--inventory", "--baseline"])
def test_json_that_is_not_utf_8(folder: Path, option: str) -> None:
    (folder / "wrong.json").write_bytes(b'[{"id": "\xff\xfe"}]')
    assert "UTF-8" in complaint(call_keylint("scan", option, "wrong.json", cwd=folder))


def test_a_baseline_of_another_tool(folder: Path) -> None:
    document = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "other"}}, "results": []}]}
    (folder / "other.sarif").write_text(json.dumps(document))
    assert "keylint report" in complaint(call_keylint("scan", "--baseline", "other.sarif", cwd=folder))


# ---- output


def test_output_into_a_folder_that_does_not_exist(folder: Path) -> None:
    assert "--output" in complaint(call_keylint("scan", "--output", "no/where.json", cwd=folder))


def test_output_to_a_folder(folder: Path) -> None:
    assert "--output" in complaint(call_keylint("scan", "--output", ".", cwd=folder))


def test_an_error_with_terminal_escapes_in_it_is_shown_without_them(folder: Path) -> None:
    text = complaint(run_keylint("scan", "x\x1b[31m\nkeylint: all is well\u202e", cwd=folder))
    assert "\x1b" not in text
    assert "\u202e" not in text
