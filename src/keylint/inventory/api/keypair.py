"""Services that issue pairs of a public and a private key.

Only `POST /api/v2/api-keys/` is documented (https://docs.nekuda.ai/api-reference/v2/api-keys/create-api-key).
Listing the same path with GET is an assumption, and no call to revoke is known: where a service has one,
it is named by the user.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from keylint.errors import ApiError, UsageError
from keylint.inventory.api.base import Created, PullOptions, Replacement
from keylint.inventory.api.http import Call, JsonClient
from keylint.inventory.api.rows import reading_answers, rows_of, text_member
from keylint.inventory.base import Collector, Snapshot, partial_reason
from keylint.inventory.keypair import PROVIDER, PairReader
from keylint.model import KeyRecord
from keylint.secret import Secret

DEFAULT_PATH = "/api/v2/api-keys/"
_MAX_PAGES = 1000
_REVOKE = re.compile(r"(DELETE|POST|PUT|PATCH) (/[\x21-\x7e]*\{id\}[\x21-\x7e]*)")
_NAME_LENGTH = 100
_DESCRIPTION_LENGTH = 255


class KeyPairApi:
    """Lists pairs and creates new ones. `revoke` is a method and a path with `{id}`, "" if there is none."""

    provider = PROVIDER

    def __init__(self, client: JsonClient, *, path: str = DEFAULT_PATH, revoke: str = "") -> None:
        if revoke and not _REVOKE.fullmatch(revoke):
            raise UsageError(
                "--revoke-call: expected a method and a path, such as 'DELETE /api/v2/api-keys/{id}'"
            )
        if not path.startswith("/"):
            raise UsageError("--path: expected a path that begins with /")
        self._client = client
        self._path = path
        self._revoke = revoke

    def pull(self, options: PullOptions) -> Snapshot:
        """All pairs as a snapshot; several pages are followed on the same host only."""
        options.progress("keys")
        rows, reason = self._rows()
        into = self._collector(options.salt)
        _read(rows, into)
        owners = {record.organization for record in into.records}
        return into.snapshot(
            organization=owners.pop() if len(owners) == 1 else "",
            taken_at=options.taken_at,
            complete=not reason,
            partial_reason=reason,
        )

    def record(self, key_id: str) -> KeyRecord:
        """The private half of the pair as it is now."""
        for row in self._records():
            if row.key_id == key_id and row.half == "private":
                return row
        raise UsageError(f"{key_id}: the service lists no such key")

    def find_marked(self, marker: str) -> list[str]:
        """Ids of pairs that are not revoked and whose description holds `marker`."""
        return [
            record.key_id
            for record in self._records()
            if record.half == "private" and record.status.alive and marker in record.description
        ]

    def create_call(self, replacement: Replacement) -> Call:
        """The documented create call. Nothing but name and description can be chosen."""
        body = {
            "name": replacement.name[:_NAME_LENGTH],
            # The marker stands at the end, and must stay.
            "description": replacement.description[-_DESCRIPTION_LENGTH:],
        }
        return Call("POST", self._path, body=body)

    def create(self, call: Call) -> Created:
        """Create a pair and return its private half."""
        answer = self._client.request(call)
        value = text_member(answer, "private_key", "the new pair")
        return Created(text_member(answer, "id", "the new pair"), Secret(value.encode(), prefix_len=3))

    def retire_call(self, key_id: str) -> Call | None:
        """Revoke the pair by the call that the user named; None without one."""
        if not self._revoke:
            return None
        method, _, path = self._revoke.partition(" ")
        return Call(method, path.replace("{id}", quote(key_id, safe="")))

    def discard_call(self, key_id: str) -> Call | None:
        """The same: such a service knows no other way."""
        return self.retire_call(key_id)

    def send(self, call: Call) -> None:
        """Carry out a request without a result of interest."""
        self._client.request(call)

    def _records(self) -> list[KeyRecord]:
        into = self._collector(secrets.token_bytes(16))
        _read(self._rows()[0], into)
        return into.records

    def _rows(self) -> tuple[list[Any], str]:
        """All rows, and why they are not complete."""
        rows: list[Any] = []
        call = Call("GET", self._path)
        for _ in range(_MAX_PAGES):
            answer = self._client.request(call)
            rows += rows_of(answer, "key pairs")
            meta = answer if isinstance(answer, Mapping) else {}
            following = self._next(meta)
            if following is None:
                left = {name: value for name, value in meta.items() if name != "next"}
                return rows, partial_reason(left, len(rows))
            call = following
        raise ApiError(
            f"{self._client.host}: more than {_MAX_PAGES} pages", hint="does every page link to itself?"
        )

    def _next(self, meta: Mapping[str, Any]) -> Call | None:
        """The next page, if it is linked and on the same host: elsewhere the token must not go."""
        link = meta.get("next")
        if not isinstance(link, str) or not link:
            return None
        here = urlsplit(self._client.base_url)
        there = urlsplit(urljoin(self._client.base_url + self._path, link))
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise ApiError(f"{self._client.host}: the next page is on another host; it was not asked for")
        return Call("GET", there.path.removeprefix(here.path), dict(parse_qsl(there.query)))

    def _collector(self, salt: bytes) -> Collector:
        return Collector(PROVIDER, f"the answer of {self._client.host}, entry", salt)


def _read(rows: list[Any], into: Collector) -> None:
    reader = PairReader(into)
    with reading_answers():
        for number, row in enumerate(rows, 1):
            reader.add(row, number)
