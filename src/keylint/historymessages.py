"""Keys in the messages of commits and annotated tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from keylint.findings import Sighting
from keylint.model import CommitRef, Origin, Skipped, Surface
from keylint.pipeline import Intake
from keylint.records import replace
from keylint.secret import Blob, Match
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.history import History


def deliver_messages(
    history: History,
    names: Sequence[bytes],
    intake: Intake,
    reader: ObjectReader,
    refs: Callable[[Iterable[str]], Mapping[str, CommitRef]],
    *,
    note: Callable[[bytes, Iterable[Skipped]], None],
) -> None:
    """Examine the messages of some commits and tags and hand their matches over, each key once a place.

    All commit messages count as one place, and so does each tag. `note` is told what cut a look short.
    """
    if not names:
        return
    order = {name: number for number, name in enumerate(history.messages)}
    peeled = {ref.name: ref.peeled for ref in history.refs()}
    found: dict[tuple[str, bytes], list[tuple[str, Match]]] = defaultdict(list)
    for name in sorted(names, key=order.__getitem__, reverse=True):  # the oldest first
        path = history.messages[name]
        item = reader.blob(name.decode(), Origin(Surface.HISTORY, path))
        if not isinstance(item, Blob):
            intake.skipped.append(item)
            continue
        headers, _, message = item.data.partition(b"\n\n")
        own = headers.startswith(b"tree ")
        commit = name.decode() if own else peeled.get(path) or headers[7:].split(b"\n")[0].decode()
        examined = intake.examiner.examine(replace(item, data=message, size_bytes=len(message)))
        note(name, examined.skipped)
        for match in examined.matches:
            found[path, match.value.reveal()].append((commit, match))
    known = refs({commit for rows in found.values() for commit, _ in rows})
    for (path, _), rows in found.items():
        sighting = Sighting(first_seen=known.get(rows[0][0]), last_seen=known.get(rows[-1][0]))
        matches = (_at(match, known.get(commit)) for commit, match in rows)
        intake.collector.add(matches, sighting, file=path)


def _at(match: Match, commit: CommitRef | None) -> Match:
    place = match.location
    return replace(match, location=replace(place, origin=replace(place.origin, commit=commit)))
