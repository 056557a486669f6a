"""Least privilege: the narrowest template for a key, what it has beyond that, and a narrower replacement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from keylint.inventory.api.base import Replacement
from keylint.keys.checks.base import Context
from keylint.keys.found import Found
from keylint.keys.profile import is_custom
from keylint.model import KeyRecord, Privacy, Privilege, Sensitivity
from keylint.privileges import PrivilegeModel, Template


@dataclass(frozen=True)
class Extra:
    """A privilege that the key has and the narrower one would not have."""

    name: str
    sensitivity: Sensitivity
    can_do: str


@dataclass(frozen=True)
class Narrowing:
    """What one key could be replaced by. `template` is "" where the key has to be split.

    `replacement` is None where nothing narrower is known, or the id of the template is not.
    """

    record: KeyRecord
    current: str
    template: str
    extras: tuple[Extra, ...]
    replacement: Replacement | None
    why: str
    places: tuple[Found, ...] = ()


@dataclass(frozen=True)
class TemplateUse:
    """A template, and the live keys that were made from it."""

    template: str
    keys: tuple[KeyRecord, ...]


def narrow(record: KeyRecord, model: PrivilegeModel, places: tuple[Found, ...] = ()) -> Narrowing:
    """The narrowest template for a key with known privileges.

    A key in client code is measured against the public templates; one that was made from a template against
    that; any other against the template that covers all that it has.
    """
    held = record.privileges or ()
    own = model.template(record.template_id)
    current = own.name if own else ("Custom" if is_custom(record) else record.template_id)
    target, extras, why = _target(held, own, model, in_client=any(place.in_client for place in places))
    narrower = target is not None and (bool(extras) or target.slug != (own.slug if own else "custom"))
    return Narrowing(
        record=record,
        current=current,
        template=target.name if target else "",
        extras=tuple(_extra(privilege, model) for privilege in extras),
        replacement=_replacement(record, target, extras) if target is not None and narrower else None,
        why=why,
        places=places,
    )


def narrow_all(records: Iterable[KeyRecord], model: PrivilegeModel, context: Context) -> list[Narrowing]:
    """One result for each live Coveo key whose privileges are listed."""
    return [
        narrow(record, model, context.found.get(record.key_id, ()))
        for record in records
        if record.provider == "coveo" and record.status.alive and record.privileges
    ]


def template_use(records: Iterable[KeyRecord], model: PrivilegeModel) -> list[TemplateUse]:
    """Which live keys were made from each template, the most used first."""
    groups: dict[str, list[KeyRecord]] = {}
    for record in records:
        if record.provider == "coveo" and record.status.alive:
            known = model.template(record.template_id)
            name = known.name if known else record.template_id or "no template"
            groups.setdefault(name, []).append(record)
    uses = [TemplateUse(name, tuple(keys)) for name, keys in groups.items()]
    return sorted(uses, key=lambda use: (-len(use.keys), use.template))


def _target(
    held: tuple[Privilege, ...], own: Template | None, model: PrivilegeModel, *, in_client: bool
) -> tuple[Template | None, tuple[Privilege, ...], str]:
    """The template to aim at, what exceeds it, and why that one."""
    fits_own = own is not None and not own.custom and not model.excess(held, own)
    if in_client and not (fits_own and own is not None and own.privacy is Privacy.PUBLIC):
        nearest = model.nearest_public(held)
        if nearest is not None:
            template, extras = nearest
            return template, extras, "it is used in client code, where only a public template belongs"
    if own is not None and not own.custom:
        return own, model.excess(held, own), "it was made from this template"
    found = model.narrowest(held)
    if found is None:
        return (
            None,
            (),
            "no single template covers the privileges, and Custom may not hold them: split the key",
        )
    if found.custom:
        return found, (), "no predefined template covers the privileges"
    return found, (), "it is the narrowest template that covers the privileges"


def _extra(privilege: Privilege, model: PrivilegeModel) -> Extra:
    rating = model.rate(privilege)
    return Extra(privilege.name, rating.sensitivity, rating.can_do)


def _replacement(record: KeyRecord, target: Template, extras: tuple[Privilege, ...]) -> Replacement | None:
    """The request for the narrower key, with what the listing tells of the settings."""
    if not target.custom and not target.id:
        return None
    body: dict[str, object] = {}
    if target.custom:
        kept = [privilege for privilege in record.privileges or () if privilege not in extras]
        body["privileges"] = [_wire(privilege) for privilege in kept]
    if record.allowed_ips:
        body["allowedIps"] = list(record.allowed_ips)
    if record.denied_ips:
        body["deniedIps"] = list(record.denied_ips)
    configuration = _configuration(record)
    if configuration:
        body["additionalConfiguration"] = configuration
    longest = target.lifetime_days[1] if target.lifetime_days else 0
    return Replacement(
        name=record.label,
        description=record.description,
        template_id="" if target.custom else target.id,
        lifetime=f"P{longest}D" if longest else "",
        body=body,
    )


def _wire(privilege: Privilege) -> dict[str, object]:
    out: dict[str, object] = {"owner": privilege.owner, "targetDomain": privilege.target_domain}
    if privilege.type:
        out["type"] = privilege.type
    if privilege.target_ids:
        out["targetIds"] = list(privilege.target_ids)
    return out


def _configuration(record: KeyRecord) -> dict[str, object]:
    out: dict[str, object] = {}
    if record.search_hub:
        out["search"] = {"enforcedQueryPipelineConfiguration": {"searchHub": record.search_hub}}
    if record.catalog_id:
        out["commerce"] = {"catalogId": record.catalog_id}
    return out
