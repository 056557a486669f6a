"""The Coveo key API: the routes, statuses and rules of docs.coveo.com/en/1718 and of its OpenAPI text."""

from __future__ import annotations

import datetime as dt
import random
import re
import string
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.standin.coveo_data import GROUPS, TEMPLATES, is_excluded
from tests.standin.http import Reply, Request, error

Row = dict[str, Any]
_DAY_MS = 86_400_000
_ALPHABET = string.ascii_lowercase + string.digits
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")
_EDITABLE = ("displayName", "description", "allowedIps", "deniedIps", "additionalConfiguration")
_COPIED = (
    "apiKeyTemplateId",
    "privacyLevel",
    "privileges",
    "allowedIps",
    "deniedIps",
    "additionalConfiguration",
)
# What each `status` filter lets through (docs.coveo.com OpenAPI, GET apikeys).
_ACTIVE = {"ENABLED", "SOON_TO_BE_EXPIRED", "SOON_TO_BE_DISABLED"}
_FILTERS: dict[str, Callable[[Row], bool]] = {
    "ACTIVE": lambda row: row["status"] in _ACTIVE and "exposureReport" not in row,
    "SOON_TO_BE_DISABLED": lambda row: row["status"] == "SOON_TO_BE_DISABLED",
    "SOON_TO_BE_EXPIRED": lambda row: row["status"] == "SOON_TO_BE_EXPIRED",
    "ACTIVE_AND_EXPOSED": lambda row: row["status"] in _ACTIVE and "exposureReport" in row,
    "WITH_WARNING": lambda row: "exposureReport" in row or row["status"].startswith("SOON"),
    "ALL_EXPOSED": lambda row: "exposureReport" in row or row["status"] == "DISABLED_EXPOSED",
    "DEACTIVATED": lambda row: row["status"] not in _ACTIVE,
}


class CoveoState:
    """One organisation: its keys, who may call, and the rules that the platform enforces."""

    def __init__(self, *, seed: int = 1, org: str = "standinorgx7k2m9qa") -> None:
        self._random = random.Random(f"coveo-{seed}")
        self.org = org
        self.keys: dict[str, Row] = {}
        self.values: dict[str, str] = {}  # id -> full value
        self.tokens: dict[str, frozenset[str]] = {}  # a person's token -> privileges
        self.now_ms: Callable[[], int] = lambda: int(time.time() * 1000)
        self.admin_token = self.grant("API_KEY/VIEW", "API_KEY/CREATE", "API_KEY/EDIT", "ORGANIZATION/VIEW")

    # -- what a test sets up ---------------------------------------------------------------------------

    def grant(self, *privileges: str) -> str:
        """Make a person's token that holds these privileges."""
        token = "x" + self._uuid()
        self.tokens[token] = frozenset(privileges)
        return token

    def add(self, template: str | None = None, **fields: Any) -> Row:
        """Add a key as the console would and return its row (without the value)."""
        return self._store(template, fields)

    def use(self, key_id: str, at_ms: int | None = None) -> None:
        """A call with the key: moves `lastUsedDate`, allowed or refused."""
        self.keys[key_id]["lastUsedDate"] = self.now_ms() if at_ms is None else at_ms

    def works(self, key_id: str) -> bool:
        """Whether a call with the key would be allowed."""
        return key_id in self.keys and self.keys[key_id]["status"] in _ACTIVE

    # -- the API ---------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply | None:
        """Answer under `/rest/`; None for any other path."""
        if not request.path.startswith("/rest/"):
            return None
        if request.path == "/rest/search/v2":
            return self._search(request)
        match = re.fullmatch(r"/rest/organizations/([^/]+)/(.*)", request.path)
        if not match:
            return None
        held = self.tokens.get(request.bearer)
        if held is None and request.bearer in self.values.values():
            raise Reply(403, error("ACCESS_DENIED", "Access is denied."))
        if held is None:
            raise Reply(401, error("INVALID_TOKEN", "Invalid access token."))
        if match[1] != self.org:
            raise Reply(404, error("ORGANIZATION_NOT_FOUND", "The organization does not exist."))
        return self._route(request, match[2].replace("apiKeys", "apikeys", 1), held)

    def _route(self, request: Request, rest: str, held: frozenset[str]) -> Reply | None:
        for method, pattern, needs, handler in _ROUTES:
            match = re.fullmatch(pattern, rest)
            if match and method == request.method:
                if needs and needs not in held:
                    raise Reply(403, error("ACCESS_DENIED", f"Missing privilege {needs}."))
                return handler(self, request, *match.groups())
        return None

    def list_keys(self, request: Request) -> Reply:
        """GET apikeys"""
        wanted = request.query.get("status")
        if wanted is not None and wanted not in _FILTERS:
            raise Reply(400, error("INVALID_STATUS", "Unknown status."))
        keep = _FILTERS[wanted] if wanted else lambda row: True
        return Reply(200, [self._masked(row) for row in self.keys.values() if keep(row)])

    def one_key(self, request: Request, key_id: str) -> Reply:
        """GET apikeys/{id}"""
        return Reply(200, self._masked(self._row(key_id)))

    def create(self, request: Request) -> Reply:
        """POST apikeys"""
        body = _body(request)
        template = request.query.get("apiKeyTemplateId")
        if template is None and not body.get("displayName"):
            raise Reply(400, error("INVALID_PARAMETER", "displayName is required."))
        if template is not None and template not in TEMPLATES:
            raise Reply(404, error("TEMPLATE_NOT_FOUND", "No such template."))
        if template is None and any(is_excluded(p) for p in body.get("privileges") or []):
            raise Reply(412, error("INVALID_PRIVILEGES", "Privileges not allowed on a custom key."))
        return Reply(201, self._whole(self._store(template, body)))

    def duplicate(self, request: Request, key_id: str) -> Reply:
        """PUT apikeys/{id}/duplicate: the original stays as it is."""
        row = self._row(key_id)
        if row.get("apiKeyTemplateId") == "CrawlingModuleAdministration":
            raise Reply(412, error("TEMPLATE_NOT_DUPLICABLE", "Keys of this template cannot be duplicated."))
        body = _body(request)
        fields = {name: row[name] for name in _COPIED if name in row and name != "apiKeyTemplateId"}
        fields |= {
            name: body[name] for name in ("displayName", "description", "lifetimeDuration") if name in body
        }
        fields.setdefault("displayName", row.get("displayName", ""))
        return Reply(201, self._whole(self._store(row.get("apiKeyTemplateId"), fields)))

    def edit(self, request: Request, key_id: str) -> Reply:
        """PUT apikeys/{id}: privileges and expiry cannot change."""
        body = _body(request)
        row = self._row(key_id)
        row.update({name: body[name] for name in _EDITABLE if name in body})
        return Reply(204)

    def disable(self, request: Request, key_id: str) -> Reply:
        """PUT apikeys/{id}/disable"""
        row = self._row(key_id)
        if row["status"] in _ACTIVE:
            row.update(status="DISABLED", enabled=False, disabledDate=self.now_ms())
        return Reply(204)

    def activate(self, request: Request, key_id: str) -> Reply:
        """PUT apikeys/{id}/activate: not for Custom, expired or exposed keys."""
        row = self._row(key_id)
        if "apiKeyTemplateId" not in row or row["status"] in ("EXPIRED", "DISABLED_EXPOSED"):
            raise Reply(412, error("KEY_NOT_REACTIVATABLE", "This key cannot be activated again."))
        row.update(status="ENABLED", enabled=True, activationDate=self.now_ms())
        return Reply(204)

    def extend(self, request: Request, key_id: str) -> Reply:
        """PUT apikeys/{id}/activation/extend"""
        self._row(key_id).update(activationDate=self.now_ms(), status="ENABLED")
        return Reply(204)

    def delete(self, request: Request, key_id: str) -> Reply:
        """DELETE apikeys/{id}"""
        self._row(key_id)
        del self.keys[key_id], self.values[key_id]
        return Reply(204)

    def rotate(self, request: Request) -> Reply:
        """POST apikeys/rotate: authorised by the rotation secret in the body."""
        secret = _body(request).get("rotationSecret")
        for row in list(self.keys.values()):
            if secret and row.get("_rotationSecret") == secret:
                fields = {name: row[name] for name in (*_COPIED, "displayName", "description") if name in row}
                return Reply(200, self._whole(self._store(fields.pop("apiKeyTemplateId", None), fields)))
        raise Reply(404, error("KEY_NOT_FOUND", "No such key."))

    def templates(self, request: Request) -> Reply:
        """GET templates/apikeys"""
        return Reply(200, [{"id": key, **value} for key, value in TEMPLATES.items()])

    def template(self, request: Request, template_id: str) -> Reply:
        """GET templates/apikeys/{id}"""
        if template_id not in TEMPLATES:
            raise Reply(404, error("TEMPLATE_NOT_FOUND", "No such template."))
        return Reply(200, {"id": template_id, **TEMPLATES[template_id]})

    def privileges(self, request: Request) -> Reply:
        """GET privileges/apikeys?filter="""
        seen = {str(p): p for value in TEMPLATES.values() for p in value["privileges"]}
        custom = request.query.get("filter") == "CUSTOM"
        return Reply(200, [p for p in seen.values() if not (custom and is_excluded(p))])

    def groups(self, request: Request) -> Reply:
        """GET groups"""
        return Reply(200, GROUPS)

    def _search(self, request: Request) -> Reply:
        for key_id, value in self.values.items():
            if value == request.bearer:
                self.use(key_id)
                if self.works(key_id):
                    return Reply(200, {"totalCount": 0, "results": []})
        return Reply(401, error("INVALID_TOKEN", "Invalid access token."))

    # -- rows ------------------------------------------------------------------------------------------

    def _store(self, template: str | None, fields: Row) -> Row:
        key_id = "".join(self._random.choice(_ALPHABET) for _ in range(26))
        now = self.now_ms()
        row: Row = {
            "id": key_id,
            "resourceId": key_id,
            "organizationId": self.org,
            "enabled": True,
            "status": "ENABLED",
            "createdDate": now,
            "activationDate": now,
            "allowedIps": [],
            "deniedIps": [],
            "privileges": [],
            "privacyLevel": "PRIVATE",
            "displayName": "",
            "createdBy": {"username": "ana@example.com", "displayName": "Ana", "email": "ana@example.com"},
        }
        if template is not None:
            shape = TEMPLATES[template]
            row |= {"apiKeyTemplateId": template, "privacyLevel": shape["privacyLevel"]}
            row["privileges"] = [dict(p) for p in shape["privileges"]]
        given = dict(fields)
        lifetime = given.pop("lifetimeDuration", None)
        if given.pop("rotationEnabled", False):
            row["_rotationSecret"] = f"{self._random.getrandbits(160):040x}"
        row |= given
        _expire(row, template, lifetime, now)
        self.keys[key_id] = row
        self.values[key_id] = "xx" + self._uuid()
        return row

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _row(self, key_id: str) -> Row:
        if key_id not in self.keys:
            raise Reply(404, error("KEY_NOT_FOUND", "No such key."))
        return self.keys[key_id]

    def _masked(self, row: Row) -> Row:
        tail = self.values[row["id"]][-4:]
        shown = {name: value for name, value in row.items() if not name.startswith("_")}
        return {**shown, "value": f"**********-****-****-****-********{tail}"}

    def _whole(self, row: Row) -> Row:
        """A row as the create calls show it: with its value, this once."""
        extra = {"rotationSecret": row["_rotationSecret"]} if "_rotationSecret" in row else {}
        return {**self._masked(row), "value": self.values[row["id"]], **extra}


def _body(request: Request) -> Row:
    body = request.json()
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise Reply(400, error("INVALID_BODY", "An object is expected."))
    return body


def _expire(row: Row, template: str | None, lifetime: str | None, now_ms: int) -> None:
    longest = TEMPLATES[template].get("enforcedLifetimePeriod") if template else None
    days = _days(lifetime) if lifetime else None
    if longest and (days is None or days > (_days(longest) or 0)):
        raise Reply(412, error("INVALID_LIFETIME", f"This template needs a lifetime of at most {longest}."))
    if days is not None:
        row["expirationDate"] = now_ms + days * _DAY_MS


def _days(duration: str) -> int:
    match = _DURATION.fullmatch(duration)
    if not match or duration == "P":
        raise Reply(400, error("INVALID_PARAMETER", "lifetimeDuration is not an ISO 8601 period."))
    years, months, days = (int(part or 0) for part in match.groups())
    return dt.timedelta(days=365 * years + 30 * months + days).days


_ROUTES: tuple[tuple[str, str, str, Callable[..., Reply]], ...] = (
    ("GET", "apikeys", "API_KEY/VIEW", CoveoState.list_keys),
    ("POST", "apikeys", "API_KEY/CREATE", CoveoState.create),
    ("POST", "apikeys/rotate", "", CoveoState.rotate),
    ("GET", "apikeys/([a-z0-9]+)", "API_KEY/VIEW", CoveoState.one_key),
    ("PUT", "apikeys/([a-z0-9]+)", "API_KEY/EDIT", CoveoState.edit),
    ("DELETE", "apikeys/([a-z0-9]+)", "API_KEY/EDIT", CoveoState.delete),
    ("PUT", "apikeys/([a-z0-9]+)/duplicate", "API_KEY/CREATE", CoveoState.duplicate),
    ("PUT", "apikeys/([a-z0-9]+)/disable", "API_KEY/EDIT", CoveoState.disable),
    ("PUT", "apikeys/([a-z0-9]+)/activate", "API_KEY/EDIT", CoveoState.activate),
    ("PUT", "apikeys/([a-z0-9]+)/activation/extend", "API_KEY/EDIT", CoveoState.extend),
    ("GET", "templates/apikeys", "API_KEY/CREATE", CoveoState.templates),
    ("GET", "templates/apikeys/([A-Za-z]+)", "API_KEY/CREATE", CoveoState.template),
    ("GET", "privileges/apikeys", "ORGANIZATION/VIEW", CoveoState.privileges),
    ("GET", "groups", "", CoveoState.groups),
)
