"""Input that others wrote: any JSON ends in an answer or in one clear error, and secrets stay secret."""

from __future__ import annotations

import base64
import json
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keylint.cli.app import run
from keylint.errors import KeylintError
from keylint.keys.found import Found, load_findings
from keylint.keys.journal import load
from keylint.keys.words import network, overlapping, stem
from tests.standin import Fault, StandIn

_WORDS = (
    "runs results tool driver name locations properties keyKind region physicalLocation findings places link "
    "format version state startLine"
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_WORDS.split()),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(document=_JSON)
def test_any_json_is_findings_or_one_error(document: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    for wrapped in (
        document,
        {"runs": [{"tool": {"driver": {"name": "keylint"}}, "results": [document]}]},
        {"findings": [document]},
    ):
        path.write_text(json.dumps(wrapped))
        try:
            found = load_findings(str(path))
        except KeylintError as error:
            assert "\n" not in str(error)
        else:
            assert all(isinstance(item, Found) for item in found)


@settings(max_examples=80, deadline=None)
@given(document=_JSON)
def test_any_json_is_no_journal(document: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "journal.json"
    for wrapped in (document, {"format": "keylint-rotation", "version": 1, "state": document}):
        path.write_text(json.dumps(wrapped))
        with pytest.raises(KeylintError):
            load(str(path))


@example("0_", "")
@given(st.text(max_size=30), st.text(max_size=30))
def test_texts_of_a_listing_never_raise(one: str, other: str) -> None:
    network(one)
    overlapping((one,), (other,))
    assert stem(stem(one)) == stem(one)


def test_no_secret_in_any_output_log_or_file_even_when_it_crashes(
    stand_in: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One canary each for token, old value and new value, through every command that talks to the API."""
    caplog.set_level(0)
    monkeypatch.chdir(tmp_path)
    coveo = stand_in.coveo
    monkeypatch.setenv("COVEO_ACCESS_TOKEN", coveo.admin_token)
    old = coveo.add("AuthenticatedSearch", displayName="tokens")["id"]
    place = ["--org", coveo.org, "--base-url", stand_in.url, "--debug"]
    rotate = ["keys", "rotate", old, *place]
    echo = {"errorCode": coveo.values[old], "message": coveo.values[old]}
    assert run(["keys", "pull", "coveo", *place, "--output", "inventory.json"]) == 0
    assert run(rotate) == 0
    assert run([*rotate, "--dry-run"]) == 0
    stand_in.faults.add(Fault("PUT", "duplicate", status=412, body=echo))
    assert run([*rotate, "--apply", "--to-file", "new.key"]) == 2
    assert run([*rotate, "--apply", "--to-file", "new.key"]) == 0
    stand_in.faults.add(Fault("GET", "apikeys", status=200, body=coveo.values[old].encode()))
    assert run([*rotate, "--finish"]) == 3
    new = next(key for key in coveo.keys if key != old)

    def crash(*_: object) -> None:
        raise RuntimeError(coveo.values[new])

    monkeypatch.setattr("keylint.keys.rotate.finish", crash)
    assert run([*rotate, "--finish"]) == 4
    out, err = capfd.readouterr()
    assert "internal error: RuntimeError" in err
    kept = "".join(path.read_text() for path in tmp_path.iterdir() if path.name != "new.key")
    everything = out + err + caplog.text + kept
    assert len(caplog.records) > 10
    for secret in (coveo.admin_token, coveo.values[old], coveo.values[new]):
        for form in (secret, base64.b64encode(secret.encode()).decode(), secret.replace("-", "%2D")):
            assert form not in everything
            assert urllib.parse.quote(form) not in everything
