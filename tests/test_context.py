"""What stands around a key: halves of pairs, variables, neighbours. Values are made when the tests run."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.context import Context
from keylint.examine import Examiner
from keylint.findings import _merge
from keylint.model import Origin, Partner, Surface, Surroundings
from keylint.secret import Blob, Match
from keylint.shapes import expand
from tests.helpers import builtin

engine = cache(builtin.engine)


def matches(shape: str, seed: int = 1) -> dict[str, Match]:
    """The matches in a file, by the id of their rule."""
    blob = Blob(Origin(Surface.TREE, "a.txt"), expand(shape, seed).encode())
    return {match.rule_id: match for match in Examiner(engine()).examine(blob).matches}


def around(shape: str) -> Surroundings:
    (match,) = matches(shape).values()
    return match.surroundings


PAIRS = [
    (
        "AWS_ACCESS_KEY_ID={{AKIA|base32:16}}\nAWS_SECRET_ACCESS_KEY={{b64:40}}\n",
        "aws.secret_access_key",
        "aws.access_key_id",
    ),
    ('algoliasearch("{{ALNUM:10}}",\n "{{hex:32}}")', "algolia.api_key", "algolia.app_id"),
    (
        "TWILIO_ACCOUNT_SID={{AC|hex:32}}\nTWILIO_AUTH_TOKEN={{hex:32}}\n",
        "twilio.auth_token",
        "twilio.account_sid",
    ),
    (
        '{"client_id": "{{digits:12|-|alnum:32}}.apps.googleusercontent.com",\n'
        ' "client_secret": "{{GOCSPX-|b64u:28}}"}',
        "google.oauth_client_secret",
        "google.oauth_client_id",
    ),
]


@pytest.mark.parametrize(("shape", "secret", "identifier"), PAIRS)
def test_a_pair_is_one_match_that_names_the_other_half_whole(
    shape: str, secret: str, identifier: str
) -> None:
    found = matches(shape)
    assert set(found) == {secret}
    (partner,) = found[secret].surroundings.partners
    assert partner.rule_id == identifier
    assert partner.value in expand(shape, 1)
    assert partner.line == 1
    if "\n" in shape.strip():
        assert found[secret].location.line == 2


def test_an_access_key_id_tells_its_account_in_the_finding_of_the_secret() -> None:
    found = matches(PAIRS[0][0])["aws.secret_access_key"].surroundings.partners[0]
    ((name, account),) = found.facts
    assert name == "account id"
    assert account.isdigit()


def test_an_access_key_id_alone_keeps_its_own_match() -> None:
    assert set(matches("AWS_ACCESS_KEY_ID={{AKIA|base32:16}}")) == {"aws.access_key_id"}


def test_an_allow_comment_on_the_line_of_the_other_half_is_used() -> None:
    text = expand("a = {{AKIA|base32:16}}  # keylint:allow test\nAWS_SECRET_ACCESS_KEY={{b64:40}}\n", 1)
    examined = Examiner(engine()).examine(Blob(Origin(Surface.TREE, "a"), text.encode()))
    assert [match.rule_id for match in examined.matches] == ["aws.secret_access_key"]
    assert examined.unused_allows == ()


@pytest.mark.parametrize(
    "shape",
    [
        'initialize({ organizationId: "acmeorg1", accessToken: "{{xx|uuid4}}" })',
        'fetch("https://acmeorg1.org.coveo.com/rest/search?access_token={{xx|uuid4}}")',
        'u = "https://platform.cloud.coveo.com/rest/organizations/acmeorg1/sources";\nt = "{{xx|uuid4}}"',
        "configureCloudV2Endpoint('acmeorg1', '{{xx|uuid4}}')",
        'new PushSource("{{xx|uuid4}}", "acmeorg1")',
        "COVEO_ORGANIZATION_ID=acmeorg1\nCOVEO_API_KEY={{xx|uuid4}}\n",
    ],
)
def test_the_organization_of_a_coveo_key_is_read_from_its_file(shape: str) -> None:
    assert around(shape).organizations == ("acmeorg1",)


@pytest.mark.parametrize(
    "shape",
    [
        'organizationId: process.env.ORG, accessToken: "{{xx|uuid4}}"',
        'organizationId: getOrg(), k: "{{xx|uuid4}}"',
    ],
)
def test_code_is_no_organization(shape: str) -> None:
    assert around(shape).organizations == ()


def test_what_is_itself_a_key_is_never_shown_as_a_neighbour() -> None:
    shape = 'organizationId: "{{sk_live_|b62:24}}", accessToken: "{{xx|uuid4}}"'
    assert matches(shape)["coveo.api_key"].surroundings.partners == ()


def test_a_service_account_names_account_project_and_key() -> None:
    body = expand("{{pem:PRIVATE KEY}}", 1).replace("\n", "\\n")
    shape = (
        '{"type": "service_account", "project_id": "acme-1", "private_key_id": "{{hex:40}}", "private_key": "'
        + body
        + '", "client_email": "app@acme-1.iam.gserviceaccount.com"}'
    )
    partners = matches(shape)["google.service_account_key"].surroundings.partners
    assert {p.title: p.value for p in partners}.items() >= {
        ("project", "acme-1"),
        ("account", "app@acme-1.iam.gserviceaccount.com"),
    }


def test_an_oauth_client_of_any_service_is_named_and_ids_of_unknown_form_are_cut() -> None:
    open_id = around('client_id = "{{uuid4}}"\nclient_secret = "{{b62:40}}"\n').partners
    assert [p.title for p in open_id] == ["client id"]
    assert len(open_id[0].value) == 36
    (cut,) = around('client_id = "app7{{b62:20}}"\nclient_secret = "{{b62:40}}"\n').partners
    assert cut.value.endswith("...")
    assert len(cut.value) == 9


@pytest.mark.parametrize(
    ("shape", "prefix"),
    [
        ("NEXT_PUBLIC_KEY={{xx|uuid4}}", "NEXT_PUBLIC_"),
        ('process.env.REACT_APP_API_KEY || "{{xx|uuid4}}"', "REACT_APP_"),
        ('import.meta.env.VITE_COVEO_KEY ?? "{{xx|uuid4}}"', "VITE_"),
        ("- name: PUBLIC_COVEO_KEY\n  value: {{xx|uuid4}}", "PUBLIC_"),
        ('{"EXPO_PUBLIC_COVEO": "{{xx|uuid4}}"}', "EXPO_PUBLIC_"),
        ("ENV GATSBY_KEY {{xx|uuid4}}", "GATSBY_"),
        ("NUXT_PUBLIC_URL=https://acme.io/?access_token={{xx|uuid4}}", "NUXT_PUBLIC_"),
        ("NEXT_PUBLIC_NAME=acme\nSERVER_KEY={{xx|uuid4}}", ""),
        ("MY_NEXT_PUBLIC_KEY={{xx|uuid4}}", ""),
        ("SERVER_KEY={{xx|uuid4}}", ""),
    ],
)
def test_prefixes_that_build_tools_hand_to_browsers_are_seen(shape: str, prefix: str) -> None:
    assert around(shape).bundled == prefix


@pytest.mark.parametrize(
    ("shape", "parameter"),
    [
        ("https://a.io/rest?access_token={{xx|uuid4}}", "access_token"),
        ("https://a.io/rest?q=x&amp;accessToken={{xx|uuid4}}", "accessToken"),
        ("https%3A%2F%2Fa.io%2Frest%3Faccess_token%3D{{xx|uuid4}}", "access_token"),
        ("access_token={{xx|uuid4}}", ""),
        ("Authorization: Bearer {{xx|uuid4}}", ""),
    ],
)
def test_a_parameter_of_an_address_is_seen(shape: str, parameter: str) -> None:
    assert around(shape).parameter == parameter


@pytest.mark.parametrize(
    ("shape", "public", "private"),
    [
        ('coveoAdminKey: "{{xx|uuid4}}"', False, True),
        ('COVEO_SEARCH_KEY="{{xx|uuid4}}"', True, False),
        ('publicSecret: "{{xx|uuid4}}"', True, True),
        ('clientSecret: "{{xx|uuid4}}"', False, True),
        ("coveoua('init', '{{xx|uuid4}}')", True, False),
        ('createToken("{{xx|uuid4}}")', False, True),
        ('k = "{{xx|uuid4}}"', False, False),
        ('firebaseConfig = { apiKey: "{{AIza|b64u:35}}", authDomain: "a.firebaseapp.com" }', True, False),
        ('GEMINI_API_KEY="{{AIza|b64u:35}}"', False, True),
        ('{"web": {"client_secret": "{{GOCSPX-|b64u:28}}"}}', False, True),
        ('<div data-sitekey="{{AIza|b64u:35}}">', True, False),
        ('post("https://g.co/siteverify", "{{AIza|b64u:35}}")', False, True),
    ],
)
def test_names_and_neighbours_speak_for_a_side(shape: str, public: bool, private: bool) -> None:
    found = around(shape)
    assert (bool(found.public_hints), bool(found.private_hints)) == (public, private)


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_no_bytes_around_a_key_make_it_fail(before: bytes, after: bytes) -> None:
    key = expand("{{xx|uuid4}}", 1).encode()
    data = before + b" " + key + b" " + after
    hits = [hit for hit in engine().scan(data) if hit.rule.id == "coveo.api_key"]
    for hit in hits:
        sketch = Context(data, hits).around(hit)
        assert len(sketch.offsets) == len(sketch.around.partners)
        assert all(partner.value.encode() != key for partner in sketch.around.partners)


AROUND = st.builds(
    Surroundings,
    partners=st.lists(
        st.builds(Partner, st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 3)), max_size=3
    ).map(tuple),
    bundled=st.sampled_from(["", "VITE_"]),
    public_hints=st.lists(st.sampled_from(["one", "two"]), max_size=2, unique=True).map(tuple),
)


@given(AROUND, AROUND)
def test_merging_loses_no_neighbour(one: Surroundings, other: Surroundings) -> None:
    both = _merge(one, other)
    assert {(p.title, p.value) for p in both.partners} == {
        (p.title, p.value) for p in (*one.partners, *other.partners)
    }
    assert set(both.public_hints) == {*one.public_hints, *other.public_hints}
    assert both.bundled == (one.bundled or other.bundled)
