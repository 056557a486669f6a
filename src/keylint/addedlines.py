"""Which matches of a new version of a file stand in lines that the old version does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keylint.secret import Match
from keylint.textmap import decode

_END = 16  # bytes of a value by which it is looked for: what is between may be written in another way


def may_be_added(values: Iterable[bytes], old: bytes, new: bytes) -> bool:
    """Whether `added` could find one of some values, all that `new` holds: a question that needs no matches.

    No means no; values that are not found as they are, or have several lines, make it a yes.
    """
    text = decode(new).data
    before = set(decode(old).data.splitlines())
    fresh = b"\n".join(line for line in text.splitlines() if line not in before)
    if b"\0" in fresh:
        return True
    ends = {end for value in values for end in (value[:_END], value[-_END:])}
    return any(b"\n" in end or end in fresh or end not in text for end in ends)


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
