"""Offline checks that a value is well-formed: pure functions over text, no I/O.

True: the checksum fits. False: it does not, so the value was shortened, invented or redacted. None: the value
has no checksum that can be judged, or the layout is known from third parties only and does not fit. None of
them says whether a key is alive.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Callable

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"

# Four-character signature -> the seeds of that family. The seeds that carry a privilege are told apart by
# which of them reproduces the checksum. Source: https://github.com/microsoft/security-utilities
_MESSAGING = ("Send0000", "Listen00", "Manage00", "System00", "Unknown0")
AZURE_SEEDS: dict[str, tuple[str, ...]] = {
    "+ASt": ("Default0",),
    "ACDb": ("MastRO00", "MastRW00", "SystRO00", "SystRW00"),
    "AzSe": ("Query000", "PAdmin00"),
    "+ASb": _MESSAGING,
    "+AEh": _MESSAGING,
    "+ARm": _MESSAGING,
    "AzFu": ("Master00", "System00", "Functi00"),
    "+ABa": ("AbAcct00",),
    "AzCa": ("Access00",),
    "+ACR": ("ACRDflt0",),
    "+AMC": ("Classic0",),
    "AIoT": ("IoTHub00", "DpsKey00", "Device00"),
    "APIM": ("Tenant00", "IoTHub00", "Gatewy00", "GitKey00"),
}
# Keys of policies that a customer made use seeds that are not published, and caches may write the checksum
# of special characters in another way, so a mismatch proves nothing.
_AZURE_OPEN_FAMILIES = ("+ASb", "+AEh", "+ARm", "AzCa")
_ANNOTATED = re.compile(r"[0-9A-Za-z]{52}JQQJ9[9DH][0-9A-Za-z]{26}(?:[0-9A-Za-z+/]{2}==)?")
_DEVOPS_KINDS = {0xE0B9692D: "user", 0x1019F92E: "application"}
_ENTRA_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~"
_DER_BLOCK = re.compile(r"-----BEGIN ((?:RSA |EC |DSA )?PRIVATE KEY)-----([0-9A-Za-z+/=\s]+)-----END \1-----")
_SEQUENCE, _LONG_FORM = 0x30, 0x80  # the tag of a DER sequence; lengths from here on have bytes of their own
_SIGNATURE_AND_SUM = 10  # characters that end an Azure key, padding aside: 4 of signature, 6 of checksum


def to_base(number: int, alphabet: str, width: int) -> str:
    """The number in the positional system of that alphabet, padded on the left to `width` digits."""
    digits = ""
    while number:
        number, rest = divmod(number, len(alphabet))
        digits = alphabet[rest] + digits
    return digits.rjust(width, alphabet[0])


def crc_base62(body: str) -> str:
    """CRC-32 of the text as six base 62 digits: the tail of GitHub and npm tokens.

    Source: https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    """
    return to_base(zlib.crc32(body.encode()), _BASE62, 6)


def github(value: str) -> bool | None:
    """A token of prefix, `_`, 30 characters and 6 of checksum; None for every other length (newer kinds)."""
    _, mark, body = value.partition("_")
    if not mark or len(body) != 36 or not body.isalnum():
        return None
    return crc_base62(body[:30]) == body[30:]


def grafana_sum(head: str) -> str:
    """CRC-32 of prefix and body, least significant byte first, as 8 hex digits.

    Source: https://github.com/grafana/grafana/blob/HEAD/pkg/components/satokengen/tokengen.go
    """
    return struct.pack("<I", zlib.crc32(head.encode())).hex()


def grafana(value: str) -> bool | None:
    """`glsa_` + 32 characters + `_` + 8 hex digits of checksum."""
    head, mark, tail = value.rpartition("_")
    if not mark or len(tail) != 8 or not head.startswith("glsa_"):
        return None
    return grafana_sum(head) == tail.lower()


def cloudflare_sum(body: str) -> str:
    """CRC-32 of the 40 characters as 8 hex digits."""
    return f"{zlib.crc32(body.encode()):08x}"


def cloudflare(value: str) -> bool | None:
    """`cfut_`, `cfat_` or `cfk_` + 40 characters + CRC-32 of those 40 as 8 hex digits.

    That there is a checksum: https://developers.cloudflare.com/fundamentals/api/get-started/token-formats.
    How it is made was read in third-party code only, so a mismatch gives None.
    """
    _, mark, body = value.partition("_")
    if not mark or len(body) != 48:
        return None
    return True if cloudflare_sum(body[:40]) == body[40:].lower() else None


def gitlab_tail(head: str) -> str:
    """CRC-32 of everything before it, as seven base 36 digits: the end of a routable token.

    Source: https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens
    """
    return to_base(zlib.crc32(head.encode()), BASE36, 7)


def gitlab(value: str) -> bool | None:
    """A routable token (dots in it) whose tail fits; classic tokens have no checksum.

    The layout of the tail was read in third-party text only, so a mismatch gives None.
    """
    if "." not in value or len(value) < 20:
        return None
    return True if gitlab_tail(value[:-7]) == value[-7:] else None


def marvin32(data: bytes, seed: int) -> int:
    """Marvin hash of 64 bits of state, its halves XORed to 32 bits.

    Source: https://github.com/microsoft/security-utilities (Marvin)
    """
    low, high = seed & 0xFFFFFFFF, seed >> 32
    whole = len(data) & ~3
    tail = int.from_bytes(data[whole:] + b"\x80", "little")
    words = [*struct.unpack(f"<{whole // 4}I", data[:whole]), tail, 0]
    for word in words:
        low = (low + word) & 0xFFFFFFFF
        high ^= low
        low = (_rotate(low, 20) + high) & 0xFFFFFFFF
        high = _rotate(high, 9) ^ low
        low = (_rotate(low, 27) + high) & 0xFFFFFFFF
        high = _rotate(high, 19)
    return low ^ high


def _rotate(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (32 - bits))) & 0xFFFFFFFF


def azure_sum(body: bytes, seed: str) -> bytes:
    """The four bytes that end an identifiable Azure key of this seed (8 ASCII characters)."""
    return struct.pack("<I", marvin32(body, int.from_bytes(seed.encode(), "big")))


def azure_signature(value: str) -> str:
    """The four-character signature of an identifiable Azure key, or "" if it has none that is known here."""
    bare = value.rstrip("=")
    signature = bare[-_SIGNATURE_AND_SUM : -_SIGNATURE_AND_SUM + 4]
    return signature if signature in AZURE_SEEDS else ""


def azure_seed(value: str) -> str:
    """The seed whose checksum fits the key, or "". Some seeds tell the privilege, such as `Query000`."""
    signature = azure_signature(value)
    bare = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (ValueError, binascii.Error):
        return ""
    seeds = AZURE_SEEDS.get(signature, ())
    return next((seed for seed in seeds if azure_sum(raw[:-4], seed) == raw[-4:]), "")


def azure_key(value: str) -> bool | None:
    """An Azure key with a signature: does any seed of its family reproduce the checksum?"""
    signature = azure_signature(value)
    if not signature:
        return None
    if azure_seed(value):
        return True
    return None if signature in _AZURE_OPEN_FAMILIES else False


def azure_annotated(value: str) -> bool | None:
    """A key of 84 or 88 characters with the marker `JQQJ99`; keys derived from others have no answer.

    The hash covers the first 60 bytes. The long form ends in all four bytes of it, the short one in three.
    Source: https://github.com/microsoft/security-utilities (CommonAnnotatedKey)
    """
    if not _ANNOTATED.fullmatch(value) or value[57] == "D":
        return None
    raw = base64.b64decode(value)
    return azure_sum(raw[:60], "Default0").startswith(raw[60:])


def azure_devops_kind(value: str) -> str:
    """`user` or `application` for an Azure DevOps token of 52 characters, or "" if no checksum fits.

    The four bytes of the checksum stand apart in the 32 bytes.
    Source: https://github.com/microsoft/security-utilities (AdoPat)
    """
    if len(value) != 52 or not value.isascii():
        return ""
    try:
        raw = base64.b32decode(value.upper() + "====")
    except (ValueError, binascii.Error):
        return ""
    body = raw[:2] + raw[3:7] + raw[9:22] + raw[23:32]
    stated = int.from_bytes(bytes((raw[22], raw[8], raw[7], raw[2])), "little")
    return _DEVOPS_KINDS.get(zlib.crc32(body) ^ stated, "")


def azure_devops(value: str) -> bool | None:
    """Whether the checksum of a 52-character Azure DevOps token fits; None for every other length."""
    if len(value) != 52 or set(value.lower()) - set("abcdefghijklmnopqrstuvwxyz234567"):
        return None
    return bool(azure_devops_kind(value))


def entra_sum(head: str) -> str:
    """The three characters that end an Entra client secret: the first of six of its hash."""
    digits = to_base(marvin32(head.encode("latin-1"), int.from_bytes(b"AadPwd00", "big")), _ENTRA_ALPHABET, 1)
    return digits[:3]


def entra(value: str) -> bool | None:
    """A client secret with the marker `8Q~`; older ones (`7Q~`) have no checksum. About 18 bits of proof.

    Source: https://github.com/microsoft/security-utilities (AadClientApp)
    """
    if value[3:6] != "8Q~" or not 37 <= len(value) <= 40 or set(value) - set(_ENTRA_ALPHABET):
        return None
    return entra_sum(value[:-3]) == value[-3:]


def pem(value: str) -> bool | None:
    """Whether the body of a whole, unencrypted block is one DER sequence of the stated length (X.690, 8.1.3).

    None for blocks without an end, of other forms (OpenSSH, PGP) or in pieces of source text.
    """
    block = _DER_BLOCK.fullmatch(value.replace("\\r", "\r").replace("\\n", "\n").strip())
    if block is None:
        return None
    try:
        der = base64.b64decode("".join(block[2].split()), validate=True)
    except (ValueError, binascii.Error):
        return False
    if len(der) < 4 or der[0] != _SEQUENCE:
        return False
    if der[1] < _LONG_FORM:
        return len(der) == 2 + der[1]
    width = der[1] & 7
    return len(der) == 2 + width + int.from_bytes(der[2 : 2 + width], "big")


def aws_account_id(key_id: str) -> str:
    """The 12-digit account that an AWS access key id belongs to, or "" where the id does not tell.

    Ids of the old layout (fifth character I or J) hold no account.
    Source: https://docs.rs/aws_account_id_from_key_id
    """
    body = key_id[4:]
    if len(body) != 16 or body[0] in "IJ":
        return ""
    try:
        raw = base64.b32decode(body)
    except (ValueError, binascii.Error):
        return ""
    return f"{(int.from_bytes(raw[:6], 'big') & 0x7FFFFFFFFF80) >> 7:012d}"


REGISTRY: dict[str, Callable[[str], bool | None]] = {
    "azure_annotated": azure_annotated,
    "azure_devops": azure_devops,
    "azure_key": azure_key,
    "cloudflare": cloudflare,
    "entra": entra,
    "github": github,
    "gitlab": gitlab,
    "grafana": grafana,
    "npm": github,  # the same layout: https://github.com/secretlint/secretlint/issues/200
    "pem": pem,
}
