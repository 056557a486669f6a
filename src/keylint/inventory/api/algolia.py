"""Algolia: the list of an application's keys, whose permissions (ACLs) decide whether a key may be public.

https://www.algolia.com/doc/rest-api/search/list-api-keys and
https://www.algolia.com/doc/guides/security/api-keys : a key that can only search may be in client code. The
listing shows values in full, so they are hashed here at once; the id is a keyed hash as well.
"""

from __future__ import annotations

import datetime as dt
import hmac
import re
from typing import Any

from keylint.errors import UsageError
from keylint.inventory.api.base import PullOptions
from keylint.inventory.api.http import Call, JsonClient
from keylint.inventory.api.rows import reading_answers, rows_of
from keylint.inventory.base import Collector, Fields, Snapshot
from keylint.model import KeyRecord, KeyStatus, Privacy, Privilege
from keylint.secret import Secret

PROVIDER = "algolia"
# Permissions that only read what a search shows. Everything else writes, lists or reads logs and settings.
PUBLIC_ACLS = frozenset({"search"})
_APPLICATION = re.compile(r"[A-Za-z0-9]{4,32}")


class AlgoliaApi:
    """Lists the keys of one application with its admin key."""

    provider = PROVIDER

    def __init__(self, client: JsonClient, application: str) -> None:
        self._client = client
        self._application = application

    def pull(self, options: PullOptions) -> Snapshot:
        """The application's keys as a snapshot. The admin key itself is never listed by the service."""
        options.progress("keys")
        answer = self._client.request(Call("GET", "/1/keys", needs="the admin key of the application"))
        into = Collector(PROVIDER, f"the answer of {self._client.host}, entry", options.salt)
        rows = rows_of(answer, "keys")
        with reading_answers():
            for number, row in enumerate(rows, 1):
                into.add(self._record(row, number, into, options))
        return into.snapshot(organization=self._application, taken_at=options.taken_at)

    def _record(self, row: Any, number: int, into: Collector, options: PullOptions) -> KeyRecord:
        fields = Fields(row, number, into)
        value = fields.raw("value")
        if not value:
            raise into.wrong("value", "text", number)
        secret = Secret(value.encode())
        acls = tuple(fields.texts("acl"))
        created = fields.date("createdAt")
        return KeyRecord(
            provider=PROVIDER,
            key_id=self._key_id(secret),
            label=fields.text("description") or "key with " + ", ".join(acls),
            description=fields.text("description"),
            organization=self._application,
            masks=(secret.mask,),
            digests=(secret.digest(options.salt),),
            status=KeyStatus.ENABLED,
            privacy=Privacy.PUBLIC if set(acls) <= PUBLIC_ACLS else Privacy.PRIVATE,
            privileges=tuple(Privilege("ALGOLIA", acl) for acl in acls),
            created=created,
            expires=_expiry(created, row, options.taken_at),
            extra=(("indexes", ", ".join(fields.texts("indexes"))), ("acl", ", ".join(acls))),
        )

    def _key_id(self, secret: Secret) -> str:
        """The service has no id beside the value: a hash keyed with the application stands for it."""
        mac = hmac.new(self._application.encode(), b"keylint/algolia\0" + secret.reveal(), "sha256")
        return "k" + mac.hexdigest()[:20]


def check_application(application: str) -> str:
    """The application id. Raises UsageError if it cannot be one."""
    if not _APPLICATION.fullmatch(application):
        raise UsageError("--app: expected an application id: letters and digits")
    return application


def _expiry(created: dt.datetime | None, row: dict[str, Any], now: dt.datetime) -> dt.datetime | None:
    """`validity` counts seconds, 0 means for ever. From now on is the latest end that it can mean."""
    left = row.get("validity")
    if not isinstance(left, int) or isinstance(left, bool) or left <= 0 or created is None:
        return None
    return now + dt.timedelta(seconds=min(left, 10**9))
