"""What every scanning command does: settle the options, build the job, run it, write, choose the status."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from keylint.cli.interrupts import Hold
from keylint.cli.output import write
from keylint.errors import ExitCode, UsageError
from keylint.model import Level, Problem, Report, Repository
from keylint.records import dataclass, replace

# What a run needs is imported when it begins: the git of a history is at work by then.
if TYPE_CHECKING:
    from keylint.config import Config
    from keylint.engine import Engine
    from keylint.inventory.base import Snapshot
    from keylint.names import Cleared
    from keylint.pipeline import Feed, Intake, Job, Source
    from keylint.rule import Rule
    from keylint.sources.files import FileSource


@dataclass(frozen=True)
class Options:
    """The shared options of scanning commands, as given."""

    format_name: str = "text"
    output: str | None = None
    inventories: tuple[str, ...] = ()
    rule_paths: tuple[str, ...] = ()
    baseline: str | None = None
    fail_on: str | None = None
    config_path: str | None = None
    strict_allow: bool = False
    explain: bool = False
    show_allowed: bool = False
    show_suppressed: bool = False
    reveal: bool = False
    verbose: bool = False
    quiet: bool = False
    debug: bool = False


class Input(NamedTuple):
    """What a run reads: the feed, and what is known of where it comes from."""

    feed: Feed
    repository: Callable[[], Repository]
    cleared: Callable[[], Cleared | None] = lambda: None  # after the feed: names that were searched before


MakeInput: TypeAlias = "Callable[[Config, Engine], Input]"


def from_source(make_source: Callable[[Config], Source]) -> MakeInput:
    """The input of a source that yields blobs one by one."""

    def make(config: Config, _engine: Engine) -> Input:
        from keylint.pipeline import feed_from

        source = make_source(config)
        return Input(feed_from(source), source.repository)

    return make


def from_folder(make_source: Callable[[Config], FileSource]) -> MakeInput:
    """The input of a folder, which several processes scan where that is faster."""

    def make(config: Config, engine: Engine) -> Input:
        from keylint.pipeline import feed_from
        from keylint.treefeed import TreeFeed

        source = make_source(config)
        # The workers of a tree feed name files with findings only.
        feed = feed_from(source) if engine.explain else TreeFeed(source, engine)
        return Input(feed, source.repository)

    return make


def execute(
    command: str,
    target: str,
    options: Options,
    make_input: MakeInput,
    *,
    whole: bool,
    make_engine: Callable[[Sequence[str]], Engine] | None = None,
) -> int:
    """Scan, write the report and return the exit status.

    `whole` says that everything below `target` is scanned. `make_engine` gives an engine for the built-in
    rules and those in some files, as `load_engine` does. Raises KeylintError for what the user can mend.
    """
    if options.reveal and options.output:
        _refuse_tracked(options.output)
    from keylint.names import NameMask, hide_keys
    from keylint.pipeline import run
    from keylint.rulecache import load_engine

    config = settle(options, "." if target == "-" else target)
    engine = (make_engine or load_engine)(config.rules)
    engine.explain = options.explain
    source = make_input(config, engine)
    job = build(command, target, options, config, engine=engine, source=source, whole=whole)
    with Hold() as hold:

        def feed(intake: Intake) -> None:
            try:
                job.feed(intake)
            finally:
                hold.begin()  # what was found is to be told

        report = run(replace(job, feed=feed), now=_now)
        report = replace(report, interrupted=report.interrupted or hold.noted)
        if not options.reveal:
            report = hide_keys(report, NameMask(engine.scan, source.cleared()))
        status = exit_status(report, config.fail_on)
        _publish(report, options, status)
    return ExitCode.INTERRUPTED if hold.noted else status


def settle(options: Options, target: str) -> Config:
    """The configuration that holds for `target`, with the command line on top."""
    from keylint.config import Config, find_config, load_config

    start = target if os.path.isdir(target) else os.path.dirname(os.path.abspath(target))
    path = options.config_path or find_config(start)
    config = load_config(path) if path else Config()
    return replace(
        config,
        inventory=(*config.inventory, *options.inventories),
        rules=(*config.rules, *options.rule_paths),
        baseline=options.baseline or config.baseline,
        fail_on=fail_level(options.fail_on, config.fail_on),
        strict_allow=config.strict_allow or options.strict_allow,
    )


def fail_level(name: str | None, default: Level) -> Level:
    """The level that `--fail-on` names; `default` if it was not given, Level.NONE for never."""
    if name is None:
        return default
    return Level.NONE if name == "never" else Level(name)


def build(
    command: str, target: str, options: Options, config: Config, *, engine: Engine, source: Input, whole: bool
) -> Job:
    """Put the parts of a run together."""
    from keylint.examine import Examiner
    from keylint.join import Joiner
    from keylint.pipeline import Job
    from keylint.privileges import load_privilege_model
    from keylint.report import WITH_LINE_HASHES
    from keylint.suppress import Suppressor, load_baseline

    snapshots = _snapshots(config.inventory)
    baseline = load_baseline(config.baseline) if config.baseline else None
    templates = [template for snapshot in snapshots for template in snapshot.templates]
    return Job(
        command=command,
        target=target,
        feed=source.feed,
        repository=source.repository,
        rules=engine.rules,
        examiner=Examiner(
            engine,
            strict_allow=config.strict_allow,
            reveal=options.reveal,
            line_hashes=options.format_name in WITH_LINE_HASHES,
        ),
        joiner=Joiner(snapshots),
        privileges=load_privilege_model(overrides=templates),
        suppressor=Suppressor(baseline=baseline, ignores=config.ignore, today=_now().date()),
        salt=config.fingerprint_salt.encode(),
        whole=whole,
        prefilter=engine.prefilter_name,
        problems=(
            *(problem for snapshot in snapshots for problem in snapshot.problems),
            *(_not_applied(engine.rules[number]) for number in engine.rules.index.idle),
        ),
        revealed=options.reveal,
    )


def _snapshots(paths: Sequence[str]) -> list[Snapshot]:
    if not paths:
        return []
    from keylint.inventory import load_inventory

    return [load_inventory(path) for path in paths]


def _not_applied(rule: Rule) -> Problem:
    text = f"rule {rule.id} looks at file names only: it was not applied, because keylint reports values"
    return Problem("rule-not-applied", Level.NOTE, text, path=rule.source)


def exit_status(report: Report, fail_on: Level) -> ExitCode:
    """Findings win over an incomplete scan; an interrupt wins over both."""
    if report.interrupted:
        return ExitCode.INTERRUPTED
    if report.failing(fail_on):
        return ExitCode.FINDINGS
    return ExitCode.OK if report.complete else ExitCode.INCOMPLETE


def _publish(report: Report, options: Options, status: ExitCode) -> None:
    from keylint.report import render
    from keylint.report.options import RenderOptions

    terminal = not options.output and sys.stdout.isatty()
    rendering = RenderOptions(
        color=terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        width=_width(terminal=terminal),
        include_allowed=options.show_allowed or options.verbose,
        include_suppressed=options.show_suppressed or options.verbose,
        verbose=options.verbose,
        exit_code=int(status),
    )
    if options.quiet and not options.output and options.format_name == "text" and status is ExitCode.OK:
        return
    write(render(options.format_name, report, rendering), options.output, private=options.reveal)


def _width(*, terminal: bool) -> int:
    """Columns to wrap text at; 0 (never) where the reader is a program."""
    try:
        return os.get_terminal_size().columns if terminal else 0
    except OSError:
        return 0


def _refuse_tracked(path: str) -> None:
    from keylint.sources.gitrepo import is_tracked

    if is_tracked(path) or is_tracked(os.path.realpath(path)):
        raise UsageError(f"--reveal: {path} is tracked by git", hint="choose a file that cannot be committed")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
