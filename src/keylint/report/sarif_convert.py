"""sarif-om objects -> plain values for `json.dumps`.

sarif-om names its attributes in its own way, was generated from a draft of the schema and comes without a
serialiser. Attributes equal to the class default are left out, except `level`: a reader that finds no
`level` in a result takes the rule's, not the class default (SARIF 2.1.0, section 3.27.10).
"""

from __future__ import annotations

import json
from typing import Any

import attr
import sarif_om as om

RESULT_LIMIT = 25_000  # GitHub refuses a run with more
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_SCALARS = frozenset((str, int, float, bool, type(None)))
_FINAL_NAMES = {("Suppression", "state"): "status"}  # the one property that the final schema calls otherwise
_ALWAYS = object()  # equals no value, so the attribute is never left out

_Table = dict[str, tuple[str, Any]]
_tables: dict[type, _Table] = {}


_encode = json.JSONEncoder(separators=(",", ":")).encode


def encode(value: Any) -> str:
    """`plain(value)` as JSON in ASCII, everything else escaped."""
    return _encode(plain(value))


def around_results(run: om.Run) -> tuple[str, str]:
    """What stands before and after the results in a log with one run, which has none yet.

    So results can be encoded one at a time: 25,000 of them as objects take 100 MB and more.
    """
    log = plain(om.SarifLog(schema_uri=_SCHEMA, version="2.1.0", runs=[]))
    log["runs"] = log.pop("runs")  # to the end
    head = _encode(log).removesuffix("]}") + encode(run).removesuffix("}")
    return f'{head},"results":[', "]}]}"


def plain(value: Any) -> Any:
    """`value` as dicts, lists and scalars.

    What stands under `properties` is taken as it is and must be plain already. Raises KeyError for an
    attribute that its class does not have, and attr.exceptions.NotAnAttrsClassError for a foreign object.
    """
    kind = value.__class__
    if kind in _SCALARS:
        return value
    if kind is list:
        return [item if item.__class__ in _SCALARS else plain(item) for item in value]
    if kind is dict:
        return {key: plain(item) for key, item in value.items()}
    table = _tables.get(kind) or _learn(kind)
    out = {}
    for name, item in value.__dict__.items():
        if item is None:
            continue
        key, default = table[name]
        if item != default:
            out[key] = item if name == "properties" or item.__class__ in _SCALARS else plain(item)
    return out


def _learn(kind: type) -> _Table:
    """What each attribute of a sarif-om class is called in SARIF, and its default."""
    table: _Table = {}
    for field in attr.fields(kind):
        default = field.default.factory() if isinstance(field.default, attr.Factory) else field.default  # type: ignore[arg-type]
        key = _FINAL_NAMES.get((kind.__name__, field.name), field.metadata["schema_property_name"])
        table[field.name] = (key, _ALWAYS if field.name == "level" else default)
    _tables[kind] = table
    return table
