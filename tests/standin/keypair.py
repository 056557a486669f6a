"""The key-pair API: `POST /api/v2/api-keys/` as documented, listing and revocation as its clients assume.

https://docs.nekuda.ai/api-reference/v2/api-keys/create-api-key (no list or revoke page is published).
"""

from __future__ import annotations

import base64
import datetime as dt
import random
import uuid
from typing import Any

from tests.standin.http import Reply, Request

BASE = "/api/v2/api-keys"
_PRIVATE = ("private_key",)


class KeyPairState:
    """One organisation and its key pairs. `page_size` 0 lists all in a bare array."""

    def __init__(self, *, seed: int = 1) -> None:
        self._random = random.Random(f"keypair-{seed}")
        self.org_id = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        self.token = "eyJ" + self._body(40)
        self.pairs: dict[str, dict[str, Any]] = {}
        self.page_size = 0
        self.now = lambda: dt.datetime.now(dt.timezone.utc)

    def _body(self, count: int) -> str:
        return base64.urlsafe_b64encode(self._random.randbytes(count)).decode().rstrip("=")

    def create(self, name: str, description: str | None = None, **fields: Any) -> dict[str, Any]:
        """Create a pair and return the whole row, private half included."""
        private = "sk_" + self._body(32)
        row = {
            "id": f"key_{self._random.getrandbits(48):012x}",
            "org_id": self.org_id,
            "name": name,
            "description": description,
            "public_key": "ak_" + self._body(32),
            "private_key": private,
            "private_key_display": f"sk_****{private[-4:]}",
            "created_at": _stamp(self.now()),
            "is_revoked": False,
            "revoked_at": None,
            "last_used_at": None,
            "environment": None,
            **fields,
        }
        self.pairs[row["id"]] = row
        return row

    def answer(self, request: Request) -> Reply | None:
        """Answer under `/api/v2/api-keys`; None for any other path."""
        if not request.path.startswith(BASE):
            return None
        if request.bearer != self.token:
            return Reply(401, {"detail": "Invalid token"})
        rest = request.path[len(BASE) :].strip("/")
        if not rest:
            return self._list(request) if request.method == "GET" else self._create(request)
        row = self.pairs.get(rest)
        if row is None:
            return Reply(404, {"detail": "Not found"})
        if request.method == "DELETE":
            row.update(is_revoked=True, revoked_at=_stamp(self.now()))
            return Reply(204)
        return Reply(200, _listed(row)) if request.method == "GET" else Reply(405, {"detail": "Not allowed"})

    def _list(self, request: Request) -> Reply:
        rows = [_listed(row) for row in self.pairs.values()]
        if not self.page_size:
            return Reply(200, rows)
        start = int(request.query.get("offset", "0"))
        end = start + self.page_size
        link = f"{BASE}/?offset={end}" if end < len(rows) else None
        return Reply(200, {"items": rows[start:end], "total": len(rows), "next": link})

    def _create(self, request: Request) -> Reply:
        body = request.json()
        name = body.get("name") if isinstance(body, dict) else None
        if not isinstance(name, str) or not 1 <= len(name) <= 100:
            return Reply(422, {"detail": "name must have 1 to 100 characters"})
        description = body.get("description")
        if description is not None and len(description) > 255:
            return Reply(422, {"detail": "description must have at most 255 characters"})
        return Reply(201, self.create(name, description))


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _PRIVATE}


def _stamp(when: dt.datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
