"""`keylint keys`: the inventory of keys. Each command is imported when it is asked for."""

from __future__ import annotations

import click

from keylint.cli.lazy import LazyGroup

_COMMANDS = {
    "pull": "keylint.cli.keys_pull:pull",
    "list": "keylint.cli.keys_lint:list_keys",
    "lint": "keylint.cli.keys_lint:lint",
    "least-privilege": "keylint.cli.keys_lint:least_privilege",
    "rotate": "keylint.cli.keys_rotate:rotate",
    "expose": "keylint.cli.keys_expose:expose",
}


@click.group(cls=LazyGroup, lazy_commands=_COMMANDS)
def keys() -> None:
    """The inventory of keys: fetch it, list it, lint it, rotate a key, prepare a report of exposure."""
