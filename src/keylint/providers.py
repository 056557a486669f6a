"""The names of providers: rules/names/*.toml -> what generic detection looks for in the names of values.

    [providers]
    cohere = { name = "Cohere", aliases = ["cohere"], hosts = ["cohere.ai"], env = ["CO_API_KEY"] }

`aliases` are in lower-case letters and digits (the key of the table, if not given). `env` are names of
variables that do not hold an alias. With `word = true` the shortest alias is an ordinary word as well: it
counts only in the name of a value, and never as part of another word.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from keylint.errors import ConfigError

_FIELDS = frozenset(("name", "aliases", "hosts", "env", "word"))


@lru_cache(maxsize=1)
def load_providers() -> tuple[tuple[str, str, bool], ...]:
    """(alias, name, is an ordinary word) of all built-in providers, sorted. Raises ConfigError."""
    from keylint.builtin import builtin_dir

    folder = os.path.join(builtin_dir(), "names")
    found: dict[str, tuple[str, str, bool]] = {}
    for file in sorted(os.listdir(folder)):
        if file.endswith(".toml"):
            for entry in _read(os.path.join(folder, file)):
                if found.setdefault(entry[0], entry)[1] != entry[1]:
                    raise ConfigError(
                        f"{file}: the alias {entry[0]!r} belongs to {found[entry[0]][1]} already"
                    )
    return tuple(found[alias] for alias in sorted(found))


def _read(path: str) -> Iterator[tuple[str, str, bool]]:
    import tomli  # only when the cache of rules has to be made

    try:
        with open(path, "rb") as stream:
            providers = tomli.load(stream)["providers"]
    except (OSError, tomli.TOMLDecodeError, KeyError) as exc:
        raise ConfigError(f"{path}: cannot be read: {exc}", hint="it needs a table [providers]") from None
    for key, table in providers.items():
        yield from _entries(path, key, table)


def _entries(path: str, key: str, table: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    name, word = table.get("name"), table.get("word", False)
    unknown = set(table) - _FIELDS
    if not isinstance(name, str) or unknown:
        raise ConfigError(
            f"{path}: {key}: needs a name, and no {sorted(unknown)}", hint="see rules/README.md"
        )
    aliases = table.get("aliases", [key])
    for alias in aliases:
        yield _plain(alias), name, word and alias == min(aliases, key=len)
    for variable in table.get("env", ()):
        yield _plain(variable), name, False
    for host in table.get("hosts", ()):
        yield _host(host), name, False


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _host(host: str) -> str:
    """A host as names are compared: `api.acme.io` stands in text as the parts api, acme and io."""
    return _plain(host)
