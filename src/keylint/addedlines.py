"""Which matches of a new version of a file stand in lines that the old version does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keylint.secret import Match
from keylint.textmap import decode


def added(matches: Iterable[Match], old: bytes, new: bytes) -> Iterator[Match]:
    """The matches of `new` that touch a line which is nowhere in `old`.

    Lines do not exist in binary files: there a match counts if its value is nowhere in `old`.
    """
    lines = decode(new).data.splitlines()
    before = set(decode(old).data.splitlines())
    for match in matches:
        place = match.location
        if place.binary:
            if match.value.reveal() not in old:
                yield match
        elif not before.issuperset(lines[place.line - 1 : place.end_line]):
            yield match
