"""Where a scan found keys: read from a report of `scan` or `bundle`, and joined to inventory entries."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from keylint.errors import InventoryError
from keylint.model import KeyRecord

_MAX_BYTES = 512 * 2**20
_TAIL = 4  # characters that a masked value shows
_FAMILIES = {"coveo.api_key": "coveo", "keypair.": "keypair", "algolia.": "algolia"}


@dataclass(frozen=True, slots=True)
class Found:
    """One key in one file, as a report says it.

    `places` are printable (`path:line:column`), the first one is the primary; `snippet` is redacted. `exact`
    says that the report named one entry by its full value. `key_ids` are the entries that it may be.
    `beside` names what stands in the same file, `bundled` is the prefix of a variable that build tools
    publish, and `parameter` the parameter of an address that the key stands in.
    """

    rule_id: str
    verdict: str
    surface: str
    path: str
    line: int
    column: int
    mask: str
    places: tuple[str, ...]
    occurrences: int
    snippet: str = ""
    key_ids: tuple[str, ...] = ()
    certainty: str = ""
    severity: str = ""
    first_seen: str = ""
    beside: tuple[str, ...] = ()
    bundled: str = ""
    parameter: str = ""

    @property
    def in_client(self) -> bool:
        """Whether browsers get the file."""
        return self.surface == "client"

    @property
    def exact(self) -> bool:
        """Whether the entry is certain."""
        return self.certainty == "exact"


@dataclass(frozen=True)
class Joined:
    """Findings by the entries that they may be, and those that fit none."""

    by_key: Mapping[str, tuple[Found, ...]]
    strangers: tuple[Found, ...]


def load_findings(path: str) -> tuple[Found, ...]:
    """The findings of a SARIF or JSON report of keylint. Raises InventoryError naming the file."""
    document = _read(path)
    if isinstance(document, dict) and isinstance(document.get("runs"), list):
        try:
            return tuple(_from_sarif(result, path) for result in _results(document, path))
        except (TypeError, ValueError, AttributeError):
            raise InventoryError(
                f"{path}: not well-formed SARIF", hint="scan again with this keylint"
            ) from None
    if isinstance(document, dict) and isinstance(document.get("findings"), list):
        from keylint.keys.found_json import from_json

        return tuple(from_json(item, path) for item in document["findings"])
    raise InventoryError(
        f"{path}: not a report of keylint", hint="make one with: keylint scan --format sarif --output FILE"
    )


def join(findings: Iterable[Found], records: Iterable[KeyRecord]) -> Joined:
    """Put each finding beside the entries that it may be.

    A report made with the same inventory names them. Otherwise the visible end of the masks decides: one
    stranger in 65,536 fits a given entry, so such a match is a candidate and not a proof.
    """
    ids: set[str] = set()
    tails: dict[tuple[str, str, str], list[str]] = {}
    for record in records:
        ids.add(record.key_id)
        for mask in record.masks:
            tail = mask[-_TAIL:]
            if tail.isalnum():
                tails.setdefault((record.provider, record.half, tail), []).append(record.key_id)
    by_key: dict[str, list[Found]] = {}
    strangers: list[Found] = []
    for found in findings:
        fitting = [key_id for key_id in found.key_ids if key_id in ids]
        if not found.key_ids:
            fitting = list(dict.fromkeys(tails.get((family(found), half(found), found.mask[-_TAIL:]), ())))
            if fitting:
                found = replace(found, certainty="suffix" if len(fitting) == 1 else "ambiguous")  # noqa: PLW2901
        for key_id in fitting:
            by_key.setdefault(key_id, []).append(found)
        if not fitting:
            strangers.append(found)
    return Joined({key: tuple(items) for key, items in by_key.items()}, tuple(strangers))


def family(found: Found) -> str:
    """The provider whose inventory can know this kind of key; "" if keylint has no inventory for it."""
    for prefix, provider in _FAMILIES.items():
        if found.rule_id.startswith(prefix):
            return provider
    return ""


def half(found: Found) -> str:
    """Which half of a key pair was found; "" for other kinds."""
    if not found.rule_id.startswith("keypair."):
        return ""
    return "public" if found.rule_id.startswith("keypair.public") else "private"


def _read(path: str) -> Any:
    try:
        if os.path.getsize(path) > _MAX_BYTES:
            raise InventoryError(f"{path}: larger than 512 MiB")
        with open(path, "rb") as stream:
            return json.load(stream)
    except OSError as error:
        raise InventoryError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise InventoryError(f"{path}: not JSON", hint="give a JSON or SARIF report of keylint") from None


def _results(document: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    out: list[Mapping[str, Any]] = []
    for run in document["runs"]:
        driver = _get(run, "tool", "driver")
        if _get(driver, "name") != "keylint":
            raise InventoryError(
                f"{path}: made by another tool", hint="scan with keylint: only it knows key ids"
            )
        out += [item for item in run.get("results") or () if isinstance(item, dict)]
    return out


def _from_sarif(result: Mapping[str, Any], path: str) -> Found:
    properties = _get(result, "properties") or {}
    places = result.get("locations")
    if not isinstance(places, list) or not places or "keyKind" not in properties:
        raise InventoryError(
            f"{path}: a result without location or key kind", hint="is it a report of a scan?"
        )
    physical = _get(places[0], "physicalLocation") or {}
    region = physical.get("region") or {}
    context = physical.get("contextRegion") or region
    listed = tuple(str(item) for item in properties.get("places") or ())
    return Found(
        rule_id=str(properties["keyKind"]),
        verdict=str(properties.get("verdict", "")),
        surface=str(properties.get("surface", "")),
        path=_unquote(str(_get(physical, "artifactLocation", "uri") or "")),
        line=int(region.get("startLine", 1)),
        column=int(region.get("startColumn", 1)),
        mask=str(properties.get("keyMask", "")),
        places=listed,
        occurrences=int(properties.get("occurrences", len(listed) or 1)),
        snippet=str(_get(context, "snippet", "text") or ""),
        key_ids=tuple(str(item) for item in properties.get("keyIds") or ()),
        certainty=str(properties.get("certainty", "")),
        severity=str(properties.get("severity", "")),
        first_seen=str(_get(properties, "firstSeen", "date") or ""),
        beside=tuple(str(item) for item in properties.get("pairedWith") or ()),
        bundled=str(properties.get("bundledPrefix") or ""),
        parameter=str(properties.get("urlParameter") or ""),
    )


def _get(item: Any, *names: str) -> Any:
    """The member at a path of names; None where any of them is missing."""
    for name in names:
        item = item.get(name) if isinstance(item, Mapping) else None
    return item


def _unquote(uri: str) -> str:
    from urllib.parse import unquote

    return unquote(uri)
