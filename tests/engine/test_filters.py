from __future__ import annotations

import hashlib
import math
import random
import re
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keylint import rulefields
from keylint.engine import Engine, looks
from keylint.engine.filters import FILTERS, GROUPS, NAMES, Candidate, quickest_first, select
from keylint.engine.judge import entropy
from keylint.errors import ConfigError
from keylint.model import Privacy
from tests.engine.rulekit import ALPHANUMERIC, engines, rule, token

SHAPES = {
    "repeated": ["aaaaaaaaaaaaaaaa", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "0000-0000-0000", "x0x0x0x0x0"],
    "sequence": [
        "abcdefghijklmnop", "1234567890abcdef", "12345678-1234-1234-1234-123456789012",
        "00000000-1111-2222-3333-444444444444", "zyxwvutsrqponm",
    ],
    "masked": ["ab12****cd34", "k9XXXXXXXX", "abc...", "12345\u2026"],
    "bracketed": ["<api-key>", "${TOKEN}", "{{ token }}", "%API_KEY%", "$API_KEY", "[token]", "****"],
    "placeholder_words": [
        "YOUR_API_KEY", "your-token-here", "changeme", "change_me", "insert-key-here", "REDACTED",
        "my-secret-key",
    ],
    "example": ["AbCdEf123EXAMPLEKEY", "example-key-1", "AKIAIOSFODNN7EXAMPLE"],
    "template": ["a${b}c", "{{ .Values.key }}", "<%= key %>", "$KEY"],
    "uuid": [str(uuid.UUID(int=5 << 90))],
    "digest": ["d41d8cd98f00b204e9800998ecf8427e", "sha512-AbCdEf=="],
    "words": ["correct-horse-battery", "session_token_storage", "getSearchEndpoint", "production"],
    "path": ["/etc/ssl/private.key", "./secrets/token", "config.json", "C:\\keys\\mine.pem", "a/b/c"],
    "url": ["https://example.org/token"],
    "identifier": ["process.env.KEY", "config->key", "getToken()", "os.environ[KEY", "AWS_SECRET_ACCESS_KEY"],
    "number": ["1234567890123456", "v1.22.333", "2024-01-02T03:04:05Z"],
    "short": ["a1b2c3d4e5f6"],
    "typed": ["abcdefghijklmnop", "12345678-1234-1234-1234-123456789012"],
    "dull": ["aab1aab1aab1aab1aab1", "1010101010101010", "zz9zz9zz9zz9zz9zz9zz"],
    "spoken": ["createUserWithEmail2", "authentication-provider-2", "sha256WithRSAEncryption"],
    "picture": ["iVBORw0KGgoAAAANSUhEUg", "R0lGODlhAQABAIAAAAAAAP", "d09GRgABAAAAAG9c"],
    "public_key": [
        "0x" + "5aeda56215b167893e80b4fe645ba6d5bab767de",
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", "AAAAC3NzaC1lZDI1NTE5AAAAI",
    ],
    "pattern": ["0-9A-Za-z_-", "[a-f0-9]{32}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789"],
    "pair": ["o=a.oids.EdDSA25519", "code=Zq3vB8nK2xW9", "grant_type=code"],
    "tutorial_login": [
        "postgres://postgres:postgres@localhost", "https://me:changeme1@acme.io", "mysql://scott:tiger@db",
        "https://anonymous:flabada@acme.io",
    ],
    "no_base64": ["abcde"],
    "no_login": ["c2VjcmV0", "dXNlcjpwYXNzd29yZA==", "AAECAzo="],
}  # fmt: skip
# Filters that look beside the value: text before it (which belongs to the match), the value, text after it.
BESIDE = {
    "weak_name": [("key = ", "Zq3vB8nK2xW9", ""), ("auth: ", "0d1f2a3b4c5d6e7f8091a2b3c4d5e6f7", "")],
    "harmless_name": [
        ('public_key = "', "Zq3vB8nK2xW9", '"'), ("access_key_id: ", "Zq3vB8nK2xW9", ""),
        ('"next_page_token": "', "Zq3vB8nK2xW9", '"'), ("cacheKey = ", "Zq3vB8nK2xW9", ""),
        ("password_hash: ", "Zq3vB8nK2xW9", ""), ('user: "auth0|', "Zq3v" + "B8nK2xW9", '"'),
        ('authenticity_token" value="', "Zq3v" + "B8nK2xW9", '"'), ('"assetKey": "', "Zq3vB8nK2xW9", '"'),
    ],
    "unnamed_uuid": [("key: ", str(uuid.UUID(int=5 << 90)), "")],
    "unnamed_digest": [("key: ", "d41d8cd98f00b204e9800998ecf8427e", "")],
    "picture": [('token = "data:image/png;base64,', "Zq3vB8nK2xW9", '"')],
    "joined": [
        ("hooks/token/", "Zq3vB8nK2xW9", ""), ("Qk3x+key+", "Zq3vB8nK2xW9", ""),
        ("design-token-", "Zq3vB8nK2xW9", ""),
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:", "Zq3vB8nK2xW9", '"'),
    ],
    "picture_address": [("https://acme.io/badge.svg?token=", "Zq3vB8nK2xW9", "")],
    "example_address": [("curl https://api.example.com/v1?key=", "Zq3vB8nK2xW9", "")],
    "test_certificate": [("test certificate, private key: ", "Zq3vB8nK2xW9", "")],
    "code": [
        ("token = ", "Zq3vB8nK2xW9", "(data)"), ("secret = ", "e.t2.n.a1", ";"),
        ('token = "', "step2_token3", '"'), ("key (", "ECC_NIST_P384", ","),
        ("token = ", "request.headers2.token", "\n"), ("key = ", "Zq3vB8nK2xW9", " == other"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in SHAPES.items() for v in values])
def test_a_filter_knows_its_shapes(name: str, value: str) -> None:
    assert FILTERS[name](Candidate(value.encode(), value.encode()))


@pytest.mark.parametrize(("name", "texts"), [(n, t) for n, cases in BESIDE.items() for t in cases])
def test_a_filter_knows_its_shapes_by_what_stands_beside(name: str, texts: tuple[str, str, str]) -> None:
    before, value, after = (text.encode() for text in texts)
    assert FILTERS[name](Candidate(value, value, before, after, len(before)))


@settings(max_examples=300, deadline=None)
@given(value=st.from_regex(looks._PLACEHOLDER_WORDS.key[1], fullmatch=True))
def test_no_placeholder_is_overlooked_for_want_of_a_word_to_look_for(value: bytes) -> None:
    assert FILTERS["placeholder_words"](Candidate(value, value))


@settings(max_examples=300, deadline=None)
@given(
    value=st.binary(max_size=4)
    | st.from_regex(rb"(?s).?(?:\*{3,5}|\.{2,4}|[xX]{5,7}|(?:\xe2\x80[\xa2\xa6]){1,4}).?", fullmatch=True)
)
def test_a_value_is_masked_by_four_stars_three_dots_or_bullets_an_ellipsis_or_six_x(value: bytes) -> None:
    hidden = rb"\*{4}|\.{3}|(?:\xe2\x80\xa2){3}|\xe2\x80\xa6|[xX]{6}"
    assert FILTERS["masked"](Candidate(value, value)) is (re.search(hidden, value) is not None)


def _named(value: str, before: str = "acme_key = ") -> Candidate:
    """A value whose name holds a provider."""
    text = before.encode()
    return Candidate(
        value.encode(), value.encode(), text, b"", len(text), find_service=lambda _text, _lead: ("Acme", True)
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("typed", "abcde12345fghij67890klmno"), ("pattern", "kq7X0123456789abcdefghijkPQ3")],
)
def test_runs_and_alphabets_may_be_part_of_what_is_named_after_a_provider(name: str, value: str) -> None:
    assert FILTERS[name](Candidate(value.encode(), value.encode()))
    assert not FILTERS[name](_named(value))


def test_a_random_part_of_a_dotted_value_that_is_named_after_a_provider_is_no_program_text() -> None:
    value = "abc.def.ghi456ijk789mno0123456789abcde"
    assert FILTERS["code"](Candidate(value.encode(), value.encode(), b"acme_key = "))
    assert not FILTERS["code"](_named(value))


@pytest.mark.parametrize(
    "words",
    ["rpl_live_", "key_live_", "acme_prod_", "acme-secret-", "acme2.api.token:", "my_production_server_key_"],
)
@pytest.mark.parametrize("size", [16, 24, 48, 64])
def test_a_random_part_after_words_is_judged_by_itself(words: str, size: int) -> None:
    rng = random.Random(size)
    digits = [words + f"{rng.getrandbits(4 * size):0{size}x}" for _ in range(300)]
    letters = [words + token(rng, max(24, size), "") for _ in range(300)]
    for values, most in ((digits, 6), (letters, 30)):
        refused = [v for v in values if FILTERS["spoken"](Candidate(v.encode(), v.encode()))]
        assert len(refused) <= most, refused[:3]


@pytest.mark.parametrize(
    "value",
    [
        "user_profile_settings_page", "some_long_identifier_name_2",
        "feature.flags:enable2FactorLogin4Admins", "build-step1-of-release2-in-region3",
        "com.acme.billing.InvoiceV2ServiceV3Factory1",
        "release_notes_2024_03_17_second_edition", "order-number-1749302817364523",
        "acme_secret_decafbadfacade2", "utf8_to_utf16le_or_utf32be_converter",
    ],
)  # fmt: skip
def test_words_after_words_are_still_words(value: str) -> None:
    assert FILTERS["spoken"](Candidate(value.encode(), value.encode()))


@pytest.mark.parametrize("value", ["[a-f0-9]{32}", "0-9A-Za-z_-"])
def test_a_regular_expression_is_none_of_a_providers_keys(value: str) -> None:
    assert FILTERS["pattern"](_named(value))


def test_many_runs_are_no_sequence_unless_they_make_a_uuid() -> None:
    runs, typed_uuid = (
        b"abcdef9876jklmno6543210vwxyz12345qrstu3210hijk",
        b"12345678-1234-1234-1234-123456789abc",
    )
    assert not FILTERS["sequence"](Candidate(runs, runs))
    assert FILTERS["sequence"](Candidate(typed_uuid, typed_uuid))


def test_a_modifier_before_a_name_does_not_make_it_a_public_key() -> None:
    for before, harmless in (("public static final String JIRA_PASSWORD = ", False), ("public key = ", True)):
        text = before.encode()
        assert (
            FILTERS["harmless_name"](Candidate(b"Zq3vB8nK2xW9", b"Zq3vB8nK2xW9", text, b"", len(text)))
            is harmless
        )


def test_every_filter_is_tested() -> None:
    assert set(SHAPES) | set(BESIDE) == set(FILTERS)


def test_every_name_is_one_that_rule_files_may_use() -> None:
    assert sorted(NAMES) == sorted(rulefields.FILTERS)


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_filters_let_random_values_pass(name: str) -> None:
    rng = random.Random(7)
    values = [token(rng, rng.randrange(24, 64), "").encode() for _ in range(3000)]
    before = b'api_key = "'
    dropped = [v for v in values if FILTERS[name](Candidate(v, v, before, b'"', len(before)))]
    # `words` and the like may meet an unlikely value; the base64 of a login is never random
    assert len(dropped) <= {"spoken": 12, "no_login": 3000, "no_base64": 900}.get(name, 1)


def test_literal_placeholders_let_random_uuids_and_hex_pass() -> None:
    rng = random.Random(8)
    for _ in range(3000):
        value = str(uuid.UUID(int=rng.getrandbits(128), version=4)).encode()
        assert not any(f(Candidate(value, value)) for f in select((), "test").values()), value


def test_placeholders_are_dropped_for_all_rules_after_the_public_prefix() -> None:
    key = "xx00000000-0000-0000-0000-000000000000"
    coveo = rule("coveo", r"xx[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", prefix_len=2, filters=())
    for engine in engines(coveo):
        assert engine.scan(key.encode()) == []


def test_none_switches_the_usual_filters_off() -> None:
    plain = rule("plain", r"tok_x{8}", filters=("none",))
    assert len(Engine([plain]).scan(b"tok_xxxxxxxx")) == 1


def test_generic_rules_look_at_what_stands_beside_the_value() -> None:
    generic = rule("generic", r"key ?[=:] ?['\"]?([\w.{} -]{10,40}?)(?:['\"}(]|$)", filters=("generic",))
    value = token(random.Random(9), 20, "").encode()
    engine = Engine([generic])
    assert len(engine.scan(b"key = '" + value + b"'")) == 1
    assert engine.scan(b"key = " + value + b"(") == []
    assert engine.scan(b"integrity key: 'sha512-AbCdEfGhIj'") == []


def test_a_digest_is_told_by_the_word_before_it() -> None:
    value = token(random.Random(10), 30, "").encode()
    assert FILTERS["digest"](Candidate(value, value, before=b"checksum = '"))
    assert not FILTERS["digest"](Candidate(value, value, before=b"password = '"))


def test_groups_hold_known_filters_only() -> None:
    assert {name for group in GROUPS.values() for name in group} <= set(FILTERS)


def test_an_unknown_filter_names_rule_and_choices() -> None:
    with pytest.raises(ConfigError, match=r"rule bad: unknown filter 'wods' \(known: .*words"):
        Engine([rule("bad", "abcdef", filters=("wods",))])


def test_documented_samples_are_hits_that_say_so() -> None:
    value = token(random.Random(11)).encode()
    known = rule(
        "known", r"tok_[0-9A-Za-z]{36}", samples=(hashlib.sha256(value).hexdigest(),), entropy=8.0, filters=()
    )
    for engine in engines(known):
        (hit,) = engine.scan(value)
        assert hit.evidence.privacy is Privacy.PUBLIC
        assert hit.evidence.facts == (("sample", "documented sample"),)
        assert "documented sample" in hit.evidence.reason


def test_entropy_is_in_bits_per_byte() -> None:
    assert entropy(b"aaaa") == 0
    assert entropy(b"abab") == 1
    assert math.isclose(entropy(bytes(range(256))), 8)
    assert entropy(ALPHANUMERIC.encode()) > 5.9


def test_the_quick_order_has_the_same_filters() -> None:
    chosen = select(("none", "assigned"), "a test")
    quick = quickest_first(chosen)
    assert quick == chosen
    assert [*quick] != [*chosen]
