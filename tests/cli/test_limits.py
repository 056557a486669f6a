"""Floods, giants and garbage: an answer in seconds and in bounded memory, and never a bug."""

from __future__ import annotations

import base64
import contextlib
import os
import random
import re
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keylint.errors import ConfigError
from keylint.ruleset import parse_rules
from tests.helpers.cli import Completed, call_keylint, run_keylint
from tests.helpers.make import coveo_key

KEY = coveo_key(21)
MB = 1 << 20
FLOODED = 280 * MB  # 12,500 findings of about 15 kB; more with Python 3.10 than later


def scan(path: Path | str, *, stdin: bytes = b"", seconds: float = 60) -> Completed:
    done = run_keylint(
        "scan", path, "--format", "json", "--fail-on", "warning", stdin=stdin, timeout=seconds * 10
    )
    assert done.seconds < seconds
    assert done.status in (0, 1, 3), done.error
    return done


def test_ten_thousand_occurrences_are_one_finding(tmp_path: Path) -> None:
    (tmp_path / "f.js").write_text("".join(f"line {n}: '{KEY}'\n" for n in range(10_000)))
    done = scan(tmp_path)
    [finding] = done.findings
    assert finding["occurrences"] == 10_000
    assert len(finding["places"]) <= 50
    assert [place["line"] for place in finding["places"]] == list(range(1, len(finding["places"]) + 1))
    assert len(done.out) < 100_000


def test_ten_thousand_occurrences_on_one_line_are_one_finding(tmp_path: Path) -> None:
    (tmp_path / "f.js").write_text(f"'{KEY}'," * 10_000)
    [finding] = scan(tmp_path).findings
    assert finding["occurrences"] == 10_000


def test_occurrences_over_many_files_are_counted_for_each(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.js").write_text(KEY)
    found = scan(tmp_path).findings
    assert len(found) == 300
    assert all(len(finding["other_paths"]) <= 20 for finding in found)


@pytest.mark.slow
def test_a_line_of_40_megabytes(tmp_path: Path) -> None:
    filler = b"function(a,b){return a[b]||'';}" * (20 * MB // 31)
    (tmp_path / "f.js").write_bytes(filler + b"'" + KEY.encode() + b"'" + filler)
    done = scan(tmp_path, seconds=30)
    [finding] = done.findings
    assert (finding["places"][0]["line"], finding["places"][0]["column"]) == (1, len(filler) + 2)
    assert done.peak_bytes < 600 * MB


_FLOODS = {
    "coveo": b"xx0",
    "aws": b"AKIA",
    "jwt": b"eyJ",
    "jwt dots": b"eyJhbGci.eyJ",
    "stripe": b"sk_" + b"live_",
    "github": b"ghp_",
    "pem": b"-----BEGIN " + b"PRIVATE KEY-----",
    "urls": b"postgres://a:b",
    "assignments": b"password = '",
    "keywords": b"secret token api_key password ",
    "quotes": b"\"'",
    "base64": b"QUJD",
    "nul": b"\0",
    "percent": b"%2D",
    "allow": b"keylint" + b":allow ",
    "lines": b"\n",
    "cr": b"\r",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", _FLOODS)
def test_a_flood_ends_in_seconds_and_in_bounded_memory(tmp_path: Path, name: str) -> None:
    unit = _FLOODS[name]
    (tmp_path / "f.js").write_bytes(unit * (20 * MB // len(unit)))
    done = scan(tmp_path, seconds=40)
    assert done.peak_bytes < 700 * MB
    assert len(done.out) < 5 * MB


@pytest.mark.slow
def test_a_flood_of_different_keys_ends_in_seconds(tmp_path: Path) -> None:
    keys = [coveo_key(seed) for seed in range(10_000)]
    (tmp_path / "f.js").write_text("\n".join(keys))
    done = scan(tmp_path, seconds=30)
    assert done.status == 1
    assert len(done.findings) == len(keys) or done.json["summary"]["incomplete"]
    assert done.peak_bytes < FLOODED


@pytest.mark.slow
def test_a_flood_of_random_tokens_ends_in_seconds(tmp_path: Path) -> None:
    source = random.Random(5)
    rows = [f"TOKEN_{n}={base64.b64encode(source.randbytes(30)).decode()}" for n in range(12_500)]
    (tmp_path / "f.env").write_text("\n".join(rows))
    done = scan(tmp_path, seconds=30)
    assert done.peak_bytes < FLOODED


@pytest.mark.slow
def test_a_sparse_file_of_two_gigabytes(tmp_path: Path) -> None:
    with open(tmp_path / "sparse", "wb") as stream:
        stream.truncate(2 << 30)
    done = scan(tmp_path, seconds=20)
    assert done.status == 3
    assert [skipped["reason"] for skipped in done.json["skipped"]] == ["too-large"]
    assert done.peak_bytes < 300 * MB


@pytest.mark.slow
def test_a_large_file_is_read_to_its_end_in_bounded_memory(tmp_path: Path) -> None:
    with open(tmp_path / "large", "wb") as stream:
        stream.truncate(300 * MB)
        stream.seek(0, os.SEEK_END)
        stream.write(KEY.encode())
    done = scan(tmp_path, seconds=40)
    [finding] = done.findings
    assert finding["places"][0]["byte_offset"] == 300 * MB
    assert done.peak_bytes < 300 * MB


@pytest.mark.slow
def test_large_standard_input_is_not_held_in_memory() -> None:
    data = (b"x" * 99 + b"\n") * (150 * MB // 100) + KEY.encode()
    done = scan("-", stdin=data, seconds=40)
    assert len(done.findings) == 1
    assert done.peak_bytes < 600 * MB


def test_a_deep_folder_is_no_problem(tmp_path: Path) -> None:
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(300):  # far beyond what a path may be long
            os.mkdir("a" * 60)
            os.chdir("a" * 60)
        Path("f.js").write_text(KEY)
    finally:
        os.chdir(here)
    done = scan(tmp_path)
    assert len(done.findings) == 1 or done.status == 3


def test_thousands_of_files_are_quick(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"{number}.txt").write_text(f"file number {number}\n")
    done = scan(tmp_path, seconds=15)
    assert done.json["stats"]["files"] == 3000


# ---- garbage

_PIECES = [
    KEY.encode(),
    b"xx",
    b"AKIA",
    b"eyJhbGciOiJIUzI1NiJ9.eyJ",
    b"sk_" + b"live_",
    b"ghp_" + b"0" * 36,
    b"-----BEGIN " + b"RSA PRIVATE KEY-----\n",
    b"-----END " + b"RSA PRIVATE KEY-----",
    b"https://u:p%40ss@h/",
    b"password=",
    b"keylint" + b":allow=",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\0",
    b"\r\n",
    b"\n",
    b"'",
    "🔑".encode(),
    b"\xed\xa0\x80",
    b"=" * 40,
    b"a" * 600,
]
_GARBAGE = st.one_of(
    st.binary(max_size=2000),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=12)), max_size=40).map(b"".join),
    st.text(alphabet=string.printable + "é“🔑\ud7ff\u2028", max_size=500).map(
        lambda text: text.encode("utf-16-le")
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=_GARBAGE, format_name=st.sampled_from(["text", "json", "sarif", "github"]))
def test_garbage_is_never_a_bug(data: bytes, format_name: str) -> None:
    done = call_keylint("scan", "-", "--format", format_name, "-v", stdin=data)
    assert done.status in (0, 1, 3), (done.error, data)
    # As a part of a longer word it is no key, and may be shown beside one.
    if not re.search(rb"[0-9A-Za-z]%b|%b[0-9A-Za-z]" % (KEY.encode(), KEY.encode()), data):
        assert KEY.encode() not in done.out


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
@pytest.mark.parametrize("option", ["--config", "--inventory", "--baseline"])
def test_garbage_in_option_files_is_never_a_bug(
    tmp_path_factory: pytest.TempPathFactory, option: str, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("g")
    (folder / "garbage").write_bytes(data)
    (folder / "code").mkdir()
    done = call_keylint("scan", folder / "code", option, folder / "garbage")
    assert done.status in (0, 2), (done.error, data)


@given(st.one_of(st.text(max_size=300), st.text(max_size=200).map("[[rules]]\nid = 'a'\nregex = ".__add__)))
def test_garbage_in_rule_files_is_never_a_bug(text: str) -> None:
    """Without the command line, which would compile all rules each time."""
    with contextlib.suppress(ConfigError):
        parse_rules(text, "own.toml")
