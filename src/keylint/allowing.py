"""Allowlists that name commits: what they leave of the matches that came in with one of these."""

from __future__ import annotations

from collections.abc import Iterable

from keylint.examine import Examiner
from keylint.records import replace
from keylint.rule import Allowlist, Rule
from keylint.rulelist import listed
from keylint.secret import Blob, Match

_KEPT = 8  # examiners: each holds an engine
_EVERYTHING = Allowlist(regexes=("",))
Spot = tuple[str, int]  # the id of a rule and an offset in bytes


class Allowing:
    """The rules as they are in the commits that their allowlists name, which `commits` holds.

    The engine knows no commits, so a blob that came in with one of them is examined once more, with the
    allowlists as they stand once the commit is known.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = listed(rules)
        naming = (self._rules[number] for number in self._rules.index.by_commit)
        self.commits = {name.lower() for rule in naming for a in rule.allowlists for name in a.commits}
        self._examiners: dict[str, Examiner] = {}

    def remaining(self, blob: Blob, commit: str) -> set[Spot] | None:
        """Where the matches of a blob are that no allowlist covers if they came in with `commit`.

        None if that cannot be told, because looking for them was cut short.
        """
        examined = self._examiner(commit).examine(blob)
        return None if examined.skipped else {spot(match) for match in examined.matches}

    def _examiner(self, commit: str) -> Examiner:
        from keylint.engine import Engine

        if commit not in self._examiners:
            if len(self._examiners) >= _KEPT:
                self._examiners.clear()
            rules = [_in_commit(rule, commit) for rule in self._rules]
            self._examiners[commit] = Examiner(Engine(rules, prefilter="pure"))
        return self._examiners[commit]


def spot(match: Match) -> Spot:
    """Where a match is in its blob."""
    return match.rule_id, match.location.byte_offset


def _in_commit(rule: Rule, commit: str) -> Rule:
    if not any(allowlist.commits for allowlist in rule.allowlists):
        return rule
    return replace(rule, allowlists=tuple(_settled(a, commit) for a in rule.allowlists))


def _settled(allowlist: Allowlist, commit: str) -> Allowlist:
    """An allowlist without its commits, now that it is known whether the commit is one of them."""
    if commit not in {name.lower() for name in allowlist.commits}:
        return allowlist
    others = allowlist.regexes or allowlist.paths or allowlist.stopwords
    if allowlist.condition == "OR" or not others:
        return _EVERYTHING
    return replace(allowlist, commits=())
