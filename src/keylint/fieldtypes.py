"""Values of a rule file as TOML gives them -> checked ones, with file, rule and field in every error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from keylint.errors import ConfigError
from keylint.records import dataclass, replace


@dataclass(frozen=True)
class Spot:
    """Where in the rule files a value stands, for error messages."""

    source: str
    rule: str = ""
    key: str = ""

    def fail(self, problem: str, hint: str = "") -> NoReturn:
        """Raise ConfigError in one line."""
        rule = f"rule {self.rule}: " if self.rule else ""
        key = f"{self.key}: " if self.key else ""
        raise ConfigError(f"{self.source}: {rule}{key}{problem}", hint=hint)

    def at(self, key: str) -> Spot:
        """The same rule, at one of its fields."""
        return replace(self, key=f"{self.key}.{key}" if self.key else key)


def kind_of(value: object) -> str:
    """What TOML calls a value."""
    names = {
        str: "text",
        bool: "true/false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), type(value).__name__)


def unknown(spot: Spot, what: str, name: str, known: Iterable[str]) -> NoReturn:
    """Raise ConfigError for a name that does not exist, with the nearest one."""
    import difflib  # only needed for an error

    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    spot.fail(f"unknown {what} {name!r}", f"did you mean {near[0]!r}?" if near else "see rules/README.md")


def read_text(value: Any, spot: Spot) -> str:
    """Text. Raises ConfigError, as all readers do."""
    if not isinstance(value, str):
        spot.fail(f"expected text, not {kind_of(value)}")
    return value


def read_texts(value: Any, spot: Spot) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        spot.fail(f"expected a list of texts, not {kind_of(value)}")
    return tuple(value)


def read_number(value: Any, spot: Spot) -> float:
    """A number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        spot.fail(f"expected a number of at least 0, not {kind_of(value)}")
    return float(value)


def read_count(value: Any, spot: Spot) -> int:
    """A whole number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        spot.fail(f"expected a whole number of at least 0, not {kind_of(value)}")
    return value


def read_flag(value: Any, spot: Spot) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        spot.fail(f"expected true or false, not {kind_of(value)}")
    return value


def read_tables(value: Any, spot: Spot) -> list[dict[str, Any]]:
    """A list of tables."""
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        spot.fail(f"expected tables, not {kind_of(value)}")
    return [dict(v) for v in value]


def one_of(known: Iterable[str], what: str) -> Callable[[Any, Spot], str]:
    """A reader of one of these names."""

    def check(value: Any, spot: Spot) -> str:
        if read_text(value, spot) not in known:
            unknown(spot, what, value, known)
        return str(value)

    return check


def some_of(known: Iterable[str], what: str) -> Callable[[Any, Spot], tuple[str, ...]]:
    """A reader of a list of these names."""
    one = one_of(known, what)
    return lambda value, spot: tuple(one(v, spot) for v in read_texts(value, spot))


def known_keys(table: Mapping[str, Any], known: Iterable[str], spot: Spot) -> dict[str, Any]:
    """The table with keys in the spelling of `known`, whatever case the file uses (gitleaks ignores case)."""
    spelling = {k.lower(): k for k in known}
    for key in table:
        if key.lower() not in spelling:
            unknown(spot, "field", key, known)
    return {spelling[k.lower()]: v for k, v in table.items()}
