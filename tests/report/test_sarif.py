"""The SARIF contract: what readers of the file rely on."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import pytest

from keylint.model import (
    Advice,
    Certainty,
    Finding,
    Level,
    Link,
    Problem,
    Report,
    Repository,
    Severity,
    Skipped,
    SkipReason,
    VerdictKind,
)
from keylint.report import render
from keylint.report.options import RenderOptions
from keylint.report.sarif_notices import NOTICE_LIMIT
from keylint.report.sarif_results import RELATED_LIMIT
from tests.report import builders
from tests.report.builders import finding, place, report

Json = dict[str, Any]


def run(shown: Report, **options: Any) -> Json:
    document = json.loads(render("sarif", shown, RenderOptions(**options)))
    assert document["version"] == "2.1.0"
    (only,) = document["runs"]
    assert isinstance(only, dict)
    return only


def result(shown: Finding, **options: Any) -> Json:
    (only,) = run(report((shown,)), **options)["results"]
    assert isinstance(only, dict)
    return only


def descriptor(shown: Finding) -> Json:
    (only,) = run(report((shown,)), include_allowed=True)["tool"]["driver"]["rules"]
    assert isinstance(only, dict)
    return only


def physical(location: Json) -> Json:
    inner = location["physicalLocation"]
    assert isinstance(inner, dict)
    return inner


def chain(document: Json, location: Json) -> list[str]:
    """The addresses of a location's artifact and all its containers, from the inside out."""
    number = physical(location)["artifactLocation"]["index"]
    out = []
    while number >= 0:
        artifact = document["artifacts"][number]
        out.append(artifact["location"]["uri"])
        number = artifact.get("parentIndex", -1)
    return out


# --- verdicts, levels, descriptors ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (VerdictKind.EXPOSED, "error"),
        (VerdictKind.OVER_PRIVILEGED, "error"),
        (VerdictKind.UNKNOWN, "warning"),
        (VerdictKind.RETIRED, "note"),
    ],
)
def test_a_verdict_has_its_level_in_the_result_and_the_descriptor(kind: VerdictKind, level: str) -> None:
    shown = result(finding(kind))
    assert (shown["level"], shown["properties"]["verdict"]) == (level, kind.value)
    assert "kind" not in shown  # "fail" is the default
    assert descriptor(finding(kind))["defaultConfiguration"]["level"] == level


def test_an_allowed_key_is_left_out_unless_asked_for_and_passes_then() -> None:
    assert run(report((finding(VerdictKind.ALLOWED),)))["results"] == []
    shown = result(finding(VerdictKind.ALLOWED), include_allowed=True)
    assert (shown["kind"], shown["level"]) == ("pass", "none")
    assert "security-severity" not in descriptor(finding(VerdictKind.ALLOWED))["properties"]


def test_a_warning_under_a_descriptor_with_level_error_is_written() -> None:
    assert result(finding(VerdictKind.EXPOSED, level=Level.WARNING))["level"] == "warning"


def test_there_is_one_descriptor_for_each_kind_verdict_and_severity() -> None:
    findings = builders.every_combination()
    document = run(report(findings), include_allowed=True)
    rules = document["tool"]["driver"]["rules"]
    ids = [rule["id"] for rule in rules]
    assert len(ids) == len(set(ids)) == len(VerdictKind) * len(Severity)
    assert "coveo-api-key/over-privileged/critical" in ids
    for shown in document["results"]:
        assert rules[shown["ruleIndex"]]["id"] == shown["ruleId"]
        _, verdict, severity = shown["ruleId"].split("/")
        assert (verdict, severity.upper()) == (
            shown["properties"]["verdict"],
            shown["properties"]["severity"],
        )


@pytest.mark.parametrize(
    ("severity", "low", "high"),
    [
        (Severity.CRITICAL, 9.0, 10.0),
        (Severity.HIGH, 6.9, 8.9),
        (Severity.MEDIUM, 3.9, 6.9),
        (Severity.LOW, 0.9, 3.9),
        (Severity.WARN, 0.0, 3.9),
    ],
)
def test_security_severity_is_a_string_in_github_s_range(severity: Severity, low: float, high: float) -> None:
    score = descriptor(finding(severity=severity))["properties"]["security-severity"]
    assert isinstance(score, str)
    assert low < float(score) <= high


def test_a_descriptor_says_what_the_key_may_do_and_how_to_rotate_it() -> None:
    rule = descriptor(finding())
    assert rule["name"] == "CoveoApiKeyExposedCritical"
    assert rule["helpUri"] == builders.DOCS
    for text in (rule["help"]["text"], rule["help"]["markdown"]):
        assert "Search the whole index and edit sources" in text
        assert "Someone could read and change indexed content." in text
        assert "1. Create a key from the existing one.\n2. Switch the places listed.\n3. Deactivate" in text
        assert "keylint's own suggestion" in text
        assert builders.DOCS in text
    assert rule["properties"]["precision"] == "high"
    assert {"security", "external/cwe/cwe-798"} <= set(rule["properties"]["tags"])


def test_descriptions_and_tags_stay_within_github_s_limits() -> None:
    info = replace(
        builders.RULES[0], title="t" * 2000, description="d" * 2000, tags=tuple(map(str, range(30)))
    )
    (rule,) = run(report((finding(),), rules=(info,)))["tool"]["driver"]["rules"]
    assert len(rule["shortDescription"]["text"]) <= 1024
    assert len(rule["fullDescription"]["text"]) <= 1024
    assert len(rule["properties"]["tags"]) == 10


def test_help_holds_only_what_is_true_of_every_result_of_its_descriptor() -> None:
    one = finding(places=[place("a.js")])
    advice = Advice(
        "Read one source", one.advice.impact, ("Deactivate the original", "Tell Bob"), builders.DOCS
    )
    other = replace(finding(places=[place("b.js")]), advice=advice)
    (rule,) = run(report((one, other)))["tool"]["driver"]["rules"]
    assert "This differs by key" in rule["help"]["text"]
    assert "1. Deactivate the original." in rule["help"]["text"]
    assert "Tell Bob" not in rule["help"]["text"]
    assert "Create a key" not in rule["help"]["text"]


def test_markdown_help_cannot_be_left_by_what_a_rule_file_says() -> None:
    advice = replace(finding().advice, can_do="<img src=x> [a](b) `c` *d*")
    rule = descriptor(replace(finding(), advice=advice))
    assert "\\<img src=x\\> \\[a\\](b) \\`c\\` \\*d\\*" in rule["help"]["markdown"]


def test_only_web_addresses_become_help_links() -> None:
    advice = replace(finding().advice, docs="javascript:alert(1)")
    assert "helpUri" not in descriptor(replace(finding(rule_id="pem-private-key"), advice=advice))


def test_weaknesses_are_tied_to_a_taxonomy_with_the_main_one_last() -> None:
    document = run(report((finding(VerdictKind.OVER_PRIVILEGED), finding(rule_id="pem-private-key"))))
    (taxonomy,) = document["taxonomies"]
    assert document["tool"]["driver"]["supportedTaxonomies"] == [{"name": "CWE", "index": 0}]
    by_id = {rule["id"]: rule["relationships"] for rule in document["tool"]["driver"]["rules"]}
    targets = {key: [link["target"]["id"] for link in links] for key, links in by_id.items()}
    assert targets["coveo-api-key/over-privileged/high"] == ["CWE-798", "CWE-269"]
    assert targets["pem-private-key/exposed/critical"] == ["CWE-312", "CWE-321", "CWE-798"]
    for links in by_id.values():
        for link in links:
            assert taxonomy["taxa"][link["target"]["index"]]["id"] == link["target"]["id"]


# --- messages ---------------------------------------------------------------------------------------


def test_every_message_is_its_template_with_its_arguments() -> None:
    document = run(builders.full_report(), include_allowed=True)
    for shown in document["results"]:
        message = shown["message"]
        template = document["tool"]["driver"]["rules"][shown["ruleIndex"]]["messageStrings"][message["id"]][
            "text"
        ]
        assert template.format(*message["arguments"]) == message["text"]
        assert message["text"].endswith(".")
        assert len(message["text"].splitlines()) == 1


def test_braces_in_a_title_are_no_placeholders() -> None:
    shown = replace(finding(), key=replace(finding().key, title="Key {0} {x}"))
    assert result(shown)["message"]["text"].startswith(
        "Key {0} {x} 'xx********1b3e' in 'src/app.js' is exposed."
    )


def test_a_name_cannot_become_a_link_in_a_message() -> None:
    shown = result(finding(places=[place("[click](1).js")]))
    assert "'\\[click\\](1).js'" in shown["message"]["text"]
    assert "[slug]" in result(finding(places=[place("app/[slug]/page.tsx")]))["message"]["text"]


# --- places -----------------------------------------------------------------------------------------


def test_a_region_has_lines_and_columns_and_never_a_byte_offset() -> None:
    at = physical(result(finding(places=[place(line=3, column=5)]))["locations"][0])
    assert {key: at["region"][key] for key in ("startLine", "startColumn", "endLine", "endColumn")} == {
        "startLine": 3,
        "startColumn": 5,
        "endLine": 3,
        "endColumn": 41,
    }
    assert "byteOffset" not in json.dumps(at)
    assert run(report())["columnKind"] == "utf16CodeUnits"


def test_the_redacted_line_is_the_context_of_the_key() -> None:
    snippet = "\tx = '********'; // \u202e ::\x1b"
    at = physical(result(finding(places=[place(line=3, snippet=snippet)]))["locations"][0])
    assert at["region"]["snippet"]["text"] == "xx********1b3e"
    assert at["contextRegion"] == {"startLine": 3, "endLine": 3, "snippet": {"text": snippet}}


def test_a_key_at_the_start_of_a_line_has_no_context_as_it_may_be_the_whole_line() -> None:
    at = physical(result(finding(places=[place(column=1, snippet="********")]))["locations"][0])
    assert "contextRegion" not in at
    assert at["region"]["snippet"]["text"] == "********"


def test_a_binary_file_has_a_formal_region_and_its_byte_in_the_properties() -> None:
    shown = result(finding(places=[place("k.p12", 9, 9, binary=True, byte_offset=0, snippet="")]))
    region = physical(shown["locations"][0])["region"]
    assert [region[key] for key in ("startLine", "startColumn", "endLine", "endColumn")] == [1, 1, 1, 1]
    assert shown["properties"]["byteOffset"] == 0


@pytest.mark.parametrize("name", builders.HOSTILE_NAMES)
def test_an_address_is_the_raw_bytes_of_the_name_percent_encoded(name: str) -> None:
    address = physical(result(finding(places=[place(name)]))["locations"][0])["artifactLocation"]
    assert address["uriBaseId"] == "%SRCROOT%"
    assert unquote_to_bytes(address["uri"]) == name.encode("utf-8", "surrogateescape")
    assert not set(' :?#[]\\"<>|`{}^') & set(address["uri"])
    assert address["uri"].isascii()


def test_an_absolute_path_is_never_written() -> None:
    address = physical(result(finding(places=[place("/etc/app.conf")]))["locations"][0])["artifactLocation"]
    assert address["uri"] == "etc/app.conf"


def test_a_fetched_page_keeps_its_address_and_the_run_names_no_repository() -> None:
    document = run(report((finding(places=[place("https://shop.example.com/a b.js?v=1")]),)))
    address = physical(document["results"][0]["locations"][0])["artifactLocation"]
    assert address == {"uri": "https://shop.example.com/a%20b.js?v=1"}
    assert "versionControlProvenance" not in document


def test_a_place_in_an_archive_names_container_and_member() -> None:
    document = run(report((finding(places=[place("dist/app.zip", container=("in.zip", "a b.js"))]),)))
    (shown,) = document["results"]
    assert "inside 'in.zip!a b.js' of 'dist/app.zip'" in shown["message"]["text"]
    assert physical(shown["locations"][0])["artifactLocation"]["uri"] == "dist/app.zip"
    assert chain(document, shown["locations"][0]) == ["a%20b.js", "in.zip", "dist/app.zip"]
    assert shown["locations"][0]["message"]["text"] == "Inside 'in.zip!a b.js' of 'dist/app.zip'."


def test_a_place_in_a_source_map_names_the_original_source() -> None:
    source = "webpack:///../../src/config.ts"
    document = run(report((finding(places=[place("app.js.map", container=(source,))]),)))
    (shown,) = document["results"]
    assert f"'{source}' of 'app.js.map'" in shown["message"]["text"]
    assert [unquote(address) for address in chain(document, shown["locations"][0])] == [source, "app.js.map"]


def test_artifacts_are_listed_once_and_slashes_tell_members_apart() -> None:
    members = ("a.js", "/a.js", "b.js", "a.js")
    findings = tuple(
        finding(places=[place("x.zip", number, container=(name,))]) for number, name in enumerate(members, 1)
    )
    document = run(report(findings))
    assert [artifact["location"]["uri"] for artifact in document["artifacts"]] == [
        "x.zip",
        "a.js",
        "%2Fa.js",
        "b.js",
    ]
    assert [artifact.get("parentIndex") for artifact in document["artifacts"]] == [None, 0, 0, 0]


def test_plain_files_need_no_artifacts() -> None:
    assert "artifacts" not in run(report((finding(),)))


def test_further_places_are_related_locations_that_the_message_links() -> None:
    shown = result(finding(places=[place(line=line) for line in (1, 2, 3)]))
    assert len(shown["locations"]) == 1
    assert [
        (related["id"], physical(related)["region"]["startLine"]) for related in shown["relatedLocations"]
    ] == [
        (1, 2),
        (2, 3),
    ]
    assert "Also at [place 1](1), [place 2](2)." in shown["message"]["text"]
    assert "Also at" not in result(finding())["message"]["text"]


def test_a_thousand_places_are_cut_and_counted() -> None:
    shown = result(finding(places=[place(line=line) for line in range(1, 1001)], occurrences=10_000))
    assert len(shown["relatedLocations"]) == RELATED_LIMIT < 100
    assert "'10000' places in all, of which '91' are listed." in shown["message"]["text"]
    assert shown["properties"]["occurrences"] == 10_000


def test_a_place_in_history_names_its_commit_and_whether_head_has_it() -> None:
    at = builders.commit(2)
    gone = finding(places=[place(commit=at)], in_head=False, first_seen=builders.commit(1), last_seen=at)
    shown = result(gone)
    assert f"Only in history, not in HEAD: commit '{at.id}'." in shown["message"]["text"]
    assert shown["locations"][0]["message"]["text"] == f"In commit '{at.id}' of 2026-03-03."
    assert shown["properties"]["firstSeen"] == {"commit": f"{1:040x}", "date": "2026-03-02T12:30:00Z"}
    assert shown["properties"]["inHead"] is False
    assert at.author not in json.dumps(shown)
    assert "Still in HEAD" in result(replace(gone, in_head=True))["message"]["text"]


# --- identity and properties ------------------------------------------------------------------------


def test_fingerprints_are_the_finding_s_own_and_github_s_line_hash() -> None:
    shown = finding()
    assert result(shown)["partialFingerprints"] == {
        "keylintFinding/v1": shown.fingerprint,
        "primaryLocationLineHash": f"{12:016x}:1",
    }
    bare = finding(places=[place(line_hash="")])
    assert result(bare)["partialFingerprints"] == {"keylintFinding/v1": bare.fingerprint}


def test_properties_carry_what_flagging_the_key_needs() -> None:
    shown = replace(finding(VerdictKind.OVER_PRIVILEGED), first_seen=builders.commit(), in_client=True)
    shown = replace(shown, advice=replace(shown.advice, deactivate_within_days=7), other_paths=("b.js",))
    said = result(shown)["properties"]
    assert said["reason"] == {"code": "inventory-private", "text": shown.verdict.reason.text}
    assert {
        "verdict": "over-privileged",
        "severity": "HIGH",
        "certainty": "suffix",
        "privacy": "private",
        "keyId": "k-1",
        "keyIds": ["k-1"],
        "organization": "acme",
        "keyMask": "xx********1b3e",
        "inventoryStatus": ["enabled"],
        "occurrences": 1,
        "places": ["src/app.js:12:15"],
        "otherPaths": ["b.js"],
        "suggestedDeactivationDays": 7,
        "rotationPlan": list(shown.advice.rotation),
        "canDo": shown.advice.can_do,
        "impact": shown.advice.impact,
        "excessPrivileges": ["PLATFORM/SOURCE/EDIT"],
        "template": "Anonymous search",
        "evidence": {"prefix": "xx"},
        "inClient": True,
    }.items() <= said.items()
    assert "keylint's own" in said["suggestedDeactivationNote"]


def test_several_fitting_entries_give_no_single_key_id() -> None:
    link = Link(Certainty.AMBIGUOUS, (builders.record(), builders.record(key_id="k-2", organization="b")))
    said = result(replace(finding(), link=link))["properties"]
    assert said["keyIds"] == ["k-1", "k-2"]
    assert "keyId" not in said
    assert "organization" not in said


# --- the run ----------------------------------------------------------------------------------------


def test_results_come_most_urgent_first() -> None:
    document = run(report(tuple(reversed(builders.every_combination()))))
    ranks = [("error", "warning", "note", "none").index(shown["level"]) for shown in document["results"]]
    assert ranks == sorted(ranks)


def test_a_complete_run_is_successful_whatever_was_found() -> None:
    (invocation,) = run(report((finding(),)), exit_code=1)["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["exitCode"] == 1
    assert "findings" in invocation["exitCodeDescription"]
    assert "toolExecutionNotifications" not in invocation


def test_what_was_not_read_is_a_notification_and_the_run_is_not_successful() -> None:
    document = run(
        report(
            skipped=(Skipped("a b.bin", SkipReason.CORRUPT, "bad magic"), Skipped("l", SkipReason.SYMLINK))
        )
    )
    (invocation,) = document["invocations"]
    assert invocation["executionSuccessful"] is False
    corrupt, link = invocation["toolExecutionNotifications"]
    assert corrupt["message"]["text"] == "'a b.bin' was not scanned, or not wholly: corrupt: bad magic."
    assert physical(corrupt["locations"][0])["artifactLocation"] == {
        "uri": "a%20b.bin",
        "uriBaseId": "%SRCROOT%",
    }
    assert (corrupt["level"], link["level"]) == ("warning", "note")
    known = document["tool"]["driver"]["notifications"]
    for notice in (corrupt, link):
        assert known[notice["descriptor"]["index"]]["id"] == notice["descriptor"]["id"]


def test_an_interrupted_run_is_not_successful() -> None:
    (invocation,) = run(report(interrupted=True), exit_code=130)["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [notice["level"] for notice in invocation["toolExecutionNotifications"]] == ["error"]


def test_only_harmless_skips_leave_the_run_successful() -> None:
    (invocation,) = run(report(skipped=(Skipped("l", SkipReason.SYMLINK),)))["invocations"]
    assert invocation["executionSuccessful"] is True


def test_a_problem_of_level_error_means_that_the_run_failed() -> None:
    (invocation,) = run(report(problems=(Problem("interrupted", Level.ERROR, "stopped early", "a.js", 3),)))[
        "invocations"
    ]
    assert invocation["executionSuccessful"] is False
    (notice,) = invocation["toolExecutionNotifications"]
    assert (notice["level"], notice["message"]["text"]) == ("error", "stopped early.")
    assert physical(notice["locations"][0])["region"] == {"startLine": 3}


def test_a_flood_of_skipped_files_is_cut_with_the_serious_ones_first() -> None:
    skipped = tuple(Skipped(f"l{number}", SkipReason.SYMLINK) for number in range(5_000))
    notices = run(report(skipped=(*skipped, Skipped("x", SkipReason.CORRUPT))))["invocations"][0][
        "toolExecutionNotifications"
    ]
    assert len(notices) == NOTICE_LIMIT + 1
    assert notices[0]["descriptor"]["id"] == "skipped/corrupt"
    assert notices[-1]["message"]["text"] == "'4001' further notices of this run are not listed."


def test_results_above_github_s_limit_are_cut_with_a_notification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keylint.report.sarif.RESULT_LIMIT", 3)
    document = run(report((*builders.every_verdict()[1:4], *builders.every_verdict()[:1])))
    assert [shown["properties"]["verdict"] for shown in document["results"]] == [
        "exposed",
        "over-privileged",
        "unknown",
    ]
    (notice,) = document["invocations"][0]["toolExecutionNotifications"]
    assert "'1' results of lower urgency were left out" in notice["message"]["text"]


def test_suppressed_results_are_left_out_by_default_and_marked_in_an_audit() -> None:
    shown = builders.full_report()
    assert all("suppressions" not in item for item in run(shown)["results"])
    audited = run(shown, include_suppressed=True)["results"]
    assert len(audited) == len(run(shown)["results"]) + 3
    marks = {json.dumps(item["suppressions"]) for item in audited if item["suppressions"]}
    assert [json.loads(mark)[0]["kind"] for mark in sorted(marks)] == ["external", "external", "inSource"]
    assert all("suppressions" in item for item in audited)


def test_a_revealing_report_says_so() -> None:
    document = run(report(revealed=True))
    assert document["properties"]["revealed"] is True
    assert "'--reveal'" in document["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://git.example.com/a/b.git", "https://git.example.com/a/b.git"),
        ("https://user:secret@git.example.com:8443/a b?token=x#y", "https://git.example.com:8443/a%20b"),
        ("git@git.example.com:a/b.git", "ssh://git.example.com/a/b.git"),
        ("ssh://git@git.example.com/a", "ssh://git.example.com/a"),
    ],
)
def test_a_remote_becomes_an_address_without_user_or_token(remote: str, address: str) -> None:
    (details,) = run(report(repository=Repository(remote, "a" * 40, "main")))["versionControlProvenance"]
    assert details == {
        "repositoryUri": address,
        "revisionId": "a" * 40,
        "branch": "main",
        "mappedTo": {"uriBaseId": "%SRCROOT%"},
    }


@pytest.mark.parametrize(
    "remote", ["", "/srv/git/b.git", "../b", "file:///home/x/b", "https://[bad/x", "C:/repo"]
)
def test_a_local_or_broken_remote_is_not_written(remote: str) -> None:
    assert "versionControlProvenance" not in run(report(repository=Repository(remote)))


def test_nothing_tells_whose_machine_or_which_category_it_was() -> None:
    document = run(builders.full_report(), include_suppressed=True)
    assert "automationDetails" not in document
    assert document["originalUriBaseIds"]["%SRCROOT%"].keys() == {"description"}
    (invocation,) = document["invocations"]
    assert not {"commandLine", "arguments", "machine", "account", "workingDirectory"} & set(invocation)


def test_twenty_thousand_results_are_written_in_seconds_and_stay_below_the_upload_limit() -> None:
    many = tuple(
        finding(kind, places=(place(f"src/{number}.js", number % 500 + 1),))
        for number, kind in enumerate(list(VerdictKind)[:4] * 5_000)
    )
    started = time.process_time()
    text = render("sarif", report(many), RenderOptions())
    # 1.3 s on a quiet machine; sarif-om's usual serialiser alone takes 8 s.
    assert time.process_time() - started < 5
    assert len(gzip.compress(text.encode(), 6)) < 10_000_000
