"""What rotating a key means: the requests, the places to change, what to watch, what cannot be undone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keylint.errors import UsageError
from keylint.inventory.api.base import Replacement, Rotator
from keylint.inventory.api.http import Call
from keylint.keys.found import Found
from keylint.keys.journal import marker_of
from keylint.keys.narrow import Narrowing, narrow
from keylint.keys.profile import is_custom
from keylint.model import KeyRecord, KeyStatus, Privacy
from keylint.privileges import PrivilegeModel, Template

_ROTATED = re.compile(r"(?: \(rotated \d{4}-\d\d-\d\d\))+$")
_MARKED = re.compile(r"\s*\(keylint rotation [0-9a-f]{16} of [^()]*\)")
_DURATION = re.compile(r"P(?=\d)(?:\d+Y)?(?:\d+M)?(?:\d+D)?")
_NAME_LENGTH = 125  # longest displayName; https://docs.coveo.com/en/82/
_DESCRIPTION_LENGTH = 1000


@dataclass(frozen=True)
class Plan:
    """A rotation before it begins. Requests are method, path, query and body; nothing in it is secret."""

    record: KeyRecord
    replacement: Replacement
    requests: tuple[Call, ...]
    places: tuple[Found, ...]
    steps: tuple[str, ...]
    warnings: tuple[str, ...]


def replacement_for(
    record: KeyRecord,
    model: PrivilegeModel,
    rotation_id: str,
    now: dt.datetime,
    *,
    narrower: bool = False,
    lifetime: str = "",
    places: tuple[Found, ...] = (),
) -> Replacement:
    """What the new key is to be: a copy of the original, or with `narrower` one with fewer privileges.

    Raises UsageError where nothing narrower is known, or `lifetime` is no ISO 8601 duration.
    """
    if lifetime and not _DURATION.fullmatch(lifetime):
        raise UsageError("--lifetime: expected an ISO 8601 duration", hint="such as P90D or P1Y")
    name = f"{_ROTATED.sub('', record.label)[: _NAME_LENGTH - 21]} (rotated {now:%Y-%m-%d})"
    mark = f"({marker_of(rotation_id)} of {record.key_id})"
    before = _MARKED.sub("", record.description)[: _DESCRIPTION_LENGTH - len(mark) - 1]
    description = f"{before} {mark}".strip()
    if narrower or not _duplicable(record, model):
        found = _narrowing(record, model, places, required=narrower)
        return Replacement(
            name,
            description,
            template_id=found.template_id,
            lifetime=lifetime or found.lifetime,
            body=found.body,
        )
    same = lifetime or _same_lifetime(record, model)
    return Replacement(name, description, like=record.key_id, lifetime=same)


def make_plan(
    record: KeyRecord,
    replacement: Replacement,
    api: Rotator,
    model: PrivilegeModel,
    places: tuple[Found, ...],
) -> Plan:
    """The whole plan for a key."""
    requests = [api.create_call(replacement)]
    retire = api.retire_call(record.key_id)
    if retire is not None:
        requests.append(retire)
    return Plan(
        record=record,
        replacement=replacement,
        requests=tuple(requests),
        places=places,
        steps=tuple(_steps(record, replacement, places, retire)),
        warnings=tuple(_warnings(record, replacement, model, places)),
    )


def request_document(call: Call) -> dict[str, Any]:
    """A request for people and programs."""
    return {"method": call.method, "path": call.path, "query": dict(call.query), "body": call.body}


def _narrowing(
    record: KeyRecord, model: PrivilegeModel, places: tuple[Found, ...], *, required: bool
) -> Replacement:
    found: Narrowing = narrow(record, model, places)
    if found.replacement is not None:
        return found.replacement
    own = model.template(record.template_id)
    if not required and own is not None and own.id:
        days = own.lifetime_days
        return Replacement("", "", template_id=own.id, lifetime=f"P{days[1]}D" if days else "")
    raise UsageError(
        f"{record.key_id}: nothing narrower is known ({found.why})",
        hint="see: keylint keys least-privilege; without --narrower the settings are copied",
    )


def _duplicable(record: KeyRecord, model: PrivilegeModel) -> bool:
    """Whether "Create from existing" is offered: not for Crawling Module administration."""
    template = model.template(record.template_id)
    return record.provider != "coveo" or template is None or template.create_from_existing


def _same_lifetime(record: KeyRecord, model: PrivilegeModel) -> str:
    """As long as the original lived, at most what its template allows."""
    template: Template | None = model.template(record.template_id)
    longest = template.lifetime_days[1] if template and template.lifetime_days else None
    days = longest
    if record.expires is not None and record.created is not None:
        days = max(1, (record.expires - record.created).days)
        days = min(days, longest) if longest else days
    return f"P{days}D" if days and record.provider == "coveo" else ""


def _steps(
    record: KeyRecord, replacement: Replacement, places: tuple[Found, ...], retire: Call | None
) -> list[str]:
    how = (
        f"from {record.key_id}, with its settings"
        if replacement.like
        else "with the privileges in the request"
    )
    where = "the places listed" if places else "the places that use the key (scan to find them)"
    last = "last_used_at" if record.provider == "keypair" else "Last used"
    service = (
        f"--org {record.organization}" if record.provider == "coveo" else "--provider keypair --base-url URL"
    )
    command = f"keylint keys rotate {record.key_id} {service}"
    out = [
        f"Create the new key {how}: {command} --apply --to-file FILE. Its value is handed over once.",
        f"Put the new value in {where}, and deploy.",
        f"Watch '{last}' of the original until it stands still; it counts refused calls too.",
    ]
    if retire is None:
        out.append("Revoke the original in the console: no call for that is documented.")
    else:
        out.append(f"Deactivate the original: {command} --finish. It takes minutes.")
    out.append("Delete the original when nothing was missed.")
    return out


def _warnings(
    record: KeyRecord, replacement: Replacement, model: PrivilegeModel, places: tuple[Found, ...]
) -> list[str]:
    """What to mind, and what cannot be undone."""
    coveo = record.provider == "coveo"
    custom = coveo and is_custom(record)
    deadline = record.exposure.deactivation if record.exposure else None
    texts = (
        (
            record.privacy is Privacy.PRIVATE and any(place.in_client for place in places),
            "A private key does not belong in client code: keep the new value on a server.",
        ),
        (
            coveo and bool(replacement.like),
            "Creating from existing neither deactivates the original nor gives it an expiry.",
        ),
        (
            coveo and not replacement.like,
            "Restricted identities and access are not copied by this request: set them on the new key.",
        ),
        (custom, "A Custom key can't be activated again once it is deactivated."),
        (
            custom and bool(model.excluded_from_custom(record.privileges or ())),
            "This key is older than the rules for Custom keys: creating its like may be refused (HTTP 412).",
        ),
        (
            record.exposure is not None or record.status is KeyStatus.EXPOSED,
            "A key that was deactivated as exposed can't be activated again.",
        ),
        (deadline is not None, f"The service deactivates the original on {_day(deadline)}."),
        (
            coveo and record.expires is not None,
            f"The original expires on {_day(record.expires)}; an expired key can't be activated again.",
        ),
        (
            not _duplicable(record, model),
            "Keys of this template can't be created from existing ones: the request names the template.",
        ),
        (not coveo, "Revoking a pair can't be undone, and both halves stop working."),
        (
            not record.status.alive,
            f"The original does not work any more ({record.raw_status or record.status.value}).",
        ),
    )
    return [text for holds, text in texts if holds]


def _day(date: dt.datetime | None) -> str:
    return f"{date:%Y-%m-%d}" if date else ""


def plan_document(plan: Plan) -> Mapping[str, Any]:
    """The plan as JSON values."""
    return {
        "schema_version": 1,
        "command": "keys rotate",
        "key_id": plan.record.key_id,
        "label": plan.record.label,
        "organization": plan.record.organization,
        "requests": [request_document(call) for call in plan.requests],
        "places": [
            {
                "path": found.path,
                "line": found.line,
                "surface": found.surface,
                "occurrences": found.occurrences,
            }
            for found in plan.places
        ],
        "steps": list(plan.steps),
        "warnings": list(plan.warnings),
    }
