"""How much noise: findings in the published files of the most used npm and PyPI packages, by million lines.

    python bench/noise.py [--show] [TOOL ...]

Fetches 60 npm packages (`npm pack`) and 60 wheels (`pip download --no-deps`) into bench/.work/noise.
Nothing of them is installed or run. Published code holds nearly no live keys, so nearly each finding at error
or warning level is a false one. `--show` lists keylint's findings. TOOL is keylint or a peer; all by default.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import compare
import measure
import peers

WORK = peers.HERE / ".work" / "noise"
_NPM = """
acorn ajv ansi-styles argparse async axios bluebird body-parser brace-expansion chalk classnames commander
core-js cross-spawn date-fns debug dotenv eslint esbuild-wasm express fs-extra glob inquirer jquery js-yaml
jsonwebtoken lodash lru-cache minimatch moment mongodb node-fetch node-forge postcss prettier prop-types qs
react react-dom readable-stream redux request rimraf rollup rxjs semver socket.io source-map string-width
strip-ansi supports-color tslib typescript undici uuid vue webpack ws yargs zod
"""
_PYPI = """
aiohttp attrs awscli beautifulsoup4 boto3 botocore cachetools certifi cffi charset-normalizer click colorama
cryptography decorator django docutils filelock flask fsspec google-api-core google-auth greenlet idna
importlib-metadata jinja2 jmespath jsonschema lxml markupsafe numpy oauthlib packaging pandas pillow pip
platformdirs pluggy protobuf psutil pyasn1 pydantic pygments pyjwt pyparsing pytest python-dateutil pytz
pyyaml requests rich rsa s3transfer setuptools six sqlalchemy tqdm typing-extensions urllib3 virtualenv
werkzeug
"""
NPM = tuple(_NPM.split())
PYPI = tuple(_PYPI.split())
_SHOWN = ("error", "warning")


def fetch() -> None:
    """Fetch and unpack what is not there yet."""
    for name in NPM:
        folder = WORK / "npm" / name
        if not folder.is_dir():
            _fetch_npm(name, folder)
    for name in PYPI:
        folder = WORK / "pypi" / name
        if not folder.is_dir():
            _fetch_wheel(name, folder)


def _fetch_npm(name: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", scratch, name]
        subprocess.run(command, check=True, capture_output=True)
        (packed,) = Path(scratch).iterdir()
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")


def _fetch_wheel(name: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", scratch, name], check=True)
        (packed,) = Path(scratch).iterdir()
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(folder)  # refuses to leave the folder


def lines(folder: Path) -> int:
    """Lines of all text files; a file with a NUL byte in its first 8000 bytes is none."""
    total = 0
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if b"\0" not in data[:8000]:
                total += data.count(b"\n") + (not data.endswith(b"\n"))
    return total


def keylint_findings(folder: Path, scratch: Path) -> Iterator[tuple[str, str, str, int]]:
    """Rule, level, path and line of each finding of keylint."""
    report = scratch / "keylint.json"
    command = [peers.KEYLINT.path, "scan", "--format", "json", "--output", str(report), str(folder)]
    run = measure.run(command, folder, {**os.environ, "NO_COLOR": "1"})
    if run.status not in (0, 1, 3):
        sys.exit(f"keylint ended with status {run.status}:\n{run.errors}")
    for finding in json.loads(report.read_text(encoding="utf-8"))["findings"]:
        place = finding["places"][0]
        yield finding["key"]["rule_id"], finding["verdict"]["level"], place["path"], place["line"]


def peer_findings(tool: peers.Tool, folder: Path, scratch: Path) -> int:
    """How many values a peer reports."""
    report: Any = compare.scan(tool, "tree", folder, scratch)
    return len(compare.peer_findings(tool.name, report, folder))


def count(tool: peers.Tool, folder: Path, *, show: bool) -> int:
    """Findings of one tool at error or warning level; peers have no levels, so all of theirs."""
    with tempfile.TemporaryDirectory() as scratch:
        if tool is not peers.KEYLINT:
            return peer_findings(tool, folder, Path(scratch))
        found = list(keylint_findings(folder, Path(scratch)))
    for rule, level, path, line in sorted(found) if show else ():
        print(f"  {level:8} {rule:32} {path}:{line}")
    print(f"  keylint, levels: {dict(Counter(level for _, level, _, _ in found))}", file=sys.stderr)
    return sum(level in _SHOWN for _, level, _, _ in found)


def main(arguments: Sequence[str]) -> None:
    """Fetch, scan with each tool, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", action="store_true")
    parser.add_argument("tools", nargs="*", choices=[*peers.TOOLS, []], default=[])
    options = parser.parse_args(arguments)
    tools = [peers.TOOLS[name] for name in options.tools or peers.TOOLS]
    if any(tool is not peers.KEYLINT for tool in tools):
        peers.install()
    fetch()
    print("| packages | lines | tool | findings | per million lines |\n|---|---:|---|---:|---:|")
    for registry in ("npm", "pypi"):
        folder = WORK / registry
        size = lines(folder)
        for tool in tools:
            found = count(tool, folder, show=options.show)
            print(f"| {registry} | {size:,} | {tool.name} | {found} | {found / size * 1e6:.2f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
