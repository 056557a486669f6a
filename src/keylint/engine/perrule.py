"""What the engine has for each rule, made when first needed: who confirms its matches and who judges them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keylint.engine.confirm import Confirmer, Memory
from keylint.engine.judge import Judge
from keylint.engine.window import Plan
from keylint.precompiled import dump
from keylint.rule import Rule
from keylint.rulelist import RuleList

if TYPE_CHECKING:
    from keylint.engine.quickdb import Plans


class PerRule:
    """The rules with a pattern, each by its number among these.

    `plans` are what `dump_plans` gave, or none. Raises ValueError if they are of other rules.
    """

    def __init__(self, rules: RuleList, plans: Plans) -> None:
        if plans and len(plans) != len(rules.index.searched):
            raise ValueError("the stored plans are of other rules")
        self._rules = rules
        self._numbers = rules.index.searched
        self._refining = dict(rules.index.refining)
        self._plans = plans
        self._memory = Memory()
        self._confirmers: dict[int, Confirmer] = {}
        self._judges: dict[int, Judge] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def rule(self, number: int) -> Rule:
        return self._rules[self._numbers[number]]

    def judge(self, number: int) -> Judge:
        """Raises ConfigError if the rule cannot be used."""
        judge = self._judges.get(number)
        if judge is None:
            rule = self.rule(number)
            refinements = [self._rules[n] for n in self._refining.get(rule.id, ())]
            judge = self._judges[number] = Judge(rule, refinements)
        return judge

    def confirmer(self, number: int) -> Confirmer:
        confirmer = self._confirmers.get(number)
        if confirmer is None:
            confirmer = self._confirmers[number] = Confirmer(self.rule(number), self._memory)
            if self._plans:
                bounds, compiled = self._plans[number]
                confirmer.prepare(Plan._make(bounds), compiled)
        return confirmer

    def span(self, number: int) -> int:
        """How many bytes two neighbouring pieces must share so that no match is lost between them."""
        plan = Plan._make(self._plans[number][0]) if self._plans else self.confirmer(number).bounds
        return plan.span

    def compile(self) -> None:
        """Find out how to confirm each rule, and compile its pattern. Raises ConfigError if one does not."""
        for confirmer in map(self.confirmer, range(len(self))):
            confirmer.bounds, confirmer.pattern  # noqa: B018 - kept for later

    def dump_plans(self) -> Plans:
        """How to confirm each rule, and its pattern. Raises ConfigError if one does not compile."""
        confirmers = map(self.confirmer, range(len(self)))
        return tuple((tuple(c.bounds), dump(c.pattern)) for c in confirmers)
