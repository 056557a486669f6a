from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from keylint.config import Config, find_config, load_config
from keylint.errors import ConfigError
from keylint.model import Level

FULL = """
inventory = ["keys.json"]
rules = "own-rules"
baseline = "known.json"
fail-on = "warning"
exclude = ["vendor/**"]
max-file-size = "500 MB"
strict-allow = true
fingerprint-salt = "our-salt"

[[ignore]]
rule = "stripe.*"
path = "tests/**"
reason = "test keys"
expires = 2027-01-31

[keys.lint]
unused-days = 60
"""


def write(folder: Path, text: str, name: str = "keylint.toml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_every_key_is_read_and_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, FULL))
    assert config.inventory == (str(tmp_path / "keys.json"),)
    assert config.rules == (str(tmp_path / "own-rules"),)
    assert config.baseline == str(tmp_path / "known.json")
    assert config.fail_on is Level.WARNING
    assert config.exclude == ("vendor/**",)
    assert config.max_file_size == 500_000_000
    assert config.strict_allow
    assert config.fingerprint_salt == "our-salt"
    assert config.ignore[0].expires == dt.date(2027, 1, 31)
    assert config.keys_lint == {"unused-days": 60}


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    assert load_config(path) == Config(path=path)


def test_pyproject_is_read_only_under_tool_keylint(tmp_path: Path) -> None:
    path = write(tmp_path, '[project]\nname = "x"\n[tool.keylint]\nfail-on = "never"\n', "pyproject.toml")
    assert load_config(path).fail_on is Level.NONE


def test_the_file_is_found_from_any_subfolder(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_config(str(deep)) == path


def test_the_search_ends_at_the_top_of_a_repository(tmp_path: Path) -> None:
    write(tmp_path, "")
    inner = tmp_path / "repo" / "sub"
    inner.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    assert find_config(str(inner)) == ""


def test_a_pyproject_without_our_table_is_not_a_configuration(tmp_path: Path) -> None:
    write(tmp_path, "[project]\n", "pyproject.toml")
    (tmp_path / ".git").mkdir()
    assert find_config(str(tmp_path)) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fail_onn = 'error'", ["fail_onn", "did you mean fail-on"]),
        ("fail-on = 'fatal'", ["fail-on", "never"]),
        ("fail-on = oops", ["not valid TOML", "line 1"]),
        ("max-file-size = 'big'", ["max-file-size", "500 MB"]),
        ("max-file-size = 0", ["max-file-size"]),
        ("max-file-size = true", ["max-file-size"]),
        ("exclude = 'x'", ["exclude", "list of strings"]),
        ("strict-allow = 1", ["strict-allow", "true or false"]),
        ("[[ignore]]\nrule = 'x'", ["ignore[1].reason"]),
        ("[[ignore]]\nreason = 'x'", ["ignore[1]", "at least one of"]),
        ("[[ignore]]\nreason = 'x'\nruel = 'y'", ["ignore[1].ruel", "ignore[1].rule"]),
        ("[[ignore]]\nreason = 'x'\nrule = 'y'\nexpires = 'soon'", ["ignore[1].expires", "a date"]),
        ("ignore = 3", ["ignore", "[[ignore]]"]),
        ("[keys]\nlnt = 1", ["keys.lnt"]),
    ],
)
def test_a_mistake_names_file_and_key_and_what_was_expected(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    message = str(caught.value)
    assert "\n" not in message
    for word in (path, *words):
        assert word in message


def test_a_file_that_is_not_utf8_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "keylint.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(str(path))
