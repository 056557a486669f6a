from __future__ import annotations

import random

import pytest

from keylint.engine import Engine
from keylint.errors import ConfigError
from keylint.rule import Allowlist, Context
from tests.engine.rulekit import coveo_key, engines, rule, spans, token

TOKEN = rule("token", r"\btok_[0-9A-Za-z]{36}\b")


def test_a_value_is_found_with_its_byte_offsets() -> None:
    value = token(random.Random(1)).encode()
    data = "é = '".encode() + value + b"'\n"
    for engine in engines(TOKEN):
        (hit,) = engine.scan(data)
        assert data[hit.secret_start : hit.secret_end] == value == hit.value


def test_values_at_the_first_and_last_byte_are_found() -> None:
    rng = random.Random(2)
    first, last = token(rng), token(rng)
    data = f"{first} {last}".encode()
    for engine in engines(TOKEN):
        assert spans(engine.scan(data)) == [("token", 0, 40), ("token", 41, 81)]


def test_empty_and_irrelevant_data_give_nothing() -> None:
    for engine in engines(TOKEN):
        assert engine.scan(b"") == []
        assert engine.scan(b"nothing to see here\n") == []


def test_without_rules_nothing_is_found() -> None:
    for engine in engines():
        assert engine.scan(b"anything") == []
        assert engine.max_window == 0


def test_ten_thousand_occurrences_of_one_key_are_all_counted() -> None:
    line = token(random.Random(3)).encode() + b"\n"
    for engine in engines(TOKEN):
        result = engine.scan(line * 10_000)
        assert len(result) == 10_000
        assert result.limits == ()


def test_the_secret_is_the_named_group_then_the_numbered_then_the_first_that_took_part() -> None:
    data = b"id=aaaa key=bbbb"
    named = rule("named", r"id=(\w{4}) key=(?P<secret>\w{4})")
    numbered = rule("numbered", r"id=(\w{4}) key=(\w{4})", secret_group=2)
    first = rule("first", r"nothing=(\w{4})|id=(\w{4})")
    whole = rule("whole", r"key=\w{4}")
    for single, expected in ((named, b"bbbb"), (numbered, b"bbbb"), (first, b"aaaa"), (whole, b"key=bbbb")):
        for engine in engines(single):
            assert [hit.value for hit in engine.scan(data)] == [expected]


def test_percent_forms_are_one_canonical_value() -> None:
    value = coveo_key(random.Random(4))
    key = rule(
        "coveo",
        r"xx[0-9a-f]{8}(?:(?:-|%2[Dd])[0-9a-f]{4}){3}(?:-|%2[Dd])[0-9a-f]{12}",
        normalize=("percent",),
    )
    data = f"{value} {value.replace('-', '%2D')} {value.replace('-', '%2d')}".encode()
    for engine in engines(key):
        assert {hit.value for hit in engine.scan(data)} == {value.encode()}
        assert len(engine.scan(data)) == 3


def test_keywords_must_occur_somewhere_in_the_blob_in_any_case() -> None:
    value = token(random.Random(5))
    needy = rule("needy", TOKEN.regex, keywords=("acme",))
    for engine in engines(needy):
        assert engine.scan(value.encode()) == []
        assert len(engine.scan(f"{value}\n# ACME".encode())) == 1


def test_low_entropy_values_are_dropped() -> None:
    flat = "tok_" + "ab" * 18
    picky = rule("picky", TOKEN.regex, entropy=3.0)
    for engine in engines(picky):
        assert engine.scan(flat.encode()) == []
        assert len(engine.scan(token(random.Random(6)).encode())) == 1


def test_a_path_rule_applies_to_its_paths_only() -> None:
    data = token(random.Random(7)).encode()
    for engine in engines(rule("path", TOKEN.regex, path=r"\.env$")):
        assert len(engine.scan(data, path="app/.env")) == 1
        assert engine.scan(data, path="app/.envrc") == []
        assert engine.scan(data) == []


def test_rules_for_text_do_not_apply_to_binary_data() -> None:
    data = token(random.Random(8)).encode()
    for engine in engines(rule("text", TOKEN.regex, binary=False)):
        assert len(engine.scan(data)) == 1
        assert engine.scan(data, binary=True) == []


@pytest.mark.parametrize(("gap", "expected"), [(10, [False]), (400, [])])
def test_missing_context_drops_a_match(gap: int, expected: list[bool]) -> None:
    data = ("acme" + " " * gap + token(random.Random(9))).encode()
    for engine in engines(rule("near", TOKEN.regex, context=Context("acme", within=100))):
        assert [hit.tentative for hit in engine.scan(data)] == expected


def test_missing_context_makes_a_match_tentative_where_an_inventory_may_decide() -> None:
    value = token(random.Random(10))
    for engine in engines(rule("near", TOKEN.regex, context=Context("acme", 0, or_inventory=True))):
        assert [hit.tentative for hit in engine.scan(value.encode())] == [True]
        assert [hit.tentative for hit in engine.scan(f"acme{' ' * 5000}{value}".encode())] == [False]


def test_offsets_count_within_each_object_of_a_slab() -> None:
    rng = random.Random(11)
    objects = [f"a {token(rng)}", "", "nothing", f"{token(rng)}", f"{token(rng)} {token(rng)}"]
    buffer, bounds = _slab([text.encode() for text in objects])
    for engine in engines(TOKEN):
        found = engine.scan_slab(memoryview(buffer), bounds)
        assert [(i, spans(hits)) for i, hits in found] == [
            (0, [("token", 2, 42)]),
            (3, [("token", 0, 40)]),
            (4, [("token", 0, 40), ("token", 41, 81)]),
        ]


def test_a_match_never_crosses_the_border_of_two_objects() -> None:
    buffer, bounds = _slab([b"one=", b"two", b"one=\ntwo"])
    for engine in engines(rule("cross", r"one=\s(two)")):
        assert [i for i, _ in engine.scan_slab(buffer, bounds)] == [2]


def test_text_anchors_hold_at_the_borders_of_objects_only() -> None:
    pattern = r"\Aab[0-9]{3}\z"
    buffer, bounds = _slab([b"ab123", b"ab123\nab456", b"x\nab123", b"ab789"])
    for engine in engines(rule("anchored", pattern)):
        assert [i for i, _ in engine.scan_slab(buffer, bounds)] == [0, 3]


def test_rules_for_text_skip_the_binary_objects_of_a_slab() -> None:
    value = token(random.Random(12)).encode()
    buffer, bounds = _slab([b"\0" + value, value])
    for engine in engines(rule("text", r"tok_[0-9A-Za-z]{36}", binary=False)):
        assert [i for i, _ in engine.scan_slab(buffer, bounds)] == [1]


def test_an_engine_from_a_dumped_database_finds_the_same() -> None:
    opaque = rule("opaque", r"a\p{Lu}{3}z")
    engine = Engine([TOKEN, opaque], prefilter="hyperscan")
    again = Engine([TOKEN, opaque], database=engine.dump_database())
    data = f"{token(random.Random(13))} aXYZz".encode()
    assert spans(again.scan(data)) == spans(engine.scan(data))
    assert len(again.scan(data)) == 2


def test_an_engine_that_compiles_everything_at_once_finds_and_stores_the_same() -> None:
    one, other = Engine([TOKEN]), Engine([TOKEN], complete=True)
    assert other.dump_database() == one.dump_database()


def test_a_pattern_that_does_not_compile_is_told_while_the_database_is_compiled() -> None:
    pytest.importorskip("hyperscan")
    with pytest.raises(ConfigError, match=r"rule wrong: regex does not compile"):
        Engine([TOKEN, rule("wrong", "acme_(?<=a")], complete=True)


def test_the_pure_path_takes_over_where_hyperscan_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keylint.engine.extension.load", lambda: None)
    assert Engine([TOKEN]).prefilter_name == "pure"
    with pytest.raises(ConfigError, match="not installed"):
        Engine([TOKEN], prefilter="hyperscan")


def test_an_unknown_prefilter_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="auto, hyperscan or pure"):
        Engine([TOKEN], prefilter="fast")


def test_a_pattern_that_does_not_compile_names_the_rule_and_the_field() -> None:
    for engine in (Engine([rule("broken", r"ab(?i", source="mine.toml")], prefilter="pure"),):
        with pytest.raises(ConfigError, match=r"mine\.toml: rule broken: regex does not compile"):
            engine.scan(b"ab")


def test_hits_do_not_show_their_value() -> None:
    value = token(random.Random(14))
    (hit,) = Engine([TOKEN]).scan(value.encode())
    assert value[4:] not in repr(hit)


def test_an_allowlist_needs_any_condition_or_all_of_them() -> None:
    value = "tok_" + "Zq7" * 12
    either = rule("any", TOKEN.regex, allowlists=(Allowlist(stopwords=("zq7zq7",), paths=("docs/",)),))
    both = rule(
        "all", TOKEN.regex, allowlists=(Allowlist(condition="AND", stopwords=("zq7zq7",), paths=("docs/",)),)
    )
    for engine in engines(either):
        assert engine.scan(value.encode(), path="src/a") == []
        assert engine.scan(token(random.Random(15)).encode(), path="docs/a") == []
    for engine in engines(both):
        assert len(engine.scan(value.encode(), path="src/a")) == 1
        assert engine.scan(value.encode(), path="docs/a") == []


@pytest.mark.parametrize(
    ("target", "pattern", "text", "kept"),
    [
        ("secret", "^Zq7", "key=Zq7Zq7Zq7Zq7", 0),
        ("secret", "key", "key=Zq7Zq7Zq7Zq7", 1),
        ("match", "^key=", "key=Zq7Zq7Zq7Zq7", 0),
        ("line", "# fine$", "key=Zq7Zq7Zq7Zq7 # fine\nother", 0),
        ("line", "# fine", "key=Zq7Zq7Zq7Zq7\n# fine", 1),
    ],
)
def test_an_allowlist_looks_at_its_target(target: str, pattern: str, text: str, kept: int) -> None:
    allowlist = Allowlist(regexes=(pattern,), regex_target=target)
    for engine in engines(rule("target", r"key=(\w{12})", allowlists=(allowlist,))):
        assert len(engine.scan(text.encode())) == kept


@pytest.mark.parametrize("condition", ["OR", "AND"])
@pytest.mark.parametrize("path", [None, "src/a.py"])
def test_an_allowlist_without_a_condition_allows_nothing(condition: str, path: str | None) -> None:
    allowlist = Allowlist(description="for nobody", condition=condition)
    for engine in engines(rule("empty", r"key=(\w{12})", allowlists=(allowlist,))):
        assert len(engine.scan(b"key=abcdefghijkl", path=path)) == 1


def test_a_commit_allowlist_allows_nothing_in_the_engine() -> None:
    allowlist = Allowlist(condition="AND", stopwords=("zq7",), commits=("abc",))
    for engine in engines(rule("commit", r"key=(\w{12})", allowlists=(allowlist,))):
        assert len(engine.scan(b"key=Zq7Zq7Zq7Zq7")) == 1


def _slab(objects: list[bytes]) -> tuple[bytearray, list[tuple[int, int]]]:
    """Objects as `git cat-file --batch` lays them out: a header line, the content, a line feed."""
    buffer, bounds = bytearray(), []
    for data in objects:
        buffer += b"0" * 40 + b" blob %d\n" % len(data)
        bounds.append((len(buffer), len(buffer) + len(data)))
        buffer += data + b"\n"
    return buffer, bounds


@pytest.mark.parametrize("padding", [0, 200_000])
def test_a_pattern_is_found_in_small_and_large_content_alike(padding: int) -> None:
    from keylint.engine.finder import find

    data = b" " * padding + b'organizationId: "acme42", x; /organizations/initech/'
    pattern = r'(?i:organization_?id)["]?[ ]?[:=][ ]?"([0-9a-z]{3,60})|/organizations/([0-9a-z]{3,60})'
    spans = find(pattern, data, rule("beside", pattern))
    assert [data[start:end] for start, end in spans] == [b"acme42", b"initech"]
    assert find(pattern + "|acme42", b"x acme42 y" + data, rule("beside", pattern)) == [
        (start + 10, end + 10) for start, end in spans
    ]
    assert find(pattern + r"|acme42\n", b"\nacme42\n" + data, rule("beside", pattern)) == [
        (start + 8, end + 8) for start, end in spans
    ]


def test_line_feeds_that_a_pattern_takes_with_it_are_no_part_of_the_secret() -> None:
    for engine in engines(rule("mine", r"tok_[a-z]{6}(?:[\s;]|$)")):
        assert [hit.value for hit in engine.scan(b"tok_abcdef\r\nx\ntok_ghijkl\ntok_mnopqr")] == [
            b"tok_abcdef",
            b"tok_ghijkl",
            b"tok_mnopqr",
        ]
