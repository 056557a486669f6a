"""Checks of keys that a scan found, together with their inventory entries.

https://docs.coveo.com/en/1718/ ; for key pairs see the source of each check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from keylint.keys.checks.base import REGISTRY, SEARCH_PROVIDERS, Check, Context, Grade, Hit, Issue, pair_check
from keylint.keys.found import Found, family, half
from keylint.model import KeyRecord, Privacy

# Build tools put variables with these prefixes into browser code.
_BUNDLED = re.compile(
    r"(?<![A-Za-z0-9_])(?:REACT_APP|VITE|NEXT_PUBLIC|NUXT_PUBLIC|GATSBY|EXPO_PUBLIC|PUBLIC)_[A-Z0-9_]+"
)
_IN_URL = re.compile(r"[?&;]access_?token=", re.IGNORECASE)
_PARAMETERS = ("access_token", "accesstoken")
_ONE_UP = {
    Grade.INFO: Grade.LOW,
    Grade.LOW: Grade.MEDIUM,
    Grade.MEDIUM: Grade.HIGH,
    Grade.HIGH: Grade.CRITICAL,
    Grade.CRITICAL: Grade.CRITICAL,
}


@REGISTRY.place(
    Check(
        "private-key-in-client-code",
        Grade.CRITICAL,
        "Private key in code that browsers get",
        "findings in client code, privacy, privileges",
        "the key is private or has a critical privilege",
        "Deactivate it now, create one from it, keep that on the server, and use search tokens.",
        grades="high where only the visible end of the value was compared with several entries",
        providers=SEARCH_PROVIDERS,
    )
)
def private_key_in_client_code(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A private key that everyone can read."""
    if found.in_client and record.provider != "keypair" and _live_private(record, context):
        grade = Grade.HIGH if found.certainty == "ambiguous" else Grade.CRITICAL
        yield grade, f"found in client code: {_place(found)}"


@REGISTRY.place(
    Check(
        "public-key-in-client-code",
        Grade.INFO,
        "Public key in client code",
        "findings in client code, template",
        "the key is public",
        "Replace it regularly, and limit it to a search hub.",
        grades="low if the key is older than the rotation age (rotate-public-days)",
        providers=SEARCH_PROVIDERS,
    )
)
def public_key_in_client_code(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key where it belongs, perhaps for too long."""
    if not found.in_client or record.half or context.profile_of(record).privacy is not Privacy.PUBLIC:
        return
    age = context.days_since(record.created) if record.created else 0
    old = 0 < context.config.rotate_public_days < age
    text = f", {age} days old" if old else ""
    yield (Grade.LOW if old else Grade.INFO), f"found in client code{text}: {_place(found)}"


@REGISTRY.place(
    Check(
        "key-in-repository",
        Grade.HIGH,
        "Key in a repository",
        "findings in files or history",
        "always",
        "Move the key to a secret store, and rotate it.",
        grades="low for a public key",
        providers=SEARCH_PROVIDERS,
    )
)
def key_in_repository(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key in server code, configuration or history."""
    if found.in_client or not record.status.alive or record.half:
        return
    public = context.profile_of(record).privacy is Privacy.PUBLIC
    where = "in history" if found.surface == "history" else "in a file"
    yield (Grade.LOW if public else Grade.HIGH), f"found {where}: {_place(found)}"


@REGISTRY.place(
    Check(
        "private-key-in-bundled-variable",
        Grade.HIGH,
        "Private key in a variable that build tools publish",
        "variable prefix REACT_APP_, VITE_, NEXT_PUBLIC_, NUXT_PUBLIC_, GATSBY_, PUBLIC_ or EXPO_PUBLIC_",
        "such a variable holds a private key",
        "Use a server-only variable, and scan the build output.",
        providers=SEARCH_PROVIDERS,
    )
)
def private_key_in_bundled_variable(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A private key on its way into a bundle."""
    name = _published(found)
    if name and record.provider != "keypair" and _live_private(record, context):
        yield Grade.HIGH, f"in the variable {name}: {_place(found)}"


@REGISTRY.place(
    Check(
        "token-in-url",
        Grade.HIGH,
        "Private key in an address",
        "access_token= in the line of a finding",
        "the key is private: addresses end up in logs and histories",
        "Send the key in the Authorization header.",
        grades="one step above the same finding in a header: critical in client code or a repository",
    )
)
def token_in_url(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A key as a query parameter."""
    in_url = _IN_URL.search(found.snippet) or found.parameter.lower() in _PARAMETERS
    if in_url and record.provider == "coveo" and _live_private(record, context):
        plain = Grade.CRITICAL if found.in_client else Grade.HIGH
        yield _ONE_UP[plain], f"in the query of an address: {_place(found)}"


@REGISTRY.whole(
    Check(
        "unknown-key-in-client-code",
        Grade.HIGH,
        "Key that the inventory does not have in client code",
        "findings without an inventory entry",
        "always, except with a partial inventory, where absence proves nothing",
        "Find the organisation that the key belongs to, and check its privileges.",
        providers=SEARCH_PROVIDERS,
    )
)
def unknown_key_in_client_code(records: tuple[KeyRecord, ...], context: Context) -> Iterator[Issue]:
    """A stranger in the bundle."""
    providers = {record.provider for record in records}
    check = REGISTRY.checks["unknown-key-in-client-code"]
    for found in context.strangers if context.complete else ():
        if found.in_client and family(found) in providers and family(found) in check.providers:
            yield Issue(check, check.grade, f"no entry has this key: {_place(found)}", found=found)


@REGISTRY.whole(
    pair_check(
        "private-half-exposed",
        Grade.CRITICAL,
        "Private half of a pair can be read",
        "findings of private keys",
        "always, also where no entry of the inventory has the key; a revoked pair has a check of its own",
        "Revoke the pair, and create a new one.",
    )
)
def private_half_exposed(records: tuple[KeyRecord, ...], context: Context) -> Iterator[Issue]:
    """The private half of a live pair was found, or one that the inventory does not know."""
    check = REGISTRY.checks["private-half-exposed"]
    pairs = [record for record in records if record.half == "private"]
    for record in pairs:
        for found in context.found.get(record.key_id, ()) if record.status.alive else ():
            if half(found) == "private":
                yield Issue(check, check.grade, f"private_key found: {_place(found)}", record, found)
    for found in context.strangers if pairs else ():
        if half(found) == "private":
            yield Issue(check, check.grade, f"private_key of no entry: {_place(found)}", found=found)


@REGISTRY.place(
    pair_check(
        "private-half-in-bundled-variable",
        Grade.CRITICAL,
        "Private half in a variable that build tools publish",
        "variable prefixes such as VITE_ or NEXT_PUBLIC_",
        "such a variable holds a private key",
        "Move it to the server.",
    )
)
def private_half_in_bundled_variable(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A private half on its way into a bundle."""
    name = _published(found)
    if name and half(found) == "private" and record.half == "private" and record.status.alive:
        yield Grade.CRITICAL, f"in the variable {name}: {_place(found)}"


@REGISTRY.place(
    pair_check(
        "public-half-in-client",
        Grade.INFO,
        "Public half in client code",
        "findings of public keys in client code",
        "always: this is where it belongs",
        "Nothing to do.",
    )
)
def public_half_in_client(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """The public half where it belongs."""
    if half(found) == "public" and record.half == "public" and found.in_client and record.status.alive:
        yield Grade.INFO, f"public_key in client code: {_place(found)}"


@REGISTRY.place(
    pair_check(
        "public-half-of-revoked-pair",
        Grade.MEDIUM,
        "Public half of a revoked pair is in use",
        "findings of public keys, is_revoked",
        "the pair is revoked",
        "Replace it: the interface is broken or stale.",
    )
)
def public_half_of_revoked_pair(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A public half that no longer works."""
    if half(found) == "public" and record.half == "public" and not record.status.alive:
        yield Grade.MEDIUM, f"public_key of a revoked pair: {_place(found)}"


@REGISTRY.place(
    pair_check(
        "revoked-private-still-present",
        Grade.LOW,
        "Revoked private key is still in the code",
        "findings of private keys, is_revoked",
        "the pair is revoked",
        "Remove it from files and history.",
    )
)
def revoked_private_still_present(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A dead private half that is still there."""
    if half(found) == "private" and record.half == "private" and not record.status.alive:
        yield Grade.LOW, f"private_key of a revoked pair: {_place(found)}"


@REGISTRY.place(
    pair_check(
        "halves-together",
        Grade.CRITICAL,
        "Both halves of a pair in one client file",
        "findings in client code",
        "a file has the public and the private half of one pair",
        "Revoke the pair, and create a new one.",
    )
)
def halves_together(found: Found, record: KeyRecord, context: Context) -> Iterable[Hit]:
    """The whole pair is in one file that browsers get."""
    if not found.in_client or half(found) != "private" or record.half != "private":
        return
    others = context.found.get(record.key_id, ())
    if any(half(other) == "public" and other.path == found.path for other in others):
        yield Grade.CRITICAL, f"public_key and private_key together: {_place(found)}"


def _published(found: Found) -> str:
    """The variable in client builds that holds the key, or its prefix and `...`; "" for none."""
    name = _BUNDLED.search(found.snippet)
    return name[0] if name else found.bundled and f"{found.bundled}..."


def _live_private(record: KeyRecord, context: Context) -> bool:
    return record.status.alive and context.profile_of(record).is_private


def _place(found: Found) -> str:
    more = f" and {found.occurrences - 1} more" if found.occurrences > 1 else ""
    return f"{found.path}:{found.line}{more}"
