"""Build a small shop front with invented keys in a temporary folder and lint its client bundle.

The keys are made at run time, so that the repository holds none; the same seed gives the same keys.
"""

from __future__ import annotations

import random
import re
import string
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

SITE = Path(__file__).parent / "site"
PLACE = re.compile(r"@@(KEY|MASK):(\w+)@@")


def coveo_key(name: str) -> str:
    """An invented key in Coveo's documented shape: xx and a version 4 UUID."""
    return "xx" + str(uuid.UUID(bytes=random.Random(name).randbytes(16), version=4))


def key(name: str) -> str:
    """The invented value that stands for `name` in the site's files."""
    if name == "stripe":
        letters = random.Random(name).choices(string.ascii_letters + string.digits, k=24)
        return "pk_" + "live_" + "".join(letters)
    return coveo_key(name)


def mask(name: str) -> str:
    """The form in which Coveo's listing shows a key: stars, and the last four characters."""
    return "**********-****-****-****-********" + key(name)[-4:]


def build(folder: Path) -> None:
    """Copy the site to `folder` with every placeholder filled in."""
    for source in sorted(path for path in SITE.rglob("*") if path.is_file()):
        target = folder / source.relative_to(SITE)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        text = PLACE.sub(lambda found: (key if found[1] == "KEY" else mask)(found[2]), text)
        target.write_text(text, encoding="utf-8")


def main() -> int:
    """Run `keylint bundle` on the site, with the arguments of this script added."""
    with tempfile.TemporaryDirectory(prefix="keylint-demo-") as name:
        build(Path(name))
        command = [sys.executable, "-m", "keylint", "bundle", "dist", "--inventory", "inventory.json"]
        return subprocess.run([*command, *sys.argv[1:]], cwd=name, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
