from __future__ import annotations

import os
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keylint.sources import slabs
from keylint.sources.slabs import Large, read_slabs


def collect(
    chunks: Sequence[bytes], *, read_large: bool = False
) -> tuple[dict[bytes, bytes], list[bytes], list[tuple[bytes, int]]]:
    """Feed `chunks` through a pipe and gather what comes out."""
    reading, writing = os.pipe()

    def feed() -> None:
        with os.fdopen(writing, "wb", buffering=0) as stream:
            for chunk in chunks:
                stream.write(chunk)

    feeder = threading.Thread(target=feed)
    feeder.start()
    objects: dict[bytes, bytes] = {}
    missing: list[bytes] = []
    large: list[tuple[bytes, int]] = []
    for slab in read_slabs(reading):
        if isinstance(slab, Large):
            large.append((slab.id, len(slab.stream.read()) if read_large else slab.size))
            continue
        for name, (start, end) in zip(slab.ids, slab.bounds, strict=True):
            objects[name] = bytes(slab.buffer[start:end])
        missing += slab.missing
    feeder.join()
    os.close(reading)
    return objects, missing, large


def test_who_skips_a_large_object_twice_loses_nothing_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "LARGE_BYTES", 1 << 16)
    contents = {b"%040x" % n: bytes([65 + n]) * size for n, size in enumerate((9, 1 << 22, 5, 1 << 22, 7))}
    reading, writing = os.pipe()

    def feed() -> None:
        with os.fdopen(writing, "wb") as stream:
            for name, content in contents.items():
                stream.write(answer(name, content))

    feeder = threading.Thread(target=feed)
    feeder.start()
    seen: list[bytes] = []
    for slab in read_slabs(reading):
        if isinstance(slab, Large):
            slab.stream.skip()
            slab.stream.skip()
            assert slab.complete
            seen.append(slab.id)
        else:
            seen += slab.ids
    feeder.join()
    os.close(reading)
    assert seen == list(contents)


def answer(name: bytes, content: bytes | None) -> bytes:
    if content is None:
        return name + b" missing\n"
    return b"%s blob %d\n%s\n" % (name, len(content), content)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.binary(max_size=300), st.just(b"x" * 5000)), max_size=40),
    st.integers(1, 5000),
)
def test_every_object_arrives_whole_however_the_bytes_are_cut(contents: list[bytes | None], cut: int) -> None:
    names = [b"%040x" % n for n in range(len(contents))]
    stream = b"".join(answer(name, content) for name, content in zip(names, contents, strict=True))
    objects, missing, large = collect([stream[i : i + cut] for i in range(0, len(stream), cut)])
    assert objects == {n: c for n, c in zip(names, contents, strict=True) if c is not None}
    assert missing == [n for n, c in zip(names, contents, strict=True) if c is None]
    assert large == []


@pytest.mark.parametrize("size", [slabs.SLAB_BYTES - 50, slabs.SLAB_BYTES, 3 * slabs.SLAB_BYTES + 7])
def test_an_object_larger_than_a_slab_arrives_whole(size: int) -> None:
    content = os.urandom(size)
    stream = answer(b"a" * 40, b"small") + answer(b"b" * 40, content) + answer(b"c" * 40, b"")
    objects, _, _ = collect([stream])
    assert objects == {b"a" * 40: b"small", b"b" * 40: content, b"c" * 40: b""}


@pytest.mark.parametrize("read_large", [False, True])
def test_a_large_object_is_a_stream_that_may_be_left_unread(
    monkeypatch: pytest.MonkeyPatch, *, read_large: bool
) -> None:
    monkeypatch.setattr(slabs, "LARGE_BYTES", 1000)
    big = b"y" * (2 * slabs.SLAB_BYTES)
    stream = answer(b"a" * 40, b"one") + answer(b"b" * 40, big) + answer(b"c" * 40, b"two" * 100)
    objects, _, large = collect([stream[:3000], stream[3000:]], read_large=read_large)
    assert objects == {b"a" * 40: b"one", b"c" * 40: b"two" * 100}
    assert large == [(b"b" * 40, len(big))]


def test_an_object_that_breaks_off_is_in_no_slab() -> None:
    stream = answer(b"a" * 40, b"one") + b"%s blob 100\nonly this" % (b"b" * 40)
    objects, _, _ = collect([stream])
    assert objects == {b"a" * 40: b"one"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=12), st.integers(1, 700))
def test_large_objects_among_others_lose_nothing(contents: list[bytes], cut: int) -> None:
    names = [b"%040x" % n for n in range(len(contents))]
    stream = b"".join(answer(name, content) for name, content in zip(names, contents, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slabs, "LARGE_BYTES", 100)
        objects, _, large = collect(
            [stream[i : i + cut] for i in range(0, len(stream), cut)], read_large=True
        )
    assert objects == {n: c for n, c in zip(names, contents, strict=True) if len(c) <= 100}
    assert large == [(n, len(c)) for n, c in zip(names, contents, strict=True) if len(c) > 100]


def test_a_large_object_that_breaks_off_is_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "LARGE_BYTES", 10)
    reading, writing = os.pipe()
    os.write(writing, b"%s blob 100\nonly this" % (b"b" * 40))
    os.close(writing)
    (item,) = read_slabs(reading)
    os.close(reading)
    assert isinstance(item, Large)
    assert not item.complete
