"""The built-in rules and engines for them, without reading or compiling them anew for each test."""

from __future__ import annotations

from functools import lru_cache

from keylint.engine import Engine
from keylint.rule import Rule
from keylint.rulecache import load_engine, stored_database
from keylint.ruleset import load_rules


@lru_cache
def rules() -> tuple[Rule, ...]:
    """The built-in rules, read once."""
    return load_rules()


def engine(prefilter: str = "auto") -> Engine:
    """A new engine for them. What is compiled (5 s) comes from the cache of the run; for use inside of tests.

    Raises ConfigError for a prefilter that is not installed.
    """
    if prefilter == "pure":
        return Engine(rules(), prefilter=prefilter)
    load_engine(prefilter=prefilter)  # compiles if nothing is there
    return Engine(rules(), prefilter=prefilter, database=stored_database())
