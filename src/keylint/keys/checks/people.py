"""Checks of what people wrote and who may do what. https://docs.coveo.com/en/1718/"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keylint.keys.checks.base import REGISTRY, Check, Context, Grade, Hit, Issue, pair_check
from keylint.keys.checks.life import day
from keylint.keys.words import key_name, says_nothing, stem, words
from keylint.model import KeyRecord


@REGISTRY.record(
    Check(
        "description-missing",
        Grade.LOW,
        "Nobody can tell what the key is for",
        "description, name",
        "the description is empty or shorter than 3 words (description-words); for key pairs also a name "
        "such as 'test' or 'key'",
        "Say with whom, when and for what purpose the key was shared.",
        providers=("coveo", "keypair", "algolia"),
    )
)
def description_missing(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key without a description that helps."""
    count = words(record.description)
    if count == 0:
        yield Grade.LOW, "description: empty"
    elif count < context.config.description_words:
        yield Grade.LOW, f"description: only {count} word{'s' if count > 1 else ''}"
    elif record.provider == "keypair" and says_nothing(record.label):
        yield Grade.LOW, "name: says nothing about the use of the pair"


@REGISTRY.record(
    Check(
        "creator-left",
        Grade.MEDIUM,
        "The person who made the key has left",
        "createdBy (kept by pull --personal-data), --members",
        "the creator is not in the list of current members",
        "Replace or delete the key: deleting a user does not delete that user's keys.",
    )
)
def creator_left(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A creator who is no member any more. The message does not name the person."""
    if context.members is None or not record.created_by:
        return
    if record.created_by.lower() not in context.members:
        yield Grade.MEDIUM, "createdBy: not in the list of current members"


@REGISTRY.record(
    Check(
        "editors-wide",
        Grade.LOW,
        "Many may edit a private key",
        "groupsThatCanEdit",
        "a private key may be edited by groups other than the administrators (administrators)",
        "Leave editing to the administrators.",
    ),
    applies=lambda profile: profile.is_private,
)
def editors_wide(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """Groups that may edit beside the administrators."""
    others = [name for name in record.editors if name not in context.config.administrators]
    if others:
        yield Grade.LOW, f"groupsThatCanEdit: also {', '.join(others[:5])}{' and more' if others[5:] else ''}"


@REGISTRY.whole(
    Check(
        "rotation-pair",
        Grade.MEDIUM,
        "A rotation was not finished",
        "displayName, template, privileges, createdDate",
        "two active keys have the same template and privileges and similar names",
        "Deactivate the original: creating from existing does not do that.",
    )
)
def rotation_pair(records: tuple[KeyRecord, ...], context: Context) -> Iterator[Issue]:
    """The older ones of keys that look like copies of each other."""
    groups: dict[object, list[KeyRecord]] = {}
    # Hashing a set of privileges takes long, and few are different: each gets a number.
    numbers: dict[object, int] = {}
    sets: dict[int, int] = {}
    for record in records:
        if record.provider != "coveo" or not record.status.alive or record.created is None:
            continue
        name = stem(record.label)
        held = sets.get(id(record.privileges))
        if held is None:
            held = sets[id(record.privileges)] = numbers.setdefault(record.privileges, len(numbers))
        if name:
            key = (record.organization, record.template_id, held, name)
            groups.setdefault(key, []).append(record)
    check = REGISTRY.checks["rotation-pair"]
    for alike in groups.values():
        if len(alike) < 2:
            continue
        *older, newest = sorted(alike, key=lambda r: (r.created or context.now, r.key_id))
        made = day(newest.created or context.now)
        for record in older:
            text = (
                f"createdDate: {key_name(newest)} of {made} looks like its replacement, and both are active"
            )
            yield Issue(check, check.grade, text, record)


@REGISTRY.whole(
    pair_check(
        "duplicate-name",
        Grade.LOW,
        "Two key pairs have one name",
        "name",
        "two pairs that are not revoked have the same name",
        "Name them apart, or revoke one.",
    )
)
def duplicate_name(records: tuple[KeyRecord, ...], context: Context) -> Iterator[Issue]:
    """Pairs that people cannot tell apart."""
    check = REGISTRY.checks["duplicate-name"]
    first: dict[tuple[str, str], str] = {}
    for record in records:
        if record.provider != "keypair" or record.half == "public" or not record.status.alive:
            continue
        other = first.setdefault((record.organization, record.label), record.key_id)
        if other != record.key_id:
            yield Issue(check, check.grade, f"name: the same as that of {other}", record)
