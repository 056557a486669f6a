"""`keylint hook`: what the pre-commit framework calls, with or without file names. Knows nothing of click."""

from __future__ import annotations

import os

from keylint.cli.run import Options, execute, from_source
from keylint.cli.switches import LEVELS
from keylint.config import Config
from keylint.errors import UsageError
from keylint.pipeline import Source

# Options that the manifest's users may put into `args`; a file name may begin with a dash as well.
_VALUED = {
    "--inventory": "inventories",
    "--rules": "rule_paths",
    "--baseline": "baseline",
    "--config": "config_path",
    "--fail-on": "fail_on",
}
_FLAGS = {"-v": "verbose", "--verbose": "verbose", "--debug": "debug", "--strict-allow": "strict_allow"}
OPTIONS = (*_VALUED, *_FLAGS)


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
    given: dict[str, tuple[str, ...]] = {}
    flags: set[str] = set()
    files: list[str] = []
    rest = iter(words)
    for word in rest:
        name, sign, value = word.partition("=")
        if name in _VALUED:
            value = value if sign else next(rest, "")
            if not value:
                raise UsageError(f"{name} needs a value")
            given[_VALUED[name]] = (*given.get(_VALUED[name], ()), value)
        elif word != "--" and (not word.startswith("-") or os.path.lexists(word)):
            files.append(word)
        elif word in _FLAGS:
            flags.add(_FLAGS[word])
        elif word != "--":
            raise UsageError(f"no such option or file: {word}", hint=f"known: {', '.join(OPTIONS)}")
    return _options(given, flags), tuple(files)


def _options(given: dict[str, tuple[str, ...]], flags: set[str]) -> Options:
    level = given.get("fail_on", ("",))[-1]
    if level not in ("", *LEVELS):
        raise UsageError(f"--fail-on: expected one of {', '.join(LEVELS)}")
    return Options(
        inventories=given.get("inventories", ()),
        rule_paths=given.get("rule_paths", ()),
        baseline=given.get("baseline", (None,))[-1],
        config_path=given.get("config_path", (None,))[-1],
        fail_on=level or None,
        verbose="verbose" in flags,
        debug="debug" in flags,
        strict_allow="strict_allow" in flags,
    )
