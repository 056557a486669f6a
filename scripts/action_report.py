"""Read a SARIF report of keylint and tell the GitHub action what is in it.

Appends `findings` and `complete` to $GITHUB_OUTPUT and, where $SCAN_SUMMARY is `true`, a Markdown table to
$GITHUB_STEP_SUMMARY. The report holds masked keys only; paths and messages in it come from whoever wrote the
scanned files, so they are escaped.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any
from urllib.parse import unquote

# GitHub refuses a summary above 1 MiB a step.
_MAX_BYTES = 900_000
_MAX_CELL = 400
_RANK = {"error": 0, "warning": 1, "note": 2}


def main(sarif: str) -> None:
    """Report on the file `sarif`."""
    with open(sarif, encoding="utf-8") as stream:
        run = json.load(stream)["runs"][0]
    results = [r for r in run["results"] if r.get("level") in _RANK and not r.get("suppressions")]
    results.sort(key=lambda result: _RANK[result["level"]])
    complete = all(invocation["executionSuccessful"] for invocation in run["invocations"])
    _append("GITHUB_OUTPUT", f"findings={len(results)}\ncomplete={str(complete).lower()}\n")
    if os.environ.get("SCAN_SUMMARY") == "true":
        _append("GITHUB_STEP_SUMMARY", summary(results, complete=complete))


def summary(results: list[dict[str, Any]], *, complete: bool) -> str:
    """The job summary: a head line and a table, cut at a size that GitHub takes."""
    count = "no findings" if not results else f"{len(results)} finding{'s' * (len(results) > 1)}"
    lines = [f"### keylint: {count}", ""]
    if not complete:
        lines += [
            "**Not everything could be read**, so this list may lack something: see the log of the step.",
            "",
        ]
    if results:
        lines += ["| level | verdict | place | what |", "|---|---|---|---|"]
    size = sum(len(line.encode()) + 1 for line in lines)
    for number, result in enumerate(results):
        row = _row(result)
        size += len(row.encode()) + 1
        if size > _MAX_BYTES:
            lines += ["", f"{len(results) - number} more are in the SARIF report."]
            break
        lines.append(row)
    return "\n".join(lines) + "\n"


def _row(result: dict[str, Any]) -> str:
    location = result["locations"][0]["physicalLocation"]
    line = location.get("region", {}).get("startLine")
    place = unquote(location["artifactLocation"]["uri"]) + (f":{line}" if line else "")
    verdict = result.get("properties", {}).get("verdict", "")
    cells = (result["level"], verdict, place, result["message"]["text"])
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"


def escape(text: str) -> str:
    """Text as one cell of a Markdown table: no markup, no line break, of bounded length."""
    text = text if len(text) <= _MAX_CELL else text[:_MAX_CELL] + "…"
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", " ", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#!|~@])", lambda match: f"&#{ord(match[1])};", text)


def _append(variable: str, text: str) -> None:
    with open(os.environ[variable], "a", encoding="utf-8", errors="replace") as stream:
        stream.write(text)


if __name__ == "__main__":
    main(sys.argv[1])
