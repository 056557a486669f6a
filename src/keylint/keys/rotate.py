"""Carry out a rotation, step by step, so that it may be killed at any moment and run again.

Order: journal, create, journal, hand over, journal; and at another time, on request: check that the original
is not used any more, journal, deactivate it, journal. Each step first looks at what an earlier run left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from keylint.errors import AccessError, PendingError, UsageError
from keylint.inventory.api.base import Rotator
from keylint.inventory.dates import parse_date
from keylint.keys.files import remove
from keylint.keys.handover import Handover, ToFile
from keylint.keys.journal import Journal, State, stamp
from keylint.model import KeyRecord

Say = Callable[[str], None]
_FILE = "file:"
_BEFORE_DELIVERY = (State.CREATING, State.CREATED, State.HANDING)


def apply(journal: Journal, api: Rotator, handover: Handover, now: dt.datetime, say: Say) -> Journal:
    """Create the replacement and hand its value over; does nothing that was done before.

    A replacement whose value was lost on the way is removed and another one created. The original is not
    touched. Raises PendingError, AccessError or ApiError; running it again goes on.
    """
    if journal.state not in (*_BEFORE_DELIVERY, State.DELIVERED):
        raise UsageError(
            f"--journal {journal.path}: this rotation is {journal.state.value}: nothing to apply",
            hint="for another one move this file away, or name another with --journal",
        )
    journal = _recover(journal, api, handover, now, say)
    if journal.state is State.DELIVERED:
        say(f"the new key {journal.new_key_id} was handed over ({journal.handover})")
        return journal
    handover.check()
    journal = journal.to(State.CREATING, new_key_id="", digest="")
    created = api.create(api.create_call(journal.replacement))
    salt = bytes.fromhex(journal.salt)
    journal = journal.to(State.CREATED, new_key_id=created.key_id, digest=created.value.digest(salt))
    say(f"created the new key {created.key_id}")
    journal = journal.to(State.HANDING)
    handover.give(created.value, journal.rotation_id)
    journal = journal.to(State.DELIVERED, delivered=stamp(now))
    say(f"handed the value over ({journal.handover}); the original {journal.key_id} still works")
    return journal


def _recover(journal: Journal, api: Rotator, handover: Handover, now: dt.datetime, say: Say) -> Journal:
    """Bring what an earlier run left to a state from which to go on."""
    if journal.state is State.DELIVERED:
        return journal
    if journal.state is not State.CREATING:
        if _arrived(journal):
            return journal.to(State.DELIVERED, delivered=stamp(now))
        if journal.state is State.HANDING and not journal.handover.startswith(_FILE):
            # The value may have arrived, so this key is kept until the rotation is finished.
            doubtful = tuple(dict.fromkeys((*journal.doubtful, journal.new_key_id)))
            journal = journal.to(State.CREATING, doubtful=doubtful, new_key_id="", digest="")
            say(f"it is not known whether {doubtful[-1]} was handed over: it stays until --finish")
    _sweep(journal, api, keep=journal.doubtful, say=say)
    # Another place may be named now, after the first one failed.
    return replace(journal, handover=handover.name)


def _arrived(journal: Journal) -> bool:
    """Whether the file that the value was to go to has it; clears what was left half-done there."""
    if not journal.handover.startswith(_FILE):
        return False
    file = ToFile(journal.handover.removeprefix(_FILE))
    return file.holds(journal.digest, bytes.fromhex(journal.salt), journal.rotation_id)


def _sweep(
    journal: Journal,
    api: Rotator,
    *,
    keep: tuple[str, ...],
    say: Say,
    why: str = "its value was lost on the way",
) -> None:
    """Remove keys of this rotation that nobody needs. They are told by the marker in the description."""
    for key_id in api.find_marked(journal.marker):
        if key_id in keep or key_id == journal.key_id:
            continue
        if api.record(key_id).last_used is not None:
            # Somebody has its value: a colleague copied a key of this rotation, description and all.
            say(f"{key_id} has the mark of this rotation, but it was used: it stays")
            continue
        call = api.discard_call(key_id)
        if call is None:
            say(f"{key_id} was created, and {why}: revoke it in the console")
            continue
        api.send(call)
        say(f"removed {key_id}: {why}")


def finish(journal: Journal, api: Rotator, quiet: dt.timedelta, now: dt.datetime, say: Say) -> Journal:
    """Deactivate the original, if it has not been used for `quiet`.

    Raises PendingError while it is in use, or where the service documents no call to revoke it.
    """
    if journal.state is State.FINISHED:
        say(f"{journal.key_id} was deactivated before")
        return journal
    if journal.state not in (State.DELIVERED, State.FINISHING):
        raise UsageError(f"this rotation is {journal.state.value}: run it with --apply first")
    _check_replacement(journal, api)
    original = api.record(journal.key_id)
    if original.status.alive:
        journal = _check_unused(journal, original, quiet, now)
        call = api.retire_call(journal.key_id)
        if call is None:
            raise PendingError(
                f"{journal.key_id}: no call to revoke a key is known for this service",
                hint="revoke it in the console, then run --finish again; or name the call with --revoke-call",
            )
        journal = journal.to(State.FINISHING)
        api.send(call)
        say(f"deactivated the original {journal.key_id}")
    for key_id in journal.doubtful:
        _retire_doubtful(key_id, api, say)
    _sweep(journal, api, keep=(journal.new_key_id, *journal.doubtful), say=say)
    return journal.to(State.FINISHED)


def roll_back(journal: Journal, api: Rotator, say: Say) -> Journal:
    """Remove what the rotation created. Refuses once the original may be gone, or the new key is in use."""
    if journal.state in (State.FINISHING, State.FINISHED):
        raise UsageError(f"this rotation is {journal.state.value}: the original may be deactivated already")
    if journal.state is State.ROLLED_BACK:
        say("nothing to take back")
        return journal
    for key_id in api.find_marked(journal.marker):
        used = api.record(key_id).last_used
        if used is not None:
            raise PendingError(
                f"the new key {key_id} was used on {stamp(used)}, so it is not removed",
                hint="change its places back first, and then remove it in the console",
            )
    journal = journal.to(State.ROLLING_BACK)
    _sweep(journal, api, keep=(), say=say, why="the rotation is taken back")
    if _arrived(journal):
        remove(journal.handover.removeprefix(_FILE))
    return journal.to(State.ROLLED_BACK)


def _check_replacement(journal: Journal, api: Rotator) -> None:
    """The new key must be there and work before the old one goes."""
    try:
        alive = api.record(journal.new_key_id).status.alive
    except AccessError:
        alive = False
    if not alive:
        raise PendingError(
            f"the new key {journal.new_key_id} does not work, so the original stays",
            hint="activate it, or take the rotation back with --rollback",
        )


def _check_unused(journal: Journal, original: KeyRecord, quiet: dt.timedelta, now: dt.datetime) -> Journal:
    """Note when the original was last used, and raise PendingError unless that is long enough ago."""
    used = original.last_used
    watched = (*journal.watched, (stamp(now), stamp(used) if used else ""))[-50:]
    journal = journal.to(journal.state, watched=watched)
    delivered = parse_date(journal.delivered) or now
    since = max(used, delivered) if used else delivered
    wait = since + quiet - now
    if used is not None and now - used < quiet:
        raise PendingError(
            f"{journal.key_id} was last used on {stamp(used)}: it may still be in use",
            hint=f"change the remaining places, and try again after {stamp(used + quiet)}",
        )
    if wait > dt.timedelta(0):
        raise PendingError(
            f"the new key was handed over on {journal.delivered}: too early to call the old one unused",
            hint=f"try again after {stamp(since + quiet)}, or shorten --quiet-hours",
        )
    return journal


def _retire_doubtful(key_id: str, api: Rotator, say: Say) -> None:
    call = api.retire_call(key_id)
    if call is None:
        say(f"{key_id} may have been handed over in part: revoke it in the console")
        return
    api.send(call)
    say(f"deactivated {key_id}, which may have been handed over in part")
