"""What was not read, and what else there is to say about a run -> SARIF notifications."""

from __future__ import annotations

import sarif_om as om

from keylint.model import Level, Problem, Report, Skipped
from keylint.report.clean import clean
from keylint.report.common import skipped_text
from keylint.report.sarif_places import artifact_location

NOTICE_LIMIT = 1_000
_HELP = "Each notification names the file, where there is one, and says what happened."


class Notices:
    """Notifications of a run and their descriptors (`tool.driver.notifications`)."""

    def __init__(self) -> None:
        self.descriptors: list[om.ReportingDescriptor] = []
        self.entries: list[om.Notification] = []
        self._numbers: dict[str, int] = {}

    def add(self, code: str, level: Level, text: str, *, path: str = "", line: int = 0) -> None:
        """One notification; `line` is 1-based, 0 if there is none."""
        self.entries.append(
            om.Notification(
                descriptor=om.ReportingDescriptorReference(id=code, index=self._descriptor(code)),
                level=level.value,
                message=om.Message(text=text if text.endswith(".") else f"{text}."),
                locations=[_location(path, line)] if path.strip("/") else None,
            )
        )

    def _descriptor(self, code: str) -> int:
        if code not in self._numbers:
            self._numbers[code] = len(self.descriptors)
            name = "".join(word[:1].upper() + word[1:] for word in code.replace("/", "-").split("-"))
            meaning = om.MultiformatMessageString(text=_meaning(code))
            self.descriptors.append(
                om.ReportingDescriptor(
                    id=code,
                    name=name,
                    short_description=meaning,
                    full_description=meaning,
                    help=om.MultiformatMessageString(text=_HELP),
                )
            )
        return self._numbers[code]


def notices(report: Report, left_out: int) -> Notices:
    """Everything to say beside the results; `left_out` is how many results the size limit cut off."""
    out = Notices()
    if left_out:
        text = f"'{left_out}' results of lower urgency were left out, to stay below the limit for one run"
        out.add("report/results-cut", Level.WARNING, text)
    if report.interrupted:
        out.add(
            "report/interrupted", Level.ERROR, "The run was interrupted; this is what was found until then"
        )
    if report.revealed:
        out.add(
            "report/revealed", Level.WARNING, "Snippets hold whole secrets, as was asked for with '--reveal'"
        )
    for problem in report.problems[:NOTICE_LIMIT]:
        _add_problem(out, problem)
    skipped = sorted(report.skipped, key=lambda item: not item.incomplete)
    for item in skipped[:NOTICE_LIMIT]:
        _add_skipped(out, item)
    cut = len(report.problems[NOTICE_LIMIT:]) + len(skipped[NOTICE_LIMIT:])
    if cut:
        hidden = any(item.incomplete for item in skipped[NOTICE_LIMIT:])
        text = f"'{cut}' further notices of this run are not listed"
        out.add("report/notices-cut", Level.WARNING if hidden else Level.NOTE, text)
    return out


def _add_problem(out: Notices, problem: Problem) -> None:
    level = problem.level if problem.level is not Level.NONE else Level.NOTE
    out.add(f"problem/{problem.code}", level, clean(problem.text), path=problem.path, line=problem.line)


def _add_skipped(out: Notices, item: Skipped) -> None:
    level = Level.WARNING if item.incomplete else Level.NOTE
    text = f"'{clean(item.path)}' was not scanned, or not wholly: {skipped_text(item)}"
    out.add(f"skipped/{item.reason.value}", level, text, path=item.path.split("!")[0])


def _location(path: str, line: int) -> om.Location:
    region = om.Region(start_line=line) if line else None
    return om.Location(
        physical_location=om.PhysicalLocation(artifact_location=artifact_location(path), region=region)
    )


def _meaning(code: str) -> str:
    area, _, name = code.partition("/")
    words = name.replace("-", " ")
    if area == "skipped":
        return f"Something was not scanned: {words}."
    return f"About this run: {words}."
