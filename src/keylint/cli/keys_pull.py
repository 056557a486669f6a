"""`keylint keys pull`: list the keys of a service and keep a snapshot of masks and metadata."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from keylint.cli.keys_api import (
    bearer_client,
    coveo_place_options,
    coveo_url,
    debug_option,
    read_token,
    token_options,
)
from keylint.errors import ExitCode
from keylint.report.clean import clean

if TYPE_CHECKING:
    from keylint.inventory.api.base import KeyApi, Progress
    from keylint.inventory.base import Snapshot
    from keylint.secret import Secret

_output = click.option(
    "--output", required=True, type=click.Path(dir_okay=False), help="Snapshot file to write (mode 0600)."
)
_personal = click.option(
    "--personal-data", is_flag=True, help="Keep who made each key, and names of impersonated users."
)


@click.group()
def pull() -> None:
    """Fetch the list of keys of a service into a snapshot file.

    The snapshot holds masks and metadata, never a value. Tokens come from the environment, a file or
    standard input, never from the command line.
    """


@pull.command()
@click.option("--org", required=True, help="Organisation id.")
@coveo_place_options[0]
@coveo_place_options[1]
@click.option("--status", default="", help="Only keys in this state; the snapshot is then partial.")
@_personal
@token_options("COVEO_ACCESS_TOKEN")
@_output
@debug_option
def coveo(org: str, region: str, base_url: str | None, status: str, personal_data: bool, **given: Any) -> int:
    """Keys, templates, assignable privileges and groups of a Coveo organisation.

    Needs the access token of a person who has API keys: View; an API key can't list API keys.
    """
    from keylint.inventory.api.coveo import CoveoApi, check_status, refuse_api_key
    from keylint.inventory.api.coveo_calls import STATUS_FILTERS

    output = given.pop("output")
    wanted = check_status(status, STATUS_FILTERS)
    token = read_token(**given)
    refuse_api_key(token)
    with bearer_client(coveo_url(region, base_url), token) as client:
        return _pull(CoveoApi(client, org, status=wanted), output, personal=personal_data)


@pull.command()
@click.option("--base-url", required=True, help="Address of the service.")
@click.option("--path", default="/api/v2/api-keys/", show_default=True, help="Path of the list.")
@token_options("KEYPAIR_ACCESS_TOKEN")
@_output
@debug_option
def keypair(base_url: str, path: str, **given: Any) -> int:
    """Pairs of a service that issues a public and a private key."""
    from keylint.inventory.api.keypair import KeyPairApi

    output = given.pop("output")
    with bearer_client(base_url, read_token(**given)) as client:
        return _pull(KeyPairApi(client, path=path), output)


@pull.command()
@click.option("--app", required=True, help="Application id.")
@click.option("--base-url", help="Another address of the API (default: the application's own).")
@token_options("ALGOLIA_ADMIN_KEY")
@_output
@debug_option
def algolia(app: str, base_url: str | None, **given: Any) -> int:
    """Keys of an Algolia application. The token is its admin key."""
    from keylint.inventory.api.algolia import AlgoliaApi, check_application
    from keylint.inventory.api.http import JsonClient

    output = given.pop("output")
    check_application(app)
    headers: dict[str, Secret | str] = {
        "x-algolia-application-id": app,
        "x-algolia-api-key": read_token(**given),
    }
    with JsonClient(base_url or f"https://{app.lower()}.algolia.net", headers) as client:
        return _pull(AlgoliaApi(client, app), output)


def _pull(api: KeyApi, output: str, *, personal: bool = False) -> int:
    """List, write, tell. A listing that fails leaves no file and an older one untouched."""
    from keylint.inventory.api.base import PullOptions
    from keylint.inventory.store import dump_snapshot
    from keylint.keys.files import write_private

    with _progress() as progress:
        now = dt.datetime.now(dt.timezone.utc)
        options = PullOptions(secrets.token_bytes(16), now, personal=personal, progress=progress)
        snapshot = api.pull(options)
    write_private(output, dump_snapshot(snapshot, personal=personal).encode())
    _tell(snapshot, output)
    failed = not snapshot.complete and "--status" not in snapshot.partial_reason
    return ExitCode.INCOMPLETE if failed else ExitCode.OK


def _tell(snapshot: Snapshot, output: str) -> None:
    for problem in snapshot.problems:
        print(f"keylint: warning: {clean(problem.text)}", file=sys.stderr)
    count = len({record.key_id for record in snapshot.records})
    print(f"{count} key{'' if count == 1 else 's'} -> {clean(output)}")
    if not snapshot.complete:
        print(f"keylint: warning: partial: {clean(snapshot.partial_reason)}", file=sys.stderr)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda step: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("keys", total=None)
        yield lambda step: bar.update(task, description=step)
