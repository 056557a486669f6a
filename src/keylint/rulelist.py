"""The rules of a scan in their order, with what must be known of all of them before one is looked at.

A scan meets a few of a thousand rules. To make all of them from their stored form takes as long as Python
takes to start, so each is made when somebody asks for it.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from keylint.rule import Rule, from_plain, to_plain

Stored = tuple[tuple[str, ...], tuple[Any, ...], tuple[bytes, ...]]  # names of the fields, index, rules


class Index(NamedTuple):
    """What is known of all rules. All but their ids are numbers of rules, which count from 0."""

    ids: tuple[str, ...]
    searched: tuple[int, ...]  # those with a pattern
    keywords: tuple[tuple[bytes, ...], ...]  # of each of these, in lower case
    by_path: tuple[int, ...]  # those that do not apply to every path
    by_commit: tuple[int, ...]  # those with an allowlist that names commits
    refining: tuple[tuple[str, tuple[int, ...]], ...]  # the id of a rule, and the rules that refine it
    idle: tuple[int, ...]  # those that neither find nor refine anything


class RuleList:
    """Rules by number, in their order, and by id. Where several have one id the last is meant."""

    def __init__(self, rules: Iterable[Rule] = (), *, stored: Stored | None = None) -> None:
        """`stored` is what `dump` gave. Raises TypeError or ValueError if that is of another version."""
        if stored is None:
            made = tuple(rules)
            self.index = _index(made)
            self._made = dict(enumerate(made))
            self._stored: tuple[bytes, ...] = ()
        else:
            fields, index, self._stored = stored
            if fields != Rule.__match_args__:
                raise ValueError("stored rules have other fields")
            self.index = Index(*index)
            self._made = {}
        self._numbers = {name: number for number, name in enumerate(self.index.ids)}

    def __len__(self) -> int:
        return len(self.index.ids)

    def __getitem__(self, number: int) -> Rule:
        rule = self._made.get(number)
        if rule is None:
            plain = marshal.loads(self._stored[number])  # noqa: S302  (own file, checksum verified)
            rule = self._made[number] = from_plain(plain)
        return rule

    def __iter__(self) -> Iterator[Rule]:
        return map(self.__getitem__, range(len(self)))

    def named(self, rule_id: str) -> Rule:
        """The rule with this id. Raises KeyError if there is none."""
        return self[self._numbers[rule_id]]

    def dump(self) -> Stored:
        """All of it as `marshal` can carry it, but for the rules' examples (see `to_plain`)."""
        rules = tuple(marshal.dumps(to_plain(rule)) for rule in self)
        return Rule.__match_args__, tuple(self.index), rules


def listed(rules: Iterable[Rule]) -> RuleList:
    """Rules as a list of this kind, if they are none yet."""
    return rules if isinstance(rules, RuleList) else RuleList(rules)


def _index(rules: Sequence[Rule]) -> Index:
    refining: dict[str, list[int]] = {}
    for number, rule in enumerate(rules):
        if rule.refines:
            refining.setdefault(rule.refines, []).append(number)
    searched = [number for number, rule in enumerate(rules) if rule.regex]
    return Index(
        ids=tuple(rule.id for rule in rules),
        searched=tuple(searched),
        keywords=tuple(tuple(word.lower().encode() for word in rules[n].keywords) for n in searched),
        by_path=tuple(n for n in searched if _depends_on_path(rules[n])),
        by_commit=tuple(n for n, rule in enumerate(rules) if any(a.commits for a in rule.allowlists)),
        refining=tuple((base, tuple(numbers)) for base, numbers in refining.items()),
        idle=tuple(n for n, rule in enumerate(rules) if not rule.regex and not rule.refines),
    )


def _depends_on_path(rule: Rule) -> bool:
    return bool(rule.path) or any(allowlist.paths for allowlist in rule.allowlists)
