"""Both prefilters and the slow, obvious way find the same."""

from __future__ import annotations

import random

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from keylint.engine import Engine, confirm, core
from keylint.engine.places import batched, value_at
from keylint.records import replace
from keylint.rule import Allowlist, Rule
from tests.engine.rulekit import coveo_key, reference, rule, spans, token
from tests.helpers import builtin

PATTERNS = (
    r"\bab[0-9]{2,4}\b",
    r"(?<![a-z])ba[a-c]{1,3}(?![0-9])",
    r"(?<=k=)c+",
    r"a(?i)bc",
    r"(?i)KEY\s{0,2}[:=]\s{0,2}['\"]?([0-9a-c]{3,8})",
    r"^c[0-9]+$",
    r"\Aa.{0,3}\z",
    r"\Bbb\B",
    r"([abc])[0-9]\1",
    r"(?>a+)b",
    r"c++0",
    r"ab.*c",
    r"-{2}b[\s\S]{3,20}?-{2}e",
    r"(?:^|[^a-z])k=[[:alpha:]]{2,5}",
    r"a(?:b|bc|bc0)1?",
    r"[^abc]{2}0(?=1)",
    r"(?s:b.c)",
    r"a{,2}b0",
    r"b\p{Lu}",
    r"(?<name>a0)|(b0)",
    r"a*",
    r"(?i)(?:key|ab|bab|kk=)[a-z]{0,3}(?:[:=]\s?)?([0-9a-ck]{2,6})",
    r"--begin-[^=]{3,1500}?-end--",
    r"begin-[^=]{3,1500}(?<!e)-end(?!-)",
)
RULES = tuple(rule(f"r{i}", p, priority=50) for i, p in enumerate(PATTERNS))
SNIPPETS = (
    "ab12", "bab", "k=ccc", "aBC", "key: 'a0c1b2'", "c123\n", "axxx", "xbbx", "a1a", "b0c", "aab", "cc0",
    "abc01", "--begin-", "-end--", "-end", "--b", "--e", "k=ABc", "yz01", "b\nc", "aab0", "bK", "a0", "b0",
    "\n", "\r\n", " ", "é",
)  # fmt: skip
NOISE = st.text(alphabet="abcABk=:'\" 01-e\n\r", max_size=12)
TEXT = st.lists(st.one_of(st.sampled_from(SNIPPETS), NOISE), max_size=60).map("".join)


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=150, deadline=None)
@given(text=TEXT)
def test_windows_find_what_a_search_of_everything_finds(pattern: str, text: str) -> None:
    data = text.encode()
    expected = reference(pattern.replace(r"\z", r"\Z"), data)
    assert [(hit.start, hit.end) for hit in _single(pattern).scan(data)] == expected


@settings(max_examples=200, deadline=None)
@given(text=TEXT)
def test_both_prefilters_find_the_same_with_all_rules_at_once(text: str) -> None:
    data = text.encode()
    fast, pure = _both()
    assert spans(fast.scan(data)) == spans(pure.scan(data))


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(TEXT, max_size=6))
def test_objects_in_a_slab_give_what_they_give_alone(texts: list[str]) -> None:
    fast, pure = _both()
    buffer, bounds = bytearray(b"\n"), []
    for data in (text.encode() for text in texts):
        bounds.append((len(buffer), len(buffer) + len(data)))
        buffer += data + b"\n"
    alone = [(i, spans(r)) for i, text in enumerate(texts) if (r := fast.scan(text.encode()))]
    assert [(i, spans(r)) for i, r in fast.scan_slab(buffer, bounds)] == alone
    assert [(i, spans(r)) for i, r in pure.scan_slab(bytes(buffer), bounds)] == alone


CONDITIONS = st.builds(
    Allowlist,
    condition=st.sampled_from(["OR", "AND"]),
    regexes=st.sampled_from([(), ("1",), ("^a",)]),
    paths=st.sampled_from([(), (r"^docs/",), (r"\.md$", "x")]),
    stopwords=st.sampled_from([(), ("b0",)]),
)
PATHS = ("docs/a.txt", "docs/b.md", "src/x.py", "src/y.md", "y")


@settings(max_examples=150, deadline=None)
@given(
    text=TEXT,
    wheres=st.lists(
        st.tuples(st.sampled_from(["", r"\.md$", "^src"]), st.lists(CONDITIONS, max_size=2).map(tuple)),
        min_size=len(RULES),
        max_size=len(RULES),
    ),
)
def test_hits_anywhere_tell_the_hits_under_each_path(
    text: str, wheres: list[tuple[str, tuple[Allowlist, ...]]]
) -> None:
    data = text.encode()
    rules = [replace(r, path=path, allowlists=lists) for r, (path, lists) in zip(RULES, wheres, strict=True)]
    engine = Engine(rules, prefilter="pure")
    anywhere = engine.scan(data, path=None).anywhere
    assert anywhere is not None
    for path in PATHS:
        assert engine.under(anywhere, data, path) == engine.scan(data, path=path)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_hits_of_built_in_rules_tell_those_under_a_path(seed: int) -> None:
    fast, _ = _built_in()
    data = _text_with_values(random.Random(seed), fast.rules)
    anywhere = fast.scan(data, path=None).anywhere
    assert anywhere is not None
    for path in ("docs/manual.md", "a/b.tf", ".env"):
        assert fast.under(anywhere, data, path) == fast.scan(data, path=path)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_hits_come_back_from_their_places_and_the_bytes(seed: int) -> None:
    fast, pure = _built_in()
    data = _text_with_values(random.Random(seed), fast.rules)
    hits = fast.scan(data, path=None).anywhere
    assert hits is not None
    places = fast.places(hits)
    assert pure.hits_at(places, data) == list(hits)
    assert [value_at(pure.rules, place, data) for place in batched(places)] == [hit.value for hit in hits]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_built_in_rules_find_the_same_on_both_paths(seed: int) -> None:
    fast, pure = _built_in()
    data = _text_with_values(random.Random(seed), pure.rules)
    assert [hit._replace(evidence=None) for hit in fast.scan(data)] == [
        hit._replace(evidence=None) for hit in pure.scan(data)
    ]


def test_built_in_rules_find_something_in_the_texts_of_these_tests() -> None:
    fast, _ = _built_in()
    found = {
        hit.base.id
        for seed in range(40)
        for hit in fast.scan(_text_with_values(random.Random(seed), fast.rules))
    }
    assert len(found) >= 5


@pytest.mark.parametrize("shift", range(0, 50, 7))
def test_a_value_across_the_border_of_two_pieces_is_found_once(
    shift: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "MAX_BUFFER", 256)
    key = rule("token", r"\btok_[0-9A-Za-z]{36}\b")
    value = token(random.Random(shift))
    data = ("." * (256 - 40 + shift) + value + "." * 300 + value + "\n").encode()
    engine = Engine([key], prefilter="hyperscan")
    assert [(hit.start, hit.end) for hit in engine.scan(data)] == reference(key.regex, data)


def _single(pattern: str) -> Engine:
    if pattern not in _ENGINES:
        _ENGINES[pattern] = (Engine([rule("one", pattern)]),)
    return _ENGINES[pattern][0]


def _both() -> tuple[Engine, ...]:
    if "all" not in _ENGINES:
        _ENGINES["all"] = (Engine(RULES, prefilter="hyperscan"), Engine(RULES, prefilter="pure"))
    return _ENGINES["all"]


def _built_in() -> tuple[Engine, ...]:
    if "built in" not in _ENGINES:
        _ENGINES["built in"] = (builtin.engine("hyperscan"), builtin.engine("pure"))
    return _ENGINES["built in"]


_ENGINES: dict[str, tuple[Engine, ...]] = {}


def _text_with_values(rng: random.Random, rules: tuple[Rule, ...]) -> bytes:
    """Words, keys of several shapes and the examples of rules, cut and joined at random."""
    pieces = [_piece(rng, rules) for _ in range(rng.randrange(1, 40))]
    text = "".join(piece + rng.choice(["", " ", "\n", '"', "=", "%3D"]) for piece in pieces)
    return text.encode()[rng.randrange(0, 5) :]


def _piece(rng: random.Random, rules: tuple[Rule, ...]) -> str:
    patterned = [r for r in rules if r.examples]
    makers = (
        lambda: coveo_key(rng),
        lambda: coveo_key(rng).replace("-", "%2D"),
        lambda: token(
            rng, rng.randrange(20, 60), rng.choice(["sk_live_", "pk_test_", "sk_", "ghp_", "eyJ", "ak_"])
        ),
        lambda: f"{rng.choice(['api_key', 'token', 'password'])} {rng.choice('=:')} '{token(rng, 24, '')}'",
        lambda: _filled(rng, rng.choice(rng.choice(patterned).examples)) if patterned else "",
        lambda: rng.choice(
            ["the", "quick", "coveo", "-----BEGIN RSA PRIVATE KEY-----", "postgres://u:p@h/db"]
        ),
    )
    return rng.choice(makers)()


def _filled(rng: random.Random, example: str) -> str:
    """An example with its generated parts filled in roughly: hex fits more shapes than anything else."""
    return regex.sub(r"\{\{[^{}]*\}\}", lambda _m: coveo_key(rng), example)


@pytest.mark.parametrize(
    "text",
    [
        "--begin-abc-end--",
        "--begin-" + "b" * 1400 + "-end--",
        "--begin-" + "b" * 1600 + "-end--",
        "--begin-ab--begin-cd-end-- -end--",
        "--begin-abc-end--begin-def-end-- --begin-ghi-end--",
        "--begin-" + "b" * 100 + "-end--begin-" + "d" * 100 + "-end--",
        "--begin-abc=--begin-abc-end--",
        "--begin-" * 300 + "abc-end--",
    ],
)
def test_a_wide_pattern_is_confirmed_forward_from_its_opening(text: str) -> None:
    for pattern in (p for p in PATTERNS if "begin" in p):
        raws = _single(pattern)._of.confirmer(0)
        data = text.encode()
        clusters = _single(pattern)._candidates(data).get(0, [])
        found = raws.search(data, clusters, confirm.Budget(len(data))) if clusters else []
        assert [(raw.start, raw.end) for raw in found] == reference(pattern, data)
