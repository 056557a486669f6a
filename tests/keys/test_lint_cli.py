"""`keylint keys list`, `lint` and `least-privilege` from the command line, in every format."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from keylint.cli.app import run
from keylint.keys.lint import check_ids
from tests.helpers.sarif_tools import multitool, need_tools, upload_errors
from tests.keys.helpers import keylint

NOW = "2026-01-31T00:00:00Z"
_DAY_MS = 86_400_000
_NOW_MS = 1_769_817_600_000


def _row(key_id: str, template: str | None, *privileges: str, **fields: Any) -> dict[str, Any]:
    names = [name.split("/") for name in privileges]
    row = {
        "id": key_id,
        "organizationId": "org",
        "value": f"**********-****-****-****-********{key_id[-4:]}",
        "displayName": f"name of {key_id}",
        "description": "for the shop, shared with Ana",
        "status": "ENABLED",
        "enabled": True,
        "privileges": [{"owner": n[0], "targetDomain": n[1], "type": n[2]} for n in names],
        "createdDate": _NOW_MS - 20 * _DAY_MS,
        "lastUsedDate": _NOW_MS - _DAY_MS,
        **fields,
    }
    return row | ({"apiKeyTemplateId": template} if template else {})


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three keys: a good one, one that sees all content for ever, one with a hostile name."""
    monkeypatch.chdir(tmp_path)
    hub = {"search": {"enforcedQueryPipelineConfiguration": {"searchHub": "shop"}}}
    rows = [
        _row(
            "goodkey000aaaa",
            "AnonymousSearch",
            "SEARCH_API/EXECUTE_QUERY/ENABLE",
            "USAGE_ANALYTICS/ANALYTICS_DATA/EDIT",
            additionalConfiguration=hub,
        ),
        _row("viewall000bbbb", None, "SEARCH_API/VIEW_ALL_CONTENT/ENABLE", allowedIps=["203.0.113.9"]),
        _row(
            "hostile000cccc",
            "AnonymousSearch",
            "SEARCH_API/EXECUTE_QUERY/ENABLE",
            "PLATFORM/SOURCE/EDIT",
            displayName="<script>\x1b[31m[x](javascript:1)\n::error::",
            additionalConfiguration=hub,
        ),
    ]
    path = tmp_path / "inventory.json"
    path.write_text(json.dumps(rows, indent=1))
    return path


@pytest.fixture
def findings(tmp_path: Path) -> Path:
    """A report of a scan in which two of the keys were found."""
    results = [
        {
            "ruleId": "coveo.api_key/exposed/critical",
            "message": {"text": "x"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "dist/a%20b.js"},
                        "region": {"startLine": 4, "startColumn": 2, "snippet": {"text": "xx********bbbb"}},
                    }
                }
            ],
            "properties": {
                "keyKind": "coveo.api_key",
                "keyMask": f"xx********{tail}",
                "keyIds": ids,
                "certainty": "suffix",
                "surface": "client",
                "occurrences": 3,
                "places": ["dist/a b.js:4:2", "dist/c.js:1:1"],
                "verdict": "exposed",
                "severity": "CRITICAL",
            },
        }
        for tail, ids in (("bbbb", ["viewall000bbbb"]), ("aaaa", []), ("ffff", []))
    ]
    path = tmp_path / "report.sarif"
    driver = {"tool": {"driver": {"name": "keylint"}}, "results": results}
    path.write_text(json.dumps({"version": "2.1.0", "runs": [driver]}))
    return path


def _lint(*arguments: str) -> tuple[int, str]:
    done = keylint(["keys", "lint", *arguments, "--now", NOW])
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode()


def test_text_names_key_field_remedy_and_line(inventory: Path) -> None:
    code, text = _lint("inventory.json")
    assert code == 1
    assert "View all content for too long [view-all-content-lifetime]" in text
    line = (
        next(i for i, row in enumerate(inventory.read_text().splitlines(), 1) if "viewall000bbbb" in row) - 1
    )
    assert f"inventory.json:{line}: 'name of viewall000bbbb' (viewall000bbbb): expirationDate: none" in text
    assert "Delete the key, and make one that lives for 1 to 14 days" in text
    assert "goodkey000aaaa" not in text
    assert "\x1b" not in text
    assert "\n::error" not in text


def test_json_has_every_field_and_the_same_issues(inventory: Path) -> None:
    _, text = _lint("inventory.json", "--format", "json")
    document = json.loads(text)
    issue = next(i for i in document["issues"] if i["check"] == "view-all-content-lifetime")
    assert issue["key_id"] == "viewall000bbbb"
    assert issue["field"] == "expirationDate"
    assert (issue["severity"], issue["level"]) == ("critical", "error")
    assert sum(document["summary"].values()) == len(document["issues"])
    assert document["now"] == NOW


def test_html_escapes_what_the_listing_says(inventory: Path) -> None:
    for command in (["lint", "--now", NOW], ["list"]):
        text = keylint(["keys", *command, "inventory.json", "--format", "html"]).stdout.decode()
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


def test_sarif_has_the_check_as_rule_and_the_key_as_property(inventory: Path, findings: Path) -> None:
    _, text = _lint("inventory.json", "--format", "sarif", "--findings", "report.sarif")
    (log_run,) = json.loads(text)["runs"]
    rules = [rule["id"] for rule in log_run["tool"]["driver"]["rules"]]
    by_rule = {result["ruleId"]: result for result in log_run["results"]}
    result = by_rule["private-key-in-client-code"]
    assert rules[result["ruleIndex"]] == "private-key-in-client-code"
    assert result["properties"]["keyId"] == "viewall000bbbb"
    place = result["locations"][0]["physicalLocation"]
    line = inventory.read_text().splitlines()[place["region"]["startLine"] - 1]
    assert place["artifactLocation"] == {"uri": "inventory.json", "uriBaseId": "%SRCROOT%"}
    assert place["region"]["endColumn"] == len(line) + 1
    related = result["relatedLocations"][0]["physicalLocation"]
    assert related["artifactLocation"]["uri"] == "dist/a%20b.js"
    assert by_rule["unknown-key-in-client-code"]["properties"]["keyMask"] == "xx********ffff"
    assert by_rule["public-key-in-client-code"]["properties"]["keyId"] == "goodkey000aaaa"
    assert all("level" in r and "kind" not in r for r in log_run["results"])


@pytest.mark.npm
@pytest.mark.parametrize("command", [["lint", "--now", NOW], ["list"]])
def test_sarif_passes_the_validators(
    inventory: Path, findings: Path, command: list[str], tmp_path: Path
) -> None:
    need_tools()
    output = tmp_path / "out.sarif"
    options = ["--findings", "report.sarif", "--format", "sarif", "--output", str(output)]
    keylint(["keys", *command, "inventory.json", *options])
    assert [found for found in multitool(output) if found[0] in ("error", "warning")] == []
    assert upload_errors(output) == ""


def test_the_list_shows_where_each_key_was_found(inventory: Path, findings: Path) -> None:
    done = keylint(["keys", "list", "inventory.json", "--findings", "report.sarif"])
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("KEY  ")
    assert lines[0].endswith("FOUND IN")
    row = next(line for line in lines if line.startswith("viewall000bbbb"))
    assert "private  critical" in row
    assert "dist/a b.js:4 (+2) ?" in row
    document = json.loads(keylint(["keys", "list", "inventory.json", "--format", "json"]).stdout)
    assert [key["privacy"] for key in document["keys"]] == ["public", "private", "public"]


def test_least_privilege_offers_a_narrower_key(inventory: Path, findings: Path) -> None:
    done = keylint(["keys", "least-privilege", "inventory.json", "--format", "json"])
    document = json.loads(done.stdout)
    by_id = {item["key_id"]: item for item in document["keys"]}
    hostile = by_id["hostile000cccc"]
    assert hostile["narrowest"] == "Anonymous search"
    assert [extra["privilege"] for extra in hostile["extras"]] == ["PLATFORM/SOURCE/EDIT"]
    assert hostile["extras"][0]["sensitivity"] == "critical"
    request = hostile["request"]
    assert request["query"] == {"apiKeyTemplateId": "AnonymousSearch"}
    assert request["body"]["additionalConfiguration"]["search"]
    assert by_id["goodkey000aaaa"]["request"] is None
    assert document["templates"][0] == {
        "template": "Anonymous search",
        "keys": ["goodkey000aaaa", "hostile000cccc"],
    }
    text = keylint(
        ["keys", "least-privilege", "inventory.json", "--findings", "report.sarif"]
    ).stdout.decode()
    assert "beyond it: SEARCH_API/VIEW_ALL_CONTENT (critical)" in text
    assert "found in: dist/a b.js:4" in text


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('selct = ["never-used"]', "did you mean select?"),
        ('select = ["never-use"]', "did you mean never-used?"),
        ('unused-days = "many"', "keys.lint.unused-days: expected a number"),
        ("ignore = 3", "expected a list"),
    ],
)
def test_configuration_errors_name_file_key_and_remedy(
    inventory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, words: str
) -> None:
    (tmp_path / "keylint.toml").write_text(f"[keys.lint]\n{table}\n")
    assert run(["keys", "lint", "inventory.json"]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert "keylint.toml" in err


def test_thresholds_and_choices_of_the_configuration_hold(inventory: Path, tmp_path: Path) -> None:
    (tmp_path / "keylint.toml").write_text(
        '[keys.lint]\nselect = ["description-missing"]\ndescription-words = 9\n'
    )
    code, text = _lint("inventory.json", "--format", "json")
    assert code == 0
    assert {issue["check"] for issue in json.loads(text)["issues"]} == {"description-missing"}
    _, text = _lint("inventory.json", "--format", "json", "--ignore", "description-missing")
    assert json.loads(text)["issues"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["inventory.json", "--now", "soon"], "--now: expected a date"),
        (["inventory.json", "--select", "nonsense"], "--select: no check is called 'nonsense'"),
        (["absent.json"], "absent.json"),
        ([], "an inventory file is needed"),
        (["inventory.json", "--findings", "inventory.json"], "not a report of keylint"),
        (["inventory.json", "--members", "absent"], "--members absent"),
    ],
)
def test_bad_input_is_one_line(
    inventory: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(["keys", "lint", *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_fail_on_decides_the_exit_status(inventory: Path) -> None:
    assert _lint("inventory.json", "--fail-on", "never")[0] == 0
    only = ["--select", "search-hub-missing"]
    assert _lint("inventory.json", *only, "--fail-on", "error")[0] == 0


def test_every_check_is_listed_with_its_source() -> None:
    text = keylint(["keys", "lint", "--list"]).stdout.decode()
    assert all(f"\n{check}  (" in f"\n{text}" for check in check_ids())
    assert text.count("source: https://") == len(check_ids())


def test_a_report_of_the_json_format_joins_too(inventory: Path, tmp_path: Path) -> None:
    place = {
        "path": "dist/app.js",
        "container": ["src/app.ts"],
        "surface": "client",
        "line": 2,
        "column": 5,
        "snippet": "accessToken: 'xx********bbbb'",
    }
    finding = {
        "verdict": {"kind": "exposed", "severity": "HIGH"},
        "key": {"rule_id": "coveo.api_key", "mask": "xx********bbbb"},
        "link": {"certainty": "suffix", "records": [{"key_id": "viewall000bbbb"}]},
        "places": [place],
        "occurrences": 1,
        "first_seen": None,
    }
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"schema_version": 1, "findings": [finding]}))
    _, text = _lint("inventory.json", "--findings", "report.json", "--select", "private-key-in-client-code")
    assert "found in client code: dist/app.js!src/app.ts:2" in text
    report.write_text(json.dumps({"findings": [{"key": {}}]}))
    assert keylint(["keys", "lint", "inventory.json", "--findings", "report.json"]).returncode == 2


def test_values_in_a_listing_are_reported_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import uuid

    monkeypatch.chdir(tmp_path)
    value = "xx" + str(uuid.uuid4())
    row = _row("leaky00000dddd", "AnonymousSearch", value=value, rotationSecret="r" * 30 + "zq")
    (tmp_path / "inventory.json").write_text(json.dumps([row]))
    for form in ("text", "json", "sarif", "html"):
        done = keylint(["keys", "lint", "inventory.json", "--format", form, "--now", NOW])
        assert done.returncode == 1
        assert b"unmasked-inventory" in done.stdout
        assert b"rotation-secret-leak" in done.stdout
        for secret in (value, value[2:], "r" * 30):
            assert secret.encode() not in done.stdout + done.stderr


def test_output_goes_to_a_file_whole_or_not_at_all(
    inventory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["keys", "list", "inventory.json", "--output", "list.txt"]) == 0
    assert Path("list.txt").read_text().startswith("KEY")
    assert run(["keys", "list", "inventory.json", "--output", os.path.join("absent", "list.txt")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_an_export_of_templates_is_an_input_of_its_own(
    inventory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("SEARCH_API/EXECUTE_QUERY/ENABLE", "PLATFORM/SOURCE/EDIT")
    template = {
        "id": "AnonymousSearch",
        "displayName": "Anonymous search",
        "privacyLevel": "PRIVATE",
        "creationType": "MANUAL",
        "privileges": _row("x", None, *names)["privileges"],
    }
    (tmp_path / "templates.json").write_text(json.dumps([template]))
    select = ["--select", "least-privilege", "--format", "json"]
    _, before = _lint("inventory.json", *select)
    _, after = _lint("inventory.json", *select, "--templates", "templates.json")
    assert [issue["key_id"] for issue in json.loads(before)["issues"]] == ["hostile000cccc"]
    assert [issue["key_id"] for issue in json.loads(after)["issues"]] == ["goodkey000aaaa"]
    assert run(["keys", "lint", "templates.json"]) == 2
    assert "holds templates and no keys" in capsys.readouterr().err
