"""Tokens whose parts tell something without any JSON: ids, hosts, seeds, PEM headers, URL fields."""

from __future__ import annotations

import json
import re
import struct

from keylint.engine import checksums
from keylint.engine.claims import Facts, base64_bytes
from keylint.latepattern import late

_HOST = late(r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,62}\.){1,8}[0-9A-Za-z-]{2,24}")
_TEST_WORD = late(r"(?:^|[_-])(?:test|sandbox|TEST|SANDBOX)(?:[_-]|$)")
_LIVE_WORD = late(r"(?:^|[_-])(?:live|prod|production|LIVE)(?:[_-]|$)")
_PEM_LABEL = late(r"-----BEGIN ([A-Z0-9 ]{0,40}?)-----")
_LOCAL_HOSTS = ("host.docker.internal", "0.0.0.0", "::1")  # noqa: S104  # names, nothing is bound
_LOCAL_ENDS = (".localhost", ".local", ".test", ".internal")
_EXAMPLE_HOSTS = late(
    r"(?:^|\.)(?:example(?:\.(?:com|org|net))?|invalid)$|^(?:host(?:name)?|server|db_?host)$"
)
_PLAIN_PASSWORDS = (
    "password", "passwd", "pass", "pwd", "secret", "changeme", "change_me", "example", "test", "admin",
    "root", "user", "username", "guest", "postgres", "mysql", "mongo", "redis", "dev", "docker", "123456",
    "mypassword",
)  # fmt: skip
_MACAROON_V2 = 2
_END, _LOCATION, _IDENTIFIER = 0, 1, 2
_CAVEATS = {0: "expiry", 1: "project names", 2: "project ids", 3: "user", 4: "OIDC publisher"}


def mode(value: str) -> Facts:
    """`mode` is `test` or `live` where the part of the value before its random body has such a word."""
    head = value[:32]
    if _TEST_WORD.search(head):
        return {"mode": "test"}
    return {"mode": "live"} if _LIVE_WORD.search(head) else {}


def clerk_publishable(value: str) -> Facts:
    """Mode, and `host` where the body decodes to a host name that ends in `$`, which makes it Clerk's.

    Source: https://github.com/clerk/javascript/blob/HEAD/packages/shared/src/keys.ts
    """
    facts = mode(value)
    raw = base64_bytes(value[len("pk_live_") :])
    host = raw[:-1].decode("ascii", "replace") if raw and raw.endswith(b"$") else ""
    if _HOST.fullmatch(host):
        facts["host"] = host
    return facts


def aws_key_id(value: str) -> Facts:
    """The account of an access key id; `temporary` where it is of the temporary kind."""
    account = checksums.aws_account_id(value)
    return {
        **({"temporary": True} if value.startswith("ASIA") else {}),
        **({"account id": account} if account else {}),
    }


def azure_key(value: str) -> Facts:
    """Signature of the service, and the seed that fits the checksum: for some services it is a privilege."""
    signature = checksums.azure_signature(value)
    seed = checksums.azure_seed(value)
    return {k: v for k, v in (("signature", signature), ("seed", seed)) if v}


def azure_annotated(value: str) -> Facts:
    """Signature of the service and month of issue of an annotated key (marker `JQQJ99`).

    Source: https://github.com/microsoft/security-utilities (CommonAnnotatedKey)
    """
    if len(value) < 80 or not ("A" <= value[58] <= "Z" and "A" <= value[59] <= "L"):
        return {}
    month = f"{2024 + ord(value[58]) - ord('A')}-{ord(value[59]) - ord('A') + 1:02d}"
    return {"signature": value[76:80], "issued": month, "derived": "yes" if value[57] == "D" else "no"}


def azure_devops(value: str) -> Facts:
    """Whether a token of 52 characters is a user's or an application's: its checksum tells."""
    kind = checksums.azure_devops_kind(value)
    return {"kind": kind} if kind else {}


def azure_sas(value: str) -> Facts:
    """Rights, scope and expiry of a shared access signature.

    Source: https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas
    """
    try:
        from urllib.parse import parse_qs  # 2 ms, and few kinds of keys need it

        query = parse_qs(value.rpartition("?")[2].replace("&amp;", "&"), max_num_fields=40)
    except ValueError:
        return {}
    names = {
        "sp": "permissions",
        "se": "expires",
        "st": "starts",
        "sr": "resource",
        "ss": "services",
        "srt": "resource types",
        "sip": "addresses",
        "spr": "protocols",
    }
    return {fact: query[key][0] for key, fact in names.items() if key in query}


def gitlab(value: str) -> Facts:
    """Organisation, user, project and cell numbers in a routable token; classic tokens hold none.

    Source: https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens
    """
    if "." not in value:
        return {}
    raw = base64_bytes(value.partition("-")[2].partition(".")[0])
    fields = re.findall(rb"(?:^|\n)([cgoput]):([0-9a-z]{1,13})(?=\n|$)", raw or b"")
    names = {b"o": "organisation", b"u": "user number", b"p": "project", b"c": "cell", b"g": "group"}
    return {names[key]: str(int(number, 36)) for key, number in fields if key in names}


def pypi(value: str) -> Facts:
    """Location, caveat kinds and expiry of a package index token (a macaroon of version 2).

    Source: https://github.com/pypi/warehouse/blob/HEAD/warehouse/macaroons/caveats/__init__.py
    """
    raw = base64_bytes(value.removeprefix("pypi-"))
    if not raw or raw[0] != _MACAROON_V2:
        return {}
    facts: Facts = {}
    kinds: list[str] = []
    for section, tag, data in _macaroon_fields(raw):
        if tag == _LOCATION and section == 0:
            facts["location"] = data.decode("ascii", "replace")
        elif tag == _IDENTIFIER and section > 0:
            _caveat(data, kinds, facts)
    if kinds:
        facts["caveats"] = tuple(kinds)
    return facts


def _macaroon_fields(raw: bytes) -> list[tuple[int, int, bytes]]:
    """(section, field type, data) of each field; section 0 is the head, then one for each caveat."""
    out = []
    section, at = 0, 1
    while at < len(raw):
        tag = raw[at]
        at += 1
        if tag == _END:
            section += 1
            continue
        size, at = _varint(raw, at)
        if size > len(raw) - at:
            break
        out.append((section, tag, raw[at : at + size]))
        at += size
    return out


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """The number at `at` and the offset after it; a truncated one reads as too large."""
    number = 0
    for count, byte in enumerate(raw[at : at + 4]):
        number |= (byte & 0x7F) << (7 * count)
        if not byte & 0x80:
            return number, at + count + 1
    return len(raw), at


def _caveat(data: bytes, kinds: list[str], facts: Facts) -> None:
    try:
        caveat = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(caveat, dict):
        permissions = caveat.get("permissions")
        kinds.append("project names" if isinstance(permissions, dict) else "user")
        if isinstance(permissions, dict):
            _projects(permissions.get("projects"), facts)
    elif isinstance(caveat, list) and caveat and isinstance(caveat[0], int):
        kinds.append(_CAVEATS.get(caveat[0], "other"))
        if caveat[0] == 0 and len(caveat) > 1:
            facts["expires"] = caveat[1]
        if caveat[0] == 1 and len(caveat) > 1:
            _projects(caveat[1], facts)


def _projects(listed: object, facts: Facts) -> None:
    names = tuple(n for n in listed if isinstance(n, str)) if isinstance(listed, list) else ()
    if names:
        facts["projects"] = names


def sentry_dsn(value: str) -> Facts:
    """Host and project of a DSN; `secret` is true for the old form that holds a secret half as well.

    Source: https://docs.sentry.io/product/sentry-basics/dsn-explainer/
    """
    url = _split(value)
    if url is None:
        return {}
    facts: Facts = {"host": url[2], "project": value.rpartition("/")[2]}
    return {**facts, "secret": True} if url[1] else facts


def slack(value: str) -> Facts:
    """Team, bot or app id inside a token or a webhook address."""
    if "/services/" in value:
        return {"team id": value.partition("/services/")[2].partition("/")[0]}
    parts = value.split("-")
    if value.startswith("xapp-") and len(parts) > 3:
        return {"app id": parts[2]}
    if parts[0] in ("xoxb", "xoxp") and len(parts) > 3 and parts[1].isdigit():
        return {"team id": parts[1], **({"bot id": parts[2]} if parts[0] == "xoxb" else {})}
    return {}


def discord(value: str) -> Facts:
    """The bot's numeric id, which the first part of its token is in base64."""
    raw = base64_bytes(value.partition(".")[0]) or b""
    return {"bot id": raw.decode()} if raw.isdigit() and 15 <= len(raw) <= 20 else {}


def mailchimp(value: str) -> Facts:
    """The data centre that ends a key (https://mailchimp.com/developer/marketing/docs/fundamentals/)."""
    place = value.rpartition("-")[2]
    return {"data centre": place} if place.startswith("us") and place[2:].isdigit() else {}


def unleash(value: str) -> Facts:
    """Project and environment of a token; its type is not in it.

    Source: https://github.com/Unleash/unleash/blob/HEAD/src/lib/services/api-token-service.ts
    """
    project, mark, rest = value.partition(":")
    environment, dot, _ = rest.partition(".")
    return {"project": project, "environment": environment} if mark and dot and environment else {}


def telegram(value: str) -> Facts:
    """The bot's numeric id."""
    bot, mark, _ = value.partition(":")
    return {"bot id": bot} if mark and bot.isdigit() else {}


def pem(value: str) -> Facts:
    """Label of a PEM block, whether it is private, and whether a passphrase protects it (RFC 7468, 1421)."""
    label = _PEM_LABEL.search(value)
    if label is None:
        return {}
    name = label[1].strip()
    encrypted = "ENCRYPTED" in name or "Proc-Type: 4,ENCRYPTED" in value
    if name.startswith("OPENSSH"):
        encrypted = _openssh_cipher(value[label.end() :]) not in ("", "none")
    return {"kind": name, "encrypted": "yes" if encrypted else "no"}


def _openssh_cipher(body: str) -> str:
    """The cipher field of an OpenSSH key: 15 bytes of magic, then a text with 4 bytes of length."""
    text = "".join(re.findall(r"[0-9A-Za-z+/]+", body.replace("\\r", "").replace("\\n", "")[:200]))[:64]
    raw = base64_bytes(text[: len(text) & ~3]) or b""
    if not raw.startswith(b"openssh-key-v1\0") or len(raw) < 19:
        return ""
    size = struct.unpack(">I", raw[15:19])[0]
    return raw[19 : 19 + size].decode("ascii", "replace") if size <= 40 else ""


def url_credentials(value: str) -> Facts:
    """Scheme, user and host of `scheme://user:password@host`.

    `local`: the machine itself or a container's bare name; `placeholder`: a password from a tutorial, or an
    example host.
    """
    url = _split(value)
    if url is None:
        return {}
    user, password, host = url
    facts: Facts = {"scheme": value.partition(":")[0].lower(), "user": user, "host": host}
    if "." not in host or host.startswith("127.") or host in _LOCAL_HOSTS or host.endswith(_LOCAL_ENDS):
        facts["local"] = True
    plain = password.lower() in _PLAIN_PASSWORDS or password.lower() == user.lower()
    if plain or _EXAMPLE_HOSTS.search(host):
        facts["placeholder"] = True
    return facts


def _split(value: str) -> tuple[str, str, str] | None:
    """User, password and host of a URL, or None."""
    try:
        from urllib.parse import urlsplit

        url = urlsplit(value)
        return url.username or "", url.password or "", url.hostname or ""
    except ValueError:
        return None
