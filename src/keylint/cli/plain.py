"""From a quick look to its report: the plain run, without click and without reading anything twice."""

from __future__ import annotations

from collections.abc import Iterator

from keylint.cli.run import Options, execute, from_source
from keylint.config import Config
from keylint.model import Origin, Problem, Repository, Skipped, Surface
from keylint.pipeline import Source
from keylint.quick import Look
from keylint.rulecache import engine_from
from keylint.secret import Blob


class _Seen:
    """The files of a quick look, as a source."""

    def __init__(self, look: Look) -> None:
        self.problems: list[Problem] = []
        self._look = look

    def repository(self) -> Repository:
        """Nothing: the text report does not name the repository, and asking git takes 10 ms."""
        return Repository()

    def items(self) -> Iterator[Blob | Skipped]:
        """Every file once."""
        for path, content in self._look.files:
            yield Blob(Origin(Surface.STAGED, path), content, len(content))


def finish(look: Look) -> int | None:
    """Scan what was read, print the report and return the exit status.

    None where that fails in any way: the full command meets the same trouble and says what it is.
    """

    def make_source(_config: Config) -> Source:
        return _Seen(look)

    options = Options(quiet=look.quiet)
    make_input = from_source(make_source)
    try:
        engine = engine_from(look.rules)
        return execute(
            look.command, ".", options, make_input, whole=False, make_engine=lambda _no_others: engine
        )
    except Exception:  # noqa: BLE001
        return None
