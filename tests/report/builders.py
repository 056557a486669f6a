"""Findings and reports for report tests: every verdict, odd names, containers, commits, many places.

No value here is a key: masks and fingerprints are made up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

from keylint.model import (
    Advice,
    Certainty,
    CommitRef,
    Evidence,
    ExposureReport,
    Finding,
    KeyInfo,
    KeyRecord,
    KeyStatus,
    Level,
    Link,
    Location,
    Origin,
    Privacy,
    Privilege,
    Problem,
    Reason,
    Report,
    Repository,
    RuleInfo,
    Severity,
    Skipped,
    SkipReason,
    Stats,
    Suppression,
    Surface,
    Verdict,
    VerdictKind,
)

DAY = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.timezone.utc)
DOCS = "https://docs.coveo.com/en/1718/"
PERSON = "Zoe Quimby"  # must never get into a report
PERSON_MAIL = "zoe.quimby@example.com"

HOSTILE_NAMES = (
    "::error::owned.txt",
    "a\n::error::owned",
    "a\r\n##[error]owned",
    "esc\x1b[31mred\x1b[0m",
    "bidi\u202egnp.js",
    "c1\x9b31m",
    "bad\udcff\udc80byte",
    "pipe|tick`lt<b>&amp",
    "app/[slug](1)/page [x](2).tsx",
    "per%cent,comma:colon",
    "sp ace#frag?q=1",
    "ünï/文件/😀.js",
    "{0}{braces}{{1}}",
    " leading and trailing ",
    "back\\slash",
    "-rf",
    "line\u2028separator",
)

RULES = (
    RuleInfo("coveo-api-key", "Coveo API key", "A Coveo API key", "coveo", ("coveo", "search"), DOCS),
    RuleInfo("pem-private-key", "PEM private key", "A private key in PEM form", "generic", ("private-key",)),
)

SEVERITY = {
    VerdictKind.EXPOSED: Severity.CRITICAL,
    VerdictKind.OVER_PRIVILEGED: Severity.HIGH,
    VerdictKind.UNKNOWN: Severity.MEDIUM,
    VerdictKind.RETIRED: Severity.LOW,
    VerdictKind.ALLOWED: Severity.WARN,
}


def commit(number: int = 1) -> CommitRef:
    """A commit, `number` days after DAY."""
    return CommitRef(f"{number:040x}", DAY + dt.timedelta(days=number), "z***@example.com")


def place(path: str = "src/app.js", line: int = 12, column: int = 15, **changes: object) -> Location:
    """A place of a 36-character key. `container`, `commit` and `surface` go to its origin."""
    origin = Origin(
        surface=changes.pop("surface", Surface.TREE),  # type: ignore[arg-type]
        path=path,
        container=changes.pop("container", ()),  # type: ignore[arg-type]
        commit=changes.pop("commit", None),  # type: ignore[arg-type]
    )
    base = Location(
        origin=origin,
        line=line,
        column=column,
        end_line=line,
        end_column=column + 36,
        byte_offset=line * 80 + column,
        snippet='const key = "xx********1b3e";',
        line_hash=f"{line:016x}:1",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def record(**changes: object) -> KeyRecord:
    """An inventory entry that also holds personal data."""
    base = KeyRecord(
        provider="coveo",
        key_id="k-1",
        label="Search key",
        description=f"made by {PERSON}",
        organization="acme",
        masks=("********1b3e",),
        digests=("hmac-sha256:" + "0" * 64,),
        status=KeyStatus.ENABLED,
        raw_status="ENABLED",
        privacy=Privacy.PRIVATE,
        template_id="ANONYMOUS_SEARCH",
        privileges=(
            Privilege("SEARCH_API", "EXECUTE_QUERY"),
            Privilege("PLATFORM", "SOURCE", "EDIT", ("*",)),
        ),
        environment="production",
        owner=PERSON_MAIL,
        created=DAY,
        exposure=ExposureReport(Severity.HIGH, DAY, DAY + dt.timedelta(days=7), ("seen in public",)),
        allowed_user_ids=(PERSON_MAIL,),
        editors=(PERSON,),
        created_by=PERSON_MAIL,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def finding(kind: VerdictKind = VerdictKind.EXPOSED, **changes: object) -> Finding:
    """A finding of a verdict. `severity`, `level`, `places` and `rule_id` are short for nested fields."""
    severity = changes.pop("severity", SEVERITY[kind])
    level = changes.pop("level", kind.level)
    locations = tuple(changes.pop("places", (place(),)))  # type: ignore[arg-type]
    rule_id = str(changes.pop("rule_id", "coveo-api-key"))
    seed = f"{kind.value} {rule_id} {locations[0].origin.display}".encode("utf-8", "surrogatepass")
    base = Finding(
        fingerprint=hashlib.sha256(seed).hexdigest()[:32],
        key=KeyInfo("f" * 32, rule_id, "coveo", _title(rule_id), "xx********1b3e"),
        verdict=Verdict(
            kind,
            level,  # type: ignore[arg-type]
            severity,  # type: ignore[arg-type]
            Privacy.PRIVATE,
            Reason("inventory-private", "the inventory says that this key must remain private."),
            notes=(Reason("note-code", "the label says public"),),
            template="Anonymous search",
            excess_privileges=("PLATFORM/SOURCE/EDIT",) if kind is VerdictKind.OVER_PRIVILEGED else (),
        ),
        evidence=Evidence(facts=(("prefix", "xx"),), reason="the prefix says so"),
        link=Link(
            Certainty.SUFFIX, (record(),), "One entry's mask fits; one stray key in 65,536 would fit too."
        ),
        advice=Advice(
            can_do="Search the whole index and edit sources",
            impact="Someone could read and change indexed content.",
            rotation=(
                "Create a key from the existing one",
                "Switch the places listed",
                "Deactivate the original",
            ),
            docs=DOCS,
            deactivate_within_days=2 if kind is VerdictKind.EXPOSED else None,
            settle="An inventory of the organisation" if kind is VerdictKind.UNKNOWN else "",
        ),
        locations=locations,
        occurrences=len(locations),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def _title(rule_id: str) -> str:
    return next((rule.title for rule in RULES if rule.id == rule_id), rule_id)


def every_verdict() -> tuple[Finding, ...]:
    """One plain finding of each verdict."""
    return tuple(finding(kind, places=(place(f"src/{kind.value}.js"),)) for kind in VerdictKind)


def every_combination() -> tuple[Finding, ...]:
    """Every verdict at every level and severity."""
    return tuple(
        finding(
            kind,
            level=level,
            severity=severity,
            places=(place(f"{kind.value}/{level.value}-{severity.value}.js"),),
        )
        for kind in VerdictKind
        for level in (
            (Level.NONE,) if kind is VerdictKind.ALLOWED else (Level.ERROR, Level.WARNING, Level.NOTE)
        )
        for severity in Severity
    )


def odd_findings() -> tuple[Finding, ...]:
    """Hostile names, containers, history, binary files, stdin, fetched pages, 1,000 places."""
    many = tuple(place("src/many.js", line) for line in range(1, 1001))
    old = place("src/old.js", surface=Surface.HISTORY, commit=commit(2))
    return (
        *(finding(places=(place(name), place(name, 99))) for name in HOSTILE_NAMES),
        *(finding(places=(place("dist/app.zip", container=(name,)),)) for name in HOSTILE_NAMES),
        finding(places=many, occurrences=10_000),
        finding(
            places=(place("dist/app.zip", container=("main.js",)), place("dist/app.zip", container=("b.js",)))
        ),
        finding(places=(place("dist/outer.tgz", container=("in/inner.zip", "/abs/a.js")),)),
        finding(places=(place("dist/outer.tgz", container=("in/inner.zip", "abs/a.js")),)),
        finding(places=(place("dist/app.js.map", container=("webpack:///../../src/config.ts",)),)),
        finding(
            places=(old, place("src/old.js", 40, commit=commit(3))),
            in_head=False,
            branches=("release/1", HOSTILE_NAMES[1]),
            first_seen=commit(1),
            last_seen=commit(3),
        ),
        finding(places=(replace(old, origin=replace(old.origin, path="src/kept.js")),), in_head=True),
        finding(
            places=(
                place(
                    "keys/store.p12",
                    1,
                    1,
                    binary=True,
                    end_column=1,
                    byte_offset=4711,
                    snippet="",
                    line_hash="",
                ),
            )
        ),
        finding(
            VerdictKind.UNKNOWN,
            places=(place("-", surface=Surface.STDIN),),
            link=Link(Certainty.NO_INVENTORY),
        ),
        finding(
            places=(place("https://shop.example.com/a b.js?v=1#x", surface=Surface.CLIENT),), in_client=True
        ),
        finding(places=(place("id_rsa", 1, 1, end_line=27, end_column=33),), rule_id="pem-private-key"),
        finding(
            places=(place("a.js"),),
            link=Link(Certainty.AMBIGUOUS, (record(), record(key_id="k-2", label="a\x1b[1m"))),
        ),
        finding(places=(place("b.js"),), other_paths=HOSTILE_NAMES, rule_id="a-rule-without-info"),
    )


def skipped() -> tuple[Skipped, ...]:
    """One skipped thing for every reason, and hostile names."""
    plain = tuple(Skipped(f"skip/{reason.value}.bin", reason, "a detail") for reason in SkipReason)
    return plain + tuple(Skipped(name, SkipReason.UNREADABLE, name) for name in HOSTILE_NAMES)


def problems() -> tuple[Problem, ...]:
    """A problem of each level, with and without a place."""
    return (
        Problem("unused-allow", Level.NOTE, "an allow comment matched nothing", "src/a.js", 7),
        Problem("partial-inventory", Level.WARNING, "the inventory was filtered"),
        Problem("odd-name", Level.WARNING, HOSTILE_NAMES[1], HOSTILE_NAMES[1]),
    )


def report(findings: tuple[Finding, ...] = (), **changes: object) -> Report:
    """A report of a scan."""
    base = Report(
        command="scan",
        target=".",
        findings=findings,
        rules=RULES,
        repository=Repository("https://git.example.com/acme/shop.git", "a" * 40, "main"),
        stats=Stats(files=10, bytes=1234, seconds=0.5, rules=46, prefilter="hyperscan"),
        version="1.2.3",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def full_report() -> Report:
    """Everything at once: every verdict, odd places, suppressed findings, skipped files, problems."""
    quiet = tuple(
        finding(places=(place(f"quiet/{kind}.js"),), suppression=Suppression(kind, justification))
        for kind, justification in (("inline", "a test key"), ("config", ""), ("baseline", "known\x1b[0m"))
    )
    return report(every_verdict() + odd_findings(), suppressed=quiet, skipped=skipped(), problems=problems())
