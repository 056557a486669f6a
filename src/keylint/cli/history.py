"""`keylint scan --history` and what belongs to it."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from keylint.cli.interrupts import interruptible
from keylint.cli.run import Input, Options, execute
from keylint.model import Skipped, SkipReason
from keylint.records import dataclass
from keylint.sources.history import History
from keylint.sources.span import Span

if TYPE_CHECKING:
    from keylint.cli.progress import ProgressLine
    from keylint.config import Config
    from keylint.engine import Engine
    from keylint.historycache import HistoryCache
    from keylint.historymemory import HistoryMemory
    from keylint.pipeline import Intake


@dataclass(frozen=True)
class HistoryOptions:
    """What only scans of a history have. `cache` is None where the user did not say."""

    show_authors: bool = False
    submodules: bool = False
    cache: bool | None = None

    @property
    def cached(self) -> bool:
        """Whether what is found is to be remembered: if the user says so or names a cache folder."""
        return bool(os.environ.get("KEYLINT_CACHE_DIR")) if self.cache is None else self.cache


def scan_history(path: str, options: Options, span: Span, own: HistoryOptions) -> int:
    """Scan the history of the repository at `path`; returns the exit status."""
    with interruptible(), closing(History(path, span)) as history:
        history.start(resumable=own.cached)  # git has something to do while the rest gets ready

        def make_input(config: Config, engine: Engine) -> Input:
            scan = _Scan(config, engine, history, own, masked=not options.reveal)
            return Input(scan, history.repository, lambda: scan.cleared)

        from keylint.rulecache import late_engine, load_engine

        # Of what was scanned before, perhaps nothing has to be searched.
        make_engine = late_engine if own.cached else load_engine
        return execute("scan", path, options, make_input, whole=span.whole, make_engine=make_engine)


class _Scan:
    """Feeds a history, and those of its submodules where that is asked for."""

    def __init__(
        self, config: Config, engine: Engine, history: History, own: HistoryOptions, *, masked: bool
    ) -> None:
        self._masked = masked
        self._config = config
        self._engine = engine
        self._history = history
        self._own = own
        self.cleared: HistoryCache | None = None  # the cache of this history, not of a submodule's

    def __call__(self, intake: Intake) -> None:
        """Scan everything. Raises KeyboardInterrupt where that was interrupted."""
        from keylint.cli.progress import ProgressLine

        line = ProgressLine()
        try:
            self._feed(self._history, b"", intake, line)
        finally:
            line.clear()

    def _feed(self, history: History, prefix: bytes, intake: Intake, line: ProgressLine) -> None:
        from keylint import workers
        from keylint.historyfeed import HistoryFeed
        from keylint.historyscan import Sweeper
        from keylint.rulecache import load_engine

        left_out: dict[str, None] = {}
        self._leave_out(history, prefix, left_out)
        memory = self._memory(history, prefix, left_out)
        if memory:
            memory.resume()
        sweeper = Sweeper(
            history,
            # A forked worker has its own copy of the engine; threads must not share one.
            lambda: self._engine if workers.CAN_FORK else load_engine(self._config.rules),
            progress=line.show,
            known=memory.known if memory else None,
        )
        author = full_author if self._own.show_authors else masked_author
        feed = HistoryFeed(
            history, sweeper, author=author, prefix=prefix, memory=memory, rules=self._engine.rules
        )
        try:
            feed(intake)
        finally:
            intake.skipped += [Skipped(path, SkipReason.EXCLUDED) for path in left_out]
        self._feed_submodules(history, prefix, intake, line)

    def _leave_out(self, history: History, prefix: bytes, left_out: dict[str, None]) -> None:
        """Let the user's `exclude` patterns hold for the paths of a history, too."""
        if not self._config.exclude:
            return
        from keylint.sources.excludes import Excludes

        excludes = Excludes(self._config.exclude)

        def excluded(path: bytes) -> bool:
            matched, news = excludes.check(os.fsdecode(prefix + path))
            if news:
                left_out[news.path] = None
            return matched

        history.log.excluded = excluded

    def _feed_submodules(self, history: History, prefix: bytes, intake: Intake, line: ProgressLine) -> None:
        links = history.log.gitlinks
        if not links:
            return
        if not self._own.submodules:
            text = "use --submodules to scan its history, too"
            if history.span.range:
                text = "its commits are not those of --range: scan it by itself"
            intake.skipped += [
                Skipped(os.fsdecode(prefix + path), SkipReason.SUBMODULE, text) for path in sorted(links)
            ]
            return
        from keylint.sources.submodules import find

        for found in find(history.repo, links):
            if isinstance(found, Skipped):
                intake.skipped.append(found)
                continue
            path, folder = found
            with closing(History(folder, history.span)) as inner:
                inner.start(resumable=self._own.cached)
                self._feed(inner, prefix + path + b"/", intake, line)

    def _memory(self, history: History, prefix: bytes, left_out: dict[str, None]) -> HistoryMemory | None:
        if not self._own.cached:
            return None
        from keylint.historycache import HistoryCache
        from keylint.historymemory import HistoryMemory
        from keylint.names import NameMask
        from keylint.rulecache import default_folder, identity

        folder = default_folder()
        if not folder:
            return None
        span = history.span
        settings = (self._config.strict_allow, span.messages, span.unreachable)
        patterns = (os.fsdecode(prefix), repr(settings), *self._config.exclude)
        cache = HistoryCache(folder, history.repo.git_dir, identity(self._engine), patterns)
        if not prefix:
            self.cleared = cache
        holds_key = NameMask(self._engine.scan).hits_any
        return HistoryMemory(cache, history, left_out, holds_key=holds_key, masked=self._masked)


def masked_author(name: str, email: str) -> str:
    """Enough to recognise oneself: the first letter of the name."""
    first = name.strip()[:1] or email[:1]
    return f"{first}***" if first else ""


def full_author(name: str, email: str) -> str:
    """Name and address."""
    return f"{name} <{email}>"
