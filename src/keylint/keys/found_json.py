"""Findings from keylint's JSON report (docs/schema/report-v1.schema.json)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keylint.errors import InventoryError
from keylint.keys.found import Found


def from_json(item: Any, source: str) -> Found:
    """One member of `findings`. Raises InventoryError naming the file where a member is missing."""
    try:
        places: list[Mapping[str, Any]] = item["places"]
        first, link, verdict = places[0], item["link"], item["verdict"]
        seen = item.get("first_seen") or {}
        around = item.get("surroundings") or {}  # what earlier reports do not have
        return Found(
            rule_id=item["key"]["rule_id"],
            verdict=verdict["kind"],
            surface=first["surface"],
            path=_name(first),
            line=first["line"],
            column=first["column"],
            mask=item["key"]["mask"],
            places=tuple(f"{_name(place)}:{place['line']}:{place['column']}" for place in places),
            occurrences=item["occurrences"],
            snippet=first["snippet"],
            key_ids=tuple(dict.fromkeys(record["key_id"] for record in link["records"])),
            certainty=link["certainty"],
            severity=verdict["severity"],
            first_seen=seen.get("date") or "",
            beside=tuple(f"{near['title']} {near['value']}" for near in around.get("partners") or ()),
            bundled=around.get("bundled") or "",
            parameter=around.get("parameter") or "",
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        raise InventoryError(
            f"{source}: a finding without the members of report version 1",
            hint="scan again with this keylint",
        ) from None


def _name(place: Mapping[str, Any]) -> str:
    return "!".join((place["path"], *place["container"]))
