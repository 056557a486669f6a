"""The listings of Coveo's platform API: API keys and API key templates.

Shapes: https://docs.coveo.com/en/1718/ and https://github.com/coveo/platform-client (resources ApiKeys and
ApiKeyTemplate); older responses have `targetIds` and `global` in privileges, and no type, status or template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keylint.inventory.base import Collector, Fields, TemplateExport, is_masked, safe_mask
from keylint.model import ExposureReport, KeyRecord, KeyStatus, Level, Severity
from keylint.records import dataclass
from keylint.secret import Secret

PROVIDER = "coveo"
_KEY_MARKS = ("organizationId", "value", "enabled", "status", "createdDate", "resourceId")
_TEMPLATE_MARKS = ("creationType", "creationSource", "enforcedLifetimePeriod")
_STATUS = {
    "ENABLED": KeyStatus.ENABLED,
    "SOON_TO_BE_EXPIRED": KeyStatus.ENABLED,
    "SOON_TO_BE_DISABLED": KeyStatus.ENABLED,
    "DISABLED": KeyStatus.DISABLED,
    "DISABLED_FOR_INACTIVITY": KeyStatus.DISABLED,
    "DISABLED_EXPOSED": KeyStatus.DISABLED,
    "EXPIRED": KeyStatus.EXPIRED,
}


def is_key(entry: Mapping[str, Any]) -> bool:
    """Whether this entry has the shape of an API key."""
    return ("displayName" in entry or "privileges" in entry) and any(mark in entry for mark in _KEY_MARKS)


def is_template(entry: Mapping[str, Any]) -> bool:
    """Whether this entry has the shape of an API key template."""
    if any(mark in entry for mark in _KEY_MARKS):
        return False
    return "privileges" in entry and ("privacyLevel" in entry or any(m in entry for m in _TEMPLATE_MARKS))


@dataclass
class KeyReader:
    """Turns the entries of `GET /rest/organizations/{org}/apikeys` into records."""

    into: Collector

    def add(self, item: object, line: int) -> None:
        """Read one entry. Raises InventoryError naming line and member."""
        fields = Fields(item, line, self.into)
        key_id = fields.text("id") or fields.text("resourceId")
        if not key_id:
            raise self.into.wrong("id", "text", line)
        word = fields.text("status")
        status = self._status(fields, word.upper())
        extra = fields.inner("additionalConfiguration") if "additionalConfiguration" in fields.item else None
        masks, digests = self._value(fields)
        whole = fields.raw("value") if digests else ""
        self.into.add(
            KeyRecord(
                provider=PROVIDER,
                key_id=key_id,
                label=_said(fields, "displayName", whole),
                description=_said(fields, "description", whole),
                organization=self.into.shared(fields.text("organizationId")),
                masks=masks,
                digests=digests,
                status=status,
                raw_status=self.into.shared(word),
                privacy=fields.privacy("privacyLevel"),
                template_id=self.into.shared(fields.text("apiKeyTemplateId")),
                privileges=self.into.privileges(fields.item.get("privileges"), line),
                created=fields.date("createdDate"),
                activated=fields.date("activationDate"),
                disabled=fields.date("disabledDate"),
                expires=fields.date("expirationDate", end_of_day=True),
                last_used=fields.date("lastUsedDate"),
                exposure=self._exposure(fields),
                allowed_ips=tuple(fields.texts("allowedIps")),
                denied_ips=tuple(fields.texts("deniedIps")),
                editors=tuple(
                    group.text("displayName") or group.text("id")
                    for group in fields.objects("groupsThatCanEdit")
                ),
                created_by=self._creator(fields) if self.into.personal else "",
                line=line,
                unmasked=bool(digests),
                **(self._configuration(extra) if extra else {}),
            )
        )

    def _configuration(self, extra: Fields) -> dict[str, Any]:
        """What `additionalConfiguration` adds to a record."""
        search = extra.inner("search")
        return {
            "search_hub": search.inner("enforcedQueryPipelineConfiguration").text("searchHub"),
            "catalog_id": extra.inner("commerce").text("catalogId"),
            "allowed_user_ids": self._allowed_users(search),
        }

    def _value(self, fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Masks and digests of the entry's value."""
        if fields.raw("rotationSecret") and not is_masked(fields.raw("rotationSecret")):
            self.into.problem(
                "rotation-secret-in-inventory",
                "a rotationSecret stands here, which makes new keys: destroy this file and replace the key",
                fields.line,
                Level.ERROR,
            )
        value = fields.raw("value")
        if not value:
            return (), ()
        if is_masked(value):
            return (safe_mask(value),), ()
        mask = Secret(value.encode("utf-8", "replace"), prefix_len=2).mask
        return (mask,), (self.into.digest(value, fields.line, "the value of a key"),)

    def _status(self, fields: Fields, word: str) -> KeyStatus:
        enabled = fields.flag("enabled")
        if not word:
            status = {True: KeyStatus.ENABLED, False: KeyStatus.DISABLED, None: KeyStatus.UNKNOWN}[enabled]
        elif word in _STATUS:
            status = _STATUS[word]
        else:
            status = KeyStatus.UNKNOWN
            self.into.problem("unknown-status", f"status {word[:40]!r} is new: taken as alive", fields.line)
        if word and enabled is not None and status is not KeyStatus.UNKNOWN and enabled != status.alive:
            self.into.problem(
                "status-contradiction", "status and enabled disagree: status was believed", fields.line
            )
        # "Exposed" is no status on the wire: a live key carries an exposureReport instead.
        return KeyStatus.EXPOSED if status.alive and fields.item.get("exposureReport") else status

    @staticmethod
    def _exposure(fields: Fields) -> ExposureReport | None:
        if not fields.item.get("exposureReport"):
            return None
        report = fields.inner("exposureReport")
        word = report.text("severity").upper()
        reasons = []
        for reason in report.objects("reasons"):
            parts = (reason.text("source"), reason.text("reason"), reason.text("url"))
            reasons.append(": ".join(part for part in parts if part))
        return ExposureReport(
            # A report without a severity that we know is taken as serious.
            severity=Severity(word) if word in Severity.__members__ else Severity.HIGH,
            created=report.date("createdDate"),
            deactivation=report.date("deactivationDate"),
            reasons=tuple(reasons),
        )

    def _allowed_users(self, search: Fields) -> tuple[str, ...]:
        """Who may be impersonated. Names are personal data: without leave only their kind is kept."""
        # The specification and Coveo's own client spell the member differently.
        for member in ("impersonationRestrictions", "impersonationRestriction"):
            if member not in search.item:
                continue
            users = search.inner(member).objects("allowedUserIds")
            if users:
                return tuple(
                    user.text("name") if self.into.personal else user.text("type") or "identity"
                    for user in users
                )
        return ()

    @staticmethod
    def _creator(fields: Fields) -> str:
        if not isinstance(fields.item.get("createdBy"), dict):
            return fields.text("createdBy")
        user = fields.inner("createdBy")
        return user.text("email") or user.text("username") or user.text("displayName")


def _said(fields: Fields, name: str, whole: str) -> str:
    """A text of people's, without the value of the key where the listing shows it whole."""
    text = fields.text(name)
    return text.replace(whole, "********") if whole else text


@dataclass
class TemplateReader:
    """Turns the entries of `GET /rest/organizations/{org}/templates/apikeys` into templates."""

    into: Collector
    templates: list[TemplateExport]

    def add(self, item: object, line: int) -> None:
        """Read one template. Raises InventoryError naming line and member."""
        fields = Fields(item, line, self.into)
        template_id = fields.text("id")
        privileges = self.into.privileges(fields.item.get("privileges"), line)
        if not template_id:
            raise self.into.wrong("id", "text", line)
        if privileges is None:
            raise self.into.wrong("privileges", "a list", line)
        self.templates.append(
            TemplateExport(
                provider=PROVIDER,
                template_id=template_id,
                name=fields.text("displayName") or template_id,
                privacy=fields.privacy("privacyLevel"),
                privileges=privileges,
                description=fields.text("description"),
                longest_lifetime=fields.text("enforcedLifetimePeriod"),
            )
        )
