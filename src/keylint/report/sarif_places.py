"""Locations of a SARIF run: files, members of archives, original sources, places in old commits.

A key inside a container is reported at the container's path, which is what a repository viewer can open,
while `index` names the nested artifact (`run.artifacts[].parentIndex`) that line and column belong to.
"""

from __future__ import annotations

import sarif_om as om

from keylint.model import CommitRef, Finding, Location, Origin
from keylint.report.clean import clean, without_surrogates
from keylint.report.common import is_url, iso, partner_text, uri

SRCROOT = "%SRCROOT%"


def artifact_location(path: str, index: int = -1) -> om.ArtifactLocation:
    """Where a file is, relative to the root of the repository; a fetched page by its own address."""
    return om.ArtifactLocation(uri=uri(path), uri_base_id=None if is_url(path) else SRCROOT, index=index)


class Artifacts:
    """`run.artifacts`: containers and what is nested in them, each once."""

    def __init__(self) -> None:
        self.entries: list[om.Artifact] = []
        self._numbers: dict[tuple[int, str], int] = {}

    def index(self, origin: Origin) -> int:
        """The index of the innermost artifact of `origin`, or -1 for a plain file."""
        if not origin.container:
            return -1
        number = self._number(-1, uri(origin.path), origin.path)
        for name in origin.container:
            number = self._number(number, _member_uri(name), name)
        return number

    def _number(self, parent: int, address: str, name: str) -> int:
        known = self._numbers.get((parent, address))
        if known is not None:
            return known
        number = len(self.entries)
        self._numbers[parent, address] = number
        location = (
            artifact_location(name, number) if parent < 0 else om.ArtifactLocation(uri=address, index=number)
        )
        self.entries.append(om.Artifact(location=location, parent_index=parent))
        return number


def location(place: Location, mask: str, artifacts: Artifacts, number: int = -1) -> om.Location:
    """One place of the key that `mask` stands for; `number` is its id among related locations."""
    region, context = _regions(place, mask)
    return om.Location(
        id=number,
        message=_message(place.origin),
        physical_location=om.PhysicalLocation(
            artifact_location=artifact_location(place.origin.path, artifacts.index(place.origin)),
            region=region,
            context_region=context,
        ),
    )


def partner_locations(finding: Finding, artifacts: Artifacts, number: int) -> list[om.Location]:
    """Where the other halves of a pair stand, with ids from `number` on; each message says what it is."""
    origin = finding.locations[0].origin
    found: list[om.Location] = []
    for partner in finding.surroundings.partners:
        if partner.rule_id and partner.line:
            end = partner.column + len(partner.value)
            place = Location(origin, partner.line, partner.column, partner.line, end, byte_offset=0)
            shown = location(place, clean(partner.value), artifacts, number + len(found))
            shown.message = om.Message(text=partner_text(partner))
            found.append(shown)
    return found


def _regions(place: Location, mask: str) -> tuple[om.Region, om.Region | None]:
    """The key itself and, where that is surely more (section 3.29.5), the whole lines that it stands on.

    Lines and columns, never offsets: viewers that see a byte offset ignore the line. GitHub wants a line even
    in a binary file, where the offset stands in the result's properties.
    """
    if place.binary:
        return om.Region(start_line=1, start_column=1, end_line=1, end_column=1, snippet=_content(mask)), None
    region = om.Region(
        start_line=place.line,
        start_column=place.column,
        end_line=place.end_line,
        end_column=place.end_column,
    )
    if place.column == 1 or not place.snippet:
        region.snippet = _content(place.snippet or mask)
        return region, None
    region.snippet = _content(mask)
    return region, om.Region(start_line=place.line, end_line=place.end_line, snippet=_content(place.snippet))


def _content(text: str) -> om.ArtifactContent:
    return om.ArtifactContent(text=without_surrogates(text))


def _message(origin: Origin) -> om.Message | None:
    parts = []
    if origin.container:
        parts.append(f"inside '{inner_name(origin)}' of '{clean(origin.path)}'")
    if origin.commit:
        parts.append(f"in commit {commit_name(origin.commit)}")
    if not parts:
        return None
    text = ", ".join(parts)
    return om.Message(text=f"{text[0].upper()}{text[1:]}.")


def inner_name(origin: Origin) -> str:
    """Members and original sources from the outside in, such as `inner.zip!src/app.js`."""
    return clean("!".join(origin.container))


def commit_name(commit: CommitRef) -> str:
    """A commit's id and day."""
    return f"'{clean(commit.id)}' of {(iso(commit.date) or '')[:10]}"


def _member_uri(name: str) -> str:
    """A member's path from the root of its container. An encoded slash tells `/a` from `a` in one archive."""
    slashes = len(name) - len(name.lstrip("/"))
    return "%2F" * slashes + uri(name[slashes:])
