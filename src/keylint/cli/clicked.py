"""click's side of the commands that scan."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import click

from keylint.cli.hook import hook as run_hook
from keylint.cli.scan import bundle as run_bundle
from keylint.cli.scan import scan as run_scan
from keylint.cli.switches import CHOICE, FILE, FLAG, OUTPUT, PATH, SCAN, SHARED, Switch

_TYPES = {
    FILE: click.Path(exists=True, dir_okay=False, readable=True),
    PATH: click.Path(exists=True),
    OUTPUT: click.Path(dir_okay=False),
}


def _command(
    name: str, callback: Callable[..., int], switches: Sequence[Switch], argument: click.Argument, **more: Any
) -> click.Command:
    options = [_option(switch) for switch in switches]
    return click.Command(
        name, callback=callback, params=[argument, *options], help=inspect.getdoc(callback), **more
    )


def _option(switch: Switch) -> click.Option:
    names = ["/".join((*switch.names, switch.no))] if switch.no else [*switch.names]
    flag = switch.takes == FLAG
    return click.Option(
        [*names, switch.parameter],
        help=switch.help,
        type=click.Choice(switch.choices) if switch.takes == CHOICE else _TYPES.get(switch.takes),
        is_flag=flag,
        default=None if switch.many else switch.default,
        show_default=bool(switch.default),
        multiple=switch.many,
        metavar=switch.metavar,
    )


scan = _command("scan", run_scan, SCAN, click.Argument(["path"], required=False))
bundle = _command("bundle", run_bundle, SHARED, click.Argument(["path"]))
hook = _command(
    "hook",
    run_hook,
    (),
    click.Argument(["words"], nargs=-1, type=click.UNPROCESSED),
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
)
