"""Lint results and key lists as SARIF 2.1.0: `ruleId` is the check, `properties.keyId` the key.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html . The place of a result is the line of
the key in the inventory file; where a scan found the key is a related place.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import pathlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import sarif_om as om

from keylint import __version__
from keylint.inventory.dates import format_date
from keylint.keys.checks import Check, Grade, Issue
from keylint.keys.found import Found
from keylint.keys.report import KeyList, KeyRow, LintReport
from keylint.keys.words import key_name
from keylint.report.clean import clean
from keylint.report.common import uri
from keylint.report.sarif_convert import RESULT_LIMIT, around_results, encode

_ROOT = "%SRCROOT%"
_INFORMATION = "https://docs.coveo.com/en/1718/"
_SECURITY_SEVERITY = {
    Grade.CRITICAL: "9.5",
    Grade.HIGH: "8.0",
    Grade.MEDIUM: "5.5",
    Grade.LOW: "3.0",
    Grade.INFO: "0.5",
}
_KEY_RULE = "inventory-key"

_PIECE = 1 << 16  # bytes
_FOLLOWING = bytes(range(0x80, 0xC0))  # bytes of UTF-8 that are not the first of a character
_BELOW_FOUR = bytes(range(0xF0))  # bytes that do not begin a character of four

LineLength = Callable[[int], int]


def render_lint(report: LintReport) -> Iterator[str]:
    """One run with a rule for each check that has results, a result a line."""
    kept = report.issues[:RESULT_LIMIT]
    checks = list({issue.check.id: issue.check for issue in kept}.values())
    index = {check.id: number for number, check in enumerate(checks)}
    lengths = line_lengths(report.path, {issue.record.line for issue in kept if issue.record})
    file = _file(report.path)
    results = (_issue(issue, index[issue.check.id], file, lengths) for issue in kept)
    notices = _notices(report, len(report.issues) - len(kept))
    return _log([_rule(check) for check in checks], results, notices)


def render_list(keys: KeyList) -> Iterator[str]:
    """One run with an informational result for each key."""
    kept = keys.rows[:RESULT_LIMIT]
    lengths = line_lengths(keys.path, {row.record.line for row in kept})
    rule = om.ReportingDescriptor(
        id=_KEY_RULE,
        name="InventoryKey",
        short_description=_text("A key of the inventory."),
        full_description=_text("A key that the inventory lists. Nothing is wrong with it by itself."),
        help=_text("Run keylint keys lint for what is wrong with keys."),
        help_uri=_INFORMATION,
        default_configuration=om.ReportingConfiguration(level="none"),
    )
    file = _file(keys.path)
    results = (_key(row, file, lengths) for row in kept)
    return _log([rule] if kept else [], results, _notices(keys, len(keys.rows) - len(kept)))


def line_lengths(path: str, wanted: Collection[int]) -> LineLength:
    """How long some lines of a UTF-8 file are, in UTF-16 units; 0 for lines that are not there.

    By their bytes and in pieces: services answer with listings of one line, which may have 100 MB.
    """
    lengths: dict[int, int] = {}
    number, before = 1, b""
    try:
        with open(path, "rb") as stream:
            if stream.read(3) != codecs.BOM_UTF8:  # the mark is no part of the first line
                stream.seek(0)
            while piece := stream.readline(_PIECE):
                if number in wanted:
                    lengths[number] = lengths.get(number, 0) + _units(piece) - _ending(before, piece)
                number += piece.endswith(b"\n")
                before = piece
    except OSError:
        lengths.clear()
    return lambda line: lengths.get(line, 0)


def _units(data: bytes) -> int:
    """UTF-16 units of UTF-8 cut anywhere: one for each first byte, two where that begins four."""
    if data.isascii():
        return len(data)
    return len(data.translate(None, _FOLLOWING)) + len(data.translate(None, _BELOW_FOUR))


def _ending(before: bytes, piece: bytes) -> int:
    """How many characters at the end of a piece are the end of the line."""
    if not piece.endswith(b"\n"):
        return 0
    return 1 + (piece.endswith(b"\r\n") or (piece == b"\n" and before.endswith(b"\r")))


def _issue(issue: Issue, rule: int, file: om.ArtifactLocation, lengths: LineLength) -> om.Result:
    record, found = issue.record, issue.found
    subject = f"Key '{_quoted(key_name(record))}'" if record else "A key"
    inventory = _inventory_place(file, record.line, lengths) if record else None
    place = _found_place(found) if found else None
    main = inventory or place or _inventory_place(file, 1, lengths)
    related = [_numbered(place)] if inventory and place else None
    return om.Result(
        rule_id=issue.check.id,
        rule_index=rule,
        kind="fail",
        level=issue.grade.level.value,
        message=om.Message(text=f"{subject}: {_sentence(clean(issue.text))} {issue.check.remedy}"),
        locations=[main],
        related_locations=related,
        partial_fingerprints={"keylintKeyCheck/v1": _fingerprint(issue)},
        properties=_properties(issue),
    )


def _properties(issue: Issue) -> dict[str, object]:
    record, found = issue.record, issue.found
    values: dict[str, object] = {
        "keyId": clean(record.key_id) if record else "",
        "label": clean(record.label) if record else "",
        "organization": clean(record.organization) if record else "",
        "half": record.half if record else "",
        "severity": issue.grade.value,
        "remedy": issue.check.remedy,
        "source": issue.check.source,
        "places": [clean(place) for place in found.places] if found else [],
        "certainty": found.certainty if found else "",
        "keyMask": clean(found.mask) if found else "",
    }
    return {name: value for name, value in values.items() if value}


def _key(row: KeyRow, file: om.ArtifactLocation, lengths: LineLength) -> om.Result:
    record = row.record
    places = [_numbered(_found_place(found), number) for number, found in enumerate(row.places[:90], 1)]
    values = {
        "keyId": clean(record.key_id),
        "label": clean(record.label),
        "organization": clean(record.organization),
        "template": clean(row.template),
        "privacy": row.privacy,
        "sensitivity": row.sensitivity,
        "status": record.raw_status or record.status.value,
        "lastUsed": format_date(record.last_used) if record.last_used else "",
        "expires": format_date(record.expires) if record.expires else "",
    }
    text = f"Key '{_quoted(key_name(record))}': {row.privacy}, {record.status.value}."
    return om.Result(
        rule_id=_KEY_RULE,
        rule_index=0,
        kind="informational",
        level="none",
        message=om.Message(text=text),
        locations=[_inventory_place(file, record.line, lengths)],
        related_locations=places or None,
        partial_fingerprints={"keylintKey/v1": _digest(record.provider, record.key_id, record.half)},
        properties={name: value for name, value in values.items() if value},
    )


def _rule(check: Check) -> om.ReportingDescriptor:
    grades = f" {check.grades[0].upper()}{check.grades[1:]}." if check.grades else ""
    return om.ReportingDescriptor(
        id=check.id,
        name="".join(part.capitalize() for part in check.id.split("-")),
        short_description=_text(f"{check.title}."),
        full_description=_text(f"{check.title}. Reported when: {_sentence(check.when)}"),
        help=om.MultiformatMessageString(
            text=f"{check.remedy} Looks at {check.looks_at}.{grades} Source: {check.source}",
            markdown=f"{check.remedy}\n\nLooks at {check.looks_at}.{grades}\n\n[Source](<{check.source}>)",
        ),
        help_uri=check.source,
        default_configuration=om.ReportingConfiguration(level=check.grade.level.value),
        properties={
            "tags": ["security", "external/cwe/cwe-269", *check.providers],
            "precision": "high",
            "security-severity": _SECURITY_SEVERITY[check.grade],
        },
    )


def _log(
    rules: Sequence[om.ReportingDescriptor], results: Iterable[om.Result], notices: list[om.Notification]
) -> Iterator[str]:
    """The log, its results one by one: all of them as objects would take a lot of memory."""
    driver = om.ToolComponent(
        name="keylint",
        full_name="keylint secret-exposure scanner and privilege linter",
        version=__version__,
        semantic_version=__version__,
        information_uri=_INFORMATION,
        rules=list(rules),
    )
    run = om.Run(
        tool=om.Tool(driver=driver),
        column_kind="utf16CodeUnits",
        invocations=[om.Invocation(execution_successful=True, tool_execution_notifications=notices or None)],
        original_uri_base_ids={
            _ROOT: om.ArtifactLocation(description=om.Message(text="The folder that keylint was started in."))
        },
    )
    head, tail = around_results(run)
    before = ""
    yield head
    for result in results:
        if before:
            yield before + ","
        before = encode(result)
    yield f"{before}{tail}"


def _notices(of: LintReport | KeyList, cut: int) -> list[om.Notification]:
    out = []
    if not of.complete:
        text = f"The inventory is partial: {clean(of.partial_reason)}."
        out.append(om.Notification(level="warning", message=om.Message(text=text)))
    if cut:
        text = f"{cut} results of lower severity were left out, to stay below the limit for one run."
        out.append(om.Notification(level="warning", message=om.Message(text=text)))
    return out


def _inventory_place(file: om.ArtifactLocation, line: int, lengths: LineLength) -> om.Location:
    start = max(line, 1)
    region = om.Region(start_line=start, start_column=1, end_line=start, end_column=lengths(start) + 1)
    return om.Location(physical_location=om.PhysicalLocation(artifact_location=file, region=region))


def _found_place(found: Found) -> om.Location:
    line, column = max(found.line, 1), max(found.column, 1)
    region = om.Region(start_line=line, start_column=column, end_line=line, end_column=column)
    return om.Location(
        physical_location=om.PhysicalLocation(
            artifact_location=om.ArtifactLocation(uri=uri(found.path.split("!")[0]), uri_base_id=_ROOT),
            region=region,
        ),
        message=om.Message(text=f"A scan found the key here, in '{clean(found.path)}'."),
    )


def _numbered(place: om.Location | None, number: int = 1) -> om.Location | None:
    if place is not None:
        place.id = number
    return place


def _file(path: str) -> om.ArtifactLocation:
    """Relative to the current folder if it lies there, else absolute."""
    full = os.path.abspath(path)
    inside = os.path.relpath(full)
    if inside == os.pardir or inside.startswith(os.pardir + os.sep):
        return om.ArtifactLocation(uri=pathlib.Path(full).as_uri())
    return om.ArtifactLocation(uri=uri(inside.replace(os.sep, "/")), uri_base_id=_ROOT)


def _fingerprint(issue: Issue) -> str:
    record = issue.record
    key = (
        (record.provider, record.key_id, record.half)
        if record
        else ("", issue.found.mask if issue.found else "")
    )
    return _digest(issue.check.id, *key, issue.found.path if issue.found else issue.text.partition(":")[0])


def _digest(*parts: str) -> str:
    """Of names only: nothing secret goes in."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _text(text: str) -> om.MultiformatMessageString:
    return om.MultiformatMessageString(text=text)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _quoted(text: str) -> str:
    """A name inside quotes; brackets must not become a link (SARIF 2.1.0, section 3.11.6)."""
    return clean(text).replace("'", "").replace("](", "] (")
