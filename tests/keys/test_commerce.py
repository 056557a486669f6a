"""Commerce code is recognised by what a scan saw in the file of a key, whichever report tells it."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from keylint.cli.app import run
from tests.keys.test_lint_cli import NOW, _row

_HUB = {"search": {"enforcedQueryPipelineConfiguration": {"searchHub": "shop"}}}
_SHOP = """
import {{ {name} }} from "@coveo/headless{path}";

const engine = {name}({{
  configuration: {{
    organizationId: "acme",
    accessToken: "{key}",
  }},
}});
"""


@pytest.mark.parametrize("form", ["json", "sarif"])
@pytest.mark.parametrize(
    ("name", "path", "commerce"),
    [("buildCommerceEngine", "/commerce", True), ("buildSearchEngine", "", False)],
)
def test_a_search_hub_on_the_key_of_a_shop_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, name: str, path: str, commerce: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    value = f"xx{uuid.UUID(int=0x8C1F_59E3_7A26_4D0B_9B64_2F8E_D135_A7C0, version=4)}"
    privileges = ("SEARCH_API/EXECUTE_QUERY/ENABLE", "USAGE_ANALYTICS/ANALYTICS_DATA/EDIT")
    row = _row("shopkey0000", "AnonymousSearch", *privileges, privacyLevel="PRIVATE")
    row.update(value=f"**********-****-****-****-********{value[-4:]}", additionalConfiguration=_HUB)
    Path("keys.json").write_text(json.dumps([row]))
    Path("dist").mkdir()
    Path("dist/shop.js").write_text(_SHOP.format(name=name, path=path, key=value))
    scan = ["bundle", "dist", "--inventory", "keys.json", "--format", form, "--output", "report"]
    assert run(scan) == 1
    choice = ["--select", "commerce-search-hub", "--now", NOW, "--format", "json", "--output", "lint.json"]
    assert run(["keys", "lint", "keys.json", "--findings", "report", *choice]) == 0
    checks = [issue["check"] for issue in json.loads(Path("lint.json").read_text())["issues"]]
    assert checks == (["commerce-search-hub"] if commerce else [])
