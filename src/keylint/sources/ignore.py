"""`.gitignore` rules for folders that git itself cannot list for us (https://git-scm.com/docs/gitignore).

Where this differs from git it ignores less, never more: what is scanned in vain costs only time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from keylint.sources.beneath import Beneath, read_all

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_MAX_BYTES = 1 << 20
_MAX_STARS = (3, 8)  # in one segment, in one pattern


class IgnoreRules:
    """The rules of one ignore file and, behind them, those of the files above it.

    `base` is the folder, relative to the root, that the patterns are relative to.
    """

    def __init__(self, spec: GitIgnoreSpec, base: str, above: IgnoreRules | None) -> None:
        self._spec = spec
        self._start = len(base) + 1 if base else 0
        self._above = above

    def ignores(self, path: str) -> bool:
        """Whether a path below `base` (a folder's ends in "/") is ignored; the nearest file decides."""
        rules: IgnoreRules | None = self
        while rules is not None:
            answer = rules._answer(path[rules._start :])
            if answer is not None:
                return answer
            rules = rules._above
        return False

    def _answer(self, path: str) -> bool | None:
        """What these patterns say of a path; None: nothing."""
        if not path.endswith("/"):
            return self._spec.check_file(path).include
        # pathspec lets `*` win over a later `!*/`. For a folder itself the last pattern that matches decides.
        patterns = reversed(list(self._spec.patterns))
        return next((p.include for p in patterns if p.include is not None and p.match_file(path)), None)


def add_rules(
    above: IgnoreRules | None, content: bytes | None, base: str, *, never: str = ""
) -> IgnoreRules | None:
    """Put the rules of an ignore file before those above it.

    Patterns that would exclude `never`, a folder below `base`, are left out: the user named it.
    """
    if not content:
        return above
    from pathspec import GitIgnoreSpec  # 30 ms: only where there are such rules

    lines = os.fsdecode(content.removeprefix(b"\xef\xbb\xbf")).splitlines()
    spec = GitIgnoreSpec.from_lines(_sound(lines), backend="simple")
    if never:
        inside = never[len(base) + 1 if base else 0 :] + "/"
        kept = [p for p in spec.patterns if not (p.include and p.match_file(inside))]
        spec = GitIgnoreSpec(kept, backend="simple")
    return IgnoreRules(spec, base, above) if spec.patterns else above


def read_ignore_file(folder: Beneath, relative: str) -> bytes | None:
    """The content of an ignore file below `folder`; None if there is none to be had (links do not count)."""
    try:
        fd, status = folder.open_file(relative)
    except OSError:
        return None
    try:
        return read_all(fd, status.st_size, _MAX_BYTES) if status.st_size <= _MAX_BYTES else None
    except OSError:
        return None
    finally:
        os.close(fd)


def read_user_file(path: str) -> bytes | None:
    """The content of an ignore file of the user's own, wherever it is."""
    try:
        with open(path, "rb") as stream:
            return stream.read(_MAX_BYTES)
    except OSError:
        return None


def _sound(lines: Iterable[str]) -> list[str]:
    """The lines that are patterns, without those that would take a backtracking matcher hours."""
    return [line for line in lines if _is_pattern(line) and not _is_explosive(line)]


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line], backend="simple")
    except ValueError:
        return False
    return True


def _is_explosive(line: str) -> bool:
    segment, whole = _MAX_STARS
    segments = [part for part in line.split("/") if part != "**"]
    return line.count("*") > 2 * whole or any(_runs(part) > segment for part in segments)


def _runs(segment: str) -> int:
    """How many runs of stars a segment has."""
    return sum(a == "*" != b for a, b in zip(segment, segment[1:] + "/", strict=False))
