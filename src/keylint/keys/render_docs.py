"""docs/checks.md, from the registry of checks: `python -m keylint.keys.render_docs > docs/checks.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from keylint.keys.checks import REGISTRY, Check

_PROVIDERS = {"coveo": "Coveo", "keypair": "key pairs", "algolia": "Algolia"}
_HEAD = (
    "# Checks of `keylint keys lint`",
    "",
    "Made from the registry of checks (`python -m keylint.keys.render_docs`); a test keeps the two equal.",
    "`critical` and `high` are errors, `medium` is a warning, `low` and `info` are notes. Names in brackets",
    "are thresholds of `[keys.lint]`, see [keys.md](keys.md).",
    "",
    "| Check | Severity | For |",
    "|---|---|---|",
)


def checks_page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    checks = list(REGISTRY.checks.values())
    yield from _HEAD
    for check in checks:
        yield f"| [{check.id}](#{check.id}) | {check.grade.value} | {_providers(check)} |"
    for check in checks:
        yield ""
        yield f"## {check.id}"
        yield ""
        yield f"**{check.title}.** Severity {check.grade.value}{'; ' + check.grades if check.grades else ''}."
        yield ""
        yield f"- Looks at: {check.looks_at}"
        yield f"- Reported when: {check.when}"
        yield f"- Remedy: {check.remedy}"
        yield f"- For: {_providers(check)}"
        yield f"- Source: <{check.source}>"


def _providers(check: Check) -> str:
    return ", ".join(_PROVIDERS[name] for name in check.providers)


if __name__ == "__main__":
    sys.stdout.write(checks_page())
