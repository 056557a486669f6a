"""Handing out objects: each once, versions of a file together, nobody idle, nothing that blocks for ever."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keylint import historyscan
from keylint.dispatch import Dispatcher
from tests.helpers.repo import Repo, clean_environment
from tests.history.harness import scan, token

PATIENCE_S = 60


def names(count: int) -> list[bytes]:
    return [b"%d" % n for n in range(count)]


def drain(dispatcher: Dispatcher, reader: int) -> list[bytes]:
    got = []
    while block := dispatcher.take(reader):
        got += block
    return got


@given(
    st.lists(st.lists(st.integers(0, 10_000), max_size=700), max_size=5),
    st.integers(1, 5),
    st.sampled_from([None, len, lambda name: int(name) % 7, lambda _name: 0]),
)
@settings(deadline=None)
def test_every_id_is_handed_out_once(
    lists: list[list[int]], number: int, kin: Callable[[bytes], int] | None
) -> None:
    dispatcher = Dispatcher(number, kin)
    with ThreadPoolExecutor(number) as pool:
        readers = [pool.submit(drain, dispatcher, n) for n in range(number)]
        for ids in lists:
            dispatcher.add([b"%d" % n for n in ids])
        dispatcher.end()
        got = [reader.result(PATIENCE_S) for reader in readers]
    assert got == dispatcher.given
    assert sorted(name for part in got for name in part) == sorted(b"%d" % n for ids in lists for n in ids)
    assert dispatcher.known == sum(map(len, lists)) and dispatcher.left == 0


def test_versions_of_one_file_go_to_one_reader_one_after_the_other() -> None:
    dispatcher = Dispatcher(2, lambda name: int(name) % 10)
    dispatcher.add(names(40))
    dispatcher.end()
    first = dispatcher.take(0)
    assert [int(name) % 10 for name in first] == sorted(int(name) % 10 for name in first)
    assert {int(name) % 2 for name in first} == {0}


def test_without_kin_each_reader_gets_a_stretch_of_the_order() -> None:
    dispatcher = Dispatcher(2)
    dispatcher.add(names(1000))
    dispatcher.end()
    assert dispatcher.take(1)[0] == b"500"
    assert dispatcher.take(0)[:2] == [b"0", b"1"]


def test_a_reader_with_nothing_left_helps_the_others() -> None:
    dispatcher = Dispatcher(2, lambda _name: 0)
    dispatcher.add(names(1000))
    dispatcher.end()
    block = dispatcher.take(1)
    assert block and block == sorted(block, key=int) and block[-1] == b"999"


def test_what_is_withdrawn_is_given_to_nobody() -> None:
    dispatcher = Dispatcher(1)
    dispatcher.add(names(1000))
    taken = dispatcher.take(0)
    assert dispatcher.withdraw() == names(1000)[len(taken) :]
    assert dispatcher.take(0) == []


def test_a_reader_waits_for_ids_until_there_will_be_none() -> None:
    dispatcher = Dispatcher(1)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.extend(drain(dispatcher, 0)), daemon=True)
    reader.start()
    reader.join(0.2)
    assert reader.is_alive() and not got
    dispatcher.add(names(3))
    while dispatcher.left:
        time.sleep(0.01)
    assert reader.is_alive()
    dispatcher.withdraw()
    reader.join(PATIENCE_S)
    assert not reader.is_alive() and got == names(3)


def many_files(repo: Repo, count: int, last: str) -> None:
    """One commit with so many tiny files."""
    entries = "".join(f"M 100644 inline d{n % 50}/f{n}\ndata {len(str(n))}\n{n}\n" for n in range(count))
    text = "commit refs/heads/main\ncommitter A <a@example.com> 1700000000 +0000\ndata 1\nx\n"
    git = ["git", "-C", str(repo.path), "fast-import", "--quiet", "--force"]
    subprocess.run(git, input=(text + entries + last).encode(), env=clean_environment(), check=True)


def test_tens_of_thousands_of_tiny_objects_do_not_stop_the_scan(repo: Repo) -> None:
    # All of them together are smaller than what a worker waits for before it begins to scan.
    line = f"key = {token(1)}"
    many_files(repo, 12_000, f"M 100644 inline key\ndata {len(line)}\n{line}\n")
    result = scan(repo.path)
    assert result.values == {token(1)}
    assert result.swept.objects == 12_001


def test_a_long_scan_goes_on_in_the_order_of_the_packs(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Dispatcher] = []

    class Slow(Dispatcher):
        """In the first pass, gives out one block and then nothing until the rest is taken back."""

        def take(self, reader: int, most: int = 1000) -> list[bytes]:
            if self not in passes:
                passes.append(self)
            elif self is passes[0]:
                with self._changed:
                    while self._open or self.left:
                        self._changed.wait()
            return super().take(reader, most)

    monkeypatch.setattr(historyscan, "Dispatcher", Slow)
    monkeypatch.setattr(historyscan, "_SHORT_S", 0.0)
    monkeypatch.setattr(historyscan, "_LONG_S", 0.0)
    many_files(repo, 500, "")
    repo.git("reset", "-q", "--hard")
    for n in range(5):
        repo.commit({"a": token(n)})
    assert scan(repo.path).values == {token(n) for n in range(5)}
    assert len(passes) == 2
