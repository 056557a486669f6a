"""`keylint keys`: the inventory of keys. Each command is imported when it is asked for."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "pull": "keylint.cli.keys_pull:pull",
    "list": "keylint.cli.keys_lint:list_keys",
    "lint": "keylint.cli.keys_lint:lint",
    "least-privilege": "keylint.cli.keys_lint:least_privilege",
    "rotate": "keylint.cli.keys_rotate:rotate",
    "expose": "keylint.cli.keys_rotate:expose",
}


class _Lazy(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the help page."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command `cmd_name`, or None if there is none of that name."""
        target = _COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, name = target.split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Lazy)
def keys() -> None:
    """The inventory of keys: fetch it, list it, lint it, rotate a key, prepare a report of exposure."""
