"""Offline checksums: published vectors, values built to fit, and values that were tampered with."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.engine import checksums
from keylint.shapes import expand

BUILT = {
    "github": "{{ghp_|github}}",
    "npm": "{{npm_|npm}}",
    "grafana": "{{grafana}}",
    "cloudflare": "{{cfut_|cloudflare}}",
    "gitlab": "{{gitlab}}",
    "azure_key": "{{azure:+ASt:Default0:64}}",
    "azure_annotated": "{{annotated:ACOG}}",
    "azure_devops": "{{devops}}",
    "entra": "{{entra}}",
    "pem": "{{pem:RSA PRIVATE KEY}}",
}
LENIENT = ("cloudflare", "gitlab")  # third-party layouts: a mismatch proves nothing


def changed(value: str, at: int) -> str:
    return value[:at] + ("a" if value[at] != "a" else "b") + value[at + 1 :]


@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize("seed", range(5))
def test_a_value_built_with_its_checksum_fits(name: str, seed: int) -> None:
    assert checksums.REGISTRY[name](expand(BUILT[name], seed)) is True


@pytest.mark.parametrize("name", sorted(set(BUILT) - {"pem"}))
def test_a_value_with_one_changed_character_does_not_fit(name: str) -> None:
    value = expand(BUILT[name], 1)
    expected = None if name in LENIENT else False
    assert checksums.REGISTRY[name](changed(value, 12)) is expected


def test_a_block_that_was_cut_does_not_fit_and_one_in_source_text_is_not_judged() -> None:
    value = expand(BUILT["pem"], 1)
    assert checksums.pem(value.replace("\n", "\\n")) is True
    lines = value.split("\n")
    assert checksums.pem("\n".join([*lines[:3], *lines[4:]])) is False
    assert checksums.pem("\n".join(lines[:-1])) is None
    assert checksums.pem(value.replace("\n", '"\n+ "')) is None
    assert checksums.pem(expand("{{pem:OPENSSH PRIVATE KEY}}", 1)) is None


@pytest.mark.parametrize("signature", sorted(checksums.AZURE_SEEDS))
def test_the_seed_of_every_azure_family_is_told(signature: str) -> None:
    size = {"+ASt": 64, "ACDb": 64, "+ABa": 64, "+AMC": 64, "APIM": 64, "AzSe": 39, "+ACR": 39, "AzFu": 40}
    for seed in checksums.AZURE_SEEDS[signature]:
        value = expand(f"{{{{azure:{signature}:{seed}:{size.get(signature, 32)}}}}}", 2)
        assert (checksums.azure_signature(value), checksums.azure_seed(value)) == (signature, seed)


def test_a_derived_annotated_key_and_the_older_client_secret_are_not_judged() -> None:
    value = expand("{{annotated:ACOG}}", 1)
    assert checksums.azure_annotated(value[:57] + "D" + value[58:]) is None
    assert checksums.entra(expand("{{entra}}", 1).replace("8Q~", "7Q~")) is None


def test_the_long_form_of_an_annotated_key_ends_in_the_whole_hash() -> None:
    head = base64.b64decode(expand("{{annotated:ACOG}}", 1)[:80])
    value = base64.b64encode(head + checksums.azure_sum(head, "Default0")).decode()
    assert len(value) == 88
    assert checksums.azure_annotated(value) is True


@pytest.mark.parametrize("name", checksums.REGISTRY)
@pytest.mark.parametrize(
    "value", ["", "x", "ghp_short", "glsa_", "cfut_", "glpat-classic", "AccountKey", "\u20ac" * 40]
)
def test_a_value_of_another_shape_has_no_answer(name: str, value: str) -> None:
    assert checksums.REGISTRY[name](value) is None


@given(st.text(max_size=120), st.sampled_from(sorted(checksums.REGISTRY)))
def test_no_text_makes_a_checksum_fail(value: str, name: str) -> None:
    assert checksums.REGISTRY[name](value) in (True, False, None)


def test_every_registered_checksum_is_tried_here() -> None:
    assert set(BUILT) == set(checksums.REGISTRY)


def test_crc_of_the_published_npm_dummy() -> None:
    """The dummy token of https://github.com/secretlint/secretlint/issues/200, in two pieces."""
    assert checksums.crc_base62("qkJaB6MffYVzZXWqmcoF49" + "yrUxP3wf") == "0LsakP"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("", 0x30ED35C100CD3C7D),
        ("af", 0x48E73FC77D75DDC1),
        ("e70f", 0xB5F6E1FC485DBFF8),
        ("37f495", 0xF0B07C789B8CF7E8),
        ("8642dc59", 0x7008F2E87E9CF556),
    ],
)
def test_marvin_vectors_of_the_vendor(data: str, expected: int) -> None:
    """https://github.com/dotnet/runtime, MarvinTests, seed 1; the halves XORed as ComputeHash32 does."""
    got = checksums.marvin32(bytes.fromhex(data), 0x004FB61A001BDBCC)
    assert got == (expected >> 32) ^ (expected & 0xFFFFFFFF)


@pytest.mark.parametrize("signature", checksums.AZURE_SEEDS)
def test_each_azure_seed_is_told_apart(signature: str) -> None:
    size = {"AzSe": 39, "AzFu": 40, "+ASt": 64, "ACDb": 64}.get(signature, 32)
    for seed in checksums.AZURE_SEEDS[signature]:
        value = expand(f"{{{{azure:{signature}:{seed}:{size}}}}}", 3)
        assert checksums.azure_signature(value) == signature
        assert checksums.azure_seed(value) == seed


def test_keys_of_azure_policies_with_unknown_seeds_are_not_judged() -> None:
    assert checksums.azure_key(changed(expand("{{azure:+ASb:Send0000:32}}", 1), 3)) is None


def test_account_of_a_documented_aws_key_id() -> None:
    """The example of https://docs.rs/aws_account_id_from_key_id, in two pieces."""
    assert checksums.aws_account_id("ASIA" + "QNZGKIQY56JQ7WML") == "029608264753"


@pytest.mark.parametrize(
    "key_id", ["AKIA" + "I234567ABCDEFGHJ", "AKIA" + "J234567ABCDEFGHJ", "AKIA", "AKIA" + "0" * 16]
)
def test_aws_key_ids_that_tell_no_account(key_id: str) -> None:
    assert checksums.aws_account_id(key_id) == ""


@given(st.integers(min_value=0, max_value=2**32), st.sampled_from([checksums.BASE36, "01"]))
def test_to_base_is_the_positional_system(number: int, alphabet: str) -> None:
    assert int(checksums.to_base(number, alphabet, 3), len(alphabet)) == number
