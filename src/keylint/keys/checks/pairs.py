"""Checks of key pairs beyond those they share with other keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keylint.keys.checks.base import (
    COVEO_DOCS,
    REGISTRY,
    SEARCH_PROVIDERS,
    Check,
    Context,
    Grade,
    Hit,
    Issue,
    pair_check,
)
from keylint.model import KeyRecord

# Words that an `environment` may hold, by what they mean. The API documents none.
_LIVE = frozenset({"live", "prod", "production"})
_TEST = frozenset({"test", "sandbox", "staging", "dev", "development"})


@REGISTRY.record(
    pair_check(
        "environment-missing",
        Grade.INFO,
        "Pair names no environment",
        "environment",
        "null or absent",
        "Nothing to do; with it, test and live keys could be told apart.",
    )
)
def environment_missing(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """The listing does not say live or test."""
    if not record.environment:
        yield Grade.INFO, "environment: not set"


@REGISTRY.record(
    pair_check(
        "environment-mix",
        Grade.MEDIUM,
        "Environment and key disagree",
        "environment, private_key_display, files of findings",
        "a live environment with an sk_test_ key or the reverse, or a live pair found in test data",
        "Use separate keys for test and live.",
    )
)
def environment_mix(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """The mode in the key and the environment contradict each other."""
    kind = environment(record)
    for mask in record.masks:
        mode = "live" if mask.startswith("sk_live_") else "test" if mask.startswith("sk_test_") else ""
        if kind and mode and kind != mode:
            yield Grade.MEDIUM, f"environment: {record.environment}, but the private key is an sk_{mode}_ key"
    if kind == "live":
        for found in context.found.get(record.key_id, ()):
            if is_test_path(found.path):
                yield Grade.MEDIUM, f"environment: {record.environment}, but found in test data: {found.path}"


@REGISTRY.whole(
    pair_check(
        "revoked-state-odd",
        Grade.INFO,
        "Revocation contradicts itself",
        "is_revoked, revoked_at",
        "one says revoked and the other does not",
        "Look at the pair in the console.",
    )
)
def revoked_state_odd(records: tuple[KeyRecord, ...], context: Context) -> Iterator[Issue]:
    """What the reader of the listing noticed, or what a snapshot of it still shows."""
    check = REGISTRY.checks["revoked-state-odd"]
    for record in records:
        if record.provider != "keypair" or record.half == "public":
            continue
        revoked = record.raw_status == "revoked"
        if revoked != (record.disabled is not None):
            missing = "is_revoked without revoked_at" if revoked else "revoked_at without is_revoked"
            yield Issue(check, check.grade, f"is_revoked: {missing}", record)


@REGISTRY.record(
    pair_check(
        "listing-holds-private",
        Grade.CRITICAL,
        "Inventory file holds a private key",
        "private_key, private_key_display",
        "the value is filled in and not masked: someone saved a create response",
        "Destroy the file, and revoke the pair.",
    ),
    any_state=True,
)
def listing_holds_private(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A private half stands in the file."""
    if record.unmasked and record.half == "private":
        yield Grade.CRITICAL, "private_key: stands in this file in full"


@REGISTRY.record(
    Check(
        "unmasked-inventory",
        Grade.CRITICAL,
        "Inventory file holds a value",
        "value",
        "a value without hidden characters",
        "Destroy the file, never print it, and treat the key as exposed.",
        providers=SEARCH_PROVIDERS,
        source=COVEO_DOCS,
    ),
    any_state=True,
)
def unmasked_inventory(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A listing that is itself a leak."""
    if record.unmasked and not record.half:
        yield Grade.CRITICAL, "value: stands in this file in full"


@REGISTRY.whole(
    Check(
        "rotation-secret-leak",
        Grade.CRITICAL,
        "A rotation secret can be read",
        "rotationSecret in the inventory or in scanned files",
        "a value is there: with it anyone can make a new working key",
        "Disable the key, and make a new one.",
    )
)
def rotation_secret_leak(records: tuple[KeyRecord, ...], context: Context) -> Iterator[Issue]:
    """The secret in the inventory file, or found by a scan."""
    check = REGISTRY.checks["rotation-secret-leak"]
    at_line = {record.line: record for record in records}
    for problem in context.problems:
        if problem.code == "rotation-secret-in-inventory":
            record = at_line.get(problem.line)
            yield Issue(check, check.grade, "rotationSecret: stands in this file", record)
    for found in (*context.strangers, *(item for items in context.found.values() for item in items)):
        if found.rule_id == "coveo.rotation_secret":
            yield Issue(check, check.grade, "rotationSecret: found by the scan", found=found)


def environment(record: KeyRecord) -> str:
    """ "live", "test" or "" for an unknown environment."""
    word = record.environment.strip().lower()
    return "live" if word in _LIVE else "test" if word in _TEST else ""


def is_test_path(path: str) -> bool:
    """Whether a path is test data by the names of its folders and file."""
    parts = path.lower().replace("\\", "/").split("/")
    return any(part in ("test", "tests", "fixtures", "__tests__", "testdata") for part in parts[:-1])
