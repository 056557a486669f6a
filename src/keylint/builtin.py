"""Where the data that comes with keylint lies. The hook depends on it, so it imports next to nothing."""

from __future__ import annotations

import os


def builtin_dir() -> str:
    """The folder of the built-in data: `builtin_rules` of an installed wheel, else `rules` of the checkout.

    Raises ConfigError when neither exists (a broken installation).
    """
    here = os.path.dirname(os.path.abspath(__file__))
    for folder in (os.path.join(here, "builtin_rules"), os.path.join(here, "..", "..", "rules")):
        if os.path.isdir(os.path.join(folder, "providers")):
            return os.path.normpath(folder)
    from keylint.errors import ConfigError

    raise ConfigError("the built-in rules are missing", hint="install keylint again")
