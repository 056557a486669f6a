"""The data about privileges and templates, from `rules/privileges/*.toml` and `rules/templates/*.toml`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keylint.errors import ConfigError
from keylint.model import Privacy, Privilege, Sensitivity
from keylint.records import dataclass, replace

if TYPE_CHECKING:
    from keylint.inventory.base import TemplateExport

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Rating:
    """What one privilege allows. `can_do` completes "whoever holds this key can ..."."""

    privilege: Privilege
    sensitivity: Sensitivity
    can_do: str
    reason: str
    catalogued: bool = True
    console: str = ""


@dataclass(frozen=True)
class SetRating:
    """What a set of privileges allows, most sensitive first. `deciding` is None for an empty set."""

    sensitivity: Sensitivity
    ratings: tuple[Rating, ...]

    @property
    def deciding(self) -> Rating | None:
        """The privilege that the whole set's sensitivity comes from."""
        return self.ratings[0] if self.ratings else None

    @property
    def uncatalogued(self) -> tuple[Privilege, ...]:
        """Privileges that no catalogue lists, so that their rating is a guess by type."""
        return tuple(rating.privilege for rating in self.ratings if not rating.catalogued)


@dataclass(frozen=True)
class Grant:
    """One line of a template. `privilege` is None where only the console's name of it is public."""

    console: str
    privilege: Privilege | None


@dataclass(frozen=True)
class Template:
    """A bundle of privileges from which keys are made. `id` is "" where it is not known."""

    slug: str
    name: str
    provider: str
    privacy: Privacy
    id: str = ""
    purpose: str = ""
    grants: tuple[Grant, ...] = ()
    tolerated: tuple[Privilege, ...] = ()
    search_hub: str = ""
    ip_list: bool = False
    lifetime_days: tuple[int, int] | None = None
    reactivatable: bool = True
    create_from_existing: bool = True
    custom: bool = False
    exported: bool = False  # the organisation's own export, not the documentation, says so

    @property
    def privileges(self) -> tuple[Privilege, ...]:
        """The granted privileges whose wire names are known."""
        return tuple(grant.privilege for grant in self.grants if grant.privilege is not None)

    @property
    def unnamed(self) -> int:
        """How many grants have no public wire name: as many unknown triples may stand on a key of it."""
        return sum(grant.privilege is None for grant in self.grants)


@dataclass(frozen=True)
class Catalogue:
    """The contents of the data files."""

    ratings: Mapping[Key, Rating]
    by_console: Mapping[str, Rating]
    aliases: Mapping[str, str]
    templates: tuple[Template, ...]
    excluded: frozenset[Key]
    unknown_view: Sensitivity = Sensitivity.SENSITIVE
    unknown_other: Sensitivity = Sensitivity.CRITICAL


def read_folder(folder: str) -> Catalogue:
    """Everything in the subfolders `privileges` and `templates`. ConfigError names a broken file."""
    ratings: dict[Key, Rating] = {}
    by_console: dict[str, Rating] = {}
    aliases: dict[str, str] = {}
    templates: list[Template] = []
    excluded: set[Key] = set()
    guess = {"VIEW": Sensitivity.SENSITIVE, "other": Sensitivity.CRITICAL}
    for path, table in _tables(folder, "privileges"):
        with _naming(path):
            aliases.update(table.get("aliases", {}))
            guess.update({name: Sensitivity(word) for name, word in table.get("uncatalogued", {}).items()})
            for entry in table["privilege"]:
                for rating in _ratings(entry):
                    if rating.privilege.owner:
                        ratings[_plain_key(rating.privilege)] = rating
                    elif rating.privilege.type == "ENABLE":
                        by_console[rating.console] = rating
    for path, table in _tables(folder, "templates"):
        with _naming(path):
            excluded.update(
                _plain_key(_privilege(name)) for name in table.get("custom", {}).get("excluded", ())
            )
            templates += [_template(entry, table["provider"]) for entry in table["template"]]
    return Catalogue(
        ratings, by_console, aliases, tuple(templates), frozenset(excluded), guess["VIEW"], guess["other"]
    )


def _tables(folder: str, kind: str) -> Iterable[tuple[str, dict[str, Any]]]:
    import tomli  # most scans never get here

    inside = os.path.join(folder, kind)
    if not os.path.isdir(inside):
        raise ConfigError(f"{inside}: this folder is missing", hint="it holds the data about privileges")
    for name in sorted(os.listdir(inside)):
        if not name.endswith(".toml"):
            continue
        path = os.path.join(inside, name)
        try:
            with open(path, "rb") as file:
                table = tomli.load(file)
        except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from None
        expected = f"keylint-{kind}"
        if table.get("format") != expected or table.get("version") != 1:
            raise ConfigError(f'{path}: expected format = "{expected}" and version = 1')
        yield path, table


class _naming:  # noqa: N801 - reads as a statement
    """Turns a slip in a data file into an error that names the file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeyError):
            raise ConfigError(f"{self._path}: {error.args[0]} is missing") from None
        if isinstance(error, (TypeError, ValueError, AttributeError)):
            raise ConfigError(f"{self._path}: {error}") from None


def _ratings(entry: Mapping[str, Any]) -> Iterable[Rating]:
    for kind, said in entry["types"].items():
        yield Rating(
            Privilege(entry["owner"], entry["domain"], kind),
            Sensitivity(said["rating"]),
            said["can_do"],
            entry["why"],
            console=entry["console"],
        )


def _template(entry: Mapping[str, Any], provider: str) -> Template:
    days = entry.get("lifetime_days")
    return Template(
        slug=entry["slug"],
        name=entry["name"],
        provider=provider,
        privacy=Privacy(entry["privacy"]),
        id=entry["id"],
        purpose=entry["purpose"],
        grants=tuple(
            Grant(grant["console"], _privilege(grant["privilege"]) if grant["privilege"] else None)
            for grant in entry["grants"]
        ),
        tolerated=tuple(map(_privilege, entry.get("tolerated", ()))),
        search_hub=entry.get("search_hub", ""),
        ip_list=entry.get("ip_list", False),
        lifetime_days=(int(days[0]), int(days[1])) if days else None,
        reactivatable=entry.get("reactivatable", True),
        create_from_existing=entry.get("create_from_existing", True),
        custom=entry["slug"] == "custom",
    )


def _privilege(name: str) -> Privilege:
    """A privilege from OWNER/DOMAIN/TYPE."""
    owner, domain, kind = name.split("/")
    return Privilege(owner, domain, kind)


def _plain_key(privilege: Privilege) -> Key:
    return privilege.owner, privilege.target_domain, privilege.type or "ENABLE"


def with_exports(data: Catalogue, exports: Sequence[TemplateExport]) -> Catalogue:
    """The catalogue with templates as organisations have them: replaced by id or name, else added."""
    templates = {template.slug: template for template in data.templates}
    ratings = dict(data.ratings)
    for export in exports:
        known = _counterpart(templates.values(), export)
        made = _exported(known, export)
        templates[made.slug] = made
        if made.privacy is not Privacy.PUBLIC:
            continue
        for privilege in export.privileges:
            # The organisation's own public template names it: as safe as the others of that template.
            ratings.setdefault(
                _plain_key(privilege),
                Rating(
                    privilege,
                    Sensitivity.PUBLIC_SAFE,
                    f"use {privilege.name}",
                    f"in the organisation's own public template {made.name}",
                ),
            )
    return replace(data, templates=tuple(templates.values()), ratings=ratings)


def _counterpart(templates: Iterable[Template], export: TemplateExport) -> Template | None:
    same = [t for t in templates if t.provider == export.provider and not t.custom]
    for template in same:
        if template.id and template.id.casefold() == export.template_id.casefold():
            return template
    return next((t for t in same if not t.id and t.name.casefold() == export.name.casefold()), None)


def _exported(known: Template | None, export: TemplateExport) -> Template:
    base = known or Template(
        slug=export.template_id, name=export.name, provider=export.provider, privacy=Privacy.PRIVATE
    )
    longest = _days(export.longest_lifetime)
    return replace(
        base,
        id=export.template_id,
        # A template that does not say is not public: only a public one changes a verdict for the better.
        privacy=export.privacy or base.privacy,
        grants=tuple(Grant(privilege.name, privilege) for privilege in export.privileges),
        lifetime_days=(1, longest) if longest else base.lifetime_days,
        exported=True,
    )


def _days(duration: str) -> int | None:
    """Whole days of an ISO 8601 duration such as P14D; None for anything else."""
    number = duration[1:-1]
    return int(number) if duration[:1] == "P" and duration[-1:] == "D" and number.isdecimal() else None
