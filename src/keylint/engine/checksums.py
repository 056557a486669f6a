"""Offline checks that a value is well-formed: pure functions over text, no I/O.

True: the checksum fits. False: it does not, so the value was shortened, invented or redacted. None: the value
has no checksum that can be judged, or the layout is known from third parties only and does not fit. None of
them says whether a key is alive.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Callable

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"

# Four-character signature -> the seeds of that family. The seeds that carry a privilege are told apart by
# which of them reproduces the checksum. Source: https://github.com/microsoft/security-utilities
AZURE_SEEDS: dict[str, tuple[str, ...]] = {
    "+ASt": ("Default0",),
    "ACDb": ("MastRO00", "MastRW00"),
    "AzSe": ("Query000", "PAdmin00"),
    "+ASb": ("Send0000", "Listen00", "Manage00"),
    "+AEh": ("Send0000", "Listen00", "Manage00"),
    "+ARm": ("Send0000", "Listen00", "Manage00"),
    "AzFu": ("Master00", "System00", "Functi00"),
}
# Keys of policies that a customer made use seeds that are not published, so a mismatch proves nothing.
_AZURE_OPEN_FAMILIES = ("+ASb", "+AEh", "+ARm")
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
    "azure_key": azure_key,
    "cloudflare": cloudflare,
    "github": github,
    "gitlab": gitlab,
    "grafana": grafana,
    "npm": github,  # the same layout: https://github.com/secretlint/secretlint/issues/200
}
