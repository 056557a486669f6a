"""What values say about themselves, and that malformed ones say nothing."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.engine.claims import MAX_CHARS
from keylint.engine.inspect import INSPECTORS, Inspection, checksum, inspect
from keylint.shapes import expand

GENERATED = expand("{{b62:12}}", 1)


def look(name: str, shape: str) -> Inspection:
    return inspect(name, expand(shape, 1).encode())


@given(st.sampled_from(sorted(INSPECTORS)), st.binary(max_size=300))
def test_no_bytes_make_an_inspector_fail(name: str, value: bytes) -> None:
    inspection = inspect(name, value)
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in inspection.evidence.facts)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_no_payload_makes_the_jwt_inspector_fail(payload: object) -> None:
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode() for p in ({"alg": "none"}, payload)]
    facts = inspect("jwt", ".".join([*parts, "x"]).encode()).facts
    assert isinstance(payload, dict) == bool(facts)


def test_jwt_claims_become_facts() -> None:
    facts = look(
        "jwt", '{{jwt:{"iss":"supabase","role":"anon","app":{"plan":"free"},"scopes":["a","b"]}}}'
    ).facts
    assert facts["header.alg"] == "HS256"
    assert facts["payload.iss"] == "supabase"
    assert facts["payload.app.plan"] == "free"
    assert facts["payload.scopes"] == ("a", "b")


def test_jwt_expiry_is_evidence() -> None:
    assert look("jwt", '{{jwt:{"exp":1760000000}}}').evidence.expires_at == dt.datetime(
        2025, 10, 9, 8, 53, 20, tzinfo=dt.timezone.utc
    )


def test_jwt_expiry_in_milliseconds_is_understood() -> None:
    seconds, milliseconds = (
        look("jwt", '{{jwt:{"exp":' + n + "}}}") for n in ("1760000000", "1760000000000")
    )
    assert seconds.evidence.expires_at == milliseconds.evidence.expires_at


@pytest.mark.parametrize("exp", ['"soon"', "1e300", "-1e300", "true", "NaN"])
def test_an_expiry_that_is_no_date_is_left_out(exp: str) -> None:
    assert look("jwt", '{{jwt:{"sub":"x","exp":' + exp + "}}}").evidence.expires_at is None


def test_coveo_privileges_become_names_and_search_identities_are_masked() -> None:
    inspection = look(
        "jwt",
        '{{jwt:{"body":{"organizationId":"acme","privileges":[{"owner":"SEARCH_API","targetDomain":"IMPERSONATE"},'
        '{"owner":"PLATFORM","targetDomain":"SOURCE","type":"EDIT"},{"owner":"A","targetDomain":"B","type":"ENABLE"}]},'
        '"userIds":[{"name":"jane@acme.io","provider":"Email"}]}}}',
    )
    assert inspection.facts["privileges"] == ("SEARCH_API/IMPERSONATE", "PLATFORM/SOURCE/EDIT", "A/B")
    assert ("organization", "acme") in inspection.evidence.facts
    assert ("acts as", "(masked)") in inspection.evidence.facts
    assert "jane" not in repr(inspection.evidence)


def test_an_anonymous_identity_is_shown() -> None:
    evidence = look("jwt", '{{jwt:{"userIds":[{"name":"anonymous"}]}}}').evidence
    assert ("acts as", "anonymous") in evidence.facts


def test_printed_facts_hold_no_mail_address_control_character_or_long_text() -> None:
    payload = {
        "iss": "a@b.example",
        "role": "x\x1b[31m\n",
        "scope": "s" * 500,
        "email": "c@d.example",
        "sub": "me",
    }
    printed = dict(look("jwt", "{{jwt:" + json.dumps(payload) + "}}").evidence.facts)
    assert printed["issuer"] == "(masked)"
    assert printed["role"] == "x?[31m?"
    assert len(printed["scope"]) == 80
    assert "c@d.example" not in printed.values()
    assert "me" not in printed.values()


def test_a_value_that_is_too_long_is_not_read() -> None:
    assert inspect("jwt", b"eyJ" + b"a" * MAX_CHARS).facts == {}


def test_deep_nesting_is_bounded() -> None:
    bomb = base64.urlsafe_b64encode(b"[" * 20_000).decode()
    nested = base64.urlsafe_b64encode(b'{"a":' * 3000 + b"1" + b"}" * 3000).decode()
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode()
    for payload in (bomb, nested):
        assert len(inspect("jwt", f"{header}.{payload}.x".encode()).facts) <= 2


def test_clerk_key_names_its_host() -> None:
    inspection = look("clerk_publishable", "{{pk_test_|base64:brave-lion-12.clerk.accounts.dev$}}")
    assert inspection.facts == {"mode": "test", "host": "brave-lion-12.clerk.accounts.dev"}
    assert inspection.evidence.test_mode


@pytest.mark.parametrize("body", ["base64:no-dollar.example.com", "base64:not a host$", "b62:24"])
def test_other_publishable_keys_have_no_host(body: str) -> None:
    assert "host" not in look("clerk_publishable", "{{pk_live_|" + body + "}}").facts


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("sk_test_abc", "test"),
        ("sk_live_abc", "live"),
        ("access-sandbox-abc", "test"),
        ("sk_abc", None),
        ("latest_abc", None),
    ],
)
def test_mode_is_read_from_the_prefix(value: str, expected: str | None) -> None:
    inspection = inspect("mode", value.encode())
    assert inspection.facts.get("mode") == expected
    assert inspection.evidence.test_mode == (expected == "test")


def test_mapbox_kind_scopes_and_expiry() -> None:
    inspection = look(
        "mapbox", '{{tk.|json:{"u":"acme","scopes":["styles:read"],"exp":1760000000}|.|b64u:22}}'
    )
    assert inspection.facts["kind"] == "tk"
    assert inspection.facts["payload.scopes"] == ("styles:read",)
    assert inspection.evidence.expires_at is not None
    assert "acme" not in repr(inspection.evidence)


def test_sentry_organization_token_names_the_organization() -> None:
    shape = '{{sntrys_|json:{"org":"acme","region_url":"https://us.sentry.io","iat":1.5}|_|b64:43}}'
    assert look("sentry_org_token", shape).facts == {"organisation": "acme", "host": "https://us.sentry.io"}


def test_sentry_dsn_of_the_old_form_holds_a_secret() -> None:
    new = look("sentry_dsn", "https://{{hex:32}}@o1.ingest.sentry.io/42").facts
    old = look("sentry_dsn", "https://{{hex:32}}:{{hex:32}}@sentry.acme.io/42").facts
    assert new == {"host": "o1.ingest.sentry.io", "project": "42"}
    assert old["secret"] is True


def test_pypi_token_tells_location_and_caveats() -> None:
    inspection = look("pypi", "{{pypi:test.pypi.org}}")
    assert inspection.facts == {"location": "test.pypi.org", "caveats": ("user",)}


@pytest.mark.parametrize("length", range(0, 120, 7))
def test_a_truncated_macaroon_never_reads_past_its_end(length: int) -> None:
    value = expand("{{pypi:pypi.org}}", 1)[:length]
    assert inspect("pypi", value.encode()).facts.get("location") in (None, "pypi.org")


def test_pypi_expiry_caveat_is_evidence() -> None:
    caveat = b"[0, 1760000000, 1750000000]"
    raw = b"\x02\x01\x08pypi.org\x02\x01x\x00\x02" + bytes([len(caveat)]) + caveat + b"\x00\x00\x06\x01x"
    inspection = inspect("pypi", b"pypi-" + base64.urlsafe_b64encode(raw))
    assert inspection.facts["caveats"] == ("expiry",)
    assert inspection.evidence.expires_at == dt.datetime(2025, 10, 9, 8, 53, 20, tzinfo=dt.timezone.utc)


def test_aws_key_id_names_its_account() -> None:
    inspection = inspect("aws_key_id", b"ASIA" + b"QNZGKIQY56JQ7WML")
    assert inspection.facts == {"temporary": True, "account id": "029608264753"}


def test_azure_key_tells_the_seed() -> None:
    assert look("azure_key", "{{azure:AzSe:PAdmin00:39}}").facts == {"signature": "AzSe", "seed": "PAdmin00"}


def test_shared_access_signature_tells_rights_scope_and_expiry() -> None:
    inspection = inspect("azure_sas", b"sv=2022-11-02&se=2027-01-01T00%3A00%3A00Z&sr=b&sp=rl&sig=hidden")
    assert inspection.facts == {"permissions": "rl", "expires": "2027-01-01T00:00:00Z", "resource": "b"}
    assert inspection.evidence.expires_at == dt.datetime(2027, 1, 1, tzinfo=dt.timezone.utc)
    assert "hidden" not in repr(inspection)


def test_gitlab_routable_token_tells_its_organisation() -> None:
    assert look("gitlab", "{{gitlab}}").facts == {"organisation": "1", "user number": "100"}
    assert look("gitlab", "{{glpat-|b64u:20}}").facts == {}


def test_slack_ids() -> None:
    assert look("slack", "xoxb-123456789012-987654321098-{{b62:24}}").facts == {
        "team id": "123456789012",
        "bot id": "987654321098",
    }
    assert look("slack", "xapp-1-A0123456789-1234567890123-{{hex:64}}").facts == {"app id": "A0123456789"}
    assert look("slack", "https://hooks.slack.com/services/T0AB/B0CD/{{b62:24}}").facts == {"team id": "T0AB"}


def test_telegram_bot_id() -> None:
    assert look("telegram", "110201543:AA{{b64u:33}}").facts == {"bot id": "110201543"}


def test_pem_kind_and_passphrase() -> None:
    assert look("pem", "{{pem:RSA PRIVATE KEY}}").facts == {"kind": "RSA PRIVATE KEY", "encrypted": "no"}
    assert look("pem", "{{pem:ENCRYPTED PRIVATE KEY}}").facts["encrypted"] == "yes"


@pytest.mark.parametrize(("cipher", "expected"), [(b"none", "no"), (b"aes256-ctr", "yes")])
@pytest.mark.parametrize("line_break", ["\n", "\\n", "\r\n"])
def test_openssh_cipher_field_tells_a_passphrase(cipher: bytes, expected: str, line_break: str) -> None:
    body = b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + bytes(60)
    label = "OPENSSH PRIVATE" + " KEY"
    armour = (f"-----BEGIN {label}-----", base64.b64encode(body).decode(), f"-----END {label}-----")
    text = line_break.join(armour)
    assert inspect("pem", text.encode()).facts["encrypted"] == expected


@pytest.mark.parametrize(
    ("url", "local", "placeholder"),
    [
        (f"postgres://app:{GENERATED}@db.acme.io", False, False),
        (f"postgres://app:{GENERATED}@localhost", True, False),
        (f"postgres://app:{GENERATED}@127.0.0.1:5432", True, False),
        (f"amqp://app:{GENERATED}@rabbit", True, False),
        ("mysql://app" + ":app@db.acme.io", False, True),
        ("mysql://app:changeme@db.acme.io", False, True),
        (f"mysql://app:{GENERATED}@db.example.com", False, True),
        (f"mysql://app:{GENERATED}@[::1", False, False),
    ],
)
def test_url_credentials_tell_where_they_lead(url: str, local: bool, placeholder: bool) -> None:
    facts = inspect("url_credentials", url.encode()).facts
    assert (facts.get("local", False), facts.get("placeholder", False)) == (local, placeholder)


def test_the_user_of_a_url_is_not_printed() -> None:
    evidence = inspect("url_credentials", f"https://jane:{GENERATED}@git.acme.io".encode()).evidence
    assert dict(evidence.facts) == {"scheme": "https", "user": "(masked)", "host": "git.acme.io"}


def test_checksum_by_name() -> None:
    assert checksum("github", expand("{{ghp_|github}}", 1).encode()) is True
    assert checksum("", b"anything") is None
    assert inspect("", b"anything") == Inspection()


def test_an_annotated_azure_key_tells_service_and_month() -> None:
    facts = look("azure_annotated", "{{annotated:ACOG}}").evidence.facts
    assert dict(facts) == {"signature": "ACOG", "issued": "2025-03", "derived": "no"}


def test_a_devops_token_tells_whose_it_is() -> None:
    assert look("azure_devops", "{{devops}}").evidence.facts == (("kind", "user"),)
    assert look("azure_devops", "{{base32:52}}").evidence.facts == ()


def test_a_signature_in_an_address_tells_rights_scope_and_expiry() -> None:
    found = look(
        "azure_sas", "sv=2022-11-02&ss=b&srt=o&sp=rw&st=2026-01-01&se=2030-01-01T00:00:00Z&spr=https&sig=x"
    )
    assert found.evidence.expires_at == dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc)
    assert dict(found.evidence.facts) == {
        "permissions": "rw",
        "starts": "2026-01-01",
        "services": "b",
        "resource types": "o",
        "protocols": "https",
    }


def test_ids_inside_bot_mail_and_flag_tokens_are_told() -> None:
    bot = base64.b64encode(b"123456789012345678").decode()
    assert look("discord", bot + ".abcdef.{{b62:27}}").evidence.facts == (("bot id", "123456789012345678"),)
    assert look("mailchimp", "{{hex:32}}-us17").evidence.facts == (("data centre", "us17"),)
    assert dict(look("unleash", "web:production.{{hex:56}}").facts) == {
        "project": "web",
        "environment": "production",
    }


def test_the_newer_installation_token_tells_app_and_expiry() -> None:
    found = look("github_installation", 'ghs_4711_{{jwt:{"iss":"4711","exp":1760000000}}}')
    assert found.evidence.facts == (("app id", "4711"),)
    assert found.evidence.expires_at is not None
    assert look("github_installation", "{{ghs_|github}}").facts == {}


def test_secret_scopes_of_a_temporary_map_token_are_told_apart() -> None:
    public = look("mapbox", '{{tk.|json:{"u":"acme","scopes":["styles:read","fonts:read"]}|.|b64u:22}}')
    assert "secret scopes" not in public.facts
    secret = look("mapbox", '{{tk.|json:{"u":"acme","scopes":["styles:read","tokens:write"]}|.|b64u:22}}')
    assert secret.facts["secret scopes"] == ("tokens:write",)


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ("app_reader", "app_reader"),
        ("postgres", "postgres"),
        ("svc-7", "svc-7"),
        ("jane", "(masked)"),
        ("x" * 20, "(masked)"),
    ],
)
def test_users_of_addresses_are_shown_where_they_name_a_service(user: str, shown: str) -> None:
    found = inspect("url_credentials", f"postgres://{user}:{GENERATED}@db.acme.io/app".encode())
    assert dict(found.evidence.facts)["user"] == shown
