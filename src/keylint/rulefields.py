"""One table of a rule file -> one checked `Rule`, with file, rule and field in every error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from keylint.fieldtypes import (
    Spot,
    known_keys,
    one_of,
    read_count,
    read_flag,
    read_number,
    read_tables,
    read_text,
    read_texts,
    some_of,
    unknown,
)
from keylint.latepattern import late
from keylint.model import Privacy, Severity
from keylint.re2 import from_re2
from keylint.records import replace
from keylint.rule import Allowlist, Beside, Context, Requirement, Rule

# The names that rule files may use. `engine` implements them; tests hold both lists equal, because this
# module must not import the engine.
INSPECTORS = (
    "aws_key_id", "azure_annotated", "azure_devops", "azure_key", "azure_sas", "clerk_publishable", "discord",
    "github_installation", "gitlab", "jwt", "mailchimp", "mapbox", "mode", "pem", "pypi", "sentry_dsn",
    "sentry_org_token", "slack", "telegram", "unleash", "url_credentials",
)  # fmt: skip
CHECKSUMS = (
    "azure_annotated", "azure_devops", "azure_key", "cloudflare", "entra", "github", "gitlab", "grafana",
    "npm", "pem",
)  # fmt: skip
FILTERS = (
    "assigned", "bracketed", "code", "digest", "dull", "example", "example_address", "generic",
    "harmless_name", "identifier", "joined", "masked", "no_base64", "no_login", "none", "number",
    "pair", "path", "pattern", "picture", "picture_address", "placeholder", "placeholder_words",
    "public_key", "repeated", "sequence", "short", "spoken", "template", "test_certificate",
    "tutorial_login", "typed", "unnamed_digest", "unnamed_uuid", "url", "uuid", "weak_name", "words",
)  # fmt: skip

GENERIC_PRIORITY = 10  # where a specific rule finds the same value, it names it

_MAX_DEPTH = 50
_PARENTHESIS = late(r"\\.|\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|([()])", re.DOTALL)

# `(?&start)`: where a key may start. Not inside a word, but the letters of an escape such as \n, %3D or
# \u003d before it are no word, nor is the end of a terminal's colour (ECMA-48, SGR).
START = (
    r"(?:(?<![0-9A-Za-z])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u00[0-9A-Fa-f]{2})"
    r"|(?<=\x1b\[[0-9]m)|(?<=\x1b\[[0-9]{2}m)|(?<=\x1b\[[0-9];[0-9]{2}m))"
)


# ---- one rule


def read_rule(table: dict[str, Any], defaults: Mapping[str, Any], spot: Spot) -> Rule:
    """A whole rule; `defaults` are the file's own top-level fields."""
    spot = Spot(spot.source, rule_id(table, spot))
    values = _values({**defaults, **table}, spot)
    values.setdefault("provider", "custom")
    values.setdefault("title", values.get("description") or spot.rule)
    if "generic" in spot.rule:
        values.setdefault("priority", GENERIC_PRIORITY)
    if values.get("privacy") is Privacy.PUBLIC:
        # What is harmless and stands with a secret is the half that names it.
        needs = values.get("requires", ())
        values["requires"] = tuple(replace(n, identifies=n.identifies or n.optional) for n in needs)
    rule = Rule(**values, source=spot.source)
    _check(rule, spot)
    return rule


def amend_rule(base: Rule, table: dict[str, Any], spot: Spot) -> Rule:
    """A rule of another file with the fields of `table` in place of its own, and its allowlists added."""
    spot = Spot(spot.source, base.id)
    values = _values(table, spot)
    values["allowlists"] = (*base.allowlists, *values.get("allowlists", ()))
    rule = replace(base, **values)
    _check(rule, spot)
    return rule


def is_amendment(table: Mapping[str, Any]) -> bool:
    """Whether a table has nothing that could match, so that it can only be about a rule of another file."""
    return not {"regex", "path", "refines"} & {key.lower() for key in table}


def rule_id(table: Mapping[str, Any], spot: Spot) -> str:
    """The id of a rule table."""
    found = table.get("id")
    if not isinstance(found, str) or not found:
        spot.at("rules").fail("a rule has no id", 'each [[rules]] table needs id = "provider.kind"')
    return found


def _values(table: dict[str, Any], spot: Spot) -> dict[str, Any]:
    """The fields of a table, checked, under the names that `Rule` has for them."""
    table = dict(table)
    single = table.pop("allowlist", None)
    if single is not None:
        table["allowlists"] = [*read_tables(table.get("allowlists", []), spot.at("allowlists")), single]
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = _LOWER.get(key.lower(), key)
        if name not in _FIELDS:
            unknown(spot, "field", key, [*_CAMEL, *(f for f in _FIELDS if f not in _CAMEL.values())])
        values[name] = _FIELDS[name](value, spot.at(key))
    if "required" in values:
        values["requires"] = (*values.get("requires", ()), *values.pop("required"))
    return values


def _check(rule: Rule, spot: Spot) -> None:
    if rule.refines:
        if rule.regex or not rule.when:
            spot.fail("a refinement has `refines` and `when`, and no `regex`")
    elif not rule.regex and not rule.path:
        spot.fail("no regex", "a rule needs a regex for values, or a path for whole files")
    elif rule.when:
        spot.at("when").fail("only a refinement has conditions", "add `refines`")
    groups = _pattern(rule.regex, spot.at("regex"))
    if rule.secret_group > groups:
        spot.at("secretGroup").fail(f"is {rule.secret_group}, but the regex has {groups} groups")
    patterns = [("path", rule.path), ("context", rule.context.regex if rule.context else "")]
    patterns += [("allowlists", p) for a in rule.allowlists for p in (*a.regexes, *a.paths)]
    for key, pattern in patterns:
        _pattern(pattern, spot.at(key))


def _pattern(pattern: str, spot: Spot) -> int:
    """The number of groups of a pattern that compiles."""
    import regex  # only needed when rules are read from TOML

    if _depth(pattern) > _MAX_DEPTH:  # what reads a pattern calls itself for each group
        spot.fail(f"more than {_MAX_DEPTH} groups in one another", "write it with fewer")
    try:
        return regex.compile(pattern.encode()).groups if pattern else 0
    except regex.error as exc:
        spot.fail(
            f"does not compile: {exc.msg} at position {exc.pos}", "RE2 or Python `regex` syntax, on bytes"
        )


def _depth(pattern: str) -> int:
    """How many groups stand in one another."""
    deepest = now = 0
    for found in _PARENTHESIS.finditer(pattern):
        now += (found[1] == "(") - (found[1] == ")")
        deepest = max(deepest, now)
    return deepest


# ---- values of fields


def _regex(value: Any, spot: Spot) -> str:
    return from_re2(read_text(value, spot).replace("(?&start)", START))


def _patterns(value: Any, spot: Spot) -> tuple[str, ...]:
    return tuple(from_re2(v) for v in read_texts(value, spot))


def _lowered(value: Any, spot: Spot) -> tuple[str, ...]:
    return tuple(v.lower() for v in read_texts(value, spot))


def _privacy(value: Any, spot: Spot) -> Privacy:
    return Privacy(one_of([p.value for p in Privacy], "privacy")(value, spot))


def _severity(value: Any, spot: Spot) -> Severity:
    return Severity(one_of([s.value for s in Severity], "severity")(read_text(value, spot).upper(), spot))


def _samples(value: Any, spot: Spot) -> tuple[str, ...]:
    samples = _lowered(value, spot)
    for sample in samples:
        if len(sample) != 64 or set(sample) - set("0123456789abcdef"):
            spot.fail("expected SHA-256 digests of 64 hex digits, never the values themselves")
    return samples


def _when(value: Any, spot: Spot) -> tuple[tuple[str, Any], ...]:
    """Conditions on facts: text (with `*`), number, true (present) or false (absent), or a list of these."""
    if not isinstance(value, dict) or not value:
        spot.fail('expected a table of conditions such as "payload.role" = "anon"')
    out = []
    for fact, condition in value.items():
        choices = condition if isinstance(condition, list) else [condition]
        if not choices or not all(isinstance(c, (str, int, float)) for c in choices):
            spot.at(fact).fail(
                "expected text, a number, true, false or a list of these", "quote names with dots"
            )
        out.append((fact, tuple(choices) if isinstance(condition, list) else condition))
    return tuple(out)


def read_allowlist(table: Mapping[str, Any], spot: Spot) -> Allowlist:
    known = ("description", "condition", "regexTarget", "regexes", "paths", "commits", "stopwords")
    table = known_keys(table, known, spot)
    condition = read_text(table.get("condition", "OR"), spot.at("condition")).upper()
    condition = {"||": "OR", "&&": "AND"}.get(condition, condition)
    target = table.get("regexTarget", "secret") or "secret"
    return Allowlist(
        description=read_text(table.get("description", ""), spot.at("description")),
        condition=one_of(("OR", "AND"), "condition")(condition, spot.at("condition")),
        regex_target=one_of(("secret", "match", "line"), "target")(target, spot.at("regexTarget")),
        regexes=_patterns(table.get("regexes", []), spot.at("regexes")),
        paths=_patterns(table.get("paths", []), spot.at("paths")),
        commits=read_texts(table.get("commits", []), spot.at("commits")),
        stopwords=read_texts(table.get("stopwords", []), spot.at("stopwords")),
    )


def _allowlists(value: Any, spot: Spot) -> tuple[Allowlist, ...]:
    return tuple(read_allowlist(t, spot) for t in read_tables(value, spot))


def _names(value: Any, spot: Spot) -> tuple[tuple[str, str, bool], ...]:
    """true: matches are labelled with the provider that is named before them."""
    if not read_flag(value, spot):
        return ()
    from keylint.providers import load_providers  # TOML, read only when the cache has to be made

    return load_providers()


def _context(value: Any, spot: Spot) -> Context:
    table = {"regex": value} if isinstance(value, str) else value
    if not isinstance(table, dict) or not table.get("regex"):
        spot.fail("expected { regex, within, or_inventory }")
    table = known_keys(table, ("regex", "within", "or_inventory"), spot)
    return Context(
        read_text(table["regex"], spot.at("regex")),
        read_count(table.get("within", 300), spot.at("within")),
        read_flag(table.get("or_inventory", False), spot.at("or_inventory")),
    )


def _requires(value: Any, spot: Spot) -> tuple[Requirement, ...]:
    out = []
    for raw in read_tables(value, spot):
        table = known_keys(raw, ("rule", "within", "optional", "identifies"), spot)
        out.append(
            Requirement(
                read_text(table.get("rule"), spot.at("rule")),
                read_count(table.get("within", 0), spot.at("within")),
                read_flag(table.get("optional", False), spot.at("optional")),
                read_flag(table.get("identifies", False), spot.at("identifies")),
            )
        )
    return tuple(out)


def _beside(value: Any, spot: Spot) -> tuple[Beside, ...]:
    out = []
    for raw in read_tables(value, spot):
        table = known_keys(raw, ("name", "regex", "within"), spot)
        pattern = read_text(table.get("regex"), spot.at("regex"))
        if not _pattern(pattern, spot.at("regex")):
            spot.at("regex").fail("has no group for what is to be shown")
        within = read_count(table.get("within", 0), spot.at("within"))
        out.append(Beside(read_text(table.get("name"), spot.at("name")), pattern, within))
    return tuple(out)


def _lengths(value: Any, spot: Spot) -> tuple[int, ...]:
    return tuple(read_count(v, spot) for v in (value if isinstance(value, list) else [value]))


def _required(value: Any, spot: Spot) -> tuple[Requirement, ...]:
    """gitleaks' form of a pair. Distances in lines or columns become bytes, generously."""
    out = []
    for raw in read_tables(value, spot):
        table = known_keys(raw, ("id", "withinLines", "withinColumns"), spot)
        lines = read_count(table.get("withinLines", 0), spot.at("withinLines"))
        columns = read_count(table.get("withinColumns", 0), spot.at("withinColumns"))
        out.append(Requirement(read_text(table.get("id"), spot.at("id")), lines * _LINE_BYTES or columns))
    return tuple(out)


_LINE_BYTES = 200
_CAMEL = {"secretGroup": "secret_group", "skipReport": "silent"}
_FIELDS: dict[str, Callable[[Any, Spot], Any]] = {
    **dict.fromkeys(("id", "title", "provider", "description", "refines"), read_text),
    **dict.fromkeys(("decided_by", "settle", "can_do", "impact", "docs", "evidence"), read_text),
    **dict.fromkeys(("tags", "rotate", "examples", "counter_examples"), read_texts),
    **dict.fromkeys(("secret_group", "prefix_len", "priority"), read_count),
    **dict.fromkeys(("rotate_certain", "weak", "proves", "binary", "silent"), read_flag),
    **dict.fromkeys(("regex", "path"), _regex),
    "keywords": _lowered,
    "entropy": read_number,
    "allowlists": _allowlists,
    "when": _when,
    "privacy": _privacy,
    "severity": _severity,
    "normalize": some_of(("percent",), "normalisation"),
    "inspect": one_of((*INSPECTORS, ""), "inspector"),
    "checksum": one_of((*CHECKSUMS, ""), "checksum"),
    "context": _context,
    "requires": _requires,
    "beside": _beside,
    "lengths": _lengths,
    "required": _required,
    "samples": _samples,
    "filters": some_of(FILTERS, "filter"),
    "names": _names,
}
_LOWER = {key.lower(): name for key, name in {**{f: f for f in _FIELDS}, **_CAMEL}.items()}
INHERITED = tuple(
    f
    for f in _FIELDS
    if f
    not in (
        "id",
        "title",
        "description",
        "regex",
        "refines",
        "when",
        "secret_group",
        "examples",
        "counter_examples",
        "required",
    )
)
