"""sarif-om objects become what the final schema calls them, and nothing gets lost on the way."""

from __future__ import annotations

import inspect
import json
from typing import Any

import attr
import pytest
import sarif_om as om

from keylint.report.sarif_convert import plain
from tests.helpers import sarif_tools

CLASSES = [value for _, value in inspect.getmembers(om, inspect.isclass) if attr.has(value)]


def test_a_level_equal_to_the_class_default_is_written() -> None:
    assert plain(om.Result(message=om.Message(text="x"), level="warning"))["level"] == "warning"
    assert plain(om.ReportingConfiguration(level="warning")) == {"level": "warning"}
    assert plain(om.Notification(message=om.Message(text="x")))["level"] == "warning"


def test_other_defaults_are_left_out() -> None:
    region = om.Region(start_line=3)
    assert plain(region) == {"startLine": 3}
    assert plain(om.ToolComponent(name="t")) == {"name": "t"}
    assert plain(om.Location(id=-1)) == {}


def test_empty_lists_are_kept() -> None:
    assert plain(om.Result(message=None, suppressions=[]))["suppressions"] == []


def test_a_suppression_has_the_final_name_of_its_status() -> None:
    assert plain(om.Suppression(kind="external", state="accepted")) == {
        "kind": "external",
        "status": "accepted",
    }


def test_properties_are_passed_on_as_they_are() -> None:
    properties: dict[str, Any] = {"a": [1, {"b": None}], "c": False}
    assert plain(om.Region(properties=properties))["properties"] is properties


def test_nested_objects_in_dicts_and_lists_are_converted() -> None:
    value = {"x": [om.Message(text="a"), "b"], "y": om.Region(start_line=1)}
    assert plain(value) == {"x": [{"text": "a"}, "b"], "y": {"startLine": 1}}


def test_an_attribute_that_the_class_does_not_have_is_a_bug() -> None:
    region = om.Region(start_line=1)
    region.startline = 2
    with pytest.raises(KeyError, match="startline"):
        plain(region)


def test_a_foreign_object_is_a_bug() -> None:
    with pytest.raises(attr.exceptions.NotAnAttrsClassError):
        plain(object())


@pytest.mark.npm
def test_every_class_writes_only_names_of_the_final_schema() -> None:
    sarif_tools.need_tools()
    schema = json.loads(sarif_tools.SCHEMA.read_text(encoding="utf-8-sig"))
    known = {name.lower(): set(body.get("properties", {})) for name, body in schema["definitions"].items()}
    known["sariflog"] = set(schema["properties"])
    seen = 0
    for cls in CLASSES:
        names = known[cls.__name__.lower()]
        full = cls(**{field.name: "set" for field in attr.fields(cls)})
        if names:
            assert set(plain(full)) == names, cls.__name__
            seen += 1
    assert seen > 40
