"""What the engine returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from keylint.model import Evidence
from keylint.rule import Rule


class Hit(NamedTuple):
    """One confirmed value in one blob. Offsets are 0-based byte offsets, end exclusive.

    `rule` is the one that names the value in the end, after refinement; `base` is the rule whose pattern
    matched. `value` is canonical (after `Rule.normalize`), so it may differ from the bytes at
    `secret_start:secret_end`. `tentative`: the context that the rule asks for is missing, and only an
    inventory entry can make it a finding. `partners` are the harmless halves of pairs whose other half this
    is; they are no hits of their own.
    """

    rule: Rule
    base: Rule
    start: int
    end: int
    secret_start: int
    secret_end: int
    value: bytes
    evidence: Evidence
    tentative: bool = False
    partners: tuple[Hit, ...] = ()

    def __repr__(self) -> str:
        return f"Hit({self.rule.id}, {self.secret_start}:{self.secret_end})"  # never the value


MAX_REFUSALS = 1000  # of one rule in one blob


class Refusal(NamedTuple):
    """A match that is no secret. `reason` is the filter's name, or `entropy`, `allowlist` or `context`."""

    rule: Rule
    secret_start: int
    secret_end: int
    reason: str


class ScanResult(list[Hit]):
    """The hits of one blob, sorted by start of the secret.

    `limits` holds one sentence for each limit (time or number of matches) that was reached: then the hits
    are those found so far, and the blob was not searched wholly. `refused` is filled when the engine
    explains. `hidden` are spans of bytes that no report may show although no hit covers them: other hits won
    over what stands there. `anywhere` are the hits of all rules, where the blob was searched wholly without a
    path: what `Engine.under` needs to tell the hits under one.
    """

    def __init__(
        self,
        hits: Iterable[Hit] = (),
        limits: Iterable[str] = (),
        refused: Iterable[Refusal] = (),
        *,
        hidden: Iterable[tuple[int, int]] = (),
        anywhere: Sequence[Hit] | None = None,
    ) -> None:
        super().__init__(hits)
        self.limits: tuple[str, ...] = tuple(limits)
        self.refused: tuple[Refusal, ...] = tuple(refused)
        self.hidden: tuple[tuple[int, int], ...] = tuple(hidden)
        self.anywhere = anywhere
