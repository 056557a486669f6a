"""Every way to every verdict, through real inventory files and the command line; SARIF of each is checked."""

from __future__ import annotations

import hashlib
import json
import random
import string
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from keylint.inventory import load_inventory
from keylint.inventory.store import dump_snapshot
from tests.helpers.cli import call_keylint
from tests.helpers.sarif_tools import multitool, need_tools, upload_errors
from tests.inventory.samples import coveo_key as entry
from tests.inventory.samples import coveo_value, pair, private_half, public_half, uuid_mask

KEY = coveo_value(1)
QUERY = {"owner": "SEARCH_API", "targetDomain": "EXECUTE_QUERY", "targetId": "*"}
PUSH = {"owner": "USAGE_ANALYTICS", "targetDomain": "ANALYTICS_DATA", "type": "EDIT", "targetId": "*"}
IMPERSONATE = {"owner": "SEARCH_API", "targetDomain": "IMPERSONATE", "targetId": "*"}
SOURCES = {"owner": "PLATFORM", "targetDomain": "SOURCE", "type": "EDIT", "targetId": "*"}
REPORT = {
    "severity": "HIGH",
    "createdDate": 1735689600000,
    "reasons": [{"source": "GITHUB", "url": "https://x"}],
}

# Name, entry (None: another key's), surface, verdict, reason code.
TABLE: list[tuple[str, dict[str, Any] | None, str, str, str]] = [
    ("level private", {"privacyLevel": "PRIVATE"}, "scan", "exposed", "inventory-level"),
    ("level public", {"privacyLevel": "PUBLIC"}, "bundle", "allowed", "inventory-level"),
    ("level over template", {"privacyLevel": "PUBLIC", "apiKeyTemplateId": "AuthenticatedSearch"}, "scan",
     "over-privileged", "inventory-level"),
    ("template public", {"apiKeyTemplateId": "AnonymousSearch"}, "bundle", "allowed", "template"),
    ("template private", {"apiKeyTemplateId": "AuthenticatedSearch", "privileges": [IMPERSONATE, PUSH]},
     "scan", "exposed", "template"),
    ("template private in a client", {"apiKeyTemplateId": "AuthenticatedSearch",
     "privileges": [IMPERSONATE, PUSH]}, "bundle", "over-privileged", "template"),
    ("privileges public", {"privileges": [QUERY, PUSH]}, "bundle", "allowed", "privileges"),
    ("privileges private", {"privileges": [QUERY, SOURCES]}, "scan", "exposed", "privileges"),
    ("privileges private in a client", {"privileges": [QUERY, SOURCES]}, "bundle", "over-privileged",
     "privileges"),
    ("public with too much", {"privacyLevel": "PUBLIC", "privileges": [QUERY, SOURCES]}, "scan",
     "over-privileged", "inventory-level"),
    ("expired", {"status": "EXPIRED", "enabled": False}, "scan", "retired", "status-expired"),
    ("past its date", {"expirationDate": 1600000000000, "privacyLevel": "PRIVATE"}, "scan", "retired",
     "status-expired"),
    ("disabled", {"status": "DISABLED", "enabled": False}, "bundle", "retired", "status-disabled"),
    ("disabled for inactivity", {"status": "DISABLED_FOR_INACTIVITY", "enabled": False}, "scan", "retired",
     "status-disabled"),
    ("disabled as exposed", {"status": "DISABLED_EXPOSED", "enabled": False, "exposureReport": REPORT},
     "scan", "retired", "status-disabled"),
    ("flagged as exposed", {"exposureReport": REPORT, "privacyLevel": "PUBLIC"}, "scan", "exposed",
     "status-exposed"),
    ("soon to be expired", {"status": "SOON_TO_BE_EXPIRED", "privacyLevel": "PRIVATE"}, "scan", "exposed",
     "inventory-level"),
    ("nothing said", {"privileges": []}, "scan", "unknown", "entry-undecided"),
    ("no entry", None, "scan", "unknown", "no-entry"),
]  # fmt: skip


def judge(tmp_path: Path, inventory: object, command: str = "scan", key: str = KEY) -> dict[str, Any]:
    """The one finding of a file with one key, given an inventory file."""
    (tmp_path / "code").mkdir(exist_ok=True)
    (tmp_path / "code" / "app.js").write_text(f"const k = '{key}';\n")
    (tmp_path / "inventory.json").write_text(json.dumps(inventory))
    done = call_keylint(
        command, tmp_path / "code", "--inventory", tmp_path / "inventory.json", "--format", "json"
    )
    assert done.status in (0, 1), done.error
    [finding] = done.findings
    return finding


def as_masked(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [item]


def as_full(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**item, "value": KEY}] if item["id"] == "key1" else [item]


@pytest.mark.parametrize("shape", [as_masked, as_full])
@pytest.mark.parametrize(
    ("name", "more", "command", "verdict", "reason"), TABLE, ids=[row[0] for row in TABLE]
)
def test_the_verdict_table(
    tmp_path: Path,
    name: str,
    more: dict[str, Any] | None,
    command: str,
    verdict: str,
    reason: str,
    shape: Any,
) -> None:
    item = entry(2, value=uuid_mask(coveo_value(2))) if more is None else entry(1, **more)
    if more is not None and "privileges" not in more:
        item.pop("privileges")
    finding = judge(tmp_path, shape(item), command)
    assert (finding["verdict"]["kind"], finding["verdict"]["reason"]["code"]) == (verdict, reason)
    expected = "none" if more is None else "exact" if shape is as_full else "suffix"
    assert finding["link"]["certainty"] == expected
    if more is not None:
        assert finding["link"]["records"][0]["key_id"] == "key1"
        assert finding["link"]["records"][0]["organization"] == "acme"
    if verdict == "over-privileged":
        assert finding["verdict"]["excess_privileges"]
    if verdict in ("exposed", "over-privileged"):
        assert 2 <= finding["advice"]["deactivate_within_days"] <= 30
        steps = " ".join(finding["advice"]["rotation"]).lower()
        assert "deactivate" in steps
        assert "create from existing" in steps or "make a new key" in steps or "make new keys" in steps
    assert finding["advice"]["docs"].startswith("https://docs.coveo.com/")


def test_a_hashed_snapshot_matches_exactly(tmp_path: Path) -> None:
    (tmp_path / "full.json").write_text(json.dumps([entry(1, value=KEY, privacyLevel="PRIVATE")]))
    snapshot = json.loads(dump_snapshot(load_inventory(str(tmp_path / "full.json"))))
    assert KEY not in json.dumps(snapshot)
    finding = judge(tmp_path, snapshot)
    assert finding["link"]["certainty"] == "exact"
    assert finding["verdict"]["kind"] == "exposed"


def test_no_entry_in_a_partial_inventory_proves_nothing(tmp_path: Path) -> None:
    snapshot = {
        "format": "keylint-inventory",
        "version": 1,
        "provider": "coveo",
        "organization": "acme",
        "complete": False,
        "keys": [],
    }
    finding = judge(tmp_path, snapshot)
    assert finding["link"]["certainty"] == "none-partial"
    assert finding["verdict"]["reason"]["code"] == "no-entry-partial"


def test_without_an_inventory_the_advice_says_what_would_settle_it(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(KEY)
    [finding] = call_keylint("scan", tmp_path, "--format", "json").findings
    assert finding["verdict"]["kind"] == "unknown"
    assert finding["verdict"]["reason"]["code"] == "no-inventory"
    assert finding["link"]["certainty"] == "no-inventory"
    assert finding["advice"]["settle"]


def test_several_rows_that_fit_are_listed_and_the_worst_decides(tmp_path: Path) -> None:
    rows = [
        entry(1, privacyLevel="PUBLIC"),
        entry(1, id="twin", privacyLevel="PRIVATE"),
        entry(3, value=uuid_mask(coveo_value(3))),
    ]
    finding = judge(tmp_path, rows)
    assert finding["link"]["certainty"] == "ambiguous"
    assert {record["key_id"] for record in finding["link"]["records"]} == {"key1", "twin"}
    assert finding["verdict"]["kind"] == "exposed"


def test_the_odds_of_a_mask_are_told(tmp_path: Path) -> None:
    assert "65,536" in judge(tmp_path, [entry(1)])["link"]["explanation"]


def test_old_listings_are_read(tmp_path: Path) -> None:
    old = {
        "id": "key1",
        "resourceId": "key1",
        "value": uuid_mask(KEY),
        "organizationId": "acme",
        "displayName": "Old",
        "enabled": False,
        "createdDate": "2020-01-01T00:00:00Z",
        "privileges": [
            {"owner": "SEARCH_API", "targetDomain": "EXECUTE_QUERY", "targetIds": [], "global": False}
        ],
    }
    assert judge(tmp_path, [old])["verdict"]["kind"] == "retired"


def test_templates_of_the_organisation_override_the_built_in_ones(tmp_path: Path) -> None:
    templates = [
        {
            "id": "AnonymousSearch",
            "displayName": "Anonymous search",
            "privacyLevel": "PRIVATE",
            "creationType": "MANUAL",
            "privileges": [QUERY],
        }
    ]
    (tmp_path / "templates.json").write_text(json.dumps(templates))
    (tmp_path / "app.js").write_text(KEY)
    (tmp_path / "keys.json").write_text(json.dumps([entry(1, apiKeyTemplateId="AnonymousSearch")]))
    options = ["--format", "json", "--inventory", tmp_path / "keys.json"]
    [before] = call_keylint("scan", tmp_path / "app.js", *options).findings
    more = ["--inventory", tmp_path / "templates.json"]
    [after] = call_keylint("scan", tmp_path / "app.js", *options, *more).findings
    assert (before["verdict"]["kind"], after["verdict"]["kind"]) == ("allowed", "exposed")


@pytest.mark.parametrize(
    ("half", "more", "verdict"),
    [
        ("private", {}, "exposed"),
        ("public", {}, "allowed"),
        ("private", {"is_revoked": True}, "retired"),
        ("public", {"is_revoked": True}, "retired"),
    ],
)
def test_key_pairs(tmp_path: Path, half: str, more: dict[str, Any], verdict: str) -> None:
    key = private_half(4) if half == "private" else public_half(4)
    finding = judge(tmp_path, {"keys": [pair(4, **more)]}, key=key)
    assert finding["verdict"]["kind"] == verdict
    assert finding["link"]["records"][0]["half"] == half


def test_a_public_entry_never_overrides_a_value_that_proves_private(tmp_path: Path) -> None:
    stripe = "sk" + "_live_" + "".join(random.Random(3).choices(string.ascii_letters + string.digits, k=32))
    snapshot = {
        "format": "keylint-inventory",
        "version": 1,
        "provider": "stripe",
        "complete": True,
        "keys": [{"key_id": "s", "masks": ["sk_" + "live_********" + stripe[-4:]], "privacy": "public",
                     "status": "enabled"}],
    }  # fmt: skip
    finding = judge(tmp_path, snapshot, key=stripe)
    assert finding["verdict"]["kind"] == "exposed"
    assert finding["verdict"]["reason"]["code"] == "value-private"


def test_an_unmasked_listing_is_reported_and_not_echoed(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text("clean")
    (tmp_path / "keys.json").write_text(json.dumps([entry(1, value=KEY)]))
    done = call_keylint(
        "scan", tmp_path / "app.js", "--inventory", tmp_path / "keys.json", "--format", "json", "-v"
    )
    assert any("keys.json" in problem["path"] for problem in done.json["problems"])
    assert KEY not in done.text + done.error


@pytest.mark.usefixtures("pure_path")
def test_documented_samples_are_no_errors(tmp_path: Path) -> None:
    """The values are told by their hashes only, so a rule with a sample of our own shows the way."""
    value = "zz_" + uuid.UUID(int=random.Random(9).getrandbits(128)).hex
    (tmp_path / "own.toml").write_text(
        f"[[rules]]\nid = 'own.key'\ntitle = 'Own'\ndescription = 'd'\nregex = 'zz_[0-9a-f]{{32}}'\n"
        f"privacy = 'private'\nseverity = 'HIGH'\n"
        f"samples = ['{hashlib.sha256(value.encode()).hexdigest()}']\n"
    )
    (tmp_path / "app.js").write_text(f"k = '{value}'")
    done = call_keylint("scan", tmp_path / "app.js", "--rules", tmp_path / "own.toml", "--format", "json")
    assert done.status == 0
    assert [finding["verdict"]["kind"] for finding in done.findings] in ([], ["allowed"])


# ---- SARIF of all of it


def sarif_of(tmp_path: Path, rows: Sequence[tuple[str, dict[str, Any] | None, str, str, str]]) -> list[Path]:
    """One report for each command, over files with one key for each row."""
    inventory = []
    for number, (_, more, command, _, _) in enumerate(rows, 100):
        folder = tmp_path / command
        folder.mkdir(exist_ok=True)
        key = coveo_value(number)
        name = f"file {number} ü.js"
        (folder / name).write_text(f"é = 1\n  k = '{key}'; again('{key}')\n", encoding="utf-8")
        if more is not None:
            item = entry(number, **more)
            if "privileges" not in more:
                item.pop("privileges")
            inventory.append(item)
    (tmp_path / "inventory.json").write_text(json.dumps(inventory))
    reports = []
    for command in ("scan", "bundle"):
        report = tmp_path / f"{command}.sarif"
        options = ["--format", "sarif", "--show-allowed", "--inventory", tmp_path / "inventory.json"]
        done = call_keylint(command, tmp_path / command, *options, "--output", report)
        assert done.status == 1, done.error
        reports.append(report)
    return reports


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return sarif_of(tmp_path_factory.mktemp("sarif"), TABLE)


@pytest.mark.npm
@pytest.mark.slow
def test_sarif_of_every_verdict_passes_the_validators(reports: list[Path]) -> None:
    need_tools()
    for report in reports:
        said = multitool(report)
        assert not [entry for entry in said if entry[0] in ("error", "warning")], said
        assert upload_errors(report) == ""


def test_sarif_keeps_its_contract(reports: list[Path]) -> None:
    levels = {
        "exposed": ("fail", "error"),
        "over-privileged": ("fail", "error"),
        "unknown": ("fail", "warning"),
        "retired": ("fail", "note"),
        "allowed": ("pass", "none"),
    }
    seen = set()
    for report in reports:
        [run] = json.loads(report.read_text(encoding="utf-8"))["runs"]
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        assert run["invocations"][0]["executionSuccessful"] is True
        places = set()
        for result in run["results"]:
            verdict = result["properties"]["verdict"]
            seen.add(verdict)
            assert (result.get("kind", "fail"), result.get("level", "warning")) == levels[verdict]
            [location] = result["locations"]
            places.add(location["physicalLocation"]["artifactLocation"]["uri"])
            assert len(result["relatedLocations"]) == 1  # the second place of the same key
        assert len(places) == len(run["results"])  # one result for each key and file
    assert seen == set(levels)


def test_every_region_cut_from_the_file_is_the_key(reports: list[Path]) -> None:
    for report in reports:
        folder = report.parent / report.stem
        [run] = json.loads(report.read_text(encoding="utf-8"))["runs"]
        assert run["results"]
        for result in run["results"]:
            for location in (*result["locations"], *result["relatedLocations"]):
                physical = location["physicalLocation"]
                name = unquote(physical["artifactLocation"]["uri"])
                lines = (folder / Path(name).name).read_text(encoding="utf-8").splitlines()
                region = physical["region"]
                units = lines[region["startLine"] - 1].encode("utf-16-le")
                cut = units[2 * region["startColumn"] - 2 : 2 * region["endColumn"] - 2].decode("utf-16-le")
                assert cut == coveo_value(int(Path(name).name.split()[1]))
