"""Find and run the SARIF validators that `make tools` installs into `.tools/`."""

from __future__ import annotations

import collections
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = Path(os.environ.get("KEYLINT_TOOLS", ROOT / ".tools")) / "node_modules"
_PLATFORM = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform, "linux")
_PACKAGE = MODULES / "@microsoft" / f"sarif-multitool-{_PLATFORM}"
_PROGRAM = _PACKAGE / ("Sarif.Multitool.exe" if _PLATFORM == "win32" else "Sarif.Multitool")
SCHEMA = _PACKAGE / "sarif-2.1.0.json"

# The check of GitHub's upload-sarif action: this library, this schema, and bad addresses only warn.
_UPLOAD_CHECK = """
const {Validator} = require("jsonschema"), fs = require("fs");
const read = name => JSON.parse(fs.readFileSync(name, "utf8"));
const found = new Validator().validate(read(process.argv[2]), read(process.argv[1])).errors;
const fatal = found.filter(e => !(e.name === "format" && ["uri", "uri-reference"].includes(e.argument)));
fatal.forEach(e => console.log(e.stack));
process.exit(fatal.length ? 1 : 0);
"""


def need_tools() -> None:
    """Skip the calling test where the tools are not installed; fail it where KEYLINT_REQUIRE_TOOLS is set."""
    missing = [str(path) for path in (_PROGRAM, SCHEMA, MODULES / "jsonschema") if not path.exists()]
    if shutil.which("node") is None:
        missing.append("node")
    if not missing:
        return
    text = f"`make tools` installs what this test needs: {', '.join(missing)}"
    if os.environ.get("KEYLINT_REQUIRE_TOOLS"):
        pytest.fail(text)
    pytest.skip(text)


def multitool(path: Path) -> collections.Counter[tuple[str, str]]:
    """What `Sarif.Multitool validate` says about a file: (level, rule id and message) -> count.

    Its exit status says nothing and it skips large files, so its own report is read, and must be complete.
    """
    if not os.access(_PROGRAM, os.X_OK):  # npm may leave out the package's install script, which does this
        _PROGRAM.chmod(_PROGRAM.stat().st_mode | stat.S_IXUSR)
    output = path.with_suffix(".validation.json")
    command = [str(_PROGRAM), "validate", str(path), "--rule-kind", "Sarif;Ghas"]
    command += ["--level", "Error;Warning;Note", "--kind", "Fail", "--max-file-size-in-kb", "200000"]
    command += ["--output", str(output), "--log", "ForceOverwrite"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert output.exists(), done.stdout + done.stderr
    said: collections.Counter[tuple[str, str]] = collections.Counter()
    for run in json.loads(output.read_text(encoding="utf-8-sig"))["runs"]:
        assert run["invocations"][0]["executionSuccessful"], done.stdout
        rules = run["tool"]["driver"].get("rules", [])
        for result in run.get("results", []):
            said[result.get("level", "warning"), _describe(result, rules)] += 1
    return said


def _describe(result: dict[str, Any], rules: list[dict[str, Any]]) -> str:
    rule = rules[result["ruleIndex"]]
    message = result["message"]
    template = rule.get("messageStrings", {}).get(message.get("id"), {}).get("text", message.get("text", ""))
    for number, argument in enumerate(message.get("arguments", [])):
        template = template.replace(f"{{{number}}}", argument)
    return f"{result.get('ruleId') or rule['id']}: {template}"


def upload_errors(path: Path, schema: Path = SCHEMA) -> str:
    """What GitHub's upload action would refuse the file for; empty if it takes it."""
    done = subprocess.run(
        ["node", "-e", _UPLOAD_CHECK, str(schema), str(path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "NODE_PATH": str(MODULES)},
    )
    return done.stdout + done.stderr if done.returncode else ""
