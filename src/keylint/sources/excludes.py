"""The user's own `exclude` patterns, in gitignore syntax, relative to the root of the scan."""

from __future__ import annotations

from collections.abc import Sequence

from keylint.errors import ConfigError
from keylint.model import Skipped, SkipReason


class Excludes:
    """Paths that the configuration leaves out. An excluded folder is told once, not for each of its files."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises ConfigError for a pattern that is not in gitignore syntax."""
        self._spec = None
        self._told: set[str] = set()
        if patterns:
            from pathspec import GitIgnoreSpec

            try:
                self._spec = GitIgnoreSpec.from_lines(patterns, backend="simple")
            except ValueError as error:
                raise ConfigError(f"exclude: {error}", hint="use gitignore syntax") from None

    def __bool__(self) -> bool:
        """Whether there are any patterns."""
        return self._spec is not None

    def check(self, path: str) -> tuple[bool, Skipped | None]:
        """Whether a path (a folder's ends in "/") is left out, and what to say about it if it is news."""
        if self._spec is None or not self._spec.match_file(path):
            return False, None
        what = self._outermost(path)
        if what in self._told:
            return True, None
        self._told.add(what)
        return True, Skipped(what, SkipReason.EXCLUDED)

    def _outermost(self, path: str) -> str:
        """The highest folder on the way to an excluded path that is itself excluded, or the path."""
        assert self._spec
        end = path.find("/")
        while end >= 0:
            if self._spec.match_file(path[: end + 1]):
                return path[: end + 1]
            end = path.find("/", end + 1)
        return path
