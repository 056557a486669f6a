from __future__ import annotations

from pathlib import Path

import pytest

from keylint.errors import ConfigError
from keylint.inventory import TemplateExport
from keylint.model import Privacy, Privilege, Sensitivity
from keylint.privileges import PrivilegeModel, load_privilege_model

EXECUTE = Privilege("SEARCH_API", "EXECUTE_QUERY")
PUSH = Privilege("USAGE_ANALYTICS", "ANALYTICS_DATA", "EDIT")
UA_IMPERSONATE = Privilege("USAGE_ANALYTICS", "IMPERSONATE", "ENABLE")
IMPERSONATE = Privilege("SEARCH_API", "IMPERSONATE")
PAGES = Privilege("SEARCH_API", "SEARCH_PAGES", "VIEW")
ASSIST = Privilege("CUSTOMER_SERVICE", "USE_CASE_ASSIST", "ENABLE")
SOURCE_VIEW = Privilege("PLATFORM", "SOURCE", "VIEW", ("*",))
NEW = Privilege("KNOWLEDGE", "AGENT_QUERY", "ENABLE")


@pytest.fixture(scope="module")
def model() -> PrivilegeModel:
    return load_privilege_model()


def test_the_nine_templates_and_their_tags_are_there(model: PrivilegeModel) -> None:
    assert {t.slug: t.privacy.value for t in model.templates} == {
        "anonymous-search": "public",
        "authenticated-search": "private",
        "usage-analytics": "public",
        "search-pages": "public",
        "anonymous-case-assist": "public",
        "push-api": "private",
        "crawling-module-administration": "private",
        "view-all-content": "private",
        "custom": "private",
    }


def test_every_template_grant_is_in_the_catalogue(model: PrivilegeModel) -> None:
    for template in model.templates:
        assert model.uncatalogued((*template.privileges, *template.tolerated)) in (
            (),
            (Privilege("PLATFORM", "CRAWLING_MODULE", "CREATE"),),
        )
        assert len(model.rate_template(template).ratings) == len(template.grants)


def test_nothing_in_a_public_template_is_more_than_public_safe(model: PrivilegeModel) -> None:
    for template in model.templates:
        safe = model.rate_template(template).sensitivity is Sensitivity.PUBLIC_SAFE
        assert safe is (template.privacy is Privacy.PUBLIC or template.custom)


@pytest.mark.parametrize(
    ("privilege", "sensitivity"),
    [
        (IMPERSONATE, Sensitivity.CRITICAL),
        (Privilege("SEARCH_API", "IMPERSONATE", "ENABLE"), Sensitivity.CRITICAL),
        (Privilege("SEARCH_API", "IMPERSONATE_SEARCH_API", "ENABLE"), Sensitivity.CRITICAL),
        (UA_IMPERSONATE, Sensitivity.PUBLIC_SAFE),
        (PUSH, Sensitivity.PUBLIC_SAFE),
        (Privilege("USAGE_ANALYTICS", "ANALYTICS_DATA", "VIEW"), Sensitivity.SENSITIVE),
        (EXECUTE, Sensitivity.PUBLIC_SAFE),
        (Privilege("SEARCH_API", "EXECUTE_QUERY", "ENABLE", ("*",)), Sensitivity.PUBLIC_SAFE),
        (SOURCE_VIEW, Sensitivity.SENSITIVE),
        (Privilege("PLATFORM", "API_KEY", "CREATE"), Sensitivity.CRITICAL),
    ],
)
def test_one_privilege_is_rated_by_owner_domain_and_type(
    model: PrivilegeModel, privilege: Privilege, sensitivity: Sensitivity
) -> None:
    rating = model.rate(privilege)
    assert rating.sensitivity is sensitivity
    assert rating.catalogued
    assert rating.privilege == privilege
    assert rating.can_do
    assert rating.reason


@pytest.mark.parametrize(
    ("kind", "sensitivity"),
    [("VIEW", Sensitivity.SENSITIVE), ("EDIT", Sensitivity.CRITICAL), ("", Sensitivity.CRITICAL)],
)
def test_an_unlisted_privilege_is_rated_by_its_type_and_flagged(
    model: PrivilegeModel, kind: str, sensitivity: Sensitivity
) -> None:
    rating = model.rate(Privilege("PLATFORM", "SOMETHING_NEW", kind))
    assert rating.sensitivity is sensitivity
    assert not rating.catalogued
    assert model.rate_set([EXECUTE, rating.privilege]).uncatalogued == (rating.privilege,)


def test_a_set_is_as_sensitive_as_its_worst_member(model: PrivilegeModel) -> None:
    rated = model.rate_set([EXECUTE, SOURCE_VIEW, IMPERSONATE, PUSH])
    assert rated.sensitivity is Sensitivity.CRITICAL
    assert rated.deciding is not None
    assert rated.deciding.privilege == IMPERSONATE
    assert model.rate_set([]).deciding is None


@pytest.mark.parametrize(
    ("privileges", "slug"),
    [
        ((EXECUTE, PUSH), "anonymous-search"),
        ((EXECUTE,), "anonymous-search"),
        ((EXECUTE, PUSH, UA_IMPERSONATE), "anonymous-search"),
        ((PUSH, UA_IMPERSONATE), "usage-analytics"),
        ((EXECUTE, PUSH, PAGES), "search-pages"),
        ((PUSH, ASSIST), "anonymous-case-assist"),
        ((PAGES, ASSIST), None),
        ((EXECUTE, SOURCE_VIEW), None),
        ((IMPERSONATE, PUSH), None),
        ((EXECUTE, NEW), None),
        ((), None),
    ],
)
def test_only_a_full_set_inside_one_public_template_fits(
    model: PrivilegeModel, privileges: tuple[Privilege, ...], slug: str | None
) -> None:
    found = model.fits_public(privileges)
    assert (found.slug if found else None) == slug


def test_an_unknown_triple_beside_search_may_be_the_unnamed_grant(model: PrivilegeModel) -> None:
    found = model.may_fit_public((EXECUTE, PUSH, NEW))
    assert found is not None
    assert found.slug == "anonymous-search"
    assert model.may_fit_public((EXECUTE, NEW, Privilege("A", "B"))) is None
    assert model.may_fit_public((ASSIST, NEW)) is None
    assert model.may_fit_public((NEW,)) is None
    assert model.may_fit_public((EXECUTE, PUSH)) is None


def test_excess_lists_catalogued_privileges_only(model: PrivilegeModel) -> None:
    anonymous = model.template("anonymoussearch")
    assert anonymous is not None
    assert model.excess((EXECUTE, PUSH, UA_IMPERSONATE, NEW), anonymous) == ()
    assert model.excess((EXECUTE, IMPERSONATE, SOURCE_VIEW), anonymous) == (IMPERSONATE, SOURCE_VIEW)
    assert model.uncatalogued((EXECUTE, NEW)) == (NEW,)


@pytest.mark.parametrize(
    ("privileges", "slug"),
    [
        ((IMPERSONATE, PUSH, UA_IMPERSONATE), "authenticated-search"),
        ((IMPERSONATE,), "authenticated-search"),
        ((Privilege("SEARCH_API", "VIEW_ALL_CONTENT"), EXECUTE), "view-all-content"),
        ((SOURCE_VIEW,), "push-api"),
        ((Privilege("PLATFORM", "SOURCE", "EDIT"),), "custom"),
        ((Privilege("PLATFORM", "SOURCE", "EDIT"), EXECUTE), None),
        ((), None),
    ],
)
def test_the_narrowest_template_covers_the_set(
    model: PrivilegeModel, privileges: tuple[Privilege, ...], slug: str | None
) -> None:
    found = model.narrowest(privileges)
    assert (found.slug if found else None) == slug


def test_the_nearest_public_template_tells_what_is_too_much(model: PrivilegeModel) -> None:
    nearest = model.nearest_public((EXECUTE, PUSH, SOURCE_VIEW))
    assert nearest is not None
    assert (nearest[0].slug, nearest[1]) == ("anonymous-search", (SOURCE_VIEW,))


def test_four_privileges_are_excluded_from_custom_keys(model: PrivilegeModel) -> None:
    four = (EXECUTE, IMPERSONATE, PUSH, UA_IMPERSONATE)
    assert model.excluded_from_custom((*four, SOURCE_VIEW)) == four


def export(name: str, template_id: str, privacy: Privacy | None, *privileges: Privilege) -> TemplateExport:
    return TemplateExport("coveo", template_id, name, privacy, privileges, longest_lifetime="P7D")


def test_an_organisations_template_overrides_the_builtin_one_by_id() -> None:
    model = load_privilege_model(overrides=[export("Ours", "AnonymousSearch", Privacy.PUBLIC, EXECUTE, NEW)])
    found = model.template("AnonymousSearch")
    assert found is not None
    assert (found.slug, found.exported, found.lifetime_days) == ("anonymous-search", True, (1, 7))
    assert model.uncatalogued((NEW,)) == ()
    assert model.fits_public((EXECUTE, NEW)) == found
    assert len(model.templates) == 9


def test_an_export_gives_unknown_ids_by_name_and_new_templates() -> None:
    model = load_privilege_model(
        overrides=[
            export("Usage Analytics", "UA1", Privacy.PUBLIC, PUSH),
            export("House", "House1", None, PUSH, SOURCE_VIEW),
            export("Custom", "CustomX", Privacy.PUBLIC, SOURCE_VIEW),
        ]
    )
    renamed, house = model.template("UA1"), model.template("House1")
    assert renamed is not None
    assert renamed.slug == "usage-analytics"
    assert house is not None
    assert house.privacy is Privacy.PRIVATE
    assert model.custom("coveo") is not None
    assert len(model.templates) == 11


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("not toml", "coveo.toml"),
        ('format = "x"', 'expected format = "keylint-privileges"'),
        ('format = "keylint-privileges"\nversion = 1', "privilege is missing"),
        (
            'format = "keylint-privileges"\nversion = 1\n'
            '[[privilege]]\nowner="A"\ndomain="B"\nwhy="w"\nconsole=""\n'
            'types.VIEW = { rating = "bad", can_do = "x" }',
            "bad",
        ),
    ],
)
def test_a_broken_data_file_is_named_at_the_first_question(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "privileges").mkdir()
    (tmp_path / "privileges" / "coveo.toml").write_text(content, encoding="utf-8")
    model = load_privilege_model(str(tmp_path))
    with pytest.raises(ConfigError, match=r"coveo\.toml") as caught:
        model.rate(EXECUTE)
    assert says in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        load_privilege_model(str(tmp_path)).templates  # noqa: B018
