"""What a key's privileges amount to: worked out once for each different set, since many keys share one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from keylint.model import KeyRecord, Privacy, Privilege, Sensitivity
from keylint.privileges import PrivilegeModel, Template

_SEARCH = frozenset({"SEARCH_API/EXECUTE_QUERY", "SEARCH_API/IMPERSONATE", "SEARCH_API/VIEW_ALL_CONTENT"})
# Before the push privileges existed, pushing needed these; the wire names of the new ones are not public.
_PUSH = frozenset({"PLATFORM/SOURCE/EDIT", "PLATFORM/SECURITY_PROVIDER/EDIT", "PLATFORM/SECURITY_CACHE/EDIT"})
_ADMINISTERED = frozenset(
    {"API_KEY", "GROUP", "ORGANIZATION", "SAML_IDENTITY_PROVIDER", "ON_PREMISE_ADMINISTRATION"}
    | {"TEMPORARY_ACCESS", "SNAPSHOTS", "LINK", "VAULT_ENTRY", "SUBSCRIPTION"}
)
# The Search API specification prints the same privilege with this domain.
_ALIASES = {"SEARCH_API/IMPERSONATE_SEARCH_API": "SEARCH_API/IMPERSONATE"}
_AUTHENTICATED = "authenticated-search"


@dataclass(frozen=True, slots=True)
class Profile:
    """What follows from template and privileges. Privileges are named as `OWNER/DOMAIN/TYPE`.

    `privacy` is DEPENDS where the listing says neither privacy, nor a known template, nor privileges.
    """

    privacy: Privacy
    template: str = ""  # name of the template that the key says it is made from
    custom: bool = False  # made without a template
    names: frozenset[str] = frozenset()
    sensitivity: Sensitivity = Sensitivity.PUBLIC_SAFE
    critical: tuple[str, ...] = ()
    excess: tuple[str, ...] = ()  # beyond its own template
    critical_excess: bool = False
    excluded: tuple[str, ...] = ()  # what a Custom key cannot be made with
    narrowest: str = ""  # the narrowest template that covers the set, never Custom
    beyond_authenticated: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()  # more than one only where no template covers the set
    offers_ips: bool = False
    wants_search_hub: bool = False

    @property
    def is_private(self) -> bool:
        """Whether the key must remain private."""
        return self.privacy is Privacy.PRIVATE


class Profiler:
    """Makes profiles, and keeps them by the set of privileges."""

    def __init__(self, model: PrivilegeModel) -> None:
        self._model = model
        self._known: dict[tuple[str, str, Privacy | None, int], Profile] = {}
        # Sets are told apart by identity: this keeps them alive, so that no other one gets the same.
        self._kept: list[object] = []

    def __call__(self, record: KeyRecord) -> Profile:
        """The profile of a record."""
        key = (record.provider, record.template_id, record.privacy, id(record.privileges))
        profile = self._known.get(key)
        if profile is None:
            profile = self._known[key] = self._make(record)
            self._kept.append(record.privileges)
        return profile

    def _make(self, record: KeyRecord) -> Profile:
        if record.provider != "coveo":
            names = frozenset(p.target_domain for p in record.privileges or ())
            return Profile(record.privacy or Privacy.DEPENDS, names=names)
        template = self.template_of(record)
        held = record.privileges
        if held is None:
            return self._without_privileges(record, template)
        model = self._model
        custom = is_custom(record)
        rated = model.rate_set(held)
        excess = self._excess(held, template)
        authenticated = self._by_slug(_AUTHENTICATED)
        names = frozenset(map(_name, held))
        return Profile(
            privacy=self._privacy(record, template),
            template=template.name if template else "",
            custom=custom,
            names=names,
            sensitivity=rated.sensitivity,
            critical=_names(r.privilege for r in rated.ratings if r.sensitivity is Sensitivity.CRITICAL),
            excess=_names(excess),
            critical_excess=model.rate_set(excess).sensitivity is Sensitivity.CRITICAL,
            excluded=_names(model.excluded_from_custom(held)),
            narrowest=self._narrowest_name(held),
            beyond_authenticated=_names(self._excess(held, authenticated)),
            purposes=self._purposes(held, names, custom=custom),
            offers_ips=custom or template is None or template.ip_list,
            wants_search_hub=_wants_hub(template, names, custom),
        )

    def template_of(self, record: KeyRecord) -> Template | None:
        """The template that the key says it is made from, if it is known."""
        return self._model.template(record.template_id) if record.template_id else None

    def _without_privileges(self, record: KeyRecord, template: Template | None) -> Profile:
        return Profile(
            privacy=record.privacy or (template.privacy if template else Privacy.DEPENDS),
            template=template.name if template else "",
            offers_ips=template is None or template.ip_list,
            wants_search_hub=_wants_hub(template, frozenset(), custom=False),
        )

    def _privacy(self, record: KeyRecord, template: Template | None) -> Privacy:
        """In the order of the documentation: the tag, the template, a set that fits a public template."""
        if record.privacy is not None:
            return record.privacy
        if template is not None and not template.custom:
            return template.privacy
        return Privacy.PUBLIC if self._model.fits_public(record.privileges or ()) else Privacy.PRIVATE

    def _excess(self, held: tuple[Privilege, ...], template: Template | None) -> tuple[Privilege, ...]:
        """What the template does not explain, unlisted privileges included if there are too many of them."""
        if template is None or template.custom:
            return ()
        unlisted = self._model.uncatalogued(held)
        more = unlisted if len(unlisted) > template.unnamed else ()
        return (*self._model.excess(held, template), *more)

    def _narrowest_name(self, held: tuple[Privilege, ...]) -> str:
        found = self._model.narrowest(held)
        return "" if found is None or found.custom else found.name

    def _by_slug(self, slug: str) -> Template | None:
        return next((template for template in self._model.templates if template.slug == slug), None)

    def _purposes(
        self, held: tuple[Privilege, ...], names: frozenset[str], *, custom: bool
    ) -> tuple[str, ...]:
        """Templates that are wholly inside the set, or kinds of work; empty where one template covers it.

        What is tolerated beside a template counts only for keys that were made from one.
        """
        if self._covered(held, names, documented_only=custom):
            return ()
        inside: list[tuple[str, frozenset[str]]] = []
        for template in self._model.templates:
            granted = frozenset(map(_name, template.privileges))
            if granted and granted <= names:
                inside.append((template.name, granted))
        whole = [name for name, granted in inside if not any(granted < other for _, other in inside)]
        if len(whole) > 1:
            return tuple(whole)
        kinds = (
            ("search", names & _SEARCH),
            ("push", names & _PUSH),
            ("administration", _administers(names)),
        )
        found = tuple(kind for kind, hit in kinds if hit)
        return found if "search" in found and len(found) > 1 else ()

    def _covered(self, held: tuple[Privilege, ...], names: frozenset[str], *, documented_only: bool) -> bool:
        found = self._model.narrowest(held)
        if found is None or found.custom:
            return False
        if not documented_only:
            return True
        unlisted = frozenset(map(_name, self._model.uncatalogued(held)))
        return any(
            names - unlisted <= frozenset(map(_name, template.privileges))
            for template in self._model.templates
            if not template.custom
        )


def is_custom(record: KeyRecord) -> bool:
    """Whether a Coveo key names no template. What stands there for Custom keys is not documented."""
    return record.template_id.casefold() in ("", "custom")


def _name(privilege: Privilege) -> str:
    name = privilege.name
    return _ALIASES.get(name, name)


def _names(privileges: Iterable[Privilege]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_name, privileges)))


def _administers(names: frozenset[str]) -> bool:
    for name in names:
        owner, _, rest = name.partition("/")
        domain, _, kind = rest.partition("/")
        if owner == "PLATFORM" and domain in _ADMINISTERED and kind in ("EDIT", "CREATE"):
            return True
    return False


def _wants_hub(template: Template | None, names: frozenset[str], custom: bool) -> bool:
    if custom:
        return bool(names & {"SEARCH_API/EXECUTE_QUERY", "SEARCH_API/IMPERSONATE"})
    return template is not None and not template.custom and template.search_hub == "recommended"
