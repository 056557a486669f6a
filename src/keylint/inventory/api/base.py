"""What a key provider's API has to offer: `KeyApi` to be pulled, `Rotator` to rotate its keys.

A further provider needs one class that meets `KeyApi`; `algolia` is the shortest example. Listing and
changing are two Protocols, so that code that was given the first cannot change anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from keylint.inventory.api.http import Call
from keylint.inventory.base import Snapshot
from keylint.model import KeyRecord
from keylint.secret import Secret

Progress = Callable[[str], None]


@dataclass(frozen=True)
class PullOptions:
    """How to make a snapshot. `salt` keys the hashes of values that a listing shows in full."""

    salt: bytes = field(repr=False)
    taken_at: dt.datetime
    personal: bool = False  # keep who created a key
    progress: Progress = lambda step: None


class KeyApi(Protocol):
    """An API that lists keys."""

    provider: str

    def pull(self, options: PullOptions) -> Snapshot:
        """The listing as a snapshot: masks and metadata, never a value.

        What could not be listed makes the snapshot incomplete and is named in `partial_reason`; `progress` is
        told each step. Raises AccessError or ApiError where nothing could be listed at all.
        """
        ...


@dataclass(frozen=True)
class Created:
    """A new key, and its value, which the service shows this once."""

    key_id: str
    value: Secret


class Rotator(Protocol):
    """An API that can replace a key. Each method is one request; `preview` is that request, unsent."""

    provider: str

    def record(self, key_id: str) -> KeyRecord:
        """The key as it is now. Raises AccessError if there is none."""
        ...

    def find_marked(self, marker: str) -> list[str]:
        """Ids of the keys that work and whose description holds `marker`."""
        ...

    def create_call(self, replacement: Replacement) -> Call:
        """The request that creates the replacement."""
        ...

    def create(self, call: Call) -> Created:
        """Create a key. Raises UncertainError if it is not known whether that happened."""
        ...

    def retire_call(self, key_id: str) -> Call | None:
        """The request that makes a key stop working; None where the service documents none."""
        ...

    def discard_call(self, key_id: str) -> Call | None:
        """The request that removes a key that nobody has the value of; None where there is none."""
        ...

    def send(self, call: Call) -> None:
        """Carry out a request without a result of interest."""
        ...


@dataclass(frozen=True)
class Replacement:
    """What the new key should be.

    `like` copies the settings of an existing key; otherwise `template_id` ("" means Custom) and `body`
    describe it. `lifetime` is an ISO 8601 duration. `description` holds the marker of the rotation.
    """

    name: str
    description: str
    like: str = ""
    template_id: str = ""
    lifetime: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
