"""Listings for tests. Every value is made at run time, so that the repository itself scans clean."""

from __future__ import annotations

import json
import random
import uuid
from pathlib import Path
from typing import Any


def coveo_value(seed: int) -> str:
    """A value of the shape of a Coveo API key."""
    return "xx" + str(uuid.UUID(int=random.Random(seed).getrandbits(128), version=4))


def private_half(seed: int) -> str:
    """A value of the shape of a private half of a key pair."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "sk" + "_live_" + "".join(random.Random(seed).choices(alphabet, k=43))


def public_half(seed: int) -> str:
    """A value of the shape of a public half of a key pair."""
    return "ak" + "_" + private_half(seed)[8:]


def uuid_mask(value: str) -> str:
    """The mask of Coveo's documentation: 10-4-4-4-12 with the last four characters shown."""
    return "**********-****-****-****-********" + value[-4:]


def coveo_key(seed: int, **more: Any) -> dict[str, Any]:
    """An entry as the platform lists it today."""
    return {
        "id": f"key{seed}",
        "value": uuid_mask(coveo_value(seed)),
        "organizationId": "acme",
        "displayName": f"Key {seed}",
        "status": "ENABLED",
        "enabled": True,
        "privileges": [{"owner": "SEARCH_API", "targetDomain": "EXECUTE_QUERY", "targetId": "*"}],
        **more,
    }


def pair(seed: int, **more: Any) -> dict[str, Any]:
    """An entry as a key-pair API would list it."""
    return {
        "id": f"pair{seed}",
        "org_id": "org",
        "name": f"Pair {seed}",
        "public_key": public_half(seed),
        "private_key_display": "sk" + "_live_..." + private_half(seed)[-4:],
        "created_at": "2023-11-07T05:31:56Z",
        "is_revoked": False,
        **more,
    }


def write(folder: Path, content: object, *, indent: int | None = 2) -> Path:
    """A file with this content as JSON."""
    path = folder / "inventory.json"
    path.write_text(json.dumps(content, indent=indent), encoding="utf-8")
    return path
