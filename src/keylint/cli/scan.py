"""`keylint scan` and `keylint bundle`. Knows nothing of click, which takes 30 ms to load."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keylint.cli.run import Options, execute, from_folder, from_source
from keylint.errors import UsageError

if TYPE_CHECKING:
    from keylint.config import Config
    from keylint.pipeline import Source
    from keylint.sources.files import FileSource


def scan(
    path: str | None,
    *,
    staged: bool,
    history: bool,
    range_: str | None,
    since: str | None,
    include_unreachable: bool,
    messages: bool,
    submodules: bool,
    show_authors: bool,
    cache: bool | None,
    **given: Any,
) -> int:
    """Scan a working tree, a file, or standard input ("-") for exposed keys.

    PATH is the current folder by default, with --staged all of the index. In a git repository, ignored files
    are left out unless git tracks them.
    """
    options = Options(**given)
    if "" in (range_, since):  # as where a script's variable is empty
        raise UsageError(
            f"{'--range' if range_ == '' else '--since'} is empty", hint="give a part, or leave it out"
        )
    past = history or range_ or since or include_unreachable
    if path == "-" and (staged or past):
        raise UsageError("standard input has neither an index nor a history")
    if staged and past:
        raise UsageError("--staged and --history exclude each other")
    target = "." if path is None else path
    _check_path(target)
    if past:
        from keylint.cli.history import HistoryOptions, scan_history
        from keylint.sources.span import Span, is_date

        if (range_ or since) and include_unreachable:
            raise UsageError("--include-unreachable is about all of history: leave out --range and --since")
        if range_ and submodules:
            raise UsageError("--submodules: the commits of --range are not those of a submodule")
        if since and submodules and not is_date(since):
            raise UsageError("--submodules: --since needs a date, as a submodule has other commits")
        span = Span(range_ or "", since or "", include_unreachable, messages)
        own = HistoryOptions(show_authors, submodules, cache)
        return scan_history(target, options, span, own)
    if messages or submodules:
        raise UsageError("--messages and --submodules need --history")

    if path == "-" or staged:
        return execute("scan", target, options, from_source(_single(path, staged=staged)), whole=False)

    def make_folder(config: Config) -> FileSource:
        from keylint.sources.files import FileSource

        return FileSource(target, exclude=config.exclude, max_file_size=config.max_file_size)

    return execute("scan", target, options, from_folder(make_folder), whole=True)


def _single(path: str | None, *, staged: bool) -> Callable[[Config], Source]:
    """Standard input, or the index."""

    def make(config: Config) -> Source:
        if staged:
            from keylint.sources.staged import StagedSource

            return StagedSource(path, exclude=config.exclude, max_file_size=config.max_file_size)
        from keylint.sources.stdin import StdinSource

        return StdinSource(max_file_size=config.max_file_size)

    return make


def bundle(path: str, **given: Any) -> int:
    """Scan client-side code: what PATH (a folder or file) holds is read by everyone.

    Ignore files are not honoured, because build output is ignored by design.
    """
    options = Options(**given)

    def make_folder(config: Config) -> FileSource:
        from keylint.sources.bundle import BundleSource

        return BundleSource(path, exclude=config.exclude, max_file_size=config.max_file_size)

    _check_path(path)
    return execute("bundle", path, options, from_folder(make_folder), whole=True)


def _check_path(path: str) -> None:
    if path != "-" and not os.path.lexists(path):
        raise UsageError(f"{path}: no such file or folder")
