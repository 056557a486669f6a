"""The whole way on one screen: feed -> examine -> collect -> join -> verdict -> finding -> report.

It owns no I/O: sources, inventories and the clock are handed in.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from keylint import __version__
from keylint.advice import advise
from keylint.examine import Examined, Examiner
from keylint.findings import Candidate, Collector, Judge, Judgement
from keylint.join import Joiner
from keylint.model import (
    Advice,
    Certainty,
    Evidence,
    Finding,
    Level,
    Link,
    Problem,
    Report,
    Repository,
    Skipped,
    Stats,
    Surface,
    Surroundings,
    Verdict,
)
from keylint.privileges import PrivilegeModel
from keylint.records import dataclass, replace
from keylint.rule import Rule
from keylint.rulelist import RuleList
from keylint.secret import Blob
from keylint.suppress import Suppressor
from keylint.verdict import decide


class Source(Protocol):
    """Where bytes come from. `problems` tells, once `items` has ended, what happened as a whole."""

    problems: list[Problem]

    def items(self) -> Iterator[Blob | Skipped]:
        """Everything in reach, each thing once; what cannot be read is a value, not an exception."""

    def repository(self) -> Repository:
        """Version control facts for reports; empty outside a repository."""


class Intake:
    """Takes what a feed delivers: blobs to examine, matches made elsewhere, and what was skipped."""

    def __init__(self, examiner: Examiner, collector: Collector) -> None:
        self.examiner = examiner
        self.collector = collector
        self.files = 0
        self.bytes = 0
        self.skipped: list[Skipped] = []
        self.problems: list[Problem] = []

    def take(self, item: Blob | Skipped) -> None:
        """Examine a blob, or note what was skipped."""
        if isinstance(item, Skipped):
            self.skipped.append(item)
            return
        self.note(item.origin.display, self.examiner.examine(item))

    def note(self, place: str, examined: Examined) -> None:
        """Take what a blob at a place holds."""
        self.files += 1
        self.bytes += examined.size_bytes
        self.skipped.extend(examined.skipped)
        self.collector.add(examined.matches)
        self.problems.extend(_unused_allows(place, examined))
        self.problems.extend(_refused(place, examined))


# Delivers everything that is to be scanned. A KeyboardInterrupt may end it early.
Feed = Callable[[Intake], None]


def feed_from(source: Source) -> Feed:
    """The feed of a source that yields blobs one by one."""

    def feed(intake: Intake) -> None:
        for item in source.items():
            intake.take(item)
        intake.problems.extend(source.problems)

    return feed


@dataclass(frozen=True)
class Job:
    """One run: what to scan and what to judge it by.

    `whole` says that everything below `target` is scanned, so that reasons which matched nothing are stale.
    """

    command: str
    target: str
    feed: Feed
    repository: Callable[[], Repository]
    rules: RuleList
    examiner: Examiner
    joiner: Joiner
    privileges: PrivilegeModel
    suppressor: Suppressor
    salt: bytes
    whole: bool
    prefilter: str = ""
    problems: tuple[Problem, ...] = ()
    revealed: bool = False


def run(job: Job, *, now: Callable[[], dt.datetime]) -> Report:
    """Scan everything that the job's feed delivers and judge what is found.

    An interrupt ends the scan early; the report then holds what was found so far and says so.
    """
    started = time.perf_counter()
    collector = Collector(job.rules.named, salt=job.salt)
    intake = Intake(job.examiner, collector)
    interrupted = False
    try:
        job.feed(intake)
    except KeyboardInterrupt:
        interrupted = True
    findings, suppressed = _sort(collector.findings(make_judge(job, now())), job.suppressor)
    whole = job.whole and not interrupted
    used = {finding.key.rule_id for finding in (*findings, *suppressed)}
    return Report(
        command=job.command,
        target=job.target,
        findings=tuple(findings),
        suppressed=tuple(suppressed),
        skipped=tuple(intake.skipped),
        problems=(*job.problems, *intake.problems, *job.suppressor.problems(whole=whole)),
        rules=tuple(job.rules.named(name).info() for name in job.rules.index.ids if name in used),
        repository=job.repository(),
        stats=Stats(
            files=intake.files,
            bytes=intake.bytes,
            seconds=time.perf_counter() - started,
            rules=len(job.rules),
            prefilter=job.prefilter,
        ),
        version=__version__,
        revealed=job.revealed,
        interrupted=interrupted,
    )


def _unused_allows(place: str, examined: Examined) -> Iterator[Problem]:
    for allow in examined.unused_allows:
        text = "this allow comment matched nothing: remove it"
        yield Problem("unused-allow", Level.NOTE, text, path=place, line=allow.line)


def _refused(place: str, examined: Examined) -> Iterator[Problem]:
    for refused in examined.refused:
        text = (
            f"no finding: {refused.mask} fits {refused.rule_id}, but the filter `{refused.reason}` refused it"
        )
        yield Problem("refused", Level.NOTE, text, path=place, line=refused.line)


def _sort(found: Sequence[Finding], suppressor: Suppressor) -> tuple[list[Finding], list[Finding]]:
    """Split findings into open and suppressed ones."""
    findings: list[Finding] = []
    suppressed: list[Finding] = []
    for finding in found:
        reason = finding.suppression or suppressor.decide(finding)
        if reason:
            suppressed.append(replace(finding, suppression=reason))
        else:
            findings.append(finding)
    return findings, suppressed


def make_judge(job: Job, now: dt.datetime) -> Judge:
    """The function that links a key to the inventory and decides about it on one surface."""
    known: dict[int, _Identity] = {}
    # A flood of keys of one kind gets the same answers: each is kept once.
    answers: dict[Verdict | Advice | Link, Verdict | Advice | Link] = {}

    def judge(key: Candidate, surface: Surface, around: Surroundings) -> Judgement | None:
        identity = known.get(id(key))
        if identity is None:
            identity = known[id(key)] = _identify(key, job.joiner)
        rule, evidence, link, tentative = identity
        if tentative and link.certainty not in (Certainty.EXACT, Certainty.SUFFIX, Certainty.AMBIGUOUS):
            return None
        verdict = decide(
            rule=rule,
            evidence=evidence,
            link=link,
            surface=surface,
            model=job.privileges,
            now=now,
            tentative=tentative,
            around=around,
            size=len(key.value.reveal()),
        )
        advice = advise(rule, verdict, link, evidence, surface, job.privileges)
        return Judgement(
            rule,
            evidence,
            answers.setdefault(verdict, verdict),  # type: ignore[arg-type]
            answers.setdefault(link, link),  # type: ignore[arg-type]
            answers.setdefault(advice, advice),  # type: ignore[arg-type]
        )

    return judge


class _Identity(NamedTuple):
    """Which kind of key it is, and which entry of the inventory."""

    rule: Rule
    evidence: Evidence
    link: Link
    tentative: bool


def _identify(key: Candidate, joiner: Joiner) -> _Identity:
    """Services share prefixes. So where another service's inventory knows the key, it is that service's."""
    link = joiner.link(key.rule.provider, key.value, organizations=key.organizations)
    if not link.records:
        for rule, evidence in key.claims:
            other = joiner.link(rule.provider, key.value, organizations=key.organizations)
            if other.certainty in (Certainty.EXACT, Certainty.SUFFIX):
                return _Identity(rule, evidence, other, False)
    return _Identity(key.rule, key.evidence, link, key.tentative)
