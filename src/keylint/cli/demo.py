"""`keylint demo`: the client bundle of a small shop front, linted with its own key inventory.

The keys are invented when the command runs, so that no file of keylint's holds one; the same name always
gives the same key.
"""

from __future__ import annotations

import os
import random
import re
import string
import tempfile
import uuid

import click

from keylint.cli.run import Options, execute, from_source
from keylint.cli.switches import FORMATS
from keylint.config import Config
from keylint.pipeline import Source

_SITE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "demo_site")
_PLACE = re.compile(r"@@(KEY|MASK):(\w+)@@")
_STRIPE_MODES = {"checkout": "pk_" + "live_", "refunds": "sk_" + "live_"}


@click.command()
@click.option("--format", "format_name", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--keep", type=click.Path(file_okay=False), help="Write the shop front here and keep it.")
def demo(format_name: str, keep: str | None) -> int:
    """Lint the client bundle of an invented shop front; it shows every verdict.

    The exit status is 1, because there is something to find.
    """
    if keep:
        build(keep)
        return _lint(keep, format_name)
    with tempfile.TemporaryDirectory(prefix="keylint-demo-") as folder:
        build(folder)
        return _lint(folder, format_name)


def build(folder: str) -> None:
    """Write the shop front to `folder`, with a key or its mask in every place meant for one."""
    for where, _, names in os.walk(_SITE):
        target = os.path.join(folder, os.path.relpath(where, _SITE))
        os.makedirs(target, exist_ok=True)
        for name in names:
            with open(os.path.join(where, name), encoding="utf-8") as stream:
                text = _PLACE.sub(_fill, stream.read())
            with open(os.path.join(target, name), "w", encoding="utf-8") as stream:
                stream.write(text)


def key(name: str) -> str:
    """The invented value that stands for `name`: a Stripe key for two of them, else a Coveo API key."""
    source = random.Random(name)  # noqa: S311 - an example, not a secret
    if name in _STRIPE_MODES:
        return _STRIPE_MODES[name] + "".join(source.choices(string.ascii_letters + string.digits, k=24))
    return "xx" + str(uuid.UUID(bytes=source.randbytes(16), version=4))


def _fill(place: re.Match[str]) -> str:
    value = key(place[2])
    # Coveo's listing shows stars and the last four characters (https://docs.coveo.com/en/82/).
    return value if place[1] == "KEY" else f"**********-****-****-****-********{value[-4:]}"


def _lint(folder: str, format_name: str) -> int:
    def make_source(_config: Config) -> Source:
        from keylint.sources.bundle import BundleSource

        return BundleSource(os.path.join(folder, "dist"))

    options = Options(
        format_name=format_name, inventories=(os.path.join(folder, "inventory.json"),), show_allowed=True
    )
    return execute("bundle", "dist", options, from_source(make_source), whole=True)
