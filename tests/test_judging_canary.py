"""A whole value that stands in an inventory must not come out anywhere on the way to a verdict."""

from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path
from urllib.parse import quote

import pytest

from keylint.advice import advise
from keylint.errors import InventoryError
from keylint.inventory import dump_snapshot, load_inventory
from keylint.join import Joiner
from keylint.model import Certainty, Evidence, Privacy, Surface
from keylint.privileges import load_privilege_model
from keylint.rule import Rule
from keylint.secret import Secret
from keylint.verdict import decide
from tests.inventory.samples import coveo_key, coveo_value, pair, private_half, write

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.timezone.utc)
MODEL = load_privilege_model()


def forms(value: str) -> list[str]:
    """The value, its body, and the encodings that would give it away."""
    raw = value.encode()
    return [value, value[4:-4], base64.b64encode(raw).decode(), quote(value).replace("-", "%2D")]


@pytest.mark.parametrize(
    ("provider", "value", "entry"),
    [
        (
            "coveo",
            coveo_value(77),
            coveo_key(
                77,
                value=coveo_value(77),
                displayName=coveo_value(77),
                description=f"<{coveo_value(77)}>",
                status=coveo_value(77),
                allowedIps=[coveo_value(77)],
                exposureReport={"severity": "LOW", "reasons": [{"reason": coveo_value(77)}]},
                privileges=[{"owner": coveo_value(77), "targetDomain": "X"}],
                privacyLevel="PRIVATE",
            ),
        ),
        (
            "keypair",
            private_half(77),
            pair(77, private_key=private_half(77), name=private_half(77), environment=private_half(77)),
        ),
    ],
)
def test_a_whole_value_in_a_listing_is_matched_and_comes_out_nowhere(
    tmp_path: Path, provider: str, value: str, entry: dict[str, object]
) -> None:
    snapshot = load_inventory(write(tmp_path, [entry]), personal=True)
    link = Joiner([snapshot]).link(provider, Secret(value.encode(), prefix_len=2))
    assert link.certainty is Certainty.EXACT
    rule = Rule("k", "Key", provider, privacy=Privacy.DEPENDS)
    said = [repr(snapshot), str(snapshot.problems), dump_snapshot(snapshot, personal=True), repr(link)]
    for surface in Surface:
        verdict = decide(rule=rule, evidence=Evidence(), link=link, surface=surface, model=MODEL, now=NOW)
        said += [repr(verdict), repr(advise(rule, verdict, link, Evidence(), surface, MODEL))]
    for form in forms(value):
        assert not any(form in text for text in said)


@pytest.mark.parametrize("indent", [None, 2])
def test_a_broken_file_with_a_whole_value_keeps_it_to_itself(tmp_path: Path, indent: int | None) -> None:
    value = coveo_value(78)
    path = write(tmp_path, [coveo_key(1, value=value), coveo_key(2, value=value)], indent=indent)
    text = path.read_text()
    for broken in (text[:-20], text.replace('"key2"', value), text.replace('"ENABLED"', "5", 1)):
        path.write_text(broken)
        with pytest.raises(InventoryError) as caught:
            load_inventory(path)
        assert value not in f"{caught.value!r} {caught.value} {caught.value.__context__!r}"
