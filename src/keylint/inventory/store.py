"""keylint's own inventory format: metadata, masks and keyed hashes, never values.

A JSON object: `format` is "keylint-inventory", `version` 1, then `provider`, `organization`, `taken_at`,
`complete`, `partial_reason`, `salt` (hex), `keys`, `templates`, `assignable` and `groups`. The members of a
key are the fields of `KeyRecord`, those with their default left out; a key may name a `provider` of its own,
so one file can list keys of several. Everything but `templates` stands before `keys`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any

from keylint.errors import InventoryError
from keylint.inventory.base import Collector, Fields, Snapshot, TemplateExport, is_masked, safe_mask
from keylint.inventory.dates import format_date
from keylint.model import ExposureReport, KeyRecord, KeyStatus, Privilege, Severity
from keylint.secret import Secret

FORMAT = "keylint-inventory"
VERSION = 1
_DIGEST_LENGTH = len("hmac-sha256:") + 64
_NOT_STORED = ("line", "unmasked")
_PERSONAL = ("created_by",)
_DATES = ("created", "activated", "disabled", "last_used")
_TEXTS = (
    "label", "description", "organization", "half", "raw_status", "template_id", "environment", "owner",
    "search_hub", "catalog_id",
)  # fmt: skip
_dump = json.JSONEncoder(ensure_ascii=False).encode  # indented, it would take ten times as long
_LISTS = ("allowed_ips", "denied_ips", "allowed_user_ids", "editors")


def is_snapshot(meta: Mapping[str, Any]) -> bool:
    """Whether this envelope is keylint's own."""
    return meta.get("format") == FORMAT


def check_version(meta: Mapping[str, Any], source: str) -> None:
    """Raise InventoryError for a version that this keylint cannot read."""
    version = meta.get("version")
    if version != VERSION:
        shown = version if isinstance(version, int) else "none"
        raise InventoryError(
            f"{source}: version: expected {VERSION}, found {shown}", hint="update keylint, or pull again"
        )


def dump_snapshot(snapshot: Snapshot, *, personal: bool = False) -> str:
    """The snapshot as JSON text for a file. `personal` keeps who made each key."""
    left_out = _NOT_STORED if personal else (*_NOT_STORED, *_PERSONAL)
    kept = [(spec.name, spec.default) for spec in fields(KeyRecord) if spec.name not in left_out]
    sets: dict[int, list[Any]] = {}  # privileges by identity: many keys share a few
    document = {
        "format": FORMAT,
        "version": VERSION,
        "provider": snapshot.provider,
        "organization": snapshot.organization,
        "taken_at": format_date(snapshot.taken_at) if snapshot.taken_at else None,
        "complete": snapshot.complete,
        "partial_reason": snapshot.partial_reason,
        "salt": snapshot.salt.hex(),
        "keys": [_dump_record(record, snapshot.provider, kept, sets) for record in snapshot.records],
        "templates": [_plain(asdict(template)) for template in snapshot.templates],
        "assignable": [_plain(asdict(privilege)) for privilege in snapshot.assignable],
        "groups": list(snapshot.groups),
    }
    members = ",\n".join(f" {_dump(name)}: {_member(value)}" for name, value in document.items())
    return f"{{\n{members}\n}}\n"


def _member(value: Any) -> str:
    """A list with an item a line, so that every key has a line of its own; anything else on one line."""
    if not isinstance(value, list) or not value:
        return _dump(value)
    return "[\n" + ",\n".join(f"  {_dump(item)}" for item in value) + "\n ]"


def _dump_record(
    record: KeyRecord, provider: str, kept: Sequence[tuple[str, Any]], sets: dict[int, list[Any]]
) -> dict[str, Any]:
    """One key without what has its default."""
    out: dict[str, Any] = {}
    for name, default in kept:
        value = getattr(record, name)
        if value is default or value == default or (name == "provider" and value == provider):
            continue
        out[name] = value if type(value) is str else _plain(value)
    if record.privileges is not None:
        known = sets.get(id(record.privileges))
        if known is None:
            known = sets[id(record.privileges)] = [asdict(privilege) for privilege in record.privileges]
        out["privileges"] = known
    if record.exposure is not None:
        out["exposure"] = _plain(asdict(record.exposure))
    return out


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, Enum):
        return value.value
    return format_date(value) if hasattr(value, "astimezone") else value


@dataclass
class StoreReader:
    """Turns the members of `keys` into records."""

    into: Collector

    def add(self, item: object, line: int) -> None:
        """Read one key. Raises InventoryError naming line and member."""
        fields = Fields(item, line, self.into)
        key_id = fields.text("key_id")
        if not key_id:
            raise self.into.wrong("key_id", "text", line)
        masks, digests, unmasked = self._values(fields)
        shared = self.into.shared
        self.into.add(
            KeyRecord(
                provider=fields.text("provider") or self.into.provider,
                key_id=key_id,
                masks=masks,
                digests=digests,
                unmasked=unmasked,
                status=self._status(fields),
                privacy=self._privacy(fields),
                privileges=self.into.privileges(fields.item.get("privileges"), line),
                exposure=self._exposure(fields),
                expires=fields.date("expires", end_of_day=True),
                created_by=fields.text("created_by") if self.into.personal else "",
                extra=self._extra(fields),
                line=line,
                **{name: shared(fields.text(name)) for name in _TEXTS if name in fields.item},  # type: ignore[arg-type]
                **{name: tuple(fields.texts(name)) for name in _LISTS if name in fields.item},  # type: ignore[arg-type]
                **{name: fields.date(name) for name in _DATES if name in fields.item},  # type: ignore[arg-type]
            )
        )

    def _values(self, fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
        digests = fields.texts("digests")
        fields.texts("masks")  # only for the check: what stands there may not be masked at all
        if any(len(d) != _DIGEST_LENGTH or not d.startswith("hmac-sha256:") for d in digests):
            raise self.into.wrong("digests", "hmac-sha256: and 64 hex digits", fields.line)
        masks = []
        unmasked = False
        # The format has no place for values. Whoever wrote one by hand gets it matched, and is told.
        for value in (*(fields.item.get("masks") or ()), fields.raw("value")):
            if not value:
                continue
            if is_masked(value):
                masks.append(safe_mask(value))
                continue
            unmasked = True
            masks.append(Secret(value.encode("utf-8", "replace")).mask)
            digests.append(self.into.digest(value, fields.line, "the value of a key"))
        return tuple(masks), tuple(digests), unmasked

    def _status(self, fields: Fields) -> KeyStatus:
        word = fields.text("status").lower()
        try:
            return KeyStatus(word) if word else KeyStatus.UNKNOWN
        except ValueError:
            raise self.into.wrong("status", _one_of(KeyStatus), fields.line) from None

    def _privacy(self, fields: Fields) -> Any:
        if fields.item.get("privacy") and fields.privacy("privacy") is None:
            raise self.into.wrong("privacy", "public or private", fields.line)
        return fields.privacy("privacy")

    def _exposure(self, fields: Fields) -> ExposureReport | None:
        if not fields.item.get("exposure"):
            return None
        report = fields.inner("exposure")
        word = report.text("severity").upper()
        if word not in Severity.__members__:
            raise self.into.wrong("exposure.severity", _one_of(Severity), fields.line)
        return ExposureReport(
            Severity(word),
            report.date("created"),
            report.date("deactivation"),
            tuple(report.texts("reasons")),
        )

    def _extra(self, fields: Fields) -> tuple[tuple[str, str], ...]:
        pairs = fields.item.get("extra") or []
        if not isinstance(pairs, list) or not all(
            isinstance(p, list) and len(p) == 2 and all(isinstance(s, str) for s in p) for p in pairs
        ):
            raise self.into.wrong("extra", "pairs of texts", fields.line)
        return tuple((name, value) for name, value in pairs)


def read_templates(meta: Mapping[str, Any], into: Collector) -> tuple[TemplateExport, ...]:
    """The templates of a snapshot. Raises InventoryError."""
    out = []
    for item in Fields(meta, 1, into).objects("templates"):
        privileges: tuple[Privilege, ...] = into.privileges(item.item.get("privileges"), 1) or ()
        out.append(
            TemplateExport(
                provider=item.text("provider") or into.provider,
                template_id=item.text("template_id"),
                name=item.text("name") or item.text("template_id"),
                privacy=item.privacy("privacy"),
                privileges=privileges,
                description=item.text("description"),
                longest_lifetime=item.text("longest_lifetime"),
            )
        )
    return tuple(out)


def _one_of(kind: type[Enum]) -> str:
    return "one of " + ", ".join(str(member.value) for member in kind)
