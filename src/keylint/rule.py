"""The rule type: what keylint knows about one kind of key, whichever file it was read from.

A *pattern rule* has `regex`. A *refinement* has `refines` and `when` instead: it renames a match of its
base rule when the facts that the base rule's inspector read from the value satisfy every condition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keylint.model import Privacy, RuleInfo, Severity
from keylint.records import dataclass


@dataclass(frozen=True)
class Allowlist:
    """Conditions under which a match is dropped, as gitleaks defines them.

    `condition` is OR (any field that is set matches) or AND (all of them must); one that sets none covers
    nothing. `regex_target` is `secret`, `match` or `line`. `commits` are matched outside the engine.
    """

    description: str = ""
    condition: str = "OR"
    regex_target: str = "secret"
    regexes: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    stopwords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """Text that must stand near a match: `regex` within `within` bytes on either side (0: anywhere in
    the file).

    With `or_inventory` a match without the text is kept as a candidate that only an inventory entry can
    turn into a finding.
    """

    regex: str
    within: int = 300
    or_inventory: bool = False


@dataclass(frozen=True)
class Requirement:
    """The other half of a pair: a match of `rule` within `within` bytes (0: same file).

    With `identifies` the rule's own match is the harmless half: where the other one is there, too, it is
    named in that finding and is none of its own.
    """

    rule: str
    within: int = 0
    optional: bool = False
    identifies: bool = False


@dataclass(frozen=True)
class Beside:
    """Something harmless that stands near a match and says more about it, such as an organization's id.

    The first group that takes part in `regex` is shown under `name`; `within` as in `Requirement`.
    """

    name: str
    regex: str
    within: int = 0


@dataclass(frozen=True)
class Rule:
    """One key kind. `id` is stable and never a label; titles may change.

    Fields that gitleaks has keep its meaning. `secret_group` 0 means the first group that took part, or the
    whole match where the pattern has no groups. `entropy` is Shannon entropy in bits per byte.
    """

    id: str
    title: str
    provider: str
    description: str = ""
    regex: str = ""
    secret_group: int = 0
    entropy: float = 0.0
    keywords: tuple[str, ...] = ()
    path: str = ""
    tags: tuple[str, ...] = ()
    allowlists: tuple[Allowlist, ...] = ()

    refines: str = ""
    when: tuple[tuple[str, Any], ...] = ()

    privacy: Privacy = Privacy.PRIVATE
    decided_by: str = ""
    settle: str = ""  # the question that would settle a `depends` key
    severity: Severity = Severity.HIGH
    can_do: str = ""
    impact: str = ""
    rotate: tuple[str, ...] = ()
    rotate_certain: bool = True
    docs: str = ""
    evidence: str = ""

    prefix_len: int = 0
    weak: bool = False
    normalize: tuple[str, ...] = ()
    inspect: str = ""
    checksum: str = ""
    context: Context | None = None
    requires: tuple[Requirement, ...] = ()
    beside: tuple[Beside, ...] = ()
    lengths: tuple[int, ...] = ()  # documented lengths of the whole value, in bytes
    silent: bool = False  # matches count only as the other half of a pair
    proves: bool = False  # the value itself proves `privacy`: no inventory entry may soften it
    priority: int = 50
    binary: bool = True
    samples: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    names: tuple[tuple[str, str, bool], ...] = ()  # providers to look for before the value: `providers.py`
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    source: str = ""  # the file it came from, for error messages

    def info(self) -> RuleInfo:
        """The part that reports need."""
        return RuleInfo(
            self.id, self.title, self.description or self.title, self.provider, self.tags, self.docs
        )


def to_plain(rule: Rule) -> dict[str, Any]:
    """The fields that are not at their default, as text, numbers and tuples of these, for `marshal`.

    Examples are left out: they are most of the bytes, and no scan needs them.
    """
    values = {name: getattr(rule, name) for name in _FIELDS if name not in _EXAMPLES}
    plain: dict[str, Any] = {
        name: value for name, value in values.items() if name not in _DEFAULTS or value != _DEFAULTS[name]
    }
    for name, kind in _ENUMS.items():
        if name in plain:
            plain[name] = kind(plain[name]).value
    for name in _TABLES:
        if name in plain:
            plain[name] = tuple(_astuple(table) for table in plain[name])
    if rule.context:
        plain["context"] = _astuple(rule.context)
    return plain


def from_plain(plain: Mapping[str, Any]) -> Rule:
    """The rule that `to_plain` took apart. Raises TypeError or ValueError when it is of another version."""
    values = {**_DEFAULTS, **plain}
    if values.keys() != _KNOWN:
        raise ValueError("a stored rule has other fields")
    for name, kind in _ENUMS.items():
        if name in plain:
            values[name] = kind(plain[name])
    for name, table in _TABLES.items():
        if name in plain:
            values[name] = tuple(table(*parts) for parts in plain[name])
    if "context" in plain:
        values["context"] = Context(*plain["context"])
    rule = object.__new__(Rule)  # these were checked: without the checks 900 rules take 5 ms less
    object.__setattr__(rule, "__dict__", values)
    return rule


_FIELDS: tuple[str, ...] = Rule.__match_args__
_KNOWN = frozenset(_FIELDS)
_EXAMPLES = ("examples", "counter_examples")
_DEFAULTS: dict[str, Any] = {name: vars(Rule)[name] for name in _FIELDS if name in vars(Rule)}
_ENUMS: dict[str, type[Privacy] | type[Severity]] = {"privacy": Privacy, "severity": Severity}
_TABLES: dict[str, Callable[..., Any]] = {"allowlists": Allowlist, "requires": Requirement, "beside": Beside}


def _astuple(value: Allowlist | Beside | Requirement | Context) -> tuple[Any, ...]:
    return tuple(getattr(value, name) for name in value.__match_args__)
