"""What privileges put at risk, and which templates they come from.

An organisation's own templates replace the built-in ones. Privileges are compared by owner, domain and type,
where no type is the same as ENABLE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from keylint.model import Privacy, Privilege, Sensitivity
from keylint.privilegedata import (
    Catalogue,
    Grant,
    Key,
    Rating,
    SetRating,
    Template,
    read_folder,
    with_exports,
)
from keylint.records import replace

if TYPE_CHECKING:
    from keylint.inventory.base import TemplateExport

__all__ = ["Grant", "PrivilegeModel", "Rating", "SetRating", "Template", "load_privilege_model"]


class PrivilegeModel:
    """Answers every question about privileges and templates. Its files are read at the first question."""

    def __init__(self, load: Callable[[], Catalogue]) -> None:
        self._load = load

    @cached_property
    def _data(self) -> Catalogue:
        return self._load()

    @cached_property
    def _ids(self) -> dict[str, Template]:
        return {template.id.casefold(): template for template in self._data.templates if template.id}

    @cached_property
    def _allowed(self) -> dict[str, frozenset[Key]]:
        """What each template's keys may hold without comment: granted or tolerated."""
        return {
            template.slug: frozenset(map(self._key, (*template.privileges, *template.tolerated)))
            for template in self._data.templates
        }

    @property
    def templates(self) -> tuple[Template, ...]:
        """All templates, Custom included, in the order of the files."""
        return self._data.templates

    def template(self, template_id: str) -> Template | None:
        """The template of an inventory's template id; None if it is empty or not known."""
        return self._ids.get(template_id.casefold()) if template_id else None

    def custom(self, provider: str) -> Template | None:
        """The template without predefined privileges of this provider, if it has one."""
        return next((t for t in self._data.templates if t.custom and t.provider == provider), None)

    def rate(self, privilege: Privilege) -> Rating:
        """How sensitive one privilege is, and why. An unlisted one is rated by its type and flagged."""
        data, key = self._data, self._key(privilege)
        known = data.ratings.get(key)
        if known is not None:
            return replace(known, privilege=privilege)
        view = key[2] == "VIEW"
        return Rating(
            privilege,
            data.unknown_view if view else data.unknown_other,
            f"use the privilege {privilege.name}, which keylint's catalogue does not know",
            "not in the catalogue, so rated by its type",
            catalogued=False,
        )

    def rate_set(self, privileges: Iterable[Privilege]) -> SetRating:
        """How sensitive a set is: as its most sensitive member."""
        return _rated([self.rate(privilege) for privilege in privileges])

    def rate_template(self, template: Template) -> SetRating:
        """How sensitive the keys of a template are, grants without a public wire name included."""
        ratings = [self.rate(privilege) for privilege in template.privileges]
        for grant in template.grants:
            found = self._data.by_console.get(grant.console)
            if grant.privilege is None and found is not None:
                ratings.append(found)
        return _rated(ratings)

    def uncatalogued(self, privileges: Iterable[Privilege]) -> tuple[Privilege, ...]:
        """Those that no catalogue lists."""
        return tuple(p for p in privileges if self._key(p) not in self._data.ratings)

    def excess(self, privileges: Iterable[Privilege], template: Template) -> tuple[Privilege, ...]:
        """Catalogued privileges beyond what the template grants and what is tolerated beside it.

        Uncatalogued ones are no excess, since some grants of templates have no public wire name; ask
        `uncatalogued` for them.
        """
        allowed = self._allowed[template.slug]
        return tuple(
            p for p in privileges if self._key(p) not in allowed and self._key(p) in self._data.ratings
        )

    def fits_public(self, privileges: Sequence[Privilege]) -> Template | None:
        """The smallest public template that holds the full set; None for an empty or uncatalogued set."""
        if not privileges or self.uncatalogued(privileges):
            return None
        return self._smallest(t for t in self._public() if not self.excess(privileges, t))

    def may_fit_public(self, privileges: Sequence[Privilege]) -> Template | None:
        """A public template that would hold the set if its uncatalogued privileges were the template's own
        unnamed ones."""
        unknown = len(self.uncatalogued(privileges))
        if not unknown or unknown == len(privileges):
            return None
        fitting = (t for t in self._public() if unknown <= t.unnamed and not self.excess(privileges, t))
        return self._smallest(fitting)

    def nearest_public(
        self, privileges: Sequence[Privilege]
    ) -> tuple[Template, tuple[Privilege, ...]] | None:
        """The public template that the set exceeds least, and what exceeds it (empty if it fits).

        None if no public template is known.
        """
        held = frozenset(map(self._key, privileges))

        def distance(template: Template) -> tuple[int, int]:
            return len(self.excess(privileges, template)), -len(
                held & set(map(self._key, template.privileges))
            )

        nearest = min(self._public(), key=distance, default=None)
        return None if nearest is None else (nearest, self.excess(privileges, nearest))

    def narrowest(self, privileges: Sequence[Privilege]) -> Template | None:
        """The template with the fewest grants that covers the set, public ones first.

        Custom covers what no other does, unless it excludes one of the privileges: then None, and the key has
        to be split.
        """
        if not privileges:
            return None
        unknown = len(self.uncatalogued(privileges))
        covering = [
            template
            for template in self._data.templates
            if not template.custom and unknown <= template.unnamed and not self.excess(privileges, template)
        ]
        found = self._smallest(covering)
        if found is not None:
            return found
        custom = next((template for template in self._data.templates if template.custom), None)
        return None if self.excluded_from_custom(privileges) else custom

    def excluded_from_custom(self, privileges: Iterable[Privilege]) -> tuple[Privilege, ...]:
        """Those that a Custom key cannot be made with today."""
        return tuple(p for p in privileges if self._key(p) in self._data.excluded)

    def _public(self) -> Iterable[Template]:
        return (template for template in self._data.templates if template.privacy is Privacy.PUBLIC)

    @staticmethod
    def _smallest(templates: Iterable[Template]) -> Template | None:
        return min(templates, key=lambda t: (t.privacy is not Privacy.PUBLIC, len(t.grants)), default=None)

    def _key(self, privilege: Privilege) -> Key:
        owner, domain = privilege.owner, privilege.target_domain
        alias = self._data.aliases.get(f"{owner}/{domain}")
        if alias is not None:
            owner, _, domain = alias.partition("/")
        return owner, domain, privilege.type or "ENABLE"


def load_privilege_model(
    folder: str | None = None, *, overrides: Sequence[TemplateExport] = ()
) -> PrivilegeModel:
    """The model of the data in `folder` (with subfolders `privileges` and `templates`), or the built-in one.

    `overrides` are templates as organisations have them: one with the id or name of a known template replaces
    its privileges, privacy and lifetime, others are added. Files are read at the first question that is asked
    of the model; ConfigError names a broken one.
    """

    def load() -> Catalogue:
        if folder is not None:
            where = folder
        else:
            from keylint.builtin import builtin_dir  # most scans never get here

            where = builtin_dir()
        return with_exports(read_folder(where), overrides)

    return PrivilegeModel(load)


def _rated(ratings: list[Rating]) -> SetRating:
    ratings.sort(key=lambda rating: -rating.sensitivity.rank)
    return SetRating(ratings[0].sensitivity if ratings else Sensitivity.PUBLIC_SAFE, tuple(ratings))
