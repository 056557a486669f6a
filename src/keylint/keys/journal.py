"""The journal of a rotation: what was done, so that an interrupted one goes on or is taken back.

It is written before and after each step, atomically and with mode 0600. It holds no value: the new key's
is there only as a keyed hash, to tell whether the file that it was handed over in is really there.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any

from keylint.errors import UsageError
from keylint.inventory.api.base import Replacement
from keylint.keys.files import write_private

FORMAT = "keylint-rotation"
VERSION = 1


class State(str, Enum):
    """How far a rotation is. Each one is written before the step that it names."""

    CREATING = "creating"  # a create request may have been sent
    CREATED = "created"  # the answer was read; the value is in memory only
    HANDING = "handing-over"  # the value may have reached its place
    DELIVERED = "delivered"  # it has
    FINISHING = "finishing"  # the original may have been deactivated
    FINISHED = "finished"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"


@dataclass(frozen=True)
class Journal:
    """One rotation. `doubtful` are replacements whose value may have arrived, or not."""

    path: str
    provider: str
    base_url: str
    organization: str
    key_id: str
    rotation_id: str
    salt: str
    state: State
    replacement: Replacement
    handover: str  # file:PATH, command:NAME or terminal
    started: str
    new_key_id: str = ""
    digest: str = ""
    doubtful: tuple[str, ...] = ()
    delivered: str = ""
    watched: tuple[tuple[str, str], ...] = field(default=())  # when looked, last used then

    @property
    def marker(self) -> str:
        """What the descriptions of this rotation's keys hold, and no others."""
        return marker_of(self.rotation_id)

    def to(self, state: State, **changes: Any) -> Journal:
        """The journal after a step, written to the disk."""
        after = replace(self, state=state, **changes)
        save(after)
        return after


def marker_of(rotation_id: str) -> str:
    """The marker of a rotation."""
    return f"keylint rotation {rotation_id}"


def new_id() -> str:
    """An id that nobody can guess: keys are recognised, and deleted, by it."""
    return secrets.token_hex(8)


def stamp(now: dt.datetime) -> str:
    """A date for the journal."""
    return now.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def save(journal: Journal) -> None:
    """Write the journal. Raises UsageError where it cannot be written."""
    document = {"format": FORMAT, "version": VERSION, **asdict(journal)}
    del document["path"]
    write_private(journal.path, (json.dumps(document, indent=1) + "\n").encode(), "--journal", alone=True)


def load(path: str) -> Journal | None:
    """The journal at `path`; None if there is none. Raises UsageError if it is something else."""
    try:
        with open(path, "rb") as stream:
            document = json.load(stream)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise UsageError(f"--journal {path}: cannot be read as a journal") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(f"--journal {path}: not a journal of a rotation")
    if document.get("version") != VERSION:
        raise UsageError(f"--journal {path}: made by another version of keylint")
    try:
        return _from(document, path)
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"--journal {path}: incomplete or of another version") from None


def _from(document: dict[str, Any], path: str) -> Journal:
    values = {name: value for name, value in document.items() if name not in ("format", "version")}
    values["state"] = State(values["state"])
    values["replacement"] = Replacement(**values["replacement"])
    values["doubtful"] = tuple(values["doubtful"])
    values["watched"] = tuple((when, used) for when, used in values["watched"])
    return Journal(path=path, **values)


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Nobody else rotates with a journal in the same folder; ends with the process, however that ends."""
    if os.name != "posix":
        yield
        return
    import fcntl

    try:
        handle = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    except OSError as error:
        raise UsageError(f"--journal {path}: the folder cannot be opened: {error.strerror}") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"--journal {path}: another rotation is running in this folder") from None
        yield
    finally:
        os.close(handle)
