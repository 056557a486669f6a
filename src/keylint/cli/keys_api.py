"""Options and connections that the `keys` commands which talk to an API share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from keylint.errors import UsageError

if TYPE_CHECKING:
    from keylint.inventory.api.http import JsonClient
    from keylint.secret import Secret

Command = TypeVar("Command", bound=Callable[..., Any])


def token_options(default_env: str) -> Callable[[Command], Command]:
    """Where the access token comes from. There is no option for the token itself, by design.

    Without `default_env` the variable depends on the provider.
    """

    def decorate(command: Command) -> Command:
        for option in (
            click.option("--token-stdin", is_flag=True, help="Read the access token from standard input."),
            click.option(
                "--token-file", type=click.Path(), help="Read the access token from this file (mode 0600)."
            ),
            click.option(
                "--token-env",
                default=default_env,
                show_default=default_env or "COVEO_ACCESS_TOKEN or KEYPAIR_ACCESS_TOKEN",
                help="Environment variable that holds the access token.",
            ),
        ):
            command = option(command)
        return command

    return decorate


debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, help="Show where an internal error happened."
)


def read_token(token_env: str, token_file: str | None, token_stdin: bool) -> Secret:
    """The access token from the one place that was chosen. Raises UsageError."""
    from keylint.inventory.api import token

    if token_file and token_stdin:
        raise UsageError("--token-file and --token-stdin exclude each other")
    if token_stdin:
        return token.token_from_stream(sys.stdin.buffer)
    if token_file:
        return token.token_from_file(token_file)
    return token.token_from_environment(token_env)


def bearer_client(base_url: str, token: Secret) -> JsonClient:
    """A client that sends the token in the Authorization header."""
    from keylint.inventory.api.http import JsonClient
    from keylint.secret import Secret

    return JsonClient(base_url, {"Authorization": Secret(b"Bearer " + token.reveal(), weak=True)})


def coveo_url(region: str, base_url: str | None) -> str:
    """The address of the platform: a region's, or the one given."""
    from keylint.inventory.api.coveo_calls import REGIONS

    return base_url or REGIONS[region]


coveo_place_options = (
    click.option(
        "--region",
        type=click.Choice(("us", "eu", "au", "ca", "hipaa")),
        default="us",
        show_default=True,
        help="Where the organisation lives.",
    ),
    click.option("--base-url", help="Another address of the API (https, or http on localhost)."),
)
