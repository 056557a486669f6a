"""`keylint keys expose`, and what it shares with `rotate`: a key's entry, and where a scan found the key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from keylint.cli.keys_api import debug_option
from keylint.cli.output import write_lines
from keylint.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from keylint.inventory.base import Snapshot
    from keylint.keys.found import Found
    from keylint.model import KeyRecord

_FILE = click.Path(dir_okay=False)


@click.command()
@click.argument("key_id")
@click.option("--inventory", required=True, type=_FILE, help="Snapshot that has the key.")
@click.option("--findings", required=True, type=_FILE, help="JSON or SARIF report of a scan.")
@click.option(
    "--format", "format_name", type=click.Choice(("text", "json")), default="text", show_default=True
)
@click.option("--output", type=_FILE, help="Write to this file.")
@click.option("--now", "now_text", help="Date to count from (default: the clock).")
@debug_option
def expose(
    key_id: str, *, inventory: str, findings: str, format_name: str, output: str | None, now_text: str | None
) -> int:
    """Prepare what an administrator needs to flag KEY_ID as Exposed.

    A message to send, or with --format json a report in the shape of the inventory's own.
    """
    from keylint.cli.keys_lint import parse_now
    from keylint.inventory.load import load_inventory
    from keylint.keys.expose import exposure_report, message

    snapshot = load_inventory(inventory)
    record = record_of(snapshot, key_id)
    found = places_of(findings, snapshot, key_id)
    if not found:
        raise UsageError(f"{findings}: no finding is about {key_id}", hint="scan again with --inventory")
    now = parse_now(now_text)
    report = exposure_report(record, found, now)
    lines = iter([json.dumps(report, indent=1)]) if format_name == "json" else message(record, found, now)
    write_lines(lines, output)
    return ExitCode.OK


def record_of(snapshot: Snapshot, key_id: str) -> KeyRecord:
    """The entry of a key, of a pair its private half. Raises UsageError where there is none."""
    for record in snapshot.records:
        if record.key_id == key_id and record.half != "public":
            return record
    raise UsageError(f"{snapshot.source}: has no key {key_id}", hint="see: keylint keys list")


def places_of(findings: str | None, snapshot: Snapshot, key_id: str) -> tuple[Found, ...]:
    """The places of a key in the report of a scan, if one is given."""
    if not findings:
        return ()
    from keylint.keys.found import join, load_findings

    return join(load_findings(findings), snapshot.records).by_key.get(key_id, ())
