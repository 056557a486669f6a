"""What is not safe to print: everything that holds raw bytes of a scanned file.

`report/` must not import this module, so that what it cannot name it cannot leak.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from keylint.digests import hmac_sha256
from keylint.model import Evidence, Location, Origin, Surroundings
from keylint.records import dataclass, field

_KEY_BITS = 128
_WEAK_BITS = 16


class Secret:
    """A found value. Printing, formatting or pickling it never shows more than its mask.

    `prefix_len` is how many leading characters are the kind's public prefix; `weak` marks values a person
    may have chosen (passwords), of which the mask shows nothing and the fingerprint only 16 bits.
    """

    __slots__ = ("_value", "prefix_len", "weak")

    def __init__(self, value: bytes, *, prefix_len: int = 0, weak: bool = False) -> None:
        self._value = value
        self.prefix_len = prefix_len
        self.weak = weak

    def reveal(self) -> bytes:
        """The raw value. Grep for this name to find every use."""
        return self._value

    @property
    def mask(self) -> str:
        """A form fit to print: the public prefix, eight stars and the last four characters.

        Short or weak values show stars only, always eight of them, so that the length stays hidden.
        """
        hidden = len(self._value) - self.prefix_len
        if self.weak or hidden < 16:
            return "********"
        head = self._value[: min(self.prefix_len, 16)].decode("ascii", "replace")
        tail = self._value[-4:].decode("ascii", "replace")
        return f"{head}********{tail}"

    def digest(self, salt: bytes) -> str:
        """Keyed hash for exact comparison with an inventory: `hmac-sha256:<64 hex digits>`."""
        return "hmac-sha256:" + hmac_sha256(salt, self._value)

    def fingerprint(self, salt: bytes, kind: str) -> str:
        """Keyed hash of kind and value, 32 hex digits.

        For a weak value only 4 digits (16 bits) depend on the value: enough to tell a changed password from
        the old one, too little to confirm a guess.
        """
        mac = hmac_sha256(salt, kind.encode() + b"\0" + self._value)
        if not self.weak:
            return mac[: _KEY_BITS // 4]
        mac_kind = hmac_sha256(salt, kind.encode() + b"\0weak")
        return mac_kind[: (_KEY_BITS - _WEAK_BITS) // 4] + mac[: _WEAK_BITS // 4]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Secret({self.mask})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not serialised; send reveal() over a private pipe where workers need it")


@dataclass(frozen=True)
class Blob:
    """Bytes to scan and where they come from.

    Large content has `data` empty and `open` set: a function that returns a new binary stream from the
    start, which the caller closes; `size_bytes` is then the size that was announced.
    """

    origin: Origin
    data: bytes = field(repr=False)
    size_bytes: int = 0
    open: Callable[[], BinaryIO] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Allow:
    """An inline allow comment: on its own line number, for all rules or the one named."""

    line: int
    rule_id: str
    reason: str


@dataclass(frozen=True)
class Match:
    """A confirmed value in a blob: the last type that holds a Secret.

    `value` is canonical (percent-decoded, say), so that the same key written in two ways is one key.
    `tentative`: only an inventory entry can make it a finding.

    A blob has at most 50 matches for each rule and value; the first of them stands for the further ones,
    too, and its `count` says for how many. Allowed matches are counted apart from the others.
    """

    rule_id: str
    location: Location
    value: Secret
    evidence: Evidence
    allow: Allow | None = None
    tentative: bool = False
    count: int = 1
    surroundings: Surroundings = Surroundings()
