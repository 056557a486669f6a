"""Listings of services that issue pairs of a public and a private key.

Only the create response of such an API is documented
(https://docs.nekuda.ai/api-reference/v2/api-keys/create-api-key), no listing; so a bare array or an envelope
of objects of that shape is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keylint.inventory.base import Collector, Fields, is_masked, safe_mask
from keylint.model import KeyRecord, KeyStatus, Level, Privacy
from keylint.records import dataclass
from keylint.secret import Secret

PROVIDER = "keypair"


def is_pair(entry: Mapping[str, Any]) -> bool:
    """Whether this entry has the shape of a key pair."""
    return "public_key" in entry or "private_key_display" in entry


@dataclass
class PairReader:
    """Turns each entry into two records with the same id: the public and the private half."""

    into: Collector

    def add(self, item: object, line: int) -> None:
        """Read one entry. Raises InventoryError naming line and member."""
        fields = Fields(item, line, self.into)
        if not fields.text("id"):
            raise self.into.wrong("id", "text", line)
        common = self._common(fields)
        public, private = fields.raw("public_key"), fields.raw("private_key")
        if not public and not fields.raw("private_key_display") and not private:
            raise self.into.wrong("public_key", "text", line)
        if public:
            self.into.add(self._public(public, common))
        self.into.add(self._private(fields, private, common))

    def _public(self, value: str, common: dict[str, Any]) -> KeyRecord:
        masks: tuple[str, ...] = (safe_mask(value),)
        digests: tuple[str, ...] = ()
        if not is_masked(value):
            secret = Secret(value.encode("utf-8", "replace"), prefix_len=3)
            # Listed in full on purpose: exact matching, and no problem of the file.
            masks, digests = (secret.mask,), (secret.digest(self.into.salt),)
        return KeyRecord(masks=masks, digests=digests, half="public", privacy=Privacy.PUBLIC, **common)

    def _private(self, fields: Fields, value: str, common: dict[str, Any]) -> KeyRecord:
        display = fields.raw("private_key_display")
        masks: tuple[str, ...] = ()
        digests: tuple[str, ...] = ()
        for whole in dict.fromkeys((value, display)):
            if not whole:
                continue
            if is_masked(whole):
                masks = (safe_mask(whole),)
            else:
                digests += (self.into.digest(whole, fields.line, "a private key"),)
        if digests and not masks:
            masks = (Secret((value or display).encode("utf-8", "replace"), prefix_len=3).mask,)
        return KeyRecord(
            masks=masks,
            digests=digests,
            half="private",
            privacy=Privacy.PRIVATE,
            unmasked=bool(digests),
            **common,
        )

    def _common(self, fields: Fields) -> dict[str, Any]:
        """What both halves share."""
        revoked_at = fields.date("revoked_at")
        return {
            "provider": self.into.provider,
            "key_id": fields.text("id"),
            "label": self._said(fields, "name"),
            "description": self._said(fields, "description"),
            "organization": fields.text("org_id") or fields.text("customer_id"),
            "status": self._status(fields),
            "raw_status": "revoked" if fields.flag("is_revoked") else "",
            "environment": fields.text("environment"),
            "created": fields.date("created_at"),
            "disabled": revoked_at,
            "last_used": fields.date("last_used_at"),
            "line": fields.line,
        }

    @staticmethod
    def _said(fields: Fields, name: str) -> str:
        """A text of people's, without the pair's own private value in it."""
        text = fields.text(name)
        for member in ("private_key", "private_key_display"):
            value = fields.raw(member)
            if len(value) > 8 and not is_masked(value):
                text = text.replace(value, "********")
        return text

    def _status(self, fields: Fields) -> KeyStatus:
        """`is_revoked` decides; where the date disagrees with it the file has a problem."""
        revoked = fields.flag("is_revoked")
        dated = fields.item.get("revoked_at") is not None
        if bool(revoked) != dated:
            says = (
                "is_revoked is true but revoked_at is missing"
                if revoked
                else "revoked_at is set but is_revoked is not true: taken as alive"
            )
            self.into.problem("revoked-state-odd", says, fields.line, Level.NOTE)
        if revoked:
            return KeyStatus.REVOKED
        return KeyStatus.UNKNOWN if dated else KeyStatus.ENABLED
