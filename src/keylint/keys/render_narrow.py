"""Least privilege for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from keylint.inventory.api.base import Replacement
from keylint.inventory.api.coveo_calls import CoveoCalls
from keylint.keys.narrow import Narrowing, TemplateUse
from keylint.keys.render_text import counted
from keylint.keys.words import key_name
from keylint.report.clean import clean


def request_of(replacement: Replacement, organization: str) -> dict[str, Any]:
    """The request that creates the replacement: method, path, query and body."""
    body = {"displayName": replacement.name, "description": replacement.description, **replacement.body}
    if replacement.lifetime:
        body["lifetimeDuration"] = replacement.lifetime
    call = CoveoCalls(organization).create_key(replacement.template_id, body)
    return {"method": call.method, "path": call.path, "query": dict(call.query), "body": call.body}


def render_text(narrowings: Sequence[Narrowing], uses: Sequence[TemplateUse]) -> Iterator[str]:
    """Key by key, then the templates in use."""
    for item in narrowings:
        yield clean(f"{key_name(item.record)}: made from {item.current}")
        yield clean(f"  narrowest: {item.template or 'none'}, because {item.why}")
        for extra in item.extras:
            yield clean(f"  beyond it: {extra.name} ({extra.sensitivity.value}): can {extra.can_do}")
        for found in item.places[:5]:
            yield clean(f"  found in: {found.path}:{found.line}")
        yield from _request_lines(item)
    if narrowings:
        yield ""
    yield "Templates in use:"
    places = {item.record.key_id: item.places for item in narrowings}
    for use in uses:
        yield clean(f"  {use.template}: {counted(len(use.keys), 'key')}")
        for record in use.keys:
            where = ", ".join(f"{f.path}:{f.line}" for f in places.get(record.key_id, ())[:5])
            yield clean(f"    {key_name(record)}{' in ' + where if where else ''}")


def render_json(narrowings: Sequence[Narrowing], uses: Sequence[TemplateUse]) -> Iterator[str]:
    """One JSON object."""
    document = {
        "schema_version": 1,
        "command": "keys least-privilege",
        "keys": [_item(item) for item in narrowings],
        "templates": [{"template": use.template, "keys": [r.key_id for r in use.keys]} for use in uses],
    }
    yield json.dumps(document, indent=1)


def _request_lines(item: Narrowing) -> Iterator[str]:
    if item.replacement is not None:
        request = request_of(item.replacement, item.record.organization)
        query = "&".join(f"{name}={value}" for name, value in request["query"].items())
        yield clean(f"  narrower key: {request['method']} {request['path']}{'?' + query if query else ''}")
        yield clean(f"    {json.dumps(request['body'])}")
    elif item.extras:
        yield "  narrower key: the id of this template is not known; pull with API keys: Create to learn it"


def _item(item: Narrowing) -> dict[str, Any]:
    record = item.record
    return {
        "key_id": record.key_id,
        "label": record.label,
        "organization": record.organization,
        "made_from": item.current,
        "narrowest": item.template,
        "why": item.why,
        "extras": [
            {"privilege": extra.name, "sensitivity": extra.sensitivity.value, "can_do": extra.can_do}
            for extra in item.extras
        ],
        "request": request_of(item.replacement, record.organization) if item.replacement else None,
        "places": [f"{found.path}:{found.line}" for found in item.places],
    }
