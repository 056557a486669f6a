"""`keylint scan --history` and what belongs to it."""

from __future__ import annotations

from keylint import workers
from keylint.cli.progress import ProgressLine
from keylint.cli.run import Input, Options, execute
from keylint.config import Config
from keylint.engine import Engine
from keylint.historyfeed import HistoryFeed
from keylint.pipeline import Intake
from keylint.rulecache import load_engine
from keylint.sources.history import History, Span


def scan_history(path: str, options: Options, span: Span, *, show_authors: bool) -> int:
    """Scan the history of the repository at `path`; returns the exit status."""

    def make_input(config: Config, engine: Engine) -> Input:
        history = History(path, span)
        line = ProgressLine()
        feed = HistoryFeed(
            history,
            # A forked worker has its own copy of the engine; threads must not share one.
            lambda: engine if workers.CAN_FORK else load_engine(config.rules),
            author=full_author if show_authors else masked_author,
            progress=line.show,
        )

        def feed_and_clear(intake: Intake) -> None:
            try:
                feed(intake)
            finally:
                line.clear()

        return Input(feed_and_clear, history.repository)

    return execute("scan", path, options, make_input, whole=not span.range and not span.since)


def masked_author(name: str, email: str) -> str:
    """Enough to recognise oneself: the first letter of the name."""
    first = name.strip()[:1] or email[:1]
    return f"{first}***" if first else ""


def full_author(name: str, email: str) -> str:
    """Name and address."""
    return f"{name} <{email}>"
