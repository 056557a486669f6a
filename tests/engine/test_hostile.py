"""Bytes made to be slow: the scan ends, keeps what it found and says what it left out."""

from __future__ import annotations

import random
import time
import tracemalloc
from functools import partial

import pytest

from keylint.engine import Engine, confirm, core
from tests.engine.rulekit import engines, rule, spans, token
from tests.helpers import builtin

MEGABYTE = 1 << 20
FLOODS = (b"AKIA", b"x", b"eyJ", b"key=", b"key='", b"sk_live_", b"ghp_", b"-----BEGIN PRIVATE KEY-----\n")


@pytest.mark.parametrize("prefilter", ["hyperscan", "pure"])
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_prefixes_ends_in_seconds_and_little_memory(flood: bytes, prefilter: str) -> None:
    engine = builtin.engine(prefilter)
    data = flood * (2 * MEGABYTE // len(flood))
    tracemalloc.start()
    started = time.monotonic()
    engine.scan(data)
    seconds = time.monotonic() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 15  # about 2 of them are the engine's own limit; the rest is for slow machines
    assert peak < 64 * MEGABYTE


def test_a_long_single_line_is_searched_wholly() -> None:
    value = token(random.Random(1)).encode()
    data = value + b" " + b"a1 " * (2 * MEGABYTE) + value
    for engine in engines(rule("token", r"\btok_[0-9A-Za-z]{36}\b")):
        result = engine.scan(data)
        assert [hit.start for hit in result] == [0, len(data) - len(value)]
        assert result.limits == ()


def test_a_slow_pattern_is_stopped_and_named_and_others_still_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "Budget", partial(confirm.Budget, base_s=0.05, bytes_per_s=1e12))
    slow = rule("slow", r"sl[a-z]{0,400}[a-z]{0,400}[0-9]")
    other = rule("other", r"tok_[0-9A-Za-z]{36}")
    value = token(random.Random(2)).encode()
    data = b"sl" * 50_000 + b" sl1 " + value
    for engine in engines(slow, other):
        result = engine.scan(data)
        assert ("other", len(data) - 40, len(data)) in spans(result)
        assert [limit.partition(":")[0] for limit in result.limits] == ["rule slow"]


def test_matches_beyond_the_limit_are_not_kept_but_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirm, "MAX_MATCHES", 100)
    for engine in engines(rule("many", r"id[0-9]{4}")):
        result = engine.scan(b"id1234 " * 101)
        assert len(result) == 100
        assert result.limits == ("rule many: stopped after 100 matches in one file",)
        assert engine.scan(b"id1234 " * 100).limits == ()


def test_a_flood_of_prefilter_events_falls_back_to_the_pure_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "_EVENTS", 10)
    engine = Engine([rule("token", r"tok_[0-9A-Za-z]{36}"), rule("flood", r"fl{2,}")], prefilter="hyperscan")
    value = token(random.Random(3)).encode()
    data = b"f" + b"l" * 500 + b" " + value
    expected = [("flood", 0, 501), ("token", 502, 542)]
    assert spans(engine.scan(data)) == expected
    slab = [(0, len(data)), (len(data) + 1, 2 * len(data) + 1)]
    assert [(i, spans(r)) for i, r in engine.scan_slab(data + b"\n" + data, slab)] == [
        (0, expected),
        (1, expected),
    ]


def test_ends_that_arrive_late_are_put_in_their_place() -> None:
    from keylint.engine.vector import _insert

    ends = [100, 120, 300, 300]
    _insert(ends, 50)
    assert ends == [50, 50, 100, 120, 300, 300]


def test_memory_of_seen_windows_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirm, "_MEMORY", 10_000)
    engine = Engine([rule("token", r"tok_[0-9A-Za-z]{36}")])
    rng = random.Random(4)
    for _ in range(200):
        assert len(engine.scan(token(rng).encode())) == 1
    assert len(engine._of.confirmer(0)._memory._windows) < 60
