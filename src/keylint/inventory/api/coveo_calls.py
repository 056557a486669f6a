"""The requests of the Coveo key API, as values.

https://docs.coveo.com/en/82/ and the OpenAPI texts coveo-api-keys and coveo-organization-api-keys-templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from keylint.errors import UsageError
from keylint.inventory.api.http import Call

REGIONS = {
    "us": "https://platform.cloud.coveo.com",
    "eu": "https://platform-eu.cloud.coveo.com",
    "au": "https://platform-au.cloud.coveo.com",
    "ca": "https://platform-ca.cloud.coveo.com",
    "hipaa": "https://platformhipaa.cloud.coveo.com",
}
STATUS_FILTERS = (
    "ACTIVE",
    "SOON_TO_BE_DISABLED",
    "SOON_TO_BE_EXPIRED",
    "ACTIVE_AND_EXPOSED",
    "WITH_WARNING",
    "ALL_EXPOSED",
    "DEACTIVATED",
)
_ORG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_VIEW = "the privilege API keys: View (PLATFORM/API_KEY/VIEW)"
_CREATE = "the privilege API keys: Create (PLATFORM/API_KEY/CREATE)"
_EDIT = "the privilege API keys: Edit (PLATFORM/API_KEY/EDIT) on this key"


class CoveoCalls:
    """Builds the requests for one organisation. Raises UsageError for an id that cannot be one."""

    def __init__(self, organization: str) -> None:
        if not _ORG.fullmatch(organization):
            raise UsageError("--org: expected an organisation id: letters, digits and hyphens")
        self.organization = organization
        self._base = f"/rest/organizations/{organization}"

    def list_keys(self, status: str = "") -> Call:
        """All keys, or those that a status filter lets through; values are masked."""
        return Call("GET", f"{self._base}/apikeys", {"status": status} if status else {}, needs=_VIEW)

    def get_key(self, key_id: str) -> Call:
        """One key, masked."""
        return Call("GET", self._key(key_id), needs=_VIEW)

    def create_key(self, template_id: str, body: Mapping[str, Any]) -> Call:
        """A new key; without a template id a Custom key."""
        query = {"apiKeyTemplateId": template_id} if template_id else {}
        return Call("POST", f"{self._base}/apikeys", query, dict(body), needs=_CREATE)

    def duplicate_key(self, key_id: str, body: Mapping[str, Any]) -> Call:
        """A new key with the settings of this one, which stays as it is."""
        return Call("PUT", f"{self._key(key_id)}/duplicate", body=dict(body), needs=_CREATE)

    def disable_key(self, key_id: str) -> Call:
        """Deactivate: for a Custom key this cannot be undone."""
        return Call("PUT", f"{self._key(key_id)}/disable", needs=_EDIT)

    def delete_key(self, key_id: str) -> Call:
        """Delete: cannot be undone."""
        return Call("DELETE", self._key(key_id), needs=_EDIT)

    def list_templates(self) -> Call:
        """The key templates as the organisation has them."""
        return Call("GET", f"{self._base}/templates/apikeys", needs=_CREATE)

    def list_privileges(self) -> Call:
        """The privileges that a Custom key may get."""
        return Call(
            "GET",
            f"{self._base}/privileges/apikeys",
            {"filter": "CUSTOM"},
            needs="the privilege Organization: View (PLATFORM/ORGANIZATION/VIEW)",
        )

    def list_groups(self) -> Call:
        """The groups of the organisation."""
        return Call("GET", f"{self._base}/groups", needs="the privilege Groups: View (PLATFORM/GROUP/VIEW)")

    def _key(self, key_id: str) -> str:
        return f"{self._base}/apikeys/{quote(key_id, safe='')}"
