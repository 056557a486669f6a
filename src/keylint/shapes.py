"""Text with shapes in it -> text with freshly generated values, for examples that would look live.

A shape stands in double braces and is a row of parts, joined: `{{sk_live_|b62:24}}`. A part is

    lower upper digits hex HEX b62 alnum ALNUM b64 b64u base32    that many characters of the class: `hex:32`
                                                                  or of a range: `b62:20-30`
    [A-Z2-7]:16      characters of a class of one's own
    uuid4            a random UUID, lower case
    github, npm      36 base 62 characters, the last 6 their checksum
    grafana, gitlab  a whole token with its checksum (gitlab: a routable one)
    cloudflare       40 characters and 8 of checksum
    azure:SIGNATURE:SEED:BYTES   an identifiable Azure key of that many bytes, base64
    annotated:SIGNATURE          an annotated Azure key, 84 characters
    devops, entra    an Azure DevOps token; an Entra client secret
    jwt:{JSON}       a JSON Web Token with this payload
    json:{JSON}      the JSON in URL-safe base64 without padding
    base64:TEXT      the text in base64, with padding
    pem:LABEL        a PEM block of random bytes, several lines
    pypi:LOCATION    an index token for that location
    'TEXT' or TEXT   itself; quotes keep a text that is the name of a part

The same text and seed always give the same values. Values of a class hold at least one digit, small letter
and capital where the class and the length allow it, as nearly all real keys do.
"""

from __future__ import annotations

import base64
import random
import re
import string
import uuid
import zlib
from collections.abc import Callable

from keylint.engine import checksums

_CLASSES = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "b62": string.digits + string.ascii_letters,
    "alnum": string.ascii_lowercase + string.digits,
    "ALNUM": string.ascii_uppercase + string.digits,
    "b64": string.ascii_letters + string.digits + "+/",
    "b64u": string.ascii_letters + string.digits + "-_",
    "base32": string.ascii_uppercase + "234567",
}
_COUNTED = re.compile(r"([A-Za-z0-9]+|\[[^\]]+\]):(\d+)(?:-(\d+))?")
_KINDS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_PEM_LINE = 64


def expand(text: str, seed: str | int) -> str:
    """Replace every shape in the text. Raises ValueError for a shape that has no end."""
    rng = random.Random(f"{seed}:{text}")  # noqa: S311  # samples for tests, not keys
    out = []
    at = 0
    while (start := text.find("{{", at)) >= 0:
        end = _closing(text, start + 2)
        out.append(text[at:start])
        out.extend(_part(part, rng) for part in text[start + 2 : end].split("|"))
        at = end + 2
    return "".join(out) + text[at:]


def _closing(text: str, at: int) -> int:
    """Where the shape's own `}}` is; braces inside it (JSON) come in pairs."""
    depth = 0
    while at < len(text):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}" and depth:
            depth -= 1
        elif text.startswith("}}", at):
            return at
        at += 1
    raise ValueError("a shape has no closing }}")


def _part(part: str, rng: random.Random) -> str:
    if len(part) > 1 and part[0] == part[-1] == "'":
        return part[1:-1]
    counted = _COUNTED.fullmatch(part)
    if counted and (counted[1] in _CLASSES or counted[1].startswith("[")):
        low = int(counted[2])
        alphabet = _CLASSES.get(counted[1]) or _alphabet(counted[1][1:-1])
        return _characters(alphabet, rng.randint(low, int(counted[3] or low)), rng)
    name, mark, argument = part.partition(":")
    if name in _PLAIN and not mark:
        return _PLAIN[name](rng)
    if name in _WITH_TEXT and mark:
        return _WITH_TEXT[name](argument, rng)
    return part


def _alphabet(spec: str) -> str:
    """`A-Z2-7_` -> its characters."""
    spans = re.findall(r"(.)-(.)|(.)", spec)
    return "".join(
        single or "".join(map(chr, range(ord(first), ord(last) + 1))) for first, last, single in spans
    )


def _characters(alphabet: str, count: int, rng: random.Random) -> str:
    wanted = [kind for kind in _KINDS if set(kind) & set(alphabet)] if count >= 8 else []
    while True:
        value = "".join(rng.choice(alphabet) for _ in range(count))
        if all(set(kind) & set(value) for kind in wanted):
            return value


def _github(rng: random.Random) -> str:
    body = _characters(_CLASSES["b62"], 30, rng)
    return body + checksums.crc_base62(body)


def _grafana(rng: random.Random) -> str:
    head = "glsa_" + _characters(_CLASSES["b62"], 32, rng)
    return f"{head}_{checksums.grafana_sum(head)}"


def _cloudflare(rng: random.Random) -> str:
    body = _characters(_CLASSES["b62"], 40, rng)
    return body + checksums.cloudflare_sum(body)


def _gitlab(rng: random.Random) -> str:
    payload = b"o:1\nu:2s\n" + rng.randbytes(17)
    text = base64.urlsafe_b64encode(payload).decode().rstrip("=")
    head = f"glpat-{text}.01.{checksums.to_base(len(text), checksums.BASE36, 2)}"
    return head + checksums.gitlab_tail(head)


def _azure(argument: str, rng: random.Random) -> str:
    """Random bytes with the signature and the checksum in place."""
    signature, seed, size = argument.split(":")
    characters = -(-int(size) * 4 // 3)
    body = _characters(_CLASSES["b62"], characters - 10, rng) + signature
    # The last character before the checksum shares a byte with it, so the hash covers its first bits only.
    raw = base64.b64decode(body + "A" * (-len(body) % 4))[: int(size) - 4]
    text = base64.b64encode(raw + checksums.azure_sum(raw, seed)).decode()
    return text if text.rstrip("=")[-10:-6] == signature else _azure(argument, rng)


def _annotated(signature: str, rng: random.Random) -> str:
    """An annotated Azure key of the short form (84 characters), issued in March 2025."""
    start, middle = _characters(_CLASSES["b62"], 52, rng), _characters(_CLASSES["b62"], 16, rng)
    head = f"{start}JQQJ99BC{middle}{signature}"
    end = base64.b64encode(checksums.azure_sum(base64.b64decode(head), "Default0")[:3]).decode()
    return head + end if end.isalnum() else _annotated(signature, rng)


def _devops(rng: random.Random) -> str:
    """An Azure DevOps token of a user: its checksum is spread over 32 random bytes."""
    raw = bytearray(rng.randbytes(32))
    body = bytes(raw[:2] + raw[3:7] + raw[9:22] + raw[23:32])
    for at, byte in zip((22, 8, 7, 2), (zlib.crc32(body) ^ 0xE0B9692D).to_bytes(4, "little"), strict=True):
        raw[at] = byte
    return base64.b32encode(raw).decode().lower().rstrip("=")


def _entra(rng: random.Random) -> str:
    head = _characters(_CLASSES["b62"], 3, rng) + "8Q~" + _characters(_CLASSES["b62"], 31, rng)
    return head + checksums.entra_sum(head)


def _json(text: str, _rng: random.Random) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _jwt(payload: str, rng: random.Random) -> str:
    header = _json('{"alg":"HS256","typ":"JWT"}', rng)
    return f"{header}.{_json(payload, rng)}.{_characters(_CLASSES['b64u'], 43, rng)}"


def _base64(text: str, _rng: random.Random) -> str:
    return base64.b64encode(text.encode()).decode()


def _pem(label: str, rng: random.Random) -> str:
    body = base64.b64encode(b"0\x82\x01\x8c" + rng.randbytes(0x18C)).decode()
    lines = [body[i : i + _PEM_LINE] for i in range(0, len(body), _PEM_LINE)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def _pypi(location: str, rng: random.Random) -> str:
    """A macaroon of version 2 with one caveat (a user) and a random signature."""
    caveat = b'[3,"' + str(uuid.UUID(bytes=rng.randbytes(16))).encode() + b'"]'
    identifier = str(uuid.UUID(bytes=rng.randbytes(16))).encode()
    fields = [(1, location.encode()), (2, identifier), None, (2, caveat), None, None, (6, rng.randbytes(32))]
    packed = (b"\0" if f is None else bytes([f[0], len(f[1])]) + f[1] for f in fields)
    return "pypi-" + base64.urlsafe_b64encode(b"\x02" + b"".join(packed)).decode().rstrip("=")


_PLAIN: dict[str, Callable[[random.Random], str]] = {
    "uuid4": lambda rng: str(uuid.UUID(bytes=rng.randbytes(16), version=4)),
    "github": _github,
    "npm": _github,
    "grafana": _grafana,
    "gitlab": _gitlab,
    "cloudflare": _cloudflare,
    "devops": _devops,
    "entra": _entra,
}
_WITH_TEXT: dict[str, Callable[[str, random.Random], str]] = {
    "annotated": _annotated,
    "azure": _azure,
    "base64": _base64,
    "json": _json,
    "jwt": _jwt,
    "pem": _pem,
    "pypi": _pypi,
}
