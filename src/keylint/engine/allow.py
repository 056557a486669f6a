"""Allowlists of rules, with the meaning that gitleaks gives them, and path conditions.

https://github.com/gitleaks/gitleaks#configuration
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from keylint.engine.confirm import Raw, compile_pattern
from keylint.rule import Allowlist, Rule

if TYPE_CHECKING:
    import regex

_MAX_LINE = 4096  # bytes of a line on each side of a match that `line` patterns see


class Compiled:
    """The patterns of one rule beside its main one, compiled when first needed."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._patterns: dict[str, regex.Pattern[bytes]] = {}

    def search(self, pattern: str, text: bytes, field: str) -> bool:
        """Whether the pattern occurs in the text. Raises ConfigError if it does not compile."""
        compiled = self._patterns.get(pattern)
        if compiled is None:
            compiled = self._patterns[pattern] = compile_pattern(pattern, self._rule, field)
        return compiled.search(text) is not None


class Allowed:
    """Whether an allowlist of one rule covers a match."""

    def __init__(self, rule: Rule, compiled: Compiled) -> None:
        self._rule = rule
        self._compiled = compiled
        self._on_path = lru_cache(maxsize=256)(self._any_path)
        # Those that look at what was found, and of them those that need no path for it.
        self._on_value = tuple(a for a in rule.allowlists if a.regexes or a.stopwords)
        self._pathless = tuple(a for a in self._on_value if a.condition == "OR" or not a.paths)
        self._partly = tuple(a for a in self._on_value if a not in self._pathless)
        self._applies = lru_cache(maxsize=256)(self._applies_to)

    def applies(self, path: str | None) -> bool:
        """Whether the rule is for files of this path, and no allowlist excludes the whole file.

        None is a path that is not known: the rule may apply.
        """
        return path is None or self._applies(path)

    def _applies_to(self, path: str) -> bool:
        if self._rule.path and not self._compiled.search(self._rule.path, encode(path), "path"):
            return False
        return not any(
            a.paths
            and self._on_path(a.paths, path)
            and (a.condition == "OR" or not (a.regexes or a.stopwords or a.commits))
            for a in self._rule.allowlists
        )

    def covers(self, data: bytes, raw: Raw, path: str | None) -> bool:
        """Whether some allowlist covers this match in a file to which the rule `applies`.

        Without a path (None), whatever it turns out to be.
        """
        allowlists = self._pathless if path is None else self._on_value
        return any(self._one(a, data, raw, path or "") for a in allowlists)

    def holds_under(self, data: bytes, raw: Raw, path: str) -> bool:
        """Whether a match that `applies` and is not covered without a path stays so under this one."""
        return self._applies(path) and not any(self._one(a, data, raw, path) for a in self._partly)

    def _one(self, allowlist: Allowlist, data: bytes, raw: Raw, path: str) -> bool:
        checks = self._checks(allowlist, data, raw, path)
        return any(checks) if allowlist.condition == "OR" else all(checks)

    def _checks(self, allowlist: Allowlist, data: bytes, raw: Raw, path: str) -> Iterator[bool]:
        """One answer for each kind of condition that is set. The engine knows no commits: never true here."""
        if allowlist.commits:
            yield False
        if allowlist.paths:
            yield self._on_path(allowlist.paths, path)
        if allowlist.regexes:
            text = _target(allowlist.regex_target, data, raw)
            yield any(self._compiled.search(p, text, "allowlists.regexes") for p in allowlist.regexes)
        if allowlist.stopwords:
            low = data[raw.secret_start : raw.secret_end].lower()
            yield any(word.lower().encode() in low for word in allowlist.stopwords)

    def _any_path(self, patterns: tuple[str, ...], path: str) -> bool:
        text = encode(path)
        return bool(path) and any(self._compiled.search(p, text, "allowlists.paths") for p in patterns)


def encode(path: str) -> bytes:
    """The bytes of a path that may hold surrogate escapes."""
    return path.encode("utf-8", "surrogateescape")


def _target(target: str, data: bytes, raw: Raw) -> bytes:
    if target == "match":
        return data[raw.start : raw.end]
    if target == "line":
        first = data.rfind(b"\n", max(0, raw.start - _MAX_LINE), raw.start) + 1
        last = data.find(b"\n", raw.end, raw.end + _MAX_LINE)
        return data[first or max(0, raw.start - _MAX_LINE) : last if last >= 0 else raw.end + _MAX_LINE]
    return data[raw.secret_start : raw.secret_end]
