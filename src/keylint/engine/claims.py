"""Tokens that carry JSON: JSON Web Tokens and their relatives."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from keylint.latepattern import late

Facts = dict[str, object]

MAX_CHARS = 64 * 1024  # a longer value is not read
_MAX_FACTS = 128
_MAX_DEPTH = 4
_MAX_ITEMS = 256

# Facts that may be printed, with the name that people see. Everything else stays inside keylint.
_PRINTED = {
    "header.alg": "algorithm",
    "payload.iss": "issuer",
    "payload.aud": "audience",
    "payload.role": "role",
    "payload.roles": "roles",
    "payload.scope": "scope",
    "payload.scp": "scope",
    "payload.scopes": "scopes",
    "payload.ref": "project",
    "payload.organization": "organization",
    "payload.body.organizationId": "organization",
    "payload.searchHub": "search hub",
    "payload.userIds.name": "acts as",
    "privileges": "privileges",
}  # fmt: skip
_OTHERS = (
    "account id", "addresses", "app id", "bot id", "caveats", "cell", "data centre", "derived", "encrypted",
    "environment", "group", "host", "issued", "kind", "location", "mode", "organisation", "permissions",
    "project", "projects", "protocols", "resource", "resource types", "scheme", "secret scopes", "seed",
    "services", "signature", "starts", "team id", "temporary", "user", "user number",
)  # fmt: skip
# The scopes that public tokens may have: https://docs.mapbox.com/accounts/guides/tokens/
_MAPBOX_PUBLIC = frozenset(("styles:tiles", "styles:read", "fonts:read", "datasets:read", "vision:read"))
_EMAIL = late(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PERSONAL = ("user", "acts as")
# Names of services rather than of people, in the user part of an address.
_HARMLESS_NAMES = late(
    r"anonymous|root|sa|guest|postgres|(?:[a-z]{1,12}[_-])?(?:admin|api|app|backup|bot|build|ci|db|deploy|deployer|dev|"
    r"ftp|git|job|jobs|mail|mongo|mysql|prod|proxy|read|reader|redis|reporting|reports|runner|service|staging|svc|test|"
    r"user|web|worker|write|writer)(?:[_-](?:user|rw|ro|[a-z]{1,8}|[0-9]{1,3}))?"
)


def base64_bytes(text: str) -> bytes | None:
    """Decode either alphabet of base64, with or without padding; None if it is not base64."""
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a base64 text, or None."""
    raw = base64_bytes(text)
    try:
        value = json.loads(raw) if raw is not None else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def jwt(value: str) -> Facts:
    """`header.*` and `payload.*` facts of a JSON Web Token, decoded and not verified (RFC 7519).

    A list of privileges, as Coveo's platform tokens have it, becomes the fact `privileges`.
    """
    parts = value.split(".")
    header = json_object(parts[0])
    payload = json_object(parts[1]) if len(parts) > 1 else None
    if header is None or payload is None:
        return {}
    facts: Facts = {}
    _flatten("header", header, facts, 1)
    _flatten("payload", payload, facts, 1)
    body = payload.get("body")
    privileges = _privileges(body if isinstance(body, dict) else payload)
    if privileges:
        facts["privileges"] = privileges
    if "payload.exp" in facts:
        facts["expires"] = _seconds(facts["payload.exp"])
    return facts


def mapbox(value: str) -> Facts:
    """Kind (`pk`, `sk`, `tk`) and, for temporary tokens, scopes and expiry.

    Source: https://docs.mapbox.com/api/accounts/tokens/
    """
    kind, _, rest = value.partition(".")
    payload = json_object(rest.partition(".")[0])
    if payload is None:
        return {}
    facts: Facts = {"kind": kind}
    _flatten("payload", payload, facts, 1)
    if "payload.exp" in facts:
        facts["expires"] = _seconds(facts["payload.exp"])
    scopes = facts.get("payload.scopes")
    secret = tuple(s for s in scopes if s not in _MAPBOX_PUBLIC) if isinstance(scopes, tuple) else ()
    return {**facts, "secret scopes": secret} if secret else facts


def github_installation(value: str) -> Facts:
    """App id and expiry of the newer form: `ghs_`, the app's id, `_` and a JSON Web Token.

    GitHub asks that nothing depend on the content, so nothing is decided by it.
    """
    app, mark, token = value.removeprefix("ghs_").partition("_")
    if not mark or not app.isdigit():
        return {}
    claims = jwt(token)
    return {"app id": app, **({"expires": claims["expires"]} if "expires" in claims else {})}


def sentry_org_token(value: str) -> Facts:
    """The organisation that a `sntrys_` token names (https://docs.sentry.io/security-legal-pii/security/token-formats/)."""
    payload = json_object(value.removeprefix("sntrys_").rpartition("_")[0])
    if payload is None:
        return {}
    return {
        name: payload[key]
        for name, key in (("organisation", "org"), ("host", "region_url"))
        if isinstance(payload.get(key), str)
    }


def printable(facts: Facts) -> tuple[tuple[str, str], ...]:
    """The harmless facts as pairs of name and short text; names of people and e-mail addresses are masked."""
    names = {**_PRINTED, **{name: name for name in _OTHERS}}
    pairs = ((names[name], _shown(names[name], value)) for name, value in facts.items() if name in names)
    return tuple(pair for pair in pairs if pair[1])


def _shown(name: str, value: object) -> str:
    values = value if isinstance(value, tuple) else (value,)
    texts = [_clean(name, v) for v in values[:10]]
    return ", ".join(texts + ["..."] * (len(values) > 10))


def _clean(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "".join(c if c.isprintable() else "?" for c in str(value))
    if name in _PERSONAL and not _HARMLESS_NAMES.fullmatch(text):
        return "(masked)"
    text = _EMAIL.sub("(masked)", text)
    return text if len(text) <= 80 else text[:77] + "..."


def _seconds(value: object) -> object:
    """Seconds since 1970; some issuers write milliseconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 1e11:
        return value / 1000
    return value


def _flatten(prefix: str, value: object, facts: Facts, depth: int) -> None:
    if len(facts) >= _MAX_FACTS or depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, inner in list(value.items())[:_MAX_ITEMS]:
            _flatten(f"{prefix}.{key}", inner, facts, depth + 1)
    elif isinstance(value, list):
        _flatten_list(prefix, value[:_MAX_ITEMS], facts, depth)
    elif value is not None:
        facts[prefix] = value


def _flatten_list(prefix: str, items: list[Any], facts: Facts, depth: int) -> None:
    """Scalars become one tuple; of objects, the values under one key become one."""
    scalars = tuple(i for i in items if isinstance(i, (str, int, float)))
    if scalars:
        facts[prefix] = scalars
    objects = [i for i in items if isinstance(i, dict)]
    for key in dict.fromkeys(k for o in objects for k in o):
        _flatten(f"{prefix}.{key}", [o[key] for o in objects if key in o], facts, depth + 1)


def _privileges(body: dict[str, Any]) -> tuple[str, ...]:
    """`OWNER/DOMAIN` or `OWNER/DOMAIN/TYPE` for each privilege, in the form of `model.Privilege.name`."""
    listed = body.get("privileges")
    out = []
    for item in listed[:_MAX_ITEMS] if isinstance(listed, list) else ():
        if isinstance(item, dict) and isinstance(item.get("owner"), str):
            parts = [item["owner"], str(item.get("targetDomain", ""))]
            if item.get("type") not in (None, "", "ENABLE"):
                parts.append(str(item["type"]))
            out.append("/".join(parts))
    return tuple(out)
