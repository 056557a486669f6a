"""Where the data that comes with keylint lies. The hook depends on it, so it imports next to nothing."""

from __future__ import annotations

import os

_PACKAGED = "builtin_rules"  # in a wheel


def builtin_dir() -> str:
    """The folder of the built-in data: `builtin_rules` of an installed wheel, else `rules` of the checkout.

    Raises ConfigError when neither exists (a broken installation).
    """
    here = os.path.dirname(os.path.abspath(__file__))
    for folder in (os.path.join(here, _PACKAGED), os.path.join(here, "..", "..", "rules")):
        if os.path.isdir(os.path.join(folder, "providers")):
            return os.path.normpath(folder)
    from keylint.errors import ConfigError

    raise ConfigError("the built-in rules are missing", hint="install keylint again")


def rule_files_in(folder: str) -> list[str]:
    """The rule files directly in a folder, in order."""
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".toml"))


def is_packaged(path: str) -> bool:
    """Whether a path lies in the data of an installed wheel, which nobody edits file by file."""
    return _PACKAGED in path.split(os.sep)
