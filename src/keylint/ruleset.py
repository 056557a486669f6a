"""Read rule files (TOML) into one checked set of `Rule` values.

The format is a superset of the gitleaks v8 rule table (https://github.com/gitleaks/gitleaks#configuration);
`rules/README.md` documents it for people.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from keylint.builtin import builtin_dir, rule_files_in
from keylint.errors import ConfigError
from keylint.fieldtypes import Spot, kind_of, read_tables, read_text, read_texts, unknown
from keylint.records import dataclass, replace
from keylint.rule import Allowlist, Context, Requirement, Rule, from_plain, to_plain
from keylint.rulefields import INHERITED, amend_rule, is_amendment, read_allowlist, read_rule, rule_id

__all__ = [
    "Allowlist", "Context", "Requirement", "Rule", "builtin_dir", "from_plain", "load_rules", "parse_rules",
    "rule_files", "to_plain",
]  # fmt: skip


_MAX_EXTENDS = 2  # files deep, as in gitleaks


def rule_files(paths: Sequence[str] = (), builtin: bool = True) -> list[str]:
    """The rule files that `load_rules` reads, built-in ones first.

    A folder stands for the `.toml` files directly in it. Raises ConfigError for a path that is not there or
    a folder without rule files.
    """
    found = rule_files_in(os.path.join(builtin_dir(), "providers")) if builtin else []
    for path in paths:
        if os.path.isdir(path):
            inside = rule_files_in(path)
            if not inside:
                raise ConfigError(f"{path}: no rule files in this folder", hint="rule files end in .toml")
            found += inside
        elif os.path.exists(path):
            found.append(path)
        else:
            raise ConfigError(f"{path}: no such rule file or folder", hint="check --rules")
    return found


def load_rules(paths: Sequence[str] = (), *, builtin: bool = True) -> tuple[Rule, ...]:
    """Read the built-in rules and the user's rule files into one checked set.

    A user's rule whose id is a built-in one takes its place. Raises ConfigError with file, rule and field.
    """
    base = _merge([_read(f) for f in (rule_files((), True) if builtin else ())])
    own = _merge([_read(f) for f in rule_files(paths, False)])
    rules = _amended({**base.rules, **{k: _as_written(r) for k, r in own.rules.items()}}, own)
    rules = {k: r for k, r in rules.items() if k not in own.disabled or k in own.rules}
    _check_links(rules)
    return tuple(rules.values())


def reads_further_files(paths: Sequence[str]) -> bool:
    """Whether one of these rule files extends another, so that their own dates don't tell all changes."""
    return any(_read(path).further for path in rule_files(paths, False))


def parse_rules(text: str, source: str) -> tuple[Rule, ...]:
    """The rules of one file's text. `source` is the name that errors and `Rule.source` use.

    Links to rules of other files are not checked here. Raises ConfigError.
    """
    return tuple(_parse_file(text, source).rules.values())


# ---- one file


@dataclass(frozen=True)
class _RuleFile:
    """What one file says: rules of its own, changes to rules of others, and allowlists for all rules.

    `further`: it extends another file.
    """

    rules: dict[str, Rule]
    disabled: frozenset[str] = frozenset()
    amendments: tuple[tuple[dict[str, Any], str], ...] = ()
    everywhere: tuple[Allowlist, ...] = ()
    further: bool = False


def _read(path: str, depth: int = 0) -> _RuleFile:
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text", hint="rule files are TOML in UTF-8") from None
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror or 'cannot be read'}", hint="check --rules") from exc
    return _parse_file(text, path, depth)


def _parse_file(text: str, source: str, depth: int = 0) -> _RuleFile:
    import tomli  # rules usually come from the cache, and this import costs start-up time

    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as exc:
        raise ConfigError(f"{source}: not valid TOML: {exc}", hint="see rules/README.md") from None
    except RecursionError:
        raise ConfigError(f"{source}: nested too deeply", hint="see rules/README.md") from None
    spot = Spot(source)
    tables = data.pop("rules", [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        spot.at("rules").fail("expected [[rules]] tables")
    shared = _shared_allowlists(data, spot)
    extend = _extend(data.pop("extend", {}), spot.at("extend"))
    parent = _parent(extend.path, source, depth)
    defaults = _defaults(data, spot)
    builds_on_others = extend.use_default or bool(extend.path)
    amendments = [t for t in tables if builds_on_others and is_amendment(t)]
    own = [read_rule(t, defaults, spot) for t in tables if t not in amendments]
    mine = _merge([_RuleFile({r.id: _with_shared(r, shared)}) for r in own])
    rules = {**{k: _with_shared(r, shared) for k, r in parent.rules.items()}, **mine.rules}
    return _RuleFile(
        {k: r for k, r in rules.items() if k not in extend.disabled or k in mine.rules},
        extend.disabled | parent.disabled,
        (*parent.amendments, *((t, source) for t in amendments)),
        (*parent.everywhere, *(a for targets, a in shared if extend.use_default and not targets)),
        bool(extend.path),
    )


def _parent(path: str, source: str, depth: int) -> _RuleFile:
    """The file that this one extends: its path is relative to the current folder or to this file."""
    if not path:
        return _RuleFile({})
    spot = Spot(source).at("extend").at("path")
    if depth >= _MAX_EXTENDS:
        spot.fail(f"more than {_MAX_EXTENDS} files extend each other")
    beside = os.path.join(os.path.dirname(os.path.abspath(source)), path)
    found = next((p for p in (path, beside) if os.path.isfile(p)), None)
    if found is None:
        spot.fail(f"no file {path!r}", "give a path relative to this file")
    return _read(found, depth + 1)


def _merge(files: Sequence[_RuleFile]) -> _RuleFile:
    """One set of several; the same id twice is an error."""
    rules: dict[str, Rule] = {}
    for file in files:
        for rule in file.rules.values():
            if rule.id in rules:
                other = rules[rule.id].source
                place = "in this file" if other == rule.source else f"in {other}"
                Spot(rule.source, rule.id).fail(f"the id is used twice, also {place}", "ids must be unique")
            rules[rule.id] = rule
    return _RuleFile(
        rules,
        frozenset().union(*(file.disabled for file in files)),
        tuple(a for file in files for a in file.amendments),
        tuple(a for file in files for a in file.everywhere),
    )


def _as_written(rule: Rule) -> Rule:
    """A user's rule refuses what its file says and nothing else; built-in ones refuse placeholders too."""
    return rule if rule.filters else replace(rule, filters=("none",))


def _amended(rules: dict[str, Rule], own: _RuleFile) -> dict[str, Rule]:
    """The rules with what the user's files say about rules of others.

    An amendment of a rule that keylint has not is dropped: it can only have made findings fewer.
    """
    rules = dict(rules)
    for table, source in own.amendments:
        name = rule_id(table, Spot(source))
        if name in rules:
            rules[name] = amend_rule(rules[name], table, Spot(source))
    if own.everywhere:
        for name, rule in rules.items():
            extra = tuple(a for a in own.everywhere if a not in rule.allowlists)
            rules[name] = replace(rule, allowlists=(*rule.allowlists, *extra))
    return rules


def _check_links(rules: Mapping[str, Rule]) -> None:
    for rule in rules.values():
        spot = Spot(rule.source, rule.id)
        if rule.refines and not rules.get(rule.refines, rule).regex:
            unknown(
                spot.at("refines"), "pattern rule", rule.refines, [r.id for r in rules.values() if r.regex]
            )
        for requirement in rule.requires:
            if requirement.rule not in rules:
                unknown(spot.at("requires"), "rule", requirement.rule, rules)


@dataclass(frozen=True)
class _Extend:
    """gitleaks' [extend]."""

    path: str = ""
    use_default: bool = False
    disabled: frozenset[str] = frozenset()


def _extend(table: Any, spot: Spot) -> _Extend:
    """gitleaks' [extend]: the default rules are keylint's own; single ones can be left out."""
    if not isinstance(table, dict):
        spot.fail(f"expected a table, not {kind_of(table)}")
    for key in table:
        if key == "url":
            spot.at(key).fail("nothing is fetched", "download the file and name it with extend.path")
        if key not in ("path", "useDefault", "disabledRules"):
            unknown(spot, "key", key, ("path", "useDefault", "disabledRules"))
    use_default = table.get("useDefault", False)
    if not isinstance(use_default, bool):
        spot.at("useDefault").fail(f"expected true or false, not {kind_of(use_default)}")
    return _Extend(
        read_text(table.get("path", ""), spot.at("path")),
        use_default,
        frozenset(read_texts(table.get("disabledRules", []), spot.at("disabledRules"))),
    )


def _defaults(data: Mapping[str, Any], spot: Spot) -> dict[str, Any]:
    """The top-level keys: fields that every rule of the file starts from."""
    ignored = ("title", "description", "name", "minVersion")
    for key, value in data.items():
        if key in ignored:
            read_text(value, spot.at(key))
        elif key not in INHERITED:
            unknown(spot, "key", key, [*INHERITED, *ignored, "rules", "allowlist", "allowlists", "extend"])
    return {key: value for key, value in data.items() if key not in ignored}


def _shared_allowlists(data: dict[str, Any], spot: Spot) -> list[tuple[frozenset[str], Allowlist]]:
    """The file's global allowlists, each with the rule ids it is for (none: all of the file's)."""
    tables = data.pop("allowlists", [])
    single = data.pop("allowlist", None)
    spot = spot.at("allowlists")
    out = []
    for table in read_tables(tables if single is None else [*tables, single], spot):
        targets = read_texts(table.pop("targetRules", []), spot.at("targetRules"))
        out.append((frozenset(targets), read_allowlist(table, spot)))
    return out


def _with_shared(rule: Rule, shared: Sequence[tuple[frozenset[str], Allowlist]]) -> Rule:
    extra = tuple(a for targets, a in shared if not targets or rule.id in targets)
    return replace(rule, allowlists=rule.allowlists + extra) if extra else rule
