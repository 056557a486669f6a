"""Rule files become checked rules; what is wrong in them is told in one line."""

from __future__ import annotations

import marshal
from pathlib import Path

import pytest
import regex

from keylint.engine import checksums, filters
from keylint.engine.inspect import INSPECTORS
from keylint.errors import ConfigError
from keylint.model import Privacy, Severity
from keylint.records import replace
from keylint.rule import Allowlist, Context, Requirement, Rule
from keylint.rulefields import CHECKSUMS, FILTERS
from keylint.rulefields import INSPECTORS as INSPECTOR_NAMES
from keylint.ruleset import (
    builtin_dir,
    from_plain,
    load_rules,
    parse_rules,
    reads_further_files,
    rule_files,
    to_plain,
)
from tests.helpers import builtin

ONE = '[[rules]]\nid = "acme.key"\nregex = "acme_[a-z]{8}"\n'


def failure(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_rules(text, "mine.toml")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("mine.toml: ")
    return message


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_top_level_keys_are_defaults_of_every_rule() -> None:
    (rule,) = parse_rules(
        'provider = "acme"\nprivacy = "public"\nseverity = "low"\nproves = true\n' + ONE, "f"
    )
    assert (rule.provider, rule.privacy, rule.severity, rule.proves) == (
        "acme",
        Privacy.PUBLIC,
        Severity.LOW,
        True,
    )
    assert rule.source == "f"


def test_a_rule_overrides_the_defaults_of_its_file() -> None:
    (rule,) = parse_rules('privacy = "public"\n' + ONE + 'privacy = "depends"\n', "f")
    assert rule.privacy is Privacy.DEPENDS


def test_a_gitleaks_rule_keeps_its_meaning() -> None:
    text = """
    title = "my config"
    [extend]
    useDefault = true
    disabledRules = ["stripe.publishable"]
    [allowlist]
    paths = ['''vendor/''']
    [[rules]]
    id = "acme-key"
    description = "Acme key"
    regex = '''(acme)_([a-z]{8})'''
    secretGroup = 2
    entropy = 3
    keywords = ["ACME_"]
    path = '''\\.js$'''
    tags = ["key"]
    [rules.allowlist]
    regexTarget = "line"
    stopWords = ["sample"]
    [[rules.allowlists]]
    condition = "&&"
    regexes = ['''acme_aaaaaaaa''']
    commits = ["abc"]
    """
    (rule,) = parse_rules(text, "f")
    assert (rule.title, rule.secret_group, rule.entropy, rule.keywords) == ("Acme key", 2, 3.0, ("acme_",))
    assert rule.allowlists == (
        Allowlist(condition="AND", regexes=("acme_aaaaaaaa",), commits=("abc",)),
        Allowlist(regex_target="line", stopwords=("sample",)),
        Allowlist(paths=("vendor/",)),
    )


def test_a_global_allowlist_may_be_for_some_rules_only() -> None:
    text = ONE + ONE.replace("acme.key", "acme.other")
    text += '[[allowlists]]\ntargetRules = ["acme.key"]\nstopwords = ["x"]\n'
    key, other = parse_rules(text, "f")
    assert [a.stopwords for a in key.allowlists] == [("x",)]
    assert other.allowlists == ()


def test_context_and_requirements_have_a_short_and_a_long_form() -> None:
    (short,) = parse_rules(ONE + 'context = "acme"\nrequires = [{ rule = "acme.id" }]\n', "f")
    (long,) = parse_rules(ONE + 'context = { regex = "acme", within = 0, or_inventory = true }\n', "f")
    assert short.context == Context("acme", 300, False)
    assert short.requires == (Requirement("acme.id", 0, False),)
    assert long.context == Context("acme", 0, True)


def test_a_refinement_has_conditions_of_text_numbers_and_lists() -> None:
    text = '[[rules]]\nid = "a.b"\nrefines = "a"\nwhen = { "payload.role" = ["x", "y"], exp = true, n = 3 }\n'
    (rule,) = parse_rules(text, "f")
    assert rule.when == (("payload.role", ("x", "y")), ("exp", True), ("n", 3))


def test_start_of_key_macro_becomes_plain_regex() -> None:
    (rule,) = parse_rules('[[rules]]\nid = "a"\nregex = "(?&start)acme_[a-z]{8}"\n', "f")
    assert "(?&" not in rule.regex
    assert rule.regex.endswith("acme_[a-z]{8}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("provider = ", "not valid TOML: Invalid value (at end of document)"),
        ("a = 1\nb = ]\n", "line 2"),
        ('provder = "x"', "unknown key 'provder' (did you mean 'provider'?)"),
        (ONE + 'regx = "x"', "rule acme.key: unknown field 'regx' (did you mean 'regex'?)"),
        (ONE + "keywords = 'x'", "rule acme.key: keywords: expected a list of texts, not text"),
        (ONE + "entropy = 'x'", "rule acme.key: entropy: expected a number of at least 0, not text"),
        (ONE + "secretGroup = true", "rule acme.key: secretGroup: expected a whole number"),
        (ONE + "weak = 1", "rule acme.key: weak: expected true or false, not a number"),
        (ONE + "title = 1", "rule acme.key: title: expected text, not a number"),
        (ONE + 'privacy = "pubic"', "privacy: unknown privacy 'pubic' (did you mean 'public'?)"),
        (ONE + 'severity = "hihg"', "severity: unknown severity 'HIHG' (did you mean 'HIGH'?)"),
        (ONE + 'inspect = "jtw"', "inspect: unknown inspector 'jtw' (did you mean 'jwt'?)"),
        (ONE + 'checksum = "gihub"', "checksum: unknown checksum 'gihub' (did you mean 'github'?)"),
        (ONE + 'filters = ["genric"]', "filters: unknown filter 'genric' (did you mean 'generic'?)"),
        (ONE + 'normalize = ["x"]', "normalize: unknown normalisation 'x'"),
        (ONE + 'samples = ["x"]', "samples: expected SHA-256 digests"),
        (ONE + "secretGroup = 2", "secretGroup: is 2, but the regex has 0 groups"),
        (ONE + 'when = { a = "b" }', "when: only a refinement has conditions"),
        (ONE + "context = {}", "context: expected { regex, within, or_inventory }"),
        (ONE + 'context = { regex = "(" }', "context: does not compile"),
        (ONE + "requires = [{ within = 3 }]", "requires.rule: expected text"),
        (
            ONE + 'allowlists = [{ regxes = ["a"] }]',
            "allowlists: unknown field 'regxes' (did you mean 'regexes'?)",
        ),
        (ONE + 'allowlists = [{ regexes = ["("] }]', "allowlists: does not compile: missing ) at position 1"),
        (ONE + 'allowlists = [{ condition = "xor" }]', "allowlists.condition: unknown condition 'XOR'"),
        (ONE + ONE, "rule acme.key: the id is used twice, also in this file"),
        (
            f'[[rules]]\nid = "a"\nregex = "a{"(?:" * 51}b{")" * 51}"',
            "rule a: regex: more than 50 groups in one another",
        ),
        ('[[rules]]\nid = "a"\nregex = "a("', "rule a: regex: does not compile: missing ) at position 2"),
        ('[[rules]]\nid = "a"\ntags = ["x"]', "rule a: no regex"),
        ('[extend]\nurl = "x"', "extend.url: nothing is fetched"),
        ('[[rules]]\nid = "a"\nrefines = "b"', "rule a: a refinement has `refines` and `when`"),
        ('[[rules]]\nid = "a"\nrefines = "b"\nwhen = { c = {} }', "rule a: when.c: expected text, a number"),
        ('[[rules]]\nregex = "a"', "rules: a rule has no id"),
        ("rules = 3", "rules: expected [[rules]] tables"),
        ('[extend]\npath = "x"', "extend.path: no file 'x'"),
        ("[extend]\nusedefault = true", "extend: unknown key 'usedefault' (did you mean 'useDefault'?)"),
    ],
)
def test_what_is_wrong_is_named_with_file_rule_field_and_remedy(text: str, expected: str) -> None:
    assert expected in failure(text)


def test_a_users_rule_takes_the_place_of_the_built_in_one(tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.toml", '[[rules]]\nid = "stripe.restricted"\nregex = "rk_mine_[a-z]{8}"\n')
    rules = {r.id: r for r in load_rules([mine])}
    assert rules["stripe.restricted"].source == mine
    assert len(rules) == len(builtin.rules())


def test_a_user_may_leave_built_in_rules_out(tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.toml", '[extend]\ndisabledRules = ["stripe.restricted"]\n')
    assert "stripe.restricted" not in {r.id for r in load_rules([mine])}


def test_the_same_id_in_two_files_of_the_user_is_an_error(tmp_path: Path) -> None:
    files = [write(tmp_path / name, ONE) for name in ("a.toml", "b.toml")]
    with pytest.raises(
        ConfigError, match=r"b\.toml: rule acme\.key: the id is used twice, also in .*a\.toml"
    ):
        load_rules(files)


def test_a_refinement_of_an_unknown_rule_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    mine = write(
        tmp_path / "a.toml", '[[rules]]\nid = "a.b"\nrefines = "generic.jwts"\nwhen = { x = true }\n'
    )
    with pytest.raises(
        ConfigError, match=r"refines: unknown pattern rule 'generic\.jwts'.*did you mean 'generic\.jwt'"
    ):
        load_rules([mine])


def test_a_requirement_of_an_unknown_rule_is_an_error(tmp_path: Path) -> None:
    mine = write(tmp_path / "a.toml", ONE + 'requires = [{ rule = "acme.id" }]\n')
    with pytest.raises(ConfigError, match=r"requires: unknown rule 'acme\.id'"):
        load_rules([mine])


def test_a_folder_stands_for_its_rule_files(tmp_path: Path) -> None:
    write(tmp_path / "b.toml", ONE)
    write(tmp_path / "notes.md", "no rules")
    assert rule_files([str(tmp_path)], builtin=False) == [str(tmp_path / "b.toml")]
    assert [r.id for r in load_rules([str(tmp_path)], builtin=False)] == ["acme.key"]


def test_paths_that_hold_no_rules_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such rule file or folder"):
        rule_files([str(tmp_path / "none.toml")], builtin=False)
    with pytest.raises(ConfigError, match="no rule files in this folder"):
        rule_files([str(tmp_path)], builtin=False)


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe[")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        load_rules([str(tmp_path / "a.toml")])


def test_built_in_files_come_first() -> None:
    files = rule_files()
    assert files == sorted(files)
    assert all(f.startswith(builtin_dir()) for f in files)


def test_plain_form_survives_marshal_without_the_examples() -> None:
    for rule in builtin.rules():
        kept = replace(rule, examples=(), counter_examples=())
        assert from_plain(marshal.loads(marshal.dumps(to_plain(rule)))) == kept


def test_a_plain_form_of_another_version_is_refused() -> None:
    plain = to_plain(builtin.rules()[0])
    with pytest.raises(ValueError, match="other fields"):
        from_plain({**plain, "another": 1})
    with pytest.raises(ValueError, match="other fields"):
        from_plain({name: value for name, value in plain.items() if name != "id"})


def test_names_that_rule_files_may_use_are_those_that_the_engine_has() -> None:
    assert set(INSPECTOR_NAMES) == set(INSPECTORS)
    assert set(CHECKSUMS) == set(checksums.REGISTRY)
    assert set(FILTERS) == set(filters.NAMES)


# ---- files that build on others, as gitleaks has it


def by_id(*paths: str, builtin: bool = False) -> dict[str, Rule]:
    return {rule.id: rule for rule in load_rules(paths, builtin=builtin)}


def test_an_extended_file_gives_its_rules_and_single_ones_are_amended(tmp_path: Path) -> None:
    write(tmp_path / "base.toml", ONE)
    mine = write(
        tmp_path / "mine.toml",
        """
        [extend]
        path = "base.toml"
        [[rules]]
        id = "acme.key"
        entropy = 3.5
        [rules.allowlist]
        stopwords = ["sample"]
        """,
    )
    rule = by_id(mine)["acme.key"]
    assert rule.entropy == 3.5
    assert rule.regex == by_id(str(tmp_path / "base.toml"))["acme.key"].regex
    assert rule.allowlists[-1].stopwords == ("sample",)


def test_an_extended_file_is_left_without_its_disabled_rules(tmp_path: Path) -> None:
    write(tmp_path / "base.toml", ONE)
    mine = write(tmp_path / "mine.toml", '[extend]\npath = "base.toml"\ndisabledRules = ["acme.key"]\n')
    assert by_id(mine) == {}


def test_files_that_extend_each_other_are_an_error(tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.toml", '[extend]\npath = "mine.toml"\n')
    with pytest.raises(ConfigError, match="extend each other"):
        load_rules((mine,), builtin=False)


def test_a_global_allowlist_of_a_file_that_uses_the_defaults_holds_for_built_in_rules(tmp_path: Path) -> None:
    text = '[extend]\nuseDefault = true\n[allowlist]\npaths = ["vendor/"]\n'
    mine = write(tmp_path / "mine.toml", text)
    assert by_id(mine, builtin=True)["coveo.api_key"].allowlists[-1].paths == ("vendor/",)


def test_a_global_allowlist_of_a_file_of_its_own_holds_for_its_rules_only(tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.toml", '[allowlist]\npaths = ["vendor/"]\n' + ONE)
    rules = by_id(mine, builtin=True)
    assert rules["acme.key"].allowlists
    assert not any("vendor/" in a.paths for a in rules["coveo.api_key"].allowlists)


def test_an_amendment_of_a_rule_that_only_gitleaks_has_is_dropped(tmp_path: Path) -> None:
    text = (
        '[extend]\nuseDefault = true\n[[rules]]\nid = "generic-api-key"\n[rules.allowlist]\npaths = ["x"]\n'
    )
    mine = write(tmp_path / "mine.toml", text)
    assert "generic-api-key" not in by_id(mine, builtin=True)


def test_pairs_in_the_way_of_gitleaks_are_read(tmp_path: Path) -> None:
    text = ONE.replace('id = "acme.key"', 'id = "acme.id"\nskipReport = true') + ONE
    text += '[[rules.required]]\nid = "acme.id"\nwithinLines = 5\n'
    rules = by_id(write(tmp_path / "mine.toml", text))
    assert rules["acme.id"].silent
    assert rules["acme.key"].requires == (Requirement("acme.id", 1000),)


def test_only_files_that_extend_others_read_further_files(tmp_path: Path) -> None:
    base = write(tmp_path / "base.toml", ONE)
    mine = write(tmp_path / "mine.toml", '[extend]\npath = "base.toml"\n')
    assert not reads_further_files((base,))
    assert reads_further_files((base, mine))


def test_a_rule_of_the_user_has_no_filters_that_it_did_not_ask_for(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.toml", ONE)
    asking = write(tmp_path / "asking.toml", ONE + 'filters = ["placeholder"]\n')
    assert by_id(plain)["acme.key"].filters == ("none",)
    assert by_id(asking)["acme.key"].filters == ("placeholder",)


def test_a_generic_rule_gives_way_to_specific_ones(tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.toml", ONE.replace("acme.key", "generic-api-key") + ONE)
    rules = by_id(mine)
    assert rules["generic-api-key"].priority < rules["acme.key"].priority


# ---- patterns in RE2 syntax


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"ab$", b"ab", b"ab\n"),
        (r"ab\z", b"ab", b"ab\n"),
        (r"(?m)ab$", b"ab\n", b"abc"),
        (r"a\$b", b"a$b", b"a"),
        (r"a[$]b", b"a$b", b"a"),
        (r"\Qa.b$\E+", b"a.b$$", b"axb$"),
        (r"\Qa.", b"a.", b"ab"),
        (r"\x{41}[\x{60}'][^\x{0}-\x{7F}]", b"A`\xff", b"A`a"),
        (r"a\\x{2}", b"a\\xx", b"a\\x"),
        (r"\x41", b"A", b"a"),
        (r"[]$]x$", b"]x", b"]x\n"),
        (r"x-(?i)[a-z]{2}$", b"x-AB", b"X-AB"),
    ],
)
def test_patterns_in_re2_syntax_keep_their_meaning(pattern: str, matching: bytes, other: bytes) -> None:
    text = f"[[rules]]\nid = 'a'\nregex = '''{pattern}'''\npath = '''{pattern}'''\n"
    text += f"[[rules.allowlists]]\nregexes = ['''{pattern}''']\npaths = ['''{pattern}''']\n"
    (rule,) = parse_rules(text, "f")
    for read in (rule.regex, rule.path, *rule.allowlists[0].regexes, *rule.allowlists[0].paths):
        assert regex.search(read.encode(), matching)
        assert not regex.search(read.encode(), other)


@pytest.mark.parametrize("pattern", [r"\((?:a[)(]){2}" * 99, "a" + "(?:b" * 50 + ")?" * 50])
def test_groups_one_after_another_or_a_few_in_one_another_are_read(pattern: str) -> None:
    (rule,) = parse_rules(f"[[rules]]\nid = 'a'\nregex = '''{pattern}'''\n", "f")
    assert regex.compile(rule.regex)


@pytest.mark.parametrize("pattern", [r"a\C", r"(?U)a+", r"\x{20AC}", r"[\x{20AC}]"])
def test_re2_syntax_that_is_not_read_is_an_error(pattern: str) -> None:
    assert "does not compile" in failure(f"[[rules]]\nid = 'a'\nregex = '''{pattern}'''\n")
