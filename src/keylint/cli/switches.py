"""The options of the commands that scan, as tables: click's are made from them, and plain command lines are
read with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

FORMATS = ("text", "json", "sarif", "html", "github")  # "action" is for the GitHub action alone
LEVELS = ("error", "warning", "note", "never")


class Switch(NamedTuple):
    """One option: its names, the parameter that it sets and its help.

    `takes` says what its value is: FLAG (none), TEXT, CHOICE (one of `choices`), FILE and PATH (which exist;
    a path may be a folder) or OUTPUT (a file that may exist). `no` is the name that says the opposite of a
    flag. With `many` it may be given several times.
    """

    names: tuple[str, ...]
    parameter: str
    help: str
    takes: str
    default: Any = None
    choices: tuple[str, ...] = ()
    many: bool = False
    no: str = ""
    metavar: str | None = None


FLAG, TEXT, CHOICE, FILE, PATH, OUTPUT = "flag", "text", "choice", "file", "path", "output"


def by_name(switches: Sequence[Switch]) -> dict[str, Switch]:
    """The switches by all of their names."""
    return {name: switch for switch in switches for name in (*switch.names, *filter(None, [switch.no]))}


def _flag(*names: str, help: str) -> Switch:  # noqa: A002 - click's word
    return Switch(names, names[-1][2:].replace("-", "_"), help, FLAG, default=False)


SHARED = (
    Switch(("--format",), "format_name", "What to write.", CHOICE, "text", (*FORMATS, "action")),
    Switch(("--output",), "output", "Write the report to this file.", OUTPUT),
    Switch(
        ("--inventory",),
        "inventories",
        "A key listing, snapshot or template export (repeatable).",
        FILE,
        (),
        many=True,
    ),
    Switch(
        ("--rules",),
        "rule_paths",
        "Rule file or folder of your own, beside the built-in ones (repeatable).",
        PATH,
        (),
        many=True,
    ),
    Switch(("--baseline",), "baseline", "An earlier JSON or SARIF report: known keys stay quiet.", FILE),
    Switch(
        ("--fail-on",),
        "fail_on",
        "Lowest level that gives exit status 1 (default: error).",
        CHOICE,
        choices=LEVELS,
    ),
    Switch(("--config",), "config_path", "Configuration file (default: keylint.toml).", FILE),
    _flag("--strict-allow", help="Do not honour gitleaks:allow comments."),
    _flag("--explain", help="List values that were no finding, and the filter that refused each."),
    _flag("--show-allowed", help="List keys that are allowed in public, too."),
    _flag("--show-suppressed", help="List suppressed findings, too."),
    _flag("--reveal", help="Show whole secrets. Never to a file that git tracks."),
    _flag("-v", "--verbose", help="List everything, also what was skipped or allowed."),
    _flag("-q", "--quiet", help="Say nothing where nothing was found."),
    _flag("--debug", help="Show where an internal error happened."),
)

SCAN = (
    _flag("--staged", help="Scan what the index holds, not what the working tree holds."),
    _flag("--history", help="Scan everything that any commit ever held."),
    Switch(("--range",), "range_", "Scan what B adds to A, commit by commit.", TEXT, metavar="A..B"),
    Switch(("--since",), "since", "Scan the history after a date or a commit.", TEXT, metavar="DATE|REF"),
    _flag("--include-unreachable", help="With --history: objects that nothing refers to, too."),
    _flag("--messages", help="With --history: messages of commits and tags, too."),
    _flag("--submodules", help="With --history: the history of submodules, too."),
    _flag("--show-authors", help="Name the authors of commits."),
    Switch(
        ("--cache",),
        "cache",
        "Remember what a history holds, to scan only what is new (default: if KEYLINT_CACHE_DIR is set).",
        FLAG,
        no="--no-cache",
    ),
    *SHARED,
)
