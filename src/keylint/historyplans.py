"""What is told of each story of a key: the places that get a location, and the matches found there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from keylint.model import CommitRef
from keylint.records import dataclass, field, replace
from keylint.secret import Match
from keylint.timeline import Story

_MAX_STORY_PLACES = 4  # places of one story that get a location; the others are counted
_FEW_VERSIONS = 100  # so many are examined for the sake of more places


class Shown(NamedTuple):
    """A version of a file that gets a location. `commit` is "" for today's."""

    path: bytes
    blob: bytes
    commit: str


@dataclass
class Plan:
    """One story, the places that will be shown and the matches found there."""

    key: int
    story: Story
    shown: list[Shown]
    branches: tuple[str, ...] = ()
    branch_count: int = 0
    tips: tuple[str, ...] = ()
    last: list[str] = field(default_factory=list)
    matches: dict[int, list[Match]] = field(default_factory=dict)

    @property
    def today(self) -> bool:
        """Whether the key is in HEAD."""
        return not self.shown[0].commit and bool(self.story.first.commit)


def make_plan(key: int, story: Story, today: Sequence[Shown]) -> Plan:
    """What must be shown of a story: a place of today, the first one, the newest one of every path."""
    newest = {place.path: place for place in reversed(story.places)}
    places = [Shown(place.path, place.blob, place.commit) for place in (story.first, *newest.values())]
    shown: dict[tuple[bytes, bytes], Shown] = {}
    for place in (*today[:1], *places):
        if len(shown) < _MAX_STORY_PLACES:
            shown.setdefault((place.path, place.blob), place)
    return Plan(key, story, list(shown.values()))


def add_places(plans: Sequence[Plan]) -> None:
    """Show more places of each story, the newest first: each version of a file is examined once more for it.

    Where that would be many, only versions that are examined anyway are taken.
    """
    looked_at = {(place.path, place.blob) for plan in plans for place in plan.shown}
    for plan in plans:
        shown = {(place.path, place.blob) for place in plan.shown}
        for place in plan.story.places:
            if len(shown) >= _MAX_STORY_PLACES:
                break
            version = (place.path, place.blob)
            if version not in shown and (version in looked_at or len(looked_at) < _FEW_VERSIONS):
                looked_at.add(version)
                shown.add(version)
                plan.shown.append(Shown(place.path, place.blob, place.commit))


def located(plan: Plan, refs: Mapping[str, CommitRef]) -> Iterator[Match]:
    """The matches of a plan in its order, each with the commit of its place.

    An allow comment in the newest version speaks for the older ones too.
    """
    newest = plan.matches.get(0, [])
    allow = newest[0].allow if plan.today and newest else None
    for number, place in enumerate(plan.shown):
        for match in plan.matches.get(number, []):
            origin = replace(match.location.origin, commit=refs.get(place.commit))
            location = replace(match.location, origin=origin)
            yield replace(match, location=location, allow=match.allow or allow)
