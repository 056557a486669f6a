"""What filters look at: a value and the text beside it."""

from __future__ import annotations

from typing import NamedTuple

from keylint.engine.naming import Name, read_name

SURROUNDINGS = 160  # bytes before a value in which it is named


class Candidate(NamedTuple):
    """A value and the text beside it on both sides (at most SURROUNDINGS bytes).

    `body` is the value without the public prefix of its kind. `lead` is how many bytes at the end of `before`
    belong to the match. `service` is the provider that the text before the value names, where the rule asks
    for it (`Rule.names`); `named` says that the name of the value itself does.
    """

    value: bytes
    body: bytes
    before: bytes = b""
    after: bytes = b""
    lead: int = 0
    service: str = ""
    named: bool = False

    @property
    def name(self) -> Name:
        """What the value is called."""
        return read_name(self.before.decode("latin-1"), self.lead)
