"""Small helpers about texts and addresses that checks share."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TypeAlias

from keylint.model import KeyRecord

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_MANY = 12
_WORD = re.compile(r"\w+")
_SIGN = re.compile(r"[^\w\s]|_")
_COPY = re.compile(r"\b(?:copy|copied|new|old|rotated|replacement|bis|of|v?\d+)\b")
_EMPTY_NAMES = frozenset({"", "test", "key", "api key", "apikey", "my key", "new key", "default", "foo"})
# https://www.rfc-editor.org/rfc/rfc1918 ; Coveo refuses private IPv4 ranges (https://docs.coveo.com/en/1718/).
_PRIVATE = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def words(text: str) -> int:
    """How many words a text has; of a long one, how many parts between blanks, which is faster to tell."""
    parts = len(text.split())
    return parts if parts > _MANY else len(_WORD.findall(text))


def says_nothing(name: str) -> bool:
    """Whether a name tells nothing about a key's use."""
    return name.strip().lower() in _EMPTY_NAMES


def stem(name: str) -> str:
    """A name without what people add to copies: numbers, dates, "copy of", "new", signs."""
    return " ".join(_COPY.sub(" ", _SIGN.sub(" ", name.lower())).split())


@lru_cache(maxsize=4096)
def network(text: str) -> Network | None:
    """An address or range in CIDR notation; None if it is neither."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def is_private_range(net: Network) -> bool:
    """Whether an IPv4 range lies in the private ranges of RFC 1918."""
    return isinstance(net, ipaddress.IPv4Network) and any(
        isinstance(private, ipaddress.IPv4Network) and net.subnet_of(private) for private in _PRIVATE
    )


def overlapping(allowed: tuple[str, ...], denied: tuple[str, ...]) -> list[str]:
    """Allowed entries of which a denied one covers some addresses."""
    if not allowed or not denied:
        return []
    blocked = [net for net in map(network, denied) if net is not None]
    return [text for text in allowed if _hits(network(text), blocked)]


def _hits(net: Network | None, others: list[Network]) -> bool:
    return net is not None and any(net.version == other.version and net.overlaps(other) for other in others)


def key_name(record: KeyRecord) -> str:
    """How people know a key: label and id."""
    half = f", {record.half} half" if record.half else ""
    return f"'{record.label}' ({record.key_id}{half})" if record.label else f"{record.key_id}{half}"
