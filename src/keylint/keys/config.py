"""`[keys.lint]` of the configuration file: what to check, and from when on something counts."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from keylint.errors import ConfigError


@dataclass(frozen=True)
class LintConfig:
    """Settings of `keylint keys lint`. Ages are in days; prefix lengths are in bits."""

    select: tuple[str, ...] = ()  # only these checks; empty means all
    ignore: tuple[str, ...] = ()
    unused_days: int = 90
    never_used_days: int = 30
    disabled_days: int = 90
    rotate_public_days: int = 0  # 0: public keys have no rotation age
    old_pair_days: int = 365
    exposed_deadline_days: int = 7
    shortest_ipv4_prefix: int = 16
    shortest_ipv6_prefix: int = 32
    description_words: int = 3
    administrators: tuple[str, ...] = ("Administrators",)

    def wants(self, check_id: str) -> bool:
        """Whether this check is to be run."""
        return (not self.select or check_id in self.select) and check_id not in self.ignore


def parse_lint_config(table: Mapping[str, Any], source: str, known_checks: tuple[str, ...]) -> LintConfig:
    """The table `[keys.lint]` as a frozen value; hyphens and underscores are the same in names.

    Raises ConfigError naming file and key for an unknown key or check, or a value of the wrong type.
    """
    specs = {spec.name: spec for spec in fields(LintConfig)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        where = f"{source}: keys.lint.{key}"
        if name not in specs:
            raise ConfigError(f"{where}: unknown key", hint=_nearest(name, tuple(specs)).replace("_", "-"))
        values[name] = (
            _texts(value, where) if isinstance(specs[name].default, tuple) else _number(value, where)
        )
    config = LintConfig(**values)
    check_names(config.select, f"{source}: keys.lint.select", known_checks)
    check_names(config.ignore, f"{source}: keys.lint.ignore", known_checks)
    return config


def with_choice(
    config: LintConfig, select: tuple[str, ...], ignore: tuple[str, ...], known_checks: tuple[str, ...]
) -> LintConfig:
    """`--select` replaces the configured choice, `--ignore` adds to it. Raises ConfigError."""
    check_names(select, "--select", known_checks)
    check_names(ignore, "--ignore", known_checks)
    return replace(config, select=select or config.select, ignore=(*config.ignore, *ignore))


def check_names(names: tuple[str, ...], where: str, known: tuple[str, ...]) -> None:
    """Raise ConfigError, with the nearest known name, if one of `names` is no check."""
    for name in names:
        if name not in known:
            raise ConfigError(f"{where}: no check is called {name!r}", hint=_nearest(name, known))


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else "known: " + ", ".join(sorted(known))


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ConfigError(f"{where}: expected a list of texts")
    return tuple(value)


def _number(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 36500:
        raise ConfigError(f"{where}: expected a number from 0 to 36500")
    return value
