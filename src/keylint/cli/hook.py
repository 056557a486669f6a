"""`keylint hook`: what the pre-commit framework calls, with or without file names. Knows nothing of click."""

from __future__ import annotations

import os
from typing import Any

from keylint.cli.run import Options, execute, from_source
from keylint.cli.switches import FLAG, LEVELS, SHARED, by_name
from keylint.config import Config
from keylint.errors import UsageError
from keylint.pipeline import Source

# Options that the manifest's users may put into `args`; a file name may begin with a dash as well.
OPTIONS = (
    "--inventory", "--rules", "--baseline", "--config", "--fail-on",
    "-v", "--verbose", "--debug", "--strict-allow",
)  # fmt: skip


def hook(words: tuple[str, ...]) -> int:
    """Scan the FILES that the pre-commit framework names; without any, what is staged.

    Takes --inventory, --rules, --baseline, --config, --fail-on, --strict-allow and -v as `scan` does.
    """
    options, files = parse(words)

    def make_source(config: Config) -> Source:
        if files:
            from keylint.sources.named import NamedFilesSource

            return NamedFilesSource(files, exclude=config.exclude, max_file_size=config.max_file_size)
        from keylint.sources.staged import StagedSource

        return StagedSource(exclude=config.exclude, max_file_size=config.max_file_size)

    return execute("hook", ".", options, from_source(make_source), whole=False)


def parse(words: tuple[str, ...]) -> tuple[Options, tuple[str, ...]]:
    """Split the words of the command line into options and file names.

    A word that is an existing file is a file even if it begins with a dash, because pre-commit passes names
    bare. Raises UsageError for an option that is neither known nor a file.
    """
    switches = by_name(SHARED)
    given: dict[str, Any] = {}
    files: list[str] = []
    rest = iter(words)
    for word in rest:
        name, sign, value = word.partition("=")
        switch = switches[name] if name in OPTIONS else None
        if switch and switch.takes != FLAG:
            value = value if sign else next(rest, "")
            if not value:
                raise UsageError(f"{name} needs a value")
            given[switch.parameter] = (*given.get(switch.parameter, ()), value) if switch.many else value
        elif word != "--" and (not word.startswith("-") or os.path.lexists(word)):
            files.append(word)
        elif switch and not sign:
            given[switch.parameter] = True
        elif word != "--":
            raise UsageError(f"no such option or file: {word}", hint=f"known: {', '.join(OPTIONS)}")
    if given.get("fail_on", LEVELS[0]) not in LEVELS:
        raise UsageError(f"--fail-on: expected one of {', '.join(LEVELS)}")
    return Options(**given), tuple(files)
