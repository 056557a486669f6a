from __future__ import annotations

import random
import re
import string
from pathlib import Path

import pytest
import tomli

from keylint.builtin import builtin_dir
from keylint.engine import Engine
from keylint.engine.naming import Providers, read_name
from keylint.errors import ConfigError
from keylint.providers import load_providers
from keylint.rule import Rule
from tests.helpers import builtin

FILES = sorted(Path(builtin_dir(), "names").glob("*.toml"))
ENTRIES = load_providers()
KNOWN = Providers(ENTRIES)


def value(seed: int, size: int = 32) -> str:
    """Letters and digits in turns, as generated values have them."""
    rng = random.Random(seed)
    return "".join(
        rng.choice(string.ascii_letters) + rng.choice(string.digits) for _ in range((size + 1) // 2)
    )


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine([rule for rule in builtin.rules() if rule.id == "generic.assignment"])


def service(engine: Engine, text: str) -> str | None:
    """The provider that the finding of a text is labelled with; None without a finding."""
    hits = engine.scan(text.encode())
    return dict(hits[0].evidence.facts).get("service", "") if hits else None


def test_there_are_many_providers_and_each_alias_has_one_owner() -> None:
    assert len({name for _, name, _ in ENTRIES}) >= 800
    assert len({alias for alias, _, _ in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_entries_are_well_formed(file: Path) -> None:
    providers = tomli.loads(file.read_text(encoding="utf-8"))["providers"]
    assert list(providers) == sorted(providers), "in order, so that additions are easy to review"
    for key, entry in providers.items():
        assert re.fullmatch(r"[a-z0-9]+", key)
        assert all(re.fullmatch(r"[a-z0-9]{2,}", alias) for alias in entry.get("aliases", ()))
        assert all(
            re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}(?:/[a-z]+)?", host) for host in entry.get("hosts", ())
        )
        assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", variable) for variable in entry.get("env", ()))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("FLASK_APP_AIVEN_API_KEY", "Aiven"),
        ("geckoboardKey", "Geckoboard"),
        ("newrelicpersonalapikey", "New Relic"),
        ("NEW_RELIC_LICENSE_KEY", "New Relic"),
        ("buy_me_a_coffee_token", "Buy Me a Coffee"),
        ("web3StorageToken", "Web3.Storage"),
        ("CO_API_KEY", "Cohere"),
        ("https://api.airtable.com/v0?key", "Airtable"),
        ("the stripe secret", "Stripe"),
    ],
)
def test_a_name_tells_its_provider(text: str, name: str) -> None:
    found = KNOWN.find(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("text", ["toolbox_key", "squared", "enclosed token", "api_key", "", "x" * 5000])
def test_a_part_of_a_word_is_no_provider(text: str) -> None:
    assert KNOWN.find(text) is None


@pytest.mark.parametrize(
    "line",
    [
        'AIVEN_API_KEY = "{}"', "export AIVEN_TOKEN={}", '"aivenSecret": "{}"', "aiven token - '{}'",
        "aiven.api.key: {}", "const aivenKey string = \"{}\"", 'aiven_key := "{}"',
        "<aivenToken>{}</aivenToken>",
        '<add key="AivenApiKey" value="{}"/>', "curl -H 'X-Aiven-Token: {}'", "aiven:\n  api_key: {}",
        "// aiven\nsetApiKey(\"{}\");", '{{"name": "AIVEN_TOKEN", "value": "{}"}}', "ENV AIVEN_TOKEN {}",
        "# aiven\nAuthorization: Bearer {}", 'let aivenToken: &str = "{}";', "?provider=aiven&token={}",
        '\\"aiven_token\\": \\"{}\\"', "define('AIVEN_SECRET', '{}');",
        "[DEBUG] call aiven\n[DEBUG] using key={}",
    ],
)  # fmt: skip
def test_assignments_of_many_notations_are_found_and_labelled(engine: Engine, line: str) -> None:
    for seed in range(5):
        assert service(engine, line.format(value(seed))) == "Aiven"


def test_a_value_that_begins_with_words_is_found(engine: Engine) -> None:
    for words in ("rpl_live_", "key_live_", "acme_prod_", "acme_secret_"):
        for seed in range(20):
            digits = f"{random.Random(seed).getrandbits(192):048x}"
            assert service(engine, f"RIPPLE_API_KEY={words}{digits}") is not None


def test_a_value_without_a_known_provider_needs_a_strong_name(engine: Engine) -> None:
    digest = f"{random.Random(1).getrandbits(128):032x}"
    assert service(engine, f'internal_api_key = "{value(1)}"') == ""
    assert service(engine, f'internal_api_key = "{digest}"') == ""
    assert service(engine, f'sort_key = "{value(1)}"') is None
    assert service(engine, f'key = "{digest}"') is None
    assert service(engine, f"acmeorg_key = {digest}") is None
    assert service(engine, f'acmeorg_key = "{digest}"') == "", "somebody's key, in quotes"


def test_an_ordinary_word_counts_in_the_name_of_the_value_only(engine: Engine) -> None:
    assert service(engine, f'stripe_token = "{value(2)}"') == "Stripe"
    assert service(engine, f'# stripe them\ntoken = "{value(2)}"') == ""


def test_of_several_aliases_only_the_shortest_is_an_ordinary_word() -> None:
    words = {alias: word for alias, name, word in ENTRIES if name == "Harvest" and "." not in alias}
    assert words["harvest"]
    assert not words["harvestapp"]


def test_the_name_ends_where_another_one_begins() -> None:
    text = "public_key=x; api_token = '"
    assert read_name(text, len("token = '")).text == "api_token = '"
    assert not read_name(text, len("token = '")).harmless


def test_a_listing_that_is_no_table_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "providers").mkdir()
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "mine.toml").write_text(
        "[providers]\nacme = { title = 'Acme' }\n", encoding="utf-8"
    )
    monkeypatch.setattr("keylint.builtin.builtin_dir", lambda: str(tmp_path))
    load_providers.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r"mine\.toml: acme: needs a name, and no \['title'\]"):
            load_providers()
    finally:
        load_providers.cache_clear()


def test_rules_share_the_providers_by_name(engine: Engine) -> None:
    rule: Rule = engine.rules[0]
    assert rule.names == ENTRIES
