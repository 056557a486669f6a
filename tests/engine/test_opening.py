"""Looking for the first words of a pattern finds what the pattern itself would find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.engine.confirm import Budget, Confirmer, Memory
from keylint.engine.opening import opening
from tests.engine.rulekit import reference, rule
from tests.helpers import builtin

_PATTERN = r"(?i)(?:secret|token|key|passw|passwd|auth)[a-z_]{0,6}(?:=|: )(?:[0-9a-z]{2,8}|token=x)"
_WORDS = (
    "secret",
    "token",
    "SECRETOKEN",
    "Key",
    "passwd",
    "key=",
    "=ab12",
    ": ",
    "=",
    "_",
    "key=token=x",
    "\n",
    "x9",
)
_TEXT = st.lists(st.sampled_from(_WORDS), max_size=30).map("".join)


@given(_TEXT)
def test_it_finds_what_the_pattern_finds(text: str) -> None:
    data = text.encode()
    raws = Confirmer(rule("r", _PATTERN), Memory()).search(data, None, Budget(len(data)))
    assert [(raw.start, raw.end) for raw in raws] == reference(_PATTERN, data)


@pytest.mark.parametrize(
    "pattern", ["key=(a)", "(?i)key", "(?i)(?:a|bc)x", "(?i)(?:key|t[o]ken)x", "(?:key|token)", "(?i)(?:key)"]
)
def test_patterns_that_do_not_begin_with_words_have_none(pattern: str) -> None:
    assert opening(pattern) is None


def test_the_rule_for_any_assignment_has_one() -> None:
    [generic] = [rule for rule in builtin.rules() if rule.id == "generic.assignment"]
    assert opening(generic.regex) is not None
