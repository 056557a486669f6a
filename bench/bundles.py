"""Scan real published client bundles with `keylint bundle`: npm packages, fetched into bench/.work.

    python bench/bundles.py [PACKAGE@VERSION ...] [-- OPTION ...]

What follows `--` goes to keylint. The packages' files are only read; nothing of them is installed or run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

import peers

WORK = peers.HERE / ".work"
PACKAGES = ("coveo-search-ui@2.10126.2", "@coveo/headless@4.0.0")


def fetch(package: str) -> Path:
    """The unpacked folder of an npm package such as `@coveo/headless@4.0.0`; fetched once."""
    folder = WORK / package.replace("/", "+")
    if folder.is_dir():
        return folder
    WORK.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", "--json", "--pack-destination", str(WORK), package]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    (packed,) = listed.values() if isinstance(listed, dict) else listed
    with tarfile.open(WORK / packed["filename"]) as archive:
        archive.extractall(folder, filter="data")
    return folder


def scan(folder: Path, options: Sequence[str]) -> int:
    """Run `keylint bundle`, its report shown; returns its status."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    start = time.perf_counter()
    status = subprocess.run([peers.KEYLINT.path, "bundle", str(folder), *options], check=False).returncode
    print(
        f"{folder.name}: {size / 10**6:.1f} MB, {time.perf_counter() - start:.2f} s, exit status {status}\n",
        flush=True,
    )
    return status


def main(arguments: Sequence[str]) -> None:
    """Fetch and scan; ends with a failure where a scan could not be done."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    packages, options = arguments[:split] or PACKAGES, arguments[split + 1 :]
    statuses = [scan(fetch(package), options) for package in packages]
    sys.exit(any(status not in (0, 1, 3) for status in statuses))


if __name__ == "__main__":
    main(sys.argv[1:])
