"""Coveo: pull the keys of an organisation, and replace one."""

from __future__ import annotations

import secrets
from typing import Any

from keylint.errors import AccessError, UsageError
from keylint.inventory.api.base import Created, PullOptions, Replacement
from keylint.inventory.api.coveo_calls import CoveoCalls
from keylint.inventory.api.http import Call, JsonClient
from keylint.inventory.api.rows import optional, reading_answers, rows_of, text_member
from keylint.inventory.api.token import is_api_key
from keylint.inventory.base import Collector, Snapshot, TemplateExport
from keylint.inventory.coveo import PROVIDER, KeyReader, TemplateReader
from keylint.model import KeyRecord, Level, Privilege, Problem
from keylint.secret import Secret

CRAWLING_MODULE = "crawling module"


class CoveoApi:
    """Lists keys, templates, assignable privileges and groups; creates and deactivates keys.

    `status` is one of `coveo_calls.STATUS_FILTERS`, or "" for all keys; a filtered snapshot is partial.
    """

    provider = PROVIDER

    def __init__(self, client: JsonClient, organization: str, *, status: str = "") -> None:
        self._client = client
        self._calls = CoveoCalls(organization)
        self._status = status

    def pull(self, options: PullOptions) -> Snapshot:
        """The organisation's keys as a snapshot. Raises AccessError or ApiError if they cannot be listed."""
        into = self._collector(options.salt, personal=options.personal)
        reader = KeyReader(into)
        options.progress("keys")
        rows = rows_of(self._client.request(self._calls.list_keys(self._status)), "keys")
        with reading_answers():
            for number, row in enumerate(rows, 1):
                reader.add(row, number)
        missing: list[str] = []
        templates: list[TemplateExport] = []
        assignable: list[Privilege] = []
        groups: list[str] = []
        for call, what, read in (
            (
                self._calls.list_templates(),
                "templates",
                lambda rows: templates.extend(_templates(rows, into)),
            ),
            (
                self._calls.list_privileges(),
                "assignable privileges",
                lambda rows: assignable.extend(into.privileges(rows, 0) or ()),
            ),
            (self._calls.list_groups(), "groups", lambda rows: groups.extend(map(_group_name, rows))),
        ):
            options.progress(what)
            optional(self._client, call, what, missing, read)
        for text in missing:
            into.problems.append(Problem("pull-incomplete", Level.WARNING, text))
        return into.snapshot(
            organization=self._calls.organization,
            taken_at=options.taken_at,
            complete=not self._status,
            partial_reason=f"pulled with --status {self._status}" if self._status else "",
            templates=tuple(templates),
            assignable=tuple(assignable),
            groups=tuple(groups),
        )

    def record(self, key_id: str) -> KeyRecord:
        """The key as it is now."""
        into = self._collector(secrets.token_bytes(16))
        answer = self._client.request(self._calls.get_key(key_id))
        with reading_answers():
            KeyReader(into).add(answer, 1)
        return into.records[0]

    def find_marked(self, marker: str) -> list[str]:
        """Ids of active keys whose description holds `marker`."""
        into = self._collector(secrets.token_bytes(16))
        reader = KeyReader(into)
        rows = rows_of(self._client.request(self._calls.list_keys()), "keys")
        with reading_answers():
            for number, row in enumerate(rows, 1):
                reader.add(row, number)
        return [r.key_id for r in into.records if r.status.alive and marker in r.description]

    def create_call(self, replacement: Replacement) -> Call:
        """`duplicate` for a key with the same settings, else `POST apikeys`."""
        texts: dict[str, Any] = {"displayName": replacement.name, "description": replacement.description}
        if replacement.lifetime:
            texts["lifetimeDuration"] = replacement.lifetime
        if replacement.like:
            return self._calls.duplicate_key(replacement.like, texts)
        return self._calls.create_key(replacement.template_id, {**replacement.body, **texts})

    def create(self, call: Call) -> Created:
        """Create a key; the value exists only in what is returned."""
        answer = self._client.request(call)
        value = text_member(answer, "value", "the new key")
        return Created(text_member(answer, "id", "the new key"), Secret(value.encode(), prefix_len=2))

    def retire_call(self, key_id: str) -> Call | None:
        """Deactivate the key."""
        return self._calls.disable_key(key_id)

    def discard_call(self, key_id: str) -> Call | None:
        """Delete the key."""
        return self._calls.delete_key(key_id)

    def send(self, call: Call) -> None:
        """Carry out a request without a result of interest."""
        self._client.request(call)

    def _collector(self, salt: bytes, *, personal: bool = False) -> Collector:
        return Collector(PROVIDER, f"the answer of {self._client.host}, entry", salt, personal=personal)


def refuse_api_key(token: Secret) -> None:
    """Raise AccessError early for the commonest mistake: an API key where a person's token is needed."""
    if is_api_key(token):
        raise AccessError(
            "the token is an API key, and an API key can't list API keys",
            hint="use the access token of a person who has API keys: View",
        )


def _templates(rows: list[Any], into: Collector) -> list[TemplateExport]:
    out: list[TemplateExport] = []
    reader = TemplateReader(into, out)
    for number, row in enumerate(rows, 1):
        reader.add(row, number)
    return out


def _group_name(group: Any) -> str:
    if not isinstance(group, dict):
        return ""
    return str(group.get("displayName") or group.get("id") or "")


def check_status(status: str, known: tuple[str, ...]) -> str:
    """The status filter in capitals. Raises UsageError for an unknown one."""
    word = status.upper().replace("-", "_")
    if word and word not in known:
        raise UsageError(f"--status {status}: unknown", hint="one of " + ", ".join(known))
    return word
