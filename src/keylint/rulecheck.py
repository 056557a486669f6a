"""Does a rule do what its file says? Runs examples and counter-examples, and lints the pattern.

`keylint rules test` and the test suite call the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from keylint.engine import Engine
from keylint.engine.window import plan
from keylint.rule import Rule
from keylint.shapes import expand

SEEDS = 3  # different generated values for each example
MAX_REACH = 20_000  # bytes
_OPENING_CLASS = re.compile(r"\[[^\]]*\][{+*]")


@dataclass(frozen=True)
class Complaint:
    """Something wrong with one rule. `code` is stable; `text` never holds a generated value."""

    rule_id: str
    code: str
    text: str


def check_examples(rules: Iterable[Rule], engine: Engine) -> Iterator[Complaint]:
    """Examples that are not found as their rule, and counter-examples that are."""
    how = engine.prefilter_name
    for rule in rules:
        for number, text in enumerate(rule.examples, 1):
            if not found_as(rule, text, engine, every=True):
                yield Complaint(rule.id, "example", f"example {number} is not found ({how})")
        for number, text in enumerate(rule.counter_examples, 1):
            if found_as(rule, text, engine, every=False):
                yield Complaint(rule.id, "counter-example", f"counter-example {number} is found ({how})")


def found_as(rule: Rule, text: str, engine: Engine, *, every: bool) -> bool:
    """Whether the text is found as this rule, with all (`every`) or any of a few generated values."""
    answers = (
        rule.id in {hit.rule.id for hit in engine.scan(expand(text, seed).encode())} for seed in range(SEEDS)
    )
    return all(answers) if every else any(answers)


def check_pattern(rule: Rule) -> Iterator[Complaint]:
    """What makes a pattern slow or imprecise: no bound, no keyword, no boundary, no example."""
    if not rule.examples:
        yield Complaint(rule.id, "no-example", "has no example")
    if not rule.counter_examples:
        yield Complaint(rule.id, "no-counter-example", "has no counter-example")
    if not rule.regex:
        return
    bounds = plan(rule.regex)
    if bounds.whole:
        yield Complaint(rule.id, "unbounded", "has no bound, so whole files are searched: bound its repeats")
    elif bounds.reach > MAX_REACH:
        yield Complaint(rule.id, "wide", f"may match {bounds.reach} bytes: bound repeats below {MAX_REACH}")
    if not rule.keywords:
        yield Complaint(rule.id, "no-keyword", "has no keyword, which the pure prefilter needs")
    if _OPENING_CLASS.match(rule.regex):
        yield Complaint(rule.id, "unanchored", "begins with a repeated class: put a boundary before it")


def check(rules: Sequence[Rule], subjects: Sequence[Rule]) -> list[Complaint]:
    """All complaints about `subjects`, which are among `rules`, under every prefilter of this machine."""
    complaints = [complaint for rule in subjects for complaint in check_pattern(rule)]
    engines = {name: Engine(rules, prefilter=name) for name in ("pure", "auto")}
    for engine in {engine.prefilter_name: engine for engine in engines.values()}.values():
        complaints += check_examples(subjects, engine)
    return complaints
