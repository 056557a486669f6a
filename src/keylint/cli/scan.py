"""`keylint scan` and `keylint bundle`."""

from __future__ import annotations

import os
from typing import Any

import click

from keylint.cli.options import scan_options
from keylint.cli.run import Options, execute
from keylint.config import Config
from keylint.errors import UsageError
from keylint.pipeline import Source


@click.command()
@click.argument("path", default=".")
@click.option("--staged", is_flag=True, help="Scan what the index holds, not what the working tree holds.")
@scan_options
def scan(path: str, staged: bool, **given: Any) -> int:
    """Scan a working tree, a file, or standard input ("-") for exposed keys.

    In a git repository, ignored files are left out unless git tracks them.
    """
    options = Options(**given)

    def make_source(config: Config) -> Source:
        if path == "-":
            from keylint.sources.stdin import StdinSource

            return StdinSource()
        if staged:
            from keylint.sources.staged import StagedSource

            return StagedSource(path, exclude=config.exclude)
        from keylint.sources.files import FileSource

        return FileSource(path, exclude=config.exclude, max_file_size=config.max_file_size)

    if staged and path == "-":
        raise UsageError("--staged reads the index of a repository, not standard input")
    _check_path(path)
    return execute("scan", path, options, make_source, whole=not staged and path != "-")


@click.command()
@click.argument("path")
@scan_options
def bundle(path: str, **given: Any) -> int:
    """Scan client-side code: what PATH (a folder or file) holds is read by everyone.

    Ignore files are not honoured, because build output is ignored by design.
    """
    options = Options(**given)

    def make_source(config: Config) -> Source:
        from keylint.sources.bundle import BundleSource

        return BundleSource(path, exclude=config.exclude, max_file_size=config.max_file_size)

    _check_path(path)
    return execute("bundle", path, options, make_source, whole=True)


def _check_path(path: str) -> None:
    if path != "-" and not os.path.lexists(path):
        raise UsageError(f"{path}: no such file or folder")
