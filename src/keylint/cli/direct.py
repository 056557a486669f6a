"""Plain command lines of the commands that scan, run without click.

click takes 30 ms to load, a tenth of a scan of a small history. So what leaves no doubt is read here, by the
same table that click's options are made from; whatever is unusual, and every complaint, is left to click.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from keylint.cli.switches import CHOICE, FILE, FLAG, OUTPUT, PATH, SCAN, SHARED, Switch, by_name


def run(argv: Sequence[str]) -> int | None:
    """Run the command line `argv` (without the program name) and return the exit status.

    None, and nothing was done, where click has to read it.
    """
    work = _understood(argv)
    if work is None:
        return None
    from keylint.cli.ending import status_of

    return status_of(work, debug="--debug" in argv)


def _understood(argv: Sequence[str]) -> Callable[[], int] | None:
    command, words = (argv[0], argv[1:]) if argv else ("", ())
    if command == "scan":
        given = read(words, SCAN)
        if given is not None:
            from keylint.cli.scan import scan

            return partial(scan, **given)
    elif command == "bundle":
        given = read(words, SHARED)
        if given is not None and given["path"] is not None:
            from keylint.cli.scan import bundle

            return partial(bundle, **given)
    elif command == "hook":
        from keylint.cli.hook import OPTIONS, hook

        if all(not word.startswith("-") or word.partition("=")[0] in OPTIONS for word in words):
            return partial(hook, tuple(words))
    return None


def read(words: Sequence[str], switches: Sequence[Switch]) -> dict[str, Any] | None:
    """What the words set: a value for `path` and for the parameter of each switch.

    None where anything is unknown, missing, repeated or not as it should be.
    """
    named = by_name(switches)
    given: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        value: Any
        if not word.startswith("-"):
            parameter, value = "path", word or None
        else:
            name, sign, text = word.partition("=")
            switch = named.get(name)
            if switch is None or (sign and switch.takes == FLAG):
                return None
            parameter = switch.parameter
            if switch.takes == FLAG:
                value = name != switch.no
            else:
                value = text if sign else next(rest, "")
                if not _is_plain(value, switch):
                    return None
                if switch.many:
                    value = (*given.pop(parameter, ()), value)
        if value is None or parameter in given:
            return None
        given[parameter] = value
    return {"path": None, **{switch.parameter: switch.default for switch in switches}, **given}


def _is_plain(value: str, switch: Switch) -> bool:
    """Whether click would take this value as it is."""
    if not value or value.startswith("-"):
        return False
    if switch.takes == CHOICE:
        return value in switch.choices
    if switch.takes == OUTPUT and not os.path.lexists(value):
        return True
    if switch.takes in (FILE, PATH, OUTPUT):
        return os.access(value, os.R_OK) and (switch.takes == PATH or not os.path.isdir(value))
    return True
