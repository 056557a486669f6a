"""Read `keylint.toml` or `[tool.keylint]` once, into a frozen value that is passed along.

`docs/configuration.md` documents every key. Paths in a configuration file are relative to its folder.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from keylint.errors import ConfigError
from keylint.model import Level
from keylint.records import dataclass, field

FILE_NAME = "keylint.toml"
_PYPROJECT = "pyproject.toml"
_SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_SIZE = re.compile(r"(\d+)\s*([A-Za-z]*)")
_NO_TABLE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Ignore:
    """A configured reason to keep findings quiet. Every field that is set must match.

    `rule` and `path` are globs (`path` in gitignore syntax); `expires` is the last day on which it holds.
    """

    reason: str
    rule: str = ""
    path: str = ""
    fingerprint: str = ""
    expires: dt.date | None = None

    @property
    def label(self) -> str:
        """A short name for messages."""
        parts = (("rule", self.rule), ("path", self.path), ("fingerprint", self.fingerprint))
        return ", ".join(f"{k} {v}" for k, v in parts if v)


@dataclass(frozen=True)
class Config:
    """Settings of one run. `path` is the file they came from, empty if there is none."""

    path: str = ""
    inventory: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    baseline: str = ""
    fail_on: Level = Level.ERROR
    exclude: tuple[str, ...] = ()
    max_file_size: int = 2**30
    strict_allow: bool = False
    fingerprint_salt: str = "keylint/v1"
    ignore: tuple[Ignore, ...] = ()
    keys_lint: Mapping[str, Any] = field(default_factory=lambda: _NO_TABLE)


def find_config(start: str) -> str:
    """The nearest configuration file in `start` or a folder above it; "" if there is none.

    The search ends at the top of a repository (a folder with `.git`) or of the file system.
    """
    folder = os.path.realpath(start)
    while True:
        own = os.path.join(folder, FILE_NAME)
        if os.path.isfile(own):
            return own
        project = os.path.join(folder, _PYPROJECT)
        if os.path.isfile(project) and _mentions_keylint(project):
            return project
        parent = os.path.dirname(folder)
        if parent == folder or os.path.lexists(os.path.join(folder, ".git")):
            return ""
        folder = parent


def load_config(path: str) -> Config:
    """Read the configuration file at `path`.

    Raises ConfigError, naming file and key, for broken TOML, unknown keys and values of the wrong type.
    """
    table = _table(path)
    where = _Where(path, os.path.dirname(os.path.abspath(path)))
    readers = _readers()
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name not in readers:
            raise where.unknown(key, list(readers))
        attribute, read = readers[name]
        values[attribute] = read(where, name, value)
    return Config(path=path, **values)


@dataclass(frozen=True)
class _Where:
    """The file that is being read, for messages and relative paths."""

    path: str
    folder: str

    def error(self, key: str, expected: str) -> ConfigError:
        return ConfigError(f"{self.path}: {key}: expected {expected}")

    def unknown(self, key: str, known: list[str]) -> ConfigError:
        import difflib  # only mistakes need it

        near = difflib.get_close_matches(key.replace("_", "-"), known, n=1)
        hint = f"did you mean {near[0]}?" if near else "known keys: " + ", ".join(sorted(known))
        return ConfigError(f"{self.path}: unknown key {key!r}", hint=hint)


_Reader = Callable[[_Where, str, Any], Any]


def _readers() -> dict[str, tuple[str, _Reader]]:
    return {
        "inventory": ("inventory", _paths),
        "rules": ("rules", _paths),
        "baseline": ("baseline", _path),
        "fail-on": ("fail_on", _fail_on),
        "exclude": ("exclude", _strings),
        "max-file-size": ("max_file_size", _size),
        "strict-allow": ("strict_allow", _bool),
        "fingerprint-salt": ("fingerprint_salt", _string),
        "ignore": ("ignore", _ignores),
        "keys": ("keys_lint", _keys),
    }


def _table(path: str) -> Mapping[str, Any]:
    import tomli

    try:
        with open(path, "rb") as stream:
            data = tomli.load(stream)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8", hint="TOML files are UTF-8") from None
    except tomli.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    if os.path.basename(path) != _PYPROJECT:
        return data
    table = data.get("tool", {}).get("keylint", {})
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.keylint: expected a table")
    return table


def _mentions_keylint(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return b"tool.keylint" in stream.read()
    except OSError:
        return False


def _string(where: _Where, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise where.error(key, "a non-empty string")
    return value


def _strings(where: _Where, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise where.error(key, "a list of strings")
    return tuple(value)


def _path(where: _Where, key: str, value: Any) -> str:
    return os.path.join(where.folder, _string(where, key, value))


def _paths(where: _Where, key: str, value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    return tuple(os.path.join(where.folder, item) for item in _strings(where, key, items))


def _bool(where: _Where, key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise where.error(key, "true or false")
    return value


def _fail_on(where: _Where, key: str, value: Any) -> Level:
    if value not in ("error", "warning", "note", "never"):
        raise where.error(key, 'one of "error", "warning", "note", "never"')
    return Level.NONE if value == "never" else Level(value)


def _size(where: _Where, key: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or found[2].upper() not in _SIZES or int(found[1]) == 0:
        raise where.error(key, 'a positive number of bytes, or text such as "500 MB"')
    return int(found[1]) * _SIZES[found[2].upper()]


def _ignores(where: _Where, key: str, value: Any) -> tuple[Ignore, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise where.error(key, "tables, written [[ignore]]")
    return tuple(_ignore(where, f"{key}[{n}]", item) for n, item in enumerate(value, 1))


def _ignore(where: _Where, key: str, item: Mapping[str, Any]) -> Ignore:
    known = ["rule", "path", "fingerprint", "reason", "expires"]
    for name in item:
        if name not in known:
            raise where.unknown(f"{key}.{name}", [f"{key}.{k}" for k in known])
    if "reason" not in item:
        raise where.error(f"{key}.reason", "a sentence that says why")
    texts = {name: _string(where, f"{key}.{name}", item[name]) for name in known[:4] if name in item}
    if not texts.keys() & {"rule", "path", "fingerprint"}:
        raise where.error(key, "at least one of rule, path and fingerprint")
    expires = item.get("expires")
    if isinstance(expires, dt.datetime):
        expires = expires.date()
    if expires is not None and not isinstance(expires, dt.date):
        raise where.error(f"{key}.expires", "a date such as 2027-01-31")
    if "path" in texts and not _is_pattern(texts["path"]):
        raise where.error(f"{key}.path", "a pattern in gitignore syntax")
    return Ignore(
        reason=texts["reason"],
        rule=texts.get("rule", ""),
        path=texts.get("path", ""),
        fingerprint=texts.get("fingerprint", ""),
        expires=expires,
    )


def _is_pattern(text: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([text])
    except ValueError:
        return False
    return True


def _keys(where: _Where, key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise where.error(key, "a table")
    for name in value:
        if name != "lint":
            raise where.unknown(f"{key}.{name}", ["keys.lint"])
    lint = value.get("lint", {})
    if not isinstance(lint, dict):
        raise where.error("keys.lint", "a table")
    return MappingProxyType(lint)
