"""From blobs to matches: places, snippets, allow comments and streams."""

from __future__ import annotations

import base64
import io
import random
import re
import sys
import time
from collections.abc import Callable
from typing import BinaryIO

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keylint.engine import Engine, Hit, ScanResult
from keylint.examine import Examined, Examiner
from keylint.linehash import line_hashes
from keylint.model import Evidence, Location, Origin, SkipReason, Surface
from keylint.rule import Context, Rule
from keylint.secret import Blob
from keylint.snippet import STARS, Mask, merge

TOKEN = Rule(id="token", title="Token", provider="test", regex=r"tok_[a-z0-9]{32}", prefix_len=4)
TEXT_ONLY = Rule(id="pass", title="Password", provider="test", regex=r"pw=(\S+)", weak=True, binary=False)
BLOCK = Rule(id="block", title="Block", provider="test", regex=r"-----BEGIN-----[^-]{1,500}-----END-----")
RULES = (TOKEN, TEXT_ONLY, BLOCK)
KEY = "tok_" + "0123456789abcdef" * 2
OTHER = "tok_" + "fedcba9876543210" * 2
ORIGIN = Origin(Surface.TREE, "src/app.js")


class FakeEngine:
    """Finds what the rules' patterns find, with Python's `re`."""

    def __init__(self, limits: tuple[str, ...] = (), max_window: int = 40) -> None:
        self.rules = RULES
        self.max_window = max_window
        self.limits = limits
        self.longest = 0

    def scan(self, data: bytes, *, path: str = "", binary: bool = False) -> ScanResult:
        self.longest = max(self.longest, len(data))
        hits = [
            Hit(rule, rule, m.start(), m.end(), *m.span(m.re.groups), m[m.re.groups], Evidence())
            for rule in self.rules
            if rule.binary or not binary
            for m in re.finditer(rule.regex.encode(), data)
        ]
        return ScanResult(sorted(hits, key=lambda hit: hit.secret_start), self.limits)


def examine(data: bytes, **options: bool) -> Examined:
    return Examiner(FakeEngine(), **options).examine(Blob(ORIGIN, data, len(data)))


def stream(
    data: bytes, piece: int, engine: FakeEngine | None = None, announced: int | None = None
) -> Examined:
    size = len(data) if announced is None else announced
    blob = Blob(ORIGIN, b"", size, open=lambda: io.BytesIO(data))
    return Examiner(engine or FakeEngine(), piece_bytes=piece).examine(blob)


def cut(text: str, location: Location) -> str:
    """What a reader of the report cuts from the file: lines and UTF-16 columns to text."""
    lines = re.split(r"\r\n|\r|\n", text)
    units = [line.encode("utf-16-le") for line in lines]
    first, last = location.line - 1, location.end_line - 1
    start, end = 2 * (location.column - 1), 2 * (location.end_column - 1)
    if first == last:
        return units[first][start:end].decode("utf-16-le")
    parts = [units[first][start:], *units[first + 1 : last], units[last][:end]]
    return "\n".join(part.decode("utf-16-le") for part in parts)


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_key_is_found_at_its_place_in_every_encoding(encoding: str, end: str) -> None:
    text = f"// Schlüssel{end}\tö = '{KEY}'{end}plain text follows here{end}"
    data = text.encode(encoding)
    (match,) = examine(data).matches
    location = match.location
    assert (location.line, location.column, location.end_line, location.end_column) == (2, 7, 2, 7 + len(KEY))
    assert data[location.byte_offset :].startswith(
        KEY.encode(encoding.removesuffix("-sig"))[-2:-1] or b"t"
    ) or (data[location.byte_offset :].decode(_bare(encoding)).startswith(KEY))
    assert not location.binary
    assert match.value.reveal() == KEY.encode()


def _bare(encoding: str) -> str:
    """The encoding without a byte-order mark."""
    order = "le" if sys.byteorder == "little" else "be"
    return {"utf-8-sig": "utf-8", "utf-16": f"utf-16-{order}", "utf-32": f"utf-32-{order}"}.get(
        encoding, encoding
    )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


CHARS = st.sampled_from(" ab\t\r\né°😀語\u2028'=")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.text(CHARS, max_size=30), min_size=2, max_size=5), st.sampled_from(ENCODINGS), st.booleans()
)
def test_the_region_cut_from_the_file_is_the_secret(parts: list[str], encoding: str, streamed: bool) -> None:
    text = KEY.join(parts)
    if encoding == "latin-1":
        text = text.encode("latin-1", "ignore").decode("latin-1")
    elif encoding in ("utf-16-le", "utf-16-be"):
        text += " plain text" * 10  # without a mark there must be something to go by
    data = text.encode(encoding)
    # Bytes that are UTF-8 as well are read as that: `é°°` in Latin-1 is one character of it.
    assume(encoding != "latin-1" or data.isascii() or not _is_utf8(data))
    examined = stream(data, 100) if streamed else examine(data)
    assert len(examined.matches) == len(parts) - 1
    for match in examined.matches:
        assert cut(text, match.location) == KEY
        assert data[match.location.byte_offset :].decode(_bare(encoding)).startswith(KEY)


def test_a_key_at_the_first_and_last_byte_is_found() -> None:
    first, last = examine(f"{KEY}\n{OTHER}".encode()).matches
    assert (first.location.line, first.location.column, first.location.byte_offset) == (1, 1, 0)
    assert (last.location.line, last.location.end_column) == (2, len(OTHER) + 1)
    (only,) = examine(KEY.encode()).matches
    assert (only.location.end_line, only.location.end_column) == (1, len(KEY) + 1)


def test_an_empty_file_holds_nothing() -> None:
    assert examine(b"") == Examined()
    assert stream(b"", 10) == Examined()


def test_a_key_over_several_lines_ends_where_it_ends() -> None:
    block = "-----BEGIN-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\n-----END-----"
    text = f"key: |\n  {block} # AAAABBBBCCCC\nDDDDEEEEFFFF\n"
    (match,) = examine(text.encode()).matches
    assert cut(text, match.location) == block
    assert (match.location.line, match.location.end_line) == (2, 5)
    assert match.location.snippet == "  ********---- # ********"


def test_a_binary_file_has_an_offset_and_no_lines_or_snippet() -> None:
    data = b"\x7fELF" + bytes(200) + KEY.encode() + bytes(50) + b" pw=secret "
    (match,) = examine(data).matches
    assert match.location == Location(ORIGIN, 1, 1, 1, 1, 204, binary=True)
    assert stream(data, 64).matches == (match,)


def test_rules_for_text_leave_binary_data_without_nuls_alone() -> None:
    data = bytes(range(1, 32)) * 9 + b" pw=hunter2 " + KEY.encode()
    assert [match.rule_id for match in examine(data).matches] == ["token"]


def test_text_with_nuls_in_between_keeps_its_lines() -> None:
    (match,) = examine(f"HOME=/root\0PATH=/usr/bin\n\0TOKEN={KEY}\0".encode()).matches
    assert (match.location.line, match.location.column) == (2, 8)


def test_ascii_that_was_appended_to_a_utf16_file_is_found() -> None:
    data = "first = line\r\n".encode("utf-16") + f"{KEY}\n".encode()
    (match,) = examine(data).matches
    assert match.location.binary
    assert match.location.byte_offset == data.find(KEY.encode())


def test_the_line_hash_is_the_one_that_github_computes() -> None:
    text = f"\ufeffa\r\n x = {KEY}\r\n"
    (match,) = examine(text.encode()).matches
    assert match.location.line_hash == line_hashes(text, {2})[2]
    for origin in (Origin(Surface.TREE, "a.zip", ("b.txt",)), Origin(Surface.HISTORY, "a.txt")):
        (match,) = Examiner(FakeEngine()).examine(Blob(origin, text.encode())).matches
        assert match.location.line_hash == ""
    (match,) = Examiner(FakeEngine(), line_hashes=False).examine(Blob(ORIGIN, text.encode())).matches
    assert match.location.line_hash == ""


# ---- many


def test_repetitions_are_counted_and_their_places_bounded() -> None:
    data = f"a {KEY}\n".encode() * 10_000 + f"b {KEY} # keylint:allow\n".encode() * 70 + OTHER.encode()
    matches = examine(data).matches
    open_ones = [m for m in matches if m.allow is None and m.value.reveal() == KEY.encode()]
    allowed = [m for m in matches if m.allow]
    assert len(open_ones) == len(allowed) == 50
    assert [m.location.line for m in open_ones] == list(range(1, 51))
    assert sum(m.count for m in open_ones) == 10_000
    assert sum(m.count for m in allowed) == 70
    assert matches[-1].value.reveal() == OTHER.encode()
    assert matches[-1].location.line == 10_071


def test_many_keys_on_one_long_line_take_linear_time() -> None:
    def took(count: int) -> float:
        data = "".join(f"é{'x' * 460}tok_{i:032x}" for i in range(count)).encode()
        started = time.process_time()
        matches = examine(data).matches
        assert [m.location.column for m in matches] == [497 * i + 462 for i in range(count)]
        return time.process_time() - started

    few, many = took(1000), took(4000)
    assert many < 10 * few + 0.5  # 4 times as much where it is linear, 16 times where it is quadratic


# ---- streams


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32"])
def test_a_key_across_any_piece_boundary_is_found_once(encoding: str) -> None:
    piece = 3000
    for shift in range(piece - len(KEY) - 3, piece + 4):
        text = "é\n" + "x" * (shift - 3) + KEY + "\r\n" + "y" * 6000 + f"\n😀{OTHER}" + "z" * 5000
        examined = stream(text.encode(encoding), piece)
        assert [cut(text, m.location) for m in examined.matches] == [KEY, OTHER]
        assert examined.size_bytes == len(text.encode(encoding))


def test_streaming_finds_what_reading_whole_finds() -> None:
    lines = [
        f"{'é' * (i % 50)}{'tok_' + format(i, '032x')} # {'keylint:allow' if i % 7 == 0 else ''}"
        for i in range(400)
    ]
    data = "\r\n".join(lines).encode()
    whole = examine(data)
    for piece in (2500, 4096, 9001):
        pieces = stream(data, piece)
        assert [(m.value, m.location.line, m.location.column, m.allow) for m in pieces.matches] == [
            (m.value, m.location.line, m.location.column, m.allow) for m in whole.matches
        ]
        assert pieces.allows == whole.allows
        assert pieces.unused_allows == whole.unused_allows == ()


def test_the_rest_of_a_longer_match_is_not_a_second_one() -> None:
    greedy = Rule(id="run", title="Run", provider="test", regex=r"[a-z]{20,6000}")

    engine = FakeEngine(max_window=10)
    engine.rules = (greedy,)
    data = b"\n" * 900 + b"a" * 4000 + b"\n" * 3000
    assert len(stream(data, 1000, engine).matches) == 1


def test_memory_for_a_stream_is_bounded() -> None:
    engine = FakeEngine()
    assert stream(b"x" * 500_000, 10_000, engine).size_bytes == 500_000
    assert engine.longest <= 10_000 + 3 * 2048 + 10_000


def test_a_stream_in_latin_1_that_begins_with_ascii_has_right_columns() -> None:
    data = b"x" * 9000 + b"\n" + "°ñé".encode("latin-1") + KEY.encode() + b"\n" * 9000
    (match,) = stream(data, 3000).matches
    assert (match.location.line, match.location.column) == (2, 4)


def test_sizes_that_differ_from_the_announced_one_do_no_harm() -> None:
    for announced in (1, 10_000_000):
        assert len(stream(KEY.encode(), 100, announced=announced).matches) == 1


class Broken(io.RawIOBase):
    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(min(size, 1000))
        if not data:
            raise OSError(5, "Input/output error")
        return data


class Endless(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return b"x" * size


def _blob(opener: Callable[[], BinaryIO | io.RawIOBase]) -> Blob:
    return Blob(ORIGIN, b"", 1000, open=opener)  # type: ignore[arg-type]


def test_a_read_error_keeps_what_was_found_before_it() -> None:
    examined = Examiner(FakeEngine()).examine(_blob(lambda: Broken(b"\n" * 5000 + KEY.encode())))
    assert [match.location.line for match in examined.matches] == [5001]
    (skipped,) = examined.skipped
    assert (skipped.path, skipped.reason, skipped.detail) == (
        "src/app.js",
        SkipReason.UNREADABLE,
        "Input/output error",
    )


def test_a_file_that_is_gone_or_closed_to_us_is_reported() -> None:
    def gone() -> BinaryIO:
        raise FileNotFoundError(2, "No such file or directory")

    def closed() -> BinaryIO:
        raise PermissionError(13, "Permission denied")

    for opener, reason in ((gone, SkipReason.VANISHED), (closed, SkipReason.UNREADABLE)):
        examined = Examiner(FakeEngine()).examine(_blob(opener))
        assert [skipped.reason for skipped in examined.skipped] == [reason]


def test_a_file_that_never_ends_is_left_with_a_notice() -> None:
    examined = Examiner(FakeEngine(), piece_bytes=16 << 20).examine(_blob(Endless))
    assert [skipped.reason for skipped in examined.skipped] == [SkipReason.BUDGET]


def test_limits_of_the_engine_are_reported_once() -> None:
    engine = FakeEngine(limits=("rule token: the time limit was reached",))
    blob = Blob(ORIGIN, b"nothing")
    (skipped,) = Examiner(engine).examine(blob).skipped
    assert (skipped.reason, skipped.detail) == (SkipReason.BUDGET, "rule token: the time limit was reached")
    assert len(stream(b"x" * 20_000, 1000, engine).skipped) == 1


# ---- allow comments


def test_allow_comments_are_reported_used_or_not() -> None:
    data = f"a = '{KEY}' # keylint:allow=token public by design\n# keylint:allow=token old\nb = 1\n"
    examined = examine(data.encode())
    (match,) = examined.matches
    assert match.allow is not None
    assert (match.allow.line, match.allow.rule_id, match.allow.reason) == (1, "token", "public by design")
    assert examined.allows[0] == match.allow
    assert [(allow.line, allow.reason) for allow in examined.unused_allows] == [(2, "old")]


def test_an_unused_comment_is_told_in_a_file_without_keys() -> None:
    examined = examine(b"x\n// keylint:allow\n")
    assert [allow.line for allow in examined.unused_allows] == [2]
    assert examine(b"x // gitleaks:allow\n") == Examined(size_bytes=20)


def test_gitleaks_comments_are_honoured_unless_strict() -> None:
    data = f"{KEY} # gitleaks:allow".encode()
    (match,) = examine(data).matches
    assert match.allow is not None
    assert match.allow.reason == "gitleaks:allow"
    (match,) = examine(data, strict_allow=True).matches
    assert match.allow is None


def test_a_key_in_the_reason_of_a_comment_is_hidden() -> None:
    (first, second) = examine(f"{KEY} # keylint:allow instead of {OTHER}".encode()).matches
    assert first.allow is not None
    assert first.allow.reason == "instead of tok_********3210"
    assert second.allow == first.allow


def test_a_comment_in_the_next_piece_allows_a_key_in_this_one() -> None:
    for shift in range(2950, 3060):
        text = "\n" * (shift - len(KEY)) + f"{KEY} # keylint:allow here" + "\n" * 7000
        examined = stream(text.encode(), 3000)
        (match,) = examined.matches
        assert match.allow is not None
        assert match.allow.line == match.location.line
        assert examined.unused_allows == ()
        assert len(examined.allows) == 1


# ---- with the real engine


@pytest.mark.parametrize("prefilter", ["auto", "pure"])
def test_the_engine_and_the_examiner_fit_together(prefilter: str) -> None:
    near = Rule(
        id="near",
        title="Near",
        provider="test",
        regex=r"\bid-[0-9]{8}\b",
        context=Context("marker", within=1500, or_inventory=True),
    )
    engine = Engine((TOKEN, near), prefilter=prefilter)
    examiner = Examiner(engine, piece_bytes=4000)
    # The engine knows a counted-out key for a placeholder.
    key = "tok_" + "".join(random.Random(7).choices("0123456789abcdef", k=32))
    text = f"a\nkey = '{key}' # keylint:allow=token\nid-12345678\n"
    for blob in (
        Blob(ORIGIN, text.encode("utf-16")),
        Blob(ORIGIN, b"", 9, open=lambda: io.BytesIO(text.encode("utf-16"))),
    ):
        token, tentative = examiner.examine(blob).matches
        assert cut(text, token.location) == key
        assert token.allow is not None
        assert (tentative.rule_id, tentative.tentative) == ("near", True)
    for shift in range(3990, 4012):  # the context is in another piece than the match
        text = "marker" + " " * 1200 + "\n"
        data = b"\n" * (shift - 1000) + text.encode() + b"id-12345678" + b"\n" * 5000
        (match,) = examiner.examine(Blob(ORIGIN, b"", 9, open=lambda data=data: io.BytesIO(data))).matches
        assert not match.tentative


# ---- snippets


def snippet(text: str, **options: bool) -> str:
    return examine(text.encode(), **options).matches[0].location.snippet


def test_a_snippet_is_the_line_with_masks() -> None:
    assert snippet(f"x\n  a = '{KEY}', b = '{OTHER}' # note\ny") == (
        "  a = 'tok_********cdef', b = 'tok_********3210' # note"
    )
    assert snippet("a pw=hunter2 b hunter2") == "a pw=******** b ********"


def test_a_snippet_never_shows_half_of_another_key() -> None:
    for gap in range(120):
        line = snippet(f"{KEY}{' ' * gap}{OTHER} {OTHER}")
        assert not re.search("[0-9a-f]{5}", line)


def test_copies_of_a_secret_in_other_forms_are_hidden_too() -> None:
    key = KEY.encode()
    forms = [
        base64.b64encode(key).decode().rstrip("="),
        key.hex(),
        key.hex().upper(),
        "".join(f"%{c:02X}" if not chr(c).isalnum() else chr(c) for c in key),
    ]
    for form in forms:
        assert form[4:12] not in snippet(f"{KEY} {form}")


def test_control_characters_and_direction_marks_are_replaced() -> None:
    line = snippet(f"\x1b[31m\ta\u202e = '{KEY}'\x00\u2028\x07")
    assert line == "\ufffd[31m a\ufffd = 'tok_********cdef'\ufffd \ufffd"


def test_long_lines_are_cut_around_the_key() -> None:
    line = snippet(f"{'é' * 500}{KEY}{'語' * 500}")
    assert line.startswith("…é")
    assert line.endswith("語…")
    assert "\ufffd" not in line
    assert len(line) <= 160


def test_reveal_shows_the_secret_and_nothing_else_does() -> None:
    assert KEY in snippet(f"a = {KEY}", reveal=True)
    assert KEY not in repr(examine(f"a = {KEY} # keylint:allow {KEY}".encode()))


def test_a_copy_is_hidden_that_only_a_later_piece_explains() -> None:
    text = f"{KEY} hunter2hunter\n" + "\n" * 20_000 + "pw=hunter2hunter"
    assert [m.location.snippet for m in stream(text.encode(), 4000).matches] == [
        "tok_********cdef ********",
        "pw=********",
    ]


def test_a_file_full_of_different_keys_shows_no_context() -> None:
    lines = "\n".join(f"x tok_{i:032x}" for i in range(2000))
    snippets = {match.location.snippet for match in examine(lines.encode()).matches}
    assert all(re.fullmatch(r"tok_\*{8}[0-9a-f]{4}", text) for text in snippets)


def test_keys_that_overlap_show_stars_only() -> None:
    assert snippet(f"a pw={KEY}{OTHER} b") == "a pw=******** b"
    assert snippet(f"a pw={KEY} b") == "a pw=******** b"
    assert snippet(f"a pw=x{KEY}-y b {KEY}") == "a pw=******** b tok_********cdef"
    assert merge([Mask(0, 9, "ab***"), Mask(0, 9, "ab***"), Mask(9, 12, "c")]) == [
        Mask(0, 9, "ab***"),
        Mask(9, 12, "c"),
    ]
    assert merge([Mask(0, 9, "ab***yz"), Mask(5, 12, "cd***")]) == [Mask(0, 12, STARS)]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["é", " x", "ab ", KEY, OTHER, "😀", "pw=zq9 "]), min_size=1, max_size=12))
def test_redaction_changes_nothing_outside_of_the_keys(parts: list[str]) -> None:
    text = "".join(parts)
    masks = {KEY: "tok_********cdef", OTHER: "tok_********3210", "pw=zq9 ": "pw=******** "}
    expected = "".join(masks.get(part, part) for part in parts)
    for match in examine(text.encode()).matches:
        inner = match.location.snippet.strip("…")
        assert inner in expected or match.rule_id == "pass"
        assert KEY[4:] not in inner
        assert "zq9" not in inner


def test_values_that_are_not_wanted_are_masked_in_the_snippets_of_earlier_pieces() -> None:
    # The first piece shows a value that only a later one brings to light, and that nobody asked for.
    engine = Engine([Rule("pw", "Password", "test", regex=r"pw=([0-9a-f]{24})", filters=("none",))])
    first, other = b"0123456789abcdef01234567", b"fedcba9876543210fedcba98"
    data = b"pw=%s beside %s\n" % (first, other) + b"lorem ipsum\n" * 3000 + b"pw=%s\n" % other
    blob = Blob(Origin(Surface.HISTORY, "a"), b"", len(data), lambda: io.BytesIO(data))
    for wanted in (None, {first}):
        matches = Examiner(engine, piece_bytes=8192).examine(blob, wanted).matches
        assert len(matches) == (2 if wanted is None else 1)
        assert not any(other.decode() in match.location.snippet for match in matches)
