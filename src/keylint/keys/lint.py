"""Run the checks over an inventory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from keylint.inventory.base import Snapshot
from keylint.keys.checks import REGISTRY, Check, Context, Issue
from keylint.keys.checks.base import RecordCheck
from keylint.keys.config import LintConfig
from keylint.keys.found import Found, Joined
from keylint.keys.profile import Profile, Profiler
from keylint.model import KeyRecord
from keylint.privileges import load_privilege_model

# Code and addresses that only Coveo for Commerce has. docs.coveo.com/en/o8ld0051
_COMMERCE = ("headless/commerce", "buildCommerceEngine", "atomic-commerce-interface", "/commerce/")


def check_ids() -> tuple[str, ...]:
    """The ids of all checks."""
    return tuple(REGISTRY.checks)


def make_context(
    snapshot: Snapshot,
    *,
    now: dt.datetime,
    config: LintConfig | None = None,
    joined: Joined | None = None,
    members: Collection[str] | None = None,
) -> Context:
    """What the checks look at beside the records. `members` are user names or addresses."""
    joined = joined or Joined({}, ())
    return Context(
        now=now,
        config=config or LintConfig(),
        profile_of=Profiler(load_privilege_model(overrides=snapshot.templates)),
        complete=snapshot.complete,
        members=None if members is None else frozenset(name.lower() for name in members),
        found=joined.by_key,
        strangers=joined.strangers,
        commerce_keys=frozenset(
            key for key, places in joined.by_key.items() if any(map(_is_commerce, places))
        ),
        problems=snapshot.problems,
    )


def lint(records: tuple[KeyRecord, ...], context: Context) -> Iterator[Issue]:
    """Every issue of every wanted check, key by key, then those that concern several keys."""
    plans: dict[tuple[str, int, bool], list[tuple[Check, RecordCheck]]] = {}
    for record in records:
        # What both halves of a pair share is told once, with the private half.
        if record.half != "public":
            profile = context.profile_of(record)
            # Profiles are kept and shared, so their identity can stand for them.
            key = (record.provider, id(profile), record.status.alive)
            plan = plans.get(key)
            if plan is None:
                plan = plans[key] = _plan(record, profile, context)
            for check, run in plan:
                for grade, text in run(record, context):
                    yield Issue(check, grade, text, record)
        if record.key_id in context.found:
            yield from _found(record, context)
    for check, look in REGISTRY.by_whole:
        if context.config.wants(check.id):
            yield from look(records, context)


def _plan(record: KeyRecord, profile: Profile, context: Context) -> list[tuple[Check, RecordCheck]]:
    """The checks that can have something to say about keys like this one."""
    return [
        (entry.check, entry.run)
        for entry in REGISTRY.by_record
        if context.config.wants(entry.check.id)
        and record.provider in entry.check.providers
        and (entry.any_state or record.status.alive)
        and (entry.applies is None or entry.applies(profile))
    ]


def _found(record: KeyRecord, context: Context) -> Iterator[Issue]:
    for found in context.found[record.key_id]:
        for check, run in REGISTRY.by_found:
            if context.config.wants(check.id) and record.provider in check.providers:
                for grade, text in run(found, record, context):
                    yield Issue(check, grade, text, record, found)


def _is_commerce(found: Found) -> bool:
    """Whether the line, the path, or something that the scan saw in the same file speaks of Commerce."""
    texts = (found.snippet, found.path, *found.beside)
    return any(mark in text for mark in _COMMERCE for text in texts)
