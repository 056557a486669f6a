"""`keylint keys rotate`."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
from keylint.cli.keys_expose import places_of, record_of
from keylint.cli.output import write_lines
from keylint.errors import ExitCode, UsageError
from keylint.report.clean import clean

if TYPE_CHECKING:
    from keylint.inventory.api.base import Rotator
    from keylint.inventory.base import Snapshot
    from keylint.keys.found import Found
    from keylint.keys.handover import Handover
    from keylint.keys.journal import Journal
    from keylint.model import KeyRecord
    from keylint.privileges import PrivilegeModel

_TOKENS = {"coveo": "COVEO_ACCESS_TOKEN", "keypair": "KEYPAIR_ACCESS_TOKEN"}
_file = click.Path(dir_okay=False)


@dataclass(frozen=True)
class _Given:
    """The options of `rotate`."""

    key_id: str
    provider: str
    org: str
    region: str
    base_url: str | None
    path: str
    revoke_call: str
    inventory: str | None
    findings: str | None
    narrower: bool
    lifetime: str
    to_file: str | None
    to_command: str | None
    to_terminal: bool
    journal: str | None
    quiet_hours: float
    format_name: str
    token_env: str
    token_file: str | None
    token_stdin: bool
    do_apply: bool
    do_finish: bool
    do_rollback: bool
    dry_run: bool

    @property
    def acts(self) -> bool:
        """Whether anything is to be changed."""
        return (self.do_apply or self.do_finish or self.do_rollback) and not self.dry_run

    @property
    def journal_path(self) -> str:
        """The journal: the one named, or one in the current folder that is called after the key."""
        return self.journal or f"keylint-rotation-{_safe(self.key_id)}.json"


@click.command()
@click.argument("key_id")
@click.option("--provider", type=click.Choice(("coveo", "keypair")), default="coveo", show_default=True)
@click.option("--org", default="", help="Organisation id (Coveo).")
@coveo_place_options[0]
@coveo_place_options[1]
@click.option("--path", default="/api/v2/api-keys/", show_default=True, help="Path of the list (key pairs).")
@click.option(
    "--revoke-call", default="", help="How the service revokes, such as 'DELETE /api/v2/api-keys/{id}'."
)
@click.option("--inventory", type=_file, help="Snapshot to plan from, without asking the service.")
@click.option("--findings", type=_file, help="JSON or SARIF report of a scan: the places to change.")
@click.option("--narrower", is_flag=True, help="Create a key with fewer privileges instead of a copy.")
@click.option("--lifetime", default="", help="Lifetime of the new key, such as P90D.")
@click.option("--apply", "do_apply", is_flag=True, help="Create the new key and hand its value over.")
@click.option(
    "--finish", "do_finish", is_flag=True, help="Deactivate the original, if it is not used any more."
)
@click.option("--rollback", "do_rollback", is_flag=True, help="Remove what --apply created.")
@click.option(
    "--dry-run", is_flag=True, help="Print the requests with masked values, and send none that changes."
)
@click.option("--to-file", type=click.Path(), help="Hand the value over in a new file (mode 0600).")
@click.option("--to-command", help="Hand the value over on the standard input of this command.")
@click.option("--to-terminal", is_flag=True, help="Show the value once, on the terminal.")
@click.option("--journal", type=_file, help="Journal file (default: keylint-rotation-KEY_ID.json).")
@click.option(
    "--quiet-hours",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    help="How long the original must have been unused before --finish.",
)
@click.option(
    "--format", "format_name", type=click.Choice(("text", "json")), default="text", show_default=True
)
@token_options("")
@debug_option
def rotate(key_id: str, **options: Any) -> int:
    """Replace the key KEY_ID. Without --apply, --finish or --rollback: say how.

    --apply creates the new key and hands its value over once; --finish deactivates the original, at another
    time. A journal makes an interrupted rotation go on where it was, or be taken back with --rollback.
    """
    given = _Given(key_id=key_id, **options)
    if given.do_apply + given.do_finish + given.do_rollback > 1:
        raise UsageError("--apply, --finish and --rollback exclude each other")
    if not given.acts:
        return _preview(given) if given.do_finish or given.do_rollback else _plan(given)
    from keylint.keys.journal import locked

    with _api(given) as api, locked(given.journal_path):
        return _act(given, api)


def _plan(given: _Given) -> int:
    """Say what a rotation would do. Only reads."""
    from keylint.keys import plan as planning
    from keylint.keys.journal import new_id
    from keylint.keys.render_plan import render_request, render_text

    with _reader(given) as (api, record, model, places):
        replacement = planning.replacement_for(
            record,
            model,
            new_id(),
            _now(),
            narrower=given.narrower,
            lifetime=given.lifetime,
            places=places,
        )
        plan = planning.make_plan(record, replacement, api, model, places)
    if given.dry_run:
        # --apply only creates; without it the whole rotation is shown.
        calls = plan.requests[:1] if given.do_apply else plan.requests
        lines: Iterator[str] = (line for call in calls for line in render_request(call, _base_url(given)))
    elif given.format_name == "json":
        lines = iter([json.dumps(planning.plan_document(plan), indent=1)])
    else:
        lines = render_text(plan)
    write_lines(lines, None)
    return ExitCode.OK


def _preview(given: _Given) -> int:
    """The requests with which --finish or --rollback would change something, by what the journal says."""
    from keylint.keys.render_plan import render_request

    journal = _journal(given)
    with _api(given) as api:
        if given.do_finish:
            calls = [api.retire_call(key_id) for key_id in (journal.key_id, *journal.doubtful)]
        else:
            calls = [api.discard_call(key_id) for key_id in api.find_marked(journal.marker)]
    lines = (line for call in calls if call is not None for line in render_request(call, _base_url(given)))
    write_lines(lines, None)
    return ExitCode.OK


def _act(given: _Given, api: Rotator) -> int:
    from keylint.keys import rotate as engine
    from keylint.keys.journal import load

    if given.do_finish:
        engine.finish(_journal(given), api, dt.timedelta(hours=given.quiet_hours), _now(), _say)
    elif given.do_rollback:
        engine.roll_back(_journal(given), api, _say)
    else:
        journal = load(given.journal_path)
        if journal is not None:
            _check_same(given, journal)
        handover = _handover(given, journal)
        if journal is None:
            handover.check()
            journal = _begin(given, api, handover)
        engine.apply(journal, api, handover, _now(), _say)
    return ExitCode.OK


def _journal(given: _Given) -> Journal:
    """The journal of the rotation that was begun. Raises UsageError where there is none."""
    from keylint.keys.journal import load

    journal = load(given.journal_path)
    if journal is None:
        raise UsageError(
            f"--journal {given.journal_path}: there is no such rotation", hint="use --apply first"
        )
    _check_same(given, journal)
    return journal


def _begin(given: _Given, api: Rotator, handover: Handover) -> Journal:
    """A new journal, written before anything is sent that changes something."""
    from keylint.keys.journal import Journal, State, new_id, save, stamp
    from keylint.keys.plan import replacement_for
    from keylint.privileges import load_privilege_model

    snapshot = _snapshot(given)
    model = load_privilege_model(overrides=snapshot.templates if snapshot else ())
    rotation_id = new_id()
    record = api.record(given.key_id)
    places = places_of(given.findings, snapshot, given.key_id) if snapshot else ()
    journal = Journal(
        path=given.journal_path,
        provider=given.provider,
        base_url=_base_url(given),
        organization=given.org,
        key_id=given.key_id,
        rotation_id=rotation_id,
        salt=secrets.token_bytes(16).hex(),
        state=State.CREATING,
        replacement=replacement_for(
            record,
            model,
            rotation_id,
            _now(),
            narrower=given.narrower,
            lifetime=given.lifetime,
            places=places,
        ),
        handover=handover.name,
        started=stamp(_now()),
    )
    save(journal)
    _say(f"journal: {journal.path}")
    return journal


def _check_same(given: _Given, journal: Journal) -> None:
    """A journal of another key, organisation or service must not be gone on with."""
    same = (journal.key_id, journal.provider, journal.organization, journal.base_url)
    if same != (given.key_id, given.provider, given.org, _base_url(given)):
        raise UsageError(
            f"--journal {given.journal_path}: is about {journal.key_id} at {journal.base_url}",
            hint="give the same --provider, --org and address, or another --journal",
        )


def _handover(given: _Given, journal: Journal | None) -> Handover:
    from keylint.keys.handover import ToCommand, ToFile, ToTerminal

    chosen: list[Handover] = []
    if given.to_file:
        chosen.append(ToFile(given.to_file))
    if given.to_command:
        chosen.append(ToCommand(given.to_command, without=(_token_variable(given),)))
    if given.to_terminal:
        chosen.append(ToTerminal())
    if len(chosen) == 1:
        _warn_of_repository(given.to_file)
        return chosen[0]
    if not chosen and journal is not None and journal.handover.startswith("file:"):
        return ToFile(journal.handover.removeprefix("file:"))
    raise UsageError("--apply: exactly one of --to-file, --to-command and --to-terminal is needed")


def _warn_of_repository(path: str | None) -> None:
    """A value in a file inside a work tree is one `git add` away from being public."""
    if path is None:
        return
    folder = os.path.dirname(os.path.realpath(path))
    while folder != os.path.dirname(folder):
        if os.path.lexists(os.path.join(folder, ".git")):
            text = f"{path} lies in the git repository {folder}: make sure that it is ignored"
            print(f"keylint: warning: {clean(text)}", file=sys.stderr)
            return
        folder = os.path.dirname(folder)


@contextmanager
def _api(given: _Given) -> Iterator[Rotator]:
    from keylint.inventory.api.coveo import CoveoApi, refuse_api_key
    from keylint.inventory.api.keypair import KeyPairApi

    token = read_token(_token_variable(given), given.token_file, given.token_stdin)
    if given.provider == "coveo":
        refuse_api_key(token)
    with bearer_client(_base_url(given), token) as client:
        if given.provider == "coveo":
            yield CoveoApi(client, given.org)
        else:
            yield KeyPairApi(client, path=given.path, revoke=given.revoke_call)


@contextmanager
def _reader(given: _Given) -> Iterator[tuple[Rotator, KeyRecord, PrivilegeModel, tuple[Found, ...]]]:
    """What a plan needs: from the snapshot where one is given, else from the service."""
    from keylint.privileges import load_privilege_model

    snapshot = _snapshot(given)
    if snapshot is None:
        if given.findings:
            raise UsageError("--findings needs --inventory, which tells whose finding is which")
        with _api(given) as api:
            yield api, api.record(given.key_id), load_privilege_model(), ()
        return
    record = record_of(snapshot, given.key_id)
    model = load_privilege_model(overrides=snapshot.templates)
    yield _offline(given, record), record, model, places_of(given.findings, snapshot, given.key_id)


def _offline(given: _Given, record: KeyRecord) -> Rotator:
    """An API object that only builds requests; it has no token and opens no connection."""
    from keylint.inventory.api.coveo import CoveoApi
    from keylint.inventory.api.http import JsonClient
    from keylint.inventory.api.keypair import KeyPairApi

    client = JsonClient(
        _base_url(given) if given.base_url or record.provider == "coveo" else "https://localhost", {}
    )
    if record.provider == "coveo":
        return CoveoApi(client, given.org or record.organization)
    return KeyPairApi(client, path=given.path, revoke=given.revoke_call)


def _snapshot(given: _Given) -> Snapshot | None:
    from keylint.inventory.load import load_inventory

    return load_inventory(given.inventory) if given.inventory else None


def _base_url(given: _Given) -> str:
    if given.provider == "coveo":
        return coveo_url(given.region, given.base_url).rstrip("/")
    if not given.base_url:
        raise UsageError("--base-url: needed for key pairs: the address of the service")
    return given.base_url.rstrip("/")


def _token_variable(given: _Given) -> str:
    return given.token_env or _TOKENS[given.provider]


def _safe(key_id: str) -> str:
    return "".join(char if char.isalnum() or char in "-_" else "_" for char in key_id)[:80]


def _say(text: str) -> None:
    print(clean(text), flush=True)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
