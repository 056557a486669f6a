"""Scanners that are packages in Python or JavaScript, each in an environment of its own, made when needed.

They pin what others need, and they are too slow for the speed tables; only bench/accuracy.py calls them.
"""

from __future__ import annotations

import json
import subprocess
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import peers

_PYTHON = {"detect-secrets": "1.5.0", "credsweeper": "1.19.5", "whispers": "2.4.0"}
_SECRETLINT = "11.7.1"  # the last for Node 20
_PRESET = "@secretlint/secretlint-rule-preset-recommend"

Values = Iterator[tuple[str, str]]  # the path of a file and a value that was reported there


def detect_secrets(folder: Path, scratch: Path) -> Values:
    """Its report holds hashes only, so what it found is the first value on the line that has the hash."""
    code = (
        "import json, sys\n"
        "from detect_secrets import SecretsCollection\n"
        "from detect_secrets.settings import default_settings\n"
        "found = []\n"
        "with default_settings():\n"
        "    for name in sys.argv[1:]:\n"
        "        secrets = SecretsCollection()\n"
        "        secrets.scan_file(name)\n"
        "        found += [(name, s.secret_value) for _, s in secrets]\n"
        "print(json.dumps(found))\n"
    )
    files = sorted(str(path) for path in folder.iterdir())
    output = _run([_python("detect-secrets", "python"), "-c", code, *files], scratch)
    for name, value in json.loads(output):
        yield name, value or ""


def credsweeper(folder: Path, scratch: Path) -> Values:
    """What its JSON report says, line by line."""
    report = scratch / "credsweeper.json"
    _run([_python("credsweeper", "credsweeper"), "--path", str(folder), "--save-json", str(report)], scratch)
    for item in json.loads(report.read_text(encoding="utf-8")):
        for line in item["line_data_list"]:
            yield line["path"], line["value"] or ""


def whispers(folder: Path, scratch: Path) -> Values:
    """What its JSON report says. It takes files by their extension, for structured ones."""
    report = scratch / "whispers.json"
    _run([_python("whispers", "whispers"), "--output", str(report), str(folder)], scratch)
    for item in json.loads(report.read_text(encoding="utf-8") or "[]"):
        yield item["file"], str(item["value"])


def secretlint(folder: Path, scratch: Path) -> Values:
    """What its recommended rules find, cut from the content that its report quotes."""
    home = _secretlint()
    settings = home / "settings.json"
    settings.write_text(json.dumps({"rules": [{"id": _PRESET}]}), encoding="utf-8")
    report = scratch / "secretlint.json"
    program = home / "node_modules" / ".bin" / "secretlint"
    options = [
        "--no-maskSecrets",
        "--format",
        "json",
        "--secretlintrc",
        str(settings),
        "--output",
        str(report),
    ]
    _run([str(program), *options, "*"], folder, statuses=(0, 1))
    for file in json.loads(report.read_text(encoding="utf-8") or "[]"):
        text = file["sourceContent"].encode("utf-16-le")  # ranges count UTF-16 code units
        for message in file["messages"]:
            start, end = message["range"]
            yield file["filePath"], text[2 * start : 2 * end].decode("utf-16-le", "replace")


SCANS: dict[str, Callable[[Path, Path], Values]] = {
    "detect-secrets": detect_secrets,
    "credsweeper": credsweeper,
    "whispers": whispers,
    "secretlint": secretlint,
}


def _run(command: list[str], folder: Path, statuses: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    if done.returncode not in statuses:
        raise SystemExit(
            f"{Path(command[0]).name} ended with status {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return done.stdout


def _python(name: str, program: str) -> str:
    """A program in the environment of a scanner in Python."""
    folder = peers.PEERS / name
    if not (folder / "installed").is_file():
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, f"{name}=={_PYTHON[name]}"], check=True)
        (folder / "installed").touch()
    return str(folder / "bin" / program)


def _secretlint() -> Path:
    """The folder with secretlint and its recommended rules."""
    folder = peers.PEERS / "secretlint"
    if not (folder / "installed").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}", encoding="utf-8")
        packages = [f"secretlint@{_SECRETLINT}", f"{_PRESET}@{_SECRETLINT}"]
        subprocess.run(["npm", "install", "--silent", "--no-audit", *packages], cwd=folder, check=True)
        (folder / "installed").touch()
    return folder
