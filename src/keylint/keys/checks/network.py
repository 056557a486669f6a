"""Checks of a key's IP lists. https://docs.coveo.com/en/1718/"""

from __future__ import annotations

from collections.abc import Iterable

from keylint.keys.checks.base import REGISTRY, Check, Context, Grade, Hit
from keylint.keys.words import is_private_range, network, overlapping
from keylint.model import KeyRecord, Privacy


@REGISTRY.record(
    Check(
        "ip-missing",
        Grade.MEDIUM,
        "Private key works from everywhere",
        "allowedIps",
        "a private key whose template offers IP restrictions has none",
        "Add the public addresses of your servers. For a key in use make a new key first.",
    ),
    applies=lambda profile: profile.is_private and profile.offers_ips,
)
def ip_missing(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A private key without allowed addresses."""
    if not record.allowed_ips:
        yield Grade.MEDIUM, "allowedIps: empty, so the key works from every address"


@REGISTRY.record(
    Check(
        "ip-too-wide",
        Grade.MEDIUM,
        "Allowed IP range is very wide",
        "allowedIps",
        "0.0.0.0/0, ::/0, or a prefix shorter than /16 for IPv4 (shortest-ipv4-prefix) or /32 for IPv6 "
        "(shortest-ipv6-prefix)",
        "Narrow the range to your own addresses.",
    )
)
def ip_too_wide(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """A range that lets nearly everyone in."""
    config = context.config
    for text in record.allowed_ips:
        net = network(text)
        if net is None:
            continue
        shortest = config.shortest_ipv4_prefix if net.version == 4 else config.shortest_ipv6_prefix
        if net.prefixlen < shortest:
            yield Grade.MEDIUM, f"allowedIps: {net} is wider than /{shortest}"


@REGISTRY.record(
    Check(
        "ip-private-range",
        Grade.MEDIUM,
        "Allowed IP range is private",
        "allowedIps",
        "a range of RFC 1918",
        "Use the public egress address: Coveo accepts no private IPv4 addresses.",
    )
)
def ip_private_range(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """An address that cannot reach the service."""
    for text in record.allowed_ips:
        net = network(text)
        if net is not None and is_private_range(net):
            yield Grade.MEDIUM, f"allowedIps: {net} is a private range, which never reaches the service"


@REGISTRY.record(
    Check(
        "ip-on-public-key",
        Grade.INFO,
        "Public key has IP restrictions",
        "allowedIps, privacy",
        "a public key has allowed addresses",
        "Browsers come from everywhere: check what was meant.",
    ),
    applies=lambda profile: profile.privacy is Privacy.PUBLIC,
)
def ip_on_public_key(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """Restrictions on a key that is made for browsers."""
    if record.allowed_ips:
        yield Grade.INFO, f"allowedIps: {len(record.allowed_ips)} on a key that is made for browsers"


@REGISTRY.record(
    Check(
        "ip-allow-deny-overlap",
        Grade.LOW,
        "Address is both allowed and denied",
        "allowedIps, deniedIps",
        "the lists overlap",
        "Remove one of the two: the denial wins.",
    )
)
def ip_allow_deny_overlap(record: KeyRecord, context: Context) -> Iterable[Hit]:
    """Addresses in both lists."""
    for text in overlapping(record.allowed_ips, record.denied_ips):
        yield Grade.LOW, f"deniedIps: covers {text} of allowedIps, and the denial wins"
