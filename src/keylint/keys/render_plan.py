"""A rotation plan for people."""

from __future__ import annotations

import json
from collections.abc import Iterator

from keylint.inventory.api.http import Call
from keylint.keys.plan import Plan
from keylint.keys.words import key_name
from keylint.report.clean import clean


def render_text(plan: Plan) -> Iterator[str]:
    """Steps, places, requests, and what cannot be undone."""
    yield clean(f"Rotate {key_name(plan.record)} of {plan.record.organization or 'unknown organisation'}")
    yield ""
    for number, step in enumerate(plan.steps, 1):
        yield clean(f"{number}. {step}")
    if plan.places:
        yield ""
        yield "Places to change:"
    for found in plan.places:
        kind = " (client code)" if found.in_client else ""
        unsure = "" if found.exact else f" (match: {found.certainty or 'unknown'}; compare the value first)"
        for place in found.places or (f"{found.path}:{found.line}",):
            yield clean(f"  {place}{kind}{unsure}")
        hidden = found.occurrences - max(1, len(found.places))
        if hidden > 0:
            yield clean(f"  {found.path}: {hidden} more")
    if plan.warnings:
        yield ""
        yield "Mind:"
    for warning in plan.warnings:
        yield clean(f"  {warning}")
    yield ""
    yield "Requests:"
    for call in plan.requests:
        yield from render_request(call)


def render_request(call: Call, base_url: str = "") -> Iterator[str]:
    """A request with its token masked; bodies of requests hold no values."""
    query = "&".join(f"{name}={value}" for name, value in call.query.items())
    yield clean(f"  {call.method} {base_url}{call.path}{'?' + query if query else ''}")
    if base_url:
        yield "  Authorization: Bearer ********"
    if call.body is not None:
        yield clean(f"  {json.dumps(call.body)}")
