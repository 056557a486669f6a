"""Both halves of a pair, and what speaks for which side, in every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from keylint.model import Partner, Surroundings, VerdictKind
from keylint.report import render
from keylint.report.options import RenderOptions
from tests.report.builders import finding, report

IDENTIFIER = "id-of-the-pair-1234"
AROUND = Surroundings(
    partners=(
        Partner("Acme key id", IDENTIFIER, 3, "acme.id", 7, (("account id", "0042"),)),
        Partner("organization", "acme\x1b[31m]({0}"),
    ),
    bundled="VITE_",
    parameter="access_token",
    public_hints=("its name says search",),
    private_hints=("siteverify is near",),
)
SHOWN = report((finding(VerdictKind.UNKNOWN, surroundings=AROUND),))
SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "report-v1.schema.json"


def test_text_names_the_other_half_with_its_line_and_facts() -> None:
    text = render("text", SHOWN, RenderOptions(width=200))
    assert f"with       Acme key id {IDENTIFIER} on line 3 (account id 0042)" in text
    assert "organization acme" in text
    assert "\x1b" not in text


def test_json_has_the_surroundings_and_fits_its_schema() -> None:
    document = json.loads(render("json", SHOWN, RenderOptions()))
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    around = document["findings"][0]["surroundings"]
    assert around["partners"][0] == {
        "title": "Acme key id",
        "value": IDENTIFIER,
        "line": 3,
        "column": 7,
        "rule_id": "acme.id",
        "facts": [{"name": "account id", "value": "0042"}],
    }
    assert (around["bundled"], around["parameter"]) == ("VITE_", "access_token")
    assert around["public_hints"] == ["its name says search"]


def test_sarif_names_both_halves_in_the_message_and_the_properties() -> None:
    log = json.loads(render("sarif", SHOWN, RenderOptions()))
    (result,) = log["runs"][0]["results"]
    assert f"Together with 'Acme key id {IDENTIFIER} on line 3" in result["message"]["text"]
    assert "To settle: " in result["message"]["text"]
    properties: dict[str, Any] = result["properties"]
    assert properties["pairedWith"][0].startswith(f"Acme key id {IDENTIFIER}")
    assert properties["bundledPrefix"] == "VITE_"
    assert properties["urlParameter"] == "access_token"
    assert properties["publicHints"] == ["its name says search"]
    assert "\x1b" not in json.dumps(log)
    half = result["relatedLocations"][-1]
    assert half["message"]["text"].startswith(f"Acme key id {IDENTIFIER}")
    region = half["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (3, 7, 7 + len(IDENTIFIER))
