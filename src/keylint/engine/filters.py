"""Named tests that tell a value from something that only looks like one.

A rule switches filters on by name or by the name of a group (`Rule.filters`); `placeholder` is on for all
rules, `none` switches that off. A filter answers True when the candidate is no secret. Add one: write the
predicate in `looks` or `assigned`, list it here and in `keylint.rulefields`, and put it into a group if the
group's rules should all have it. docs/generic-detection.md says what each one is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from keylint.engine import assigned, looks
from keylint.engine.candidate import SURROUNDINGS, Candidate
from keylint.errors import ConfigError

__all__ = ["FILTERS", "GROUPS", "NAMES", "SURROUNDINGS", "Candidate", "select"]

Filter = Callable[[Candidate], bool]

_LOOKS = (
    looks.repeated,
    looks.sequence,
    looks.masked,
    looks.bracketed,
    looks.placeholder_words,
    looks.example,
    looks.template,
    looks.uuid,
    looks.digest,
    looks.words,
    looks.path,
    looks.url,
    looks.identifier,
    looks.number,
)
_ASSIGNED = (
    assigned.short,
    assigned.typed,
    assigned.dull,
    assigned.spoken,
    assigned.weak_name,
    assigned.harmless_name,
    assigned.unnamed_uuid,
    assigned.unnamed_digest,
    assigned.pair,
    assigned.tutorial_login,
    assigned.picture,
    assigned.public_key,
    assigned.test_certificate,
    assigned.code,
    assigned.joined,
    assigned.picture_address,
    assigned.example_address,
    assigned.pattern,
    assigned.no_base64,
    assigned.no_login,
)
FILTERS: dict[str, Filter] = {test.__name__: test for test in (*_LOOKS, *_ASSIGNED)}
GROUPS: dict[str, tuple[str, ...]] = {
    "placeholder": ("repeated", "sequence", "masked", "bracketed", "placeholder_words", "example"),
    "generic": ("template", "uuid", "digest", "words", "path", "url", "identifier", "number"),
    "assigned": (  # for rules with "none": it has its own `typed` in place of `sequence`
        "repeated",
        "masked",
        "bracketed",
        "placeholder_words",
        "example",
        "typed",
        "short",
        "template",
        "joined",
        "picture_address",
        "example_address",
        "pair",
        "harmless_name",
        "weak_name",
        "unnamed_uuid",
        "unnamed_digest",
        "number",
        "url",
        "code",
        "pattern",
        "picture",
        "public_key",
        "test_certificate",
        "dull",
        "spoken",
    ),
    "none": (),
}
NAMES = (*FILTERS, *GROUPS)
# What refuses most for its time (measured on packages of npm): asked first where nobody wants to know which
# filter it was. Then the others, the most telling ones first.
_QUICK = ("short", "harmless_name", "spoken", "template", "joined", "code", "weak_name")


def select(names: Iterable[str], where: str) -> dict[str, Filter]:
    """The predicates that filter names stand for, in the order of trying.

    Raises ConfigError, naming `where`, for an unknown one.
    """
    wanted = list(names)
    if "none" not in wanted:
        wanted.insert(0, "placeholder")
    chosen: dict[str, Filter] = {}
    for name in wanted:
        if name not in NAMES:
            raise ConfigError(f"{where}: unknown filter {name!r}", hint="known: " + ", ".join(NAMES))
        for single in GROUPS.get(name, (name,)):
            chosen[single] = FILTERS[single]
    return chosen


def quickest_first(chosen: Mapping[str, Filter]) -> dict[str, Filter]:
    """The same filters in the order in which a candidate is refused soonest."""
    order = [*(name for name in _QUICK if name in chosen), *chosen]
    return {name: chosen[name] for name in order}
