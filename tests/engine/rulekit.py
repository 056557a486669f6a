"""Rules and values for the engine's tests. Values are made when the tests run."""

from __future__ import annotations

import random
import string
import uuid
from typing import Any

import regex

from keylint.engine import Engine, ScanResult
from keylint.rule import Rule

ALPHANUMERIC = string.ascii_letters + string.digits


def rule(rule_id: str, pattern: str, **more: Any) -> Rule:
    """A rule without the default filters, so that tests see raw matches unless they ask for more."""
    more.setdefault("filters", ("none",))
    return Rule(rule_id, rule_id.title(), "test", regex=pattern, **more)


def engines(*rules: Rule) -> list[Engine]:
    return [Engine(rules, prefilter="hyperscan"), Engine(rules, prefilter="pure")]


def token(rng: random.Random, size: int = 36, prefix: str = "tok_") -> str:
    return prefix + "".join(rng.choices(ALPHANUMERIC, k=size))


def coveo_key(rng: random.Random) -> str:
    return "xx" + str(uuid.UUID(int=rng.getrandbits(128), version=4))


def spans(result: ScanResult) -> list[tuple[str, int, int]]:
    return [(hit.rule.id, hit.secret_start, hit.secret_end) for hit in result]


def reference(pattern: str, data: bytes) -> list[tuple[int, int]]:
    """The slow, obvious way: finditer over everything."""
    return [m.span() for m in regex.compile(pattern.encode(), regex.V0).finditer(data) if m.end() > m.start()]
