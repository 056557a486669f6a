"""The request and the answer, as the three services see them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header names are lower-case; `query` holds the last value of each name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where it is empty. Raises Reply(400) where it is not JSON."""
        if not self.body:
            return None
        try:
            return json.loads(self.body)
        except ValueError:
            raise Reply(400, error("INVALID_JSON", "The body is not JSON.")) from None

    @property
    def bearer(self) -> str:
        """The bearer token, or an empty string."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""


@dataclass
class Reply(Exception):  # noqa: N818 - raised to answer early, not always an error
    """An answer; also raised to end a handler early. `body` None is an empty body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """The bytes to send."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def error(code: str, message: str) -> dict[str, str]:
    """An error body in the shape that the Coveo platform uses."""
    return {"errorCode": code, "message": message, "requestId": "00000000-0000-0000-0000-000000000000"}
