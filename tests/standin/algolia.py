"""Algolia's list of API keys. Unlike the others it shows every value in full.

https://www.algolia.com/doc/rest-api/search/list-api-keys
"""

from __future__ import annotations

import random
from typing import Any

from tests.standin.http import Reply, Request


class AlgoliaState:
    """One application and its keys."""

    def __init__(self, *, seed: int = 1, application: str = "TESTAPP123") -> None:
        self._random = random.Random(f"algolia-{seed}")
        self.application = application
        self.admin_key = self._value()
        self.keys: list[dict[str, Any]] = []

    def _value(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def add(self, *acl: str, **fields: Any) -> dict[str, Any]:
        """Add a key with these permissions and return its row."""
        row = {
            "value": self._value(),
            "createdAt": 1700000000,
            "acl": list(acl),
            "validity": 0,
            "description": "",
            "indexes": [],
            **fields,
        }
        self.keys.append(row)
        return row

    def answer(self, request: Request) -> Reply | None:
        """Answer `GET /1/keys`; None for any other path."""
        if not request.path.startswith("/1/"):
            return None
        if request.headers.get("x-algolia-application-id") != self.application:
            return Reply(404, {"message": "Application not found", "status": 404})
        if request.headers.get("x-algolia-api-key") != self.admin_key:
            return Reply(403, {"message": "Invalid Application-ID or API key", "status": 403})
        if (request.method, request.path) == ("GET", "/1/keys"):
            return Reply(200, {"keys": self.keys})
        return Reply(404, {"message": "Path not supported by API", "status": 404})
