from __future__ import annotations

import marshal

import pytest

from keylint import rulelist
from keylint.engine import Engine
from keylint.records import replace
from keylint.rule import Allowlist, Rule
from keylint.rulelist import RuleList, listed
from tests.engine.rulekit import rule


def sample() -> tuple[Rule, ...]:
    """One rule of each kind that the index tells apart."""
    plain = rule("plain", "one-[0-9]{8}", keywords=("ONE",))
    return (
        plain,
        replace(plain, id="placed", path=r"\.env$", keywords=()),
        replace(plain, id="listed", allowlists=(Allowlist(paths=("x",)),)),
        replace(plain, id="dated", allowlists=(Allowlist(commits=("c0ffee",)),)),
        replace(plain, id="finer", regex="", refines="plain", when=(("a", True),)),
        replace(plain, id="finest", regex="", refines="plain", when=(("b", True),)),
        replace(plain, id="idle", regex=""),
    )


def restored(rules: RuleList) -> RuleList:
    return RuleList(stored=marshal.loads(marshal.dumps(rules.dump())))


def ids(rules: RuleList, numbers: tuple[int, ...]) -> list[str]:
    return [rules.index.ids[number] for number in numbers]


@pytest.mark.parametrize("make", [RuleList, lambda rules: restored(RuleList(rules))])
def test_the_index_tells_rules_apart_before_one_is_made(make: type[RuleList]) -> None:
    rules = make(sample())
    index = rules.index
    assert ids(rules, index.searched) == ["plain", "placed", "listed", "dated"]
    assert index.keywords == ((b"one",), (), (b"one",), (b"one",))
    assert ids(rules, index.by_path) == ["placed", "listed"]
    assert ids(rules, index.by_commit) == ["dated"]
    assert ids(rules, index.idle) == ["idle"]
    assert {base: ids(rules, numbers) for base, numbers in index.refining} == {"plain": ["finer", "finest"]}


def test_restored_rules_are_the_same_without_their_examples() -> None:
    with_example = replace(sample()[0], examples=("one-12345678",))
    assert [*restored(RuleList([with_example, *sample()[1:]]))] == [*sample()]


def test_a_stored_rule_is_made_when_it_is_asked_for_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = restored(RuleList(sample()))
    made: list[str] = []

    def from_plain(plain: dict[str, str]) -> Rule:
        made.append(plain["id"])
        return next(one for one in sample() if one.id == plain["id"])

    monkeypatch.setattr(rulelist, "from_plain", from_plain)
    assert rules.named("listed") is rules[2]
    assert len(rules) == len(sample())
    assert made == ["listed"]


def test_an_engine_with_a_stored_database_makes_no_rule_before_a_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Engine(sample()[:1])
    if not (database := first.dump_database()):
        pytest.skip("hyperscan is not installed")
    monkeypatch.setattr(rulelist, "from_plain", lambda _plain: pytest.fail("a rule was made"))
    second = Engine(restored(first.rules), database=database)
    assert second.scan(b"two-12345678") == []
    monkeypatch.undo()
    assert [hit.rule.id for hit in second.scan(b"one-19483756")] == ["plain"]


def test_of_rules_with_one_id_the_last_is_named() -> None:
    first, *_ = sample()
    last = replace(first, title="The last")
    assert RuleList([first, last]).named("plain") is last


def test_an_unknown_id_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        RuleList(sample()).named("nobody.token")


def test_stored_rules_of_another_version_are_refused() -> None:
    fields, index, packed = RuleList(sample()).dump()
    with pytest.raises(ValueError, match="other fields"):
        RuleList(stored=(fields[1:], index, packed))


def test_a_list_stays_the_list_that_it_is() -> None:
    rules = RuleList(sample())
    assert listed(rules) is rules
    assert [*listed(iter(sample()))] == [*sample()]
