"""Read an inventory file of any known format, told by what is in it and not by its name."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Mapping
from typing import Any, BinaryIO, Protocol

from keylint.errors import InventoryError
from keylint.inventory import coveo, keypair, store
from keylint.inventory.base import Collector, Fields, Snapshot, TemplateExport, partial_reason
from keylint.inventory.jsonfile import MAX_BYTES, JsonFile
from keylint.inventory.tomlfile import TomlFile
from keylint.model import Level

_FORMATS = "a Coveo key listing, a key-pair listing, a Coveo templates export or a keylint-inventory file"


class _Reader(Protocol):
    def add(self, item: object, line: int) -> None: ...


def load_inventory(path: str | os.PathLike[str], *, personal: bool = False) -> Snapshot:
    """Read an inventory file (JSON, or TOML by its name; UTF-8, or UTF-16 with a mark; at most 256 MiB).

    Values that stand in it in full are turned into keyed hashes at once and reported as problems. Personal
    data (who made a key, whom it may impersonate) is kept only with `personal`. Raises InventoryError naming
    file and line.
    """
    source = os.fspath(path)
    try:
        with open(path, "rb") as stream:
            if os.fstat(stream.fileno()).st_size > MAX_BYTES:
                raise InventoryError(f"{source}: larger than 256 MiB", hint="split the listing")
            return _read(stream, source, personal)
    except OSError as error:
        raise InventoryError(f"{source}: {error.strerror}", hint="name a readable JSON file") from None


def load_templates(path: str | os.PathLike[str]) -> tuple[TemplateExport, ...]:
    """The templates in an export or in a keylint-inventory file. Raises InventoryError if it has none."""
    snapshot = load_inventory(path)
    if not snapshot.templates:
        raise InventoryError(f"{snapshot.source}: no templates here", hint="export GET .../templates/apikeys")
    return snapshot.templates


def read_inventory(data: bytes, source: str, *, personal: bool = False) -> Snapshot:
    """The same as `load_inventory` for bytes that are already here; `source` names them in messages."""
    return _read(io.BytesIO(data), source, personal)


def _read(stream: BinaryIO, source: str, personal: bool) -> Snapshot:
    document = TomlFile(stream, source) if source.endswith(".toml") else JsonFile(stream, source)
    entries = iter(document)
    first = next(entries, None)
    into = Collector("", source, secrets.token_bytes(16), personal=personal)
    templates: list[TemplateExport] = []
    reader = _choose(document, first, into, templates)
    if first is not None:
        reader.add(first[1], first[0])
        for line, item in entries:
            reader.add(item, line)
    return _finish(document, reader, into, templates)


def _choose(
    document: JsonFile | TomlFile,
    first: tuple[int, Any] | None,
    into: Collector,
    templates: list[TemplateExport],
) -> _Reader:
    """The reader for what the first entry and the envelope look like."""
    meta = document.meta
    if store.is_snapshot(meta):
        store.check_version(meta, into.source)
        envelope = Fields(meta, 1, into)
        into.provider = envelope.text("provider")
        into.salt = _salt(envelope, into)
        into.plain_words = True
        return store.StoreReader(into)
    line, entry = first if first is not None else (1, None)
    if isinstance(entry, Mapping):
        if keypair.is_pair(entry):
            into.provider = Fields(meta, 1, into).text("provider") or keypair.PROVIDER
            return keypair.PairReader(into)
        if coveo.is_template(entry):
            into.provider = coveo.PROVIDER
            return coveo.TemplateReader(into, templates)
        if coveo.is_key(entry):
            into.provider = coveo.PROVIDER
            return coveo.KeyReader(into)
    if first is None:
        raise InventoryError(
            f"{into.source}: the list is empty, so nothing tells which service it is from",
            hint="a keylint-inventory file names its provider",
        )
    hint = f"expected {_FORMATS}"
    if isinstance(entry, Mapping) and "key_id" in entry:
        hint = f'"format": "{store.FORMAT}", "version" and "provider" stand before "keys"'
    raise InventoryError(f"{into.source}:{line}: not an inventory that keylint knows", hint=hint)


def _salt(envelope: Fields, into: Collector) -> bytes:
    """The salt of a snapshot; a new one where it has none. Raises InventoryError."""
    text = envelope.text("salt")
    try:
        return bytes.fromhex(text) or into.salt
    except ValueError:
        raise into.wrong("salt", "hex digits", 1) from None


def _finish(
    document: JsonFile | TomlFile, reader: _Reader, into: Collector, templates: list[TemplateExport]
) -> Snapshot:
    meta: Mapping[str, Any] = {} if document.single else document.meta
    envelope = Fields(meta, 1, into)
    more: dict[str, Any] = {}
    if isinstance(reader, store.StoreReader):
        more["templates"] = store.read_templates(meta, into)
        more["organization"] = envelope.text("organization")
        more["taken_at"] = envelope.date("taken_at")
        more["assignable"] = into.privileges(meta.get("assignable"), 1) or ()
        more["groups"] = tuple(envelope.texts("groups"))
    else:
        more["templates"] = tuple(templates)
        more["listing"] = not isinstance(reader, coveo.TemplateReader)
        found = {record.organization for record in into.records}
        more["organization"] = found.pop() if len(found) == 1 else ""
    reason = partial_reason(meta, _entries(into, reader))
    if document.single:
        reason = "it holds a single key"
    if reason:
        text = f"this inventory is partial: {reason}; absence from it proves nothing"
        into.problem("partial-inventory", text, 0, Level.NOTE)
    return into.snapshot(complete=not reason, partial_reason=reason, **more)


def _entries(into: Collector, reader: _Reader) -> int:
    if isinstance(reader, keypair.PairReader):
        return sum(record.half == "private" for record in into.records)
    return len(into.records)
