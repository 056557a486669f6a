from __future__ import annotations

import datetime as dt
import string
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.inventory import Snapshot
from keylint.join import MAX_RECORDS, Joiner, parse_mask
from keylint.model import Certainty, KeyRecord, KeyStatus, Privacy
from keylint.secret import Secret
from tests.inventory.samples import coveo_value, private_half, uuid_mask

SALT = b"0123456789abcdef"
STAR = "**********-****-****-****-********"


def secret(value: str, prefix_len: int = 2) -> Secret:
    return Secret(value.encode(), prefix_len=prefix_len)


def row(key_id: str, mask: str = "", *, provider: str = "coveo", **more: object) -> KeyRecord:
    return KeyRecord(provider=provider, key_id=key_id, masks=(mask,) if mask else (), **more)  # type: ignore[arg-type]


def snapshot(*records: KeyRecord, provider: str = "coveo", **more: object) -> Snapshot:
    return Snapshot(provider=provider, records=records, salt=SALT, **more)  # type: ignore[arg-type]


VALUE = coveo_value(1)
TAIL = VALUE[-4:]


@pytest.mark.parametrize(
    ("mask", "fits"),
    [
        (STAR + TAIL, True),
        ("xx*****" + TAIL, True),
        ("xx..." + TAIL, True),
        ("xx\u2026" + TAIL, True),
        ("xx\u2022\u2022\u2022\u2022" + TAIL, True),
        ("********" + TAIL, True),
        ("xx" + "*" * 8 + "-****-****-****-********" + TAIL, True),
        ("xx...-..." + TAIL, True),
        ("xy*****" + TAIL, False),
        ("*********-****-****-****-********" + TAIL, False),
        ("***********-***-****-****-********" + TAIL, False),
        (STAR + "zzzz", False),
    ],
)
def test_masks_fit_by_prefix_tail_and_shown_structure(mask: str, fits: bool) -> None:
    parsed = parse_mask(mask)
    assert parsed is not None
    assert parsed.fits(VALUE.encode()) is fits
    link = Joiner([snapshot(row("a", mask))]).link("coveo", secret(VALUE))
    assert link.certainty is (Certainty.SUFFIX if fits else Certainty.NONE)


@pytest.mark.parametrize("mask", ["", "*****", "****-****", "...", "\u2026", "abcd", "*" * 600 + "abcd"])
def test_masks_that_show_or_hide_nothing_are_none(mask: str) -> None:
    assert parse_mask(mask) is None


def test_listings_of_stars_only_prove_nothing() -> None:
    link = Joiner([snapshot(row("a", STAR + "****"), row("b", STAR + "zzzz"))]).link("coveo", secret(VALUE))
    assert link.certainty is Certainty.NONE_PARTIAL
    assert "1 entries show too little" in link.explanation


def test_a_prefix_alone_and_a_short_tail_are_too_little() -> None:
    for mask in ("xx*****", "xx*****" + VALUE[-2:]):
        link = Joiner([snapshot(row("a", mask), row("b", "xx*****zzzz"))]).link("coveo", secret(VALUE))
        assert link.certainty is Certainty.NONE


def test_the_odds_are_said_with_the_number_of_entries() -> None:
    rows = [row(f"r{n}", STAR + f"g{n:03}") for n in range(199)]
    link = Joiner([snapshot(*rows, row("hit", STAR + TAIL, label="Main"))]).link("coveo", secret(VALUE, 0))
    assert link.certainty is Certainty.SUFFIX
    assert [r.key_id for r in link.records] == ["hit"]
    assert "Main (hit)" in link.explanation
    assert "4 hex digits" in link.explanation
    assert "65,536" in link.explanation
    assert "0.30% of stray keys fit one of 200 entries" in link.explanation


def test_odds_follow_the_alphabet_of_the_value() -> None:
    value = private_half(3)
    link = Joiner(
        [snapshot(row("a", "sk" + "_live_..." + value[-4:], provider="keypair"), provider="keypair")]
    ).link("nekuda", secret(value, 8))
    assert link.certainty is Certainty.SUFFIX
    assert f"{62**4:,}" in link.explanation


def test_shown_beginnings_count_only_where_they_differ_from_key_to_key() -> None:
    value = private_half(4)
    shown = value[:10] + "..." + value[-4:]

    def odds(*masks: str) -> str:
        rows = [row(str(n), mask, provider="keypair") for n, mask in enumerate(masks)]
        return Joiner([snapshot(*rows, provider="keypair")]).link("keypair", secret(value, 8)).explanation

    assert "shows 4 letters" in odds(shown)
    assert "shows 6 letters" in odds(shown, value[:8] + "!!...zzzz")


def test_several_fitting_rows_are_all_listed() -> None:
    joiner = Joiner([snapshot(row("a", STAR + TAIL), row("b", "xx*****" + TAIL), row("c", STAR + "zzzz"))])
    link = joiner.link("coveo", secret(VALUE))
    assert link.certainty is Certainty.AMBIGUOUS
    assert {r.key_id for r in link.records} == {"a", "b"}
    assert link.explanation.startswith("2 entries fit")


def test_the_organisation_named_in_the_file_wins_among_fitting_rows() -> None:
    joiner = Joiner(
        [snapshot(row("a", STAR + TAIL, organization="one"), row("b", STAR + TAIL, organization="two"))]
    )
    link = joiner.link("coveo", secret(VALUE), organizations={"two", "three"})
    assert (link.certainty, link.records[0].key_id) == (Certainty.SUFFIX, "b")
    assert "2 entries fit; only those of the organisation that the file names" in link.explanation
    alone = joiner.link("coveo", secret(VALUE), organizations={"three"})
    assert alone.certainty is Certainty.AMBIGUOUS


def test_a_keyed_hash_is_proof_whatever_the_provider() -> None:
    known = row("a", "xx********zzzz", digests=(secret(VALUE).digest(SALT),))
    joiner = Joiner([snapshot(row("b", STAR + TAIL), known)])
    for provider in ("coveo", "generic", "stripe"):
        link = joiner.link(provider, secret(VALUE))
        assert (link.certainty, link.records) == (Certainty.EXACT, (known,))


def test_a_mask_of_an_entry_whose_value_is_known_fits_nothing_else() -> None:
    other = coveo_value(2)[:-4] + TAIL
    known = row("a", STAR + TAIL, digests=(secret(VALUE).digest(SALT),))
    assert Joiner([snapshot(known)]).link("coveo", secret(other)).certainty is Certainty.NONE


def test_each_snapshot_has_its_own_salt() -> None:
    one = snapshot(row("a", digests=(secret(VALUE).digest(SALT),)))
    salt = b"f" * 16
    value = coveo_value(9)
    two = Snapshot("coveo", records=(row("b", digests=(secret(value).digest(salt),)),), salt=salt)
    joiner = Joiner([one, two])
    assert joiner.link("coveo", secret(VALUE)).records[0].key_id == "a"
    assert joiner.link("coveo", secret(value)).records[0].key_id == "b"


@pytest.mark.parametrize(
    ("snapshots", "organizations", "certainty"),
    [
        ([], (), Certainty.NO_INVENTORY),
        ([snapshot(row("a", provider="algolia"), provider="algolia")], (), Certainty.NO_INVENTORY),
        ([Snapshot("coveo", listing=False)], (), Certainty.NO_INVENTORY),
        ([snapshot()], (), Certainty.NONE),
        ([snapshot(row("a", STAR + "zzzz"))], (), Certainty.NONE),
        ([snapshot(row("a", STAR + "zzzz"), complete=False)], (), Certainty.NONE_PARTIAL),
        ([snapshot(row("a", STAR + "zzzz"), organization="o")], ("o",), Certainty.NONE),
        ([snapshot(row("a", STAR + "zzzz"), organization="o")], ("p",), Certainty.NONE_PARTIAL),
        ([snapshot(), snapshot(complete=False)], (), Certainty.NONE_PARTIAL),
    ],
)
def test_absence_means_as_much_as_the_inventory_covers(
    snapshots: list[Snapshot], organizations: tuple[str, ...], certainty: Certainty
) -> None:
    link = Joiner(snapshots).link("coveo", secret(VALUE), organizations=organizations)
    assert link.certainty is certainty
    assert link.records == ()
    assert link.explanation.endswith(".")


def test_a_value_of_an_unknown_kind_needs_a_mask_with_a_prefix() -> None:
    value = private_half(5)
    masks = [row("a", "sk" + "_live_..." + value[-4:], provider="keypair"), row("b", "..." + value[-4:])]
    link = Joiner([snapshot(*masks)]).link("generic", secret(value, 0))
    assert [r.key_id for r in link.records] == ["a"]
    assert Joiner([snapshot(masks[1])]).link("generic", secret(value)).certainty is Certainty.NO_INVENTORY


def test_the_same_key_in_two_snapshots_is_one_and_the_newer_counts() -> None:
    old, new = (
        dt.datetime(2025, 1, 1, tzinfo=dt.timezone.utc),
        dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
    )
    dead = snapshot(row("a", STAR + TAIL, status=KeyStatus.DISABLED), taken_at=new)
    alive = snapshot(row("a", STAR + TAIL, status=KeyStatus.ENABLED), taken_at=old)
    for order in ([dead, alive], [alive, dead]):
        link = Joiner(order).link("coveo", secret(VALUE))
        assert link.certainty is Certainty.SUFFIX
        assert link.records[0].status is KeyStatus.DISABLED


def test_rows_without_an_id_stay_apart() -> None:
    link = Joiner([snapshot(row("", STAR + TAIL), row("", STAR + TAIL))]).link("coveo", secret(VALUE))
    assert link.certainty is Certainty.AMBIGUOUS


def test_no_explanation_holds_the_value() -> None:
    for mask in (STAR + TAIL, STAR + "zzzz"):
        link = Joiner([snapshot(row("a", mask))]).link("coveo", secret(VALUE))
        assert VALUE not in repr(link)


def test_the_weightiest_of_very_many_fitting_rows_are_kept() -> None:
    dead = [row(f"d{n}", STAR + TAIL, status=KeyStatus.DISABLED) for n in range(500)]
    public = [row(f"p{n}", STAR + TAIL, privacy=Privacy.PUBLIC) for n in range(500)]
    link = Joiner([snapshot(*dead, *public, row("x", STAR + TAIL))]).link("coveo", secret(VALUE))
    assert len(link.records) == MAX_RECORDS
    assert link.records[0].key_id == "x"
    assert "1,001 entries fit, of which 100 are listed" in link.explanation


@given(st.uuids(version=4), st.uuids(version=4))
def test_a_uuid_mask_fits_exactly_the_values_with_its_tail(one: uuid.UUID, other: uuid.UUID) -> None:
    mask = parse_mask(uuid_mask(f"xx{one}"))
    assert mask is not None
    assert mask.fits(f"xx{one}".encode())
    assert mask.fits(f"xx{other}".encode()) is (str(one)[-4:] == str(other)[-4:])


SHOWN = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=6)


@given(SHOWN, st.integers(1, 30), SHOWN, st.sampled_from(["*", "\u2022", "\u2026", ".."]))
def test_one_run_of_hiding_characters_stands_for_any_length(
    head: str, hidden: int, tail: str, sign: str
) -> None:
    mask = parse_mask(head + sign * 3 + tail)
    if mask is None:
        assert not any(char.isalnum() for char in head + tail)
        return
    assert mask.fits((head + "q" * hidden + tail).encode())
    assert not mask.fits((head + tail).encode())
    assert not mask.fits((head + "q" * hidden + "!").encode())


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_mask_and_value_give_an_answer(mask: str, value: bytes) -> None:
    parsed = parse_mask(mask)
    if parsed is not None:
        parsed.fits(value)


def test_a_mask_with_many_gaps_is_quick() -> None:
    mask = parse_mask("a..." * 19 + "b")
    assert mask is not None
    started = time.perf_counter()
    mask.fits(b"a" * 5000)
    assert time.perf_counter() - started < 0.5


def test_thousands_of_values_against_one_shared_mask_stay_quick() -> None:
    rows = [row(f"r{n}", STAR + "abcd") for n in range(20_000)]
    joiner = Joiner([snapshot(*rows)])
    values = [secret(coveo_value(n)[:-4] + "abcd") for n in range(2_000)]
    started = time.perf_counter()
    links = [joiner.link("coveo", value) for value in values]
    assert time.perf_counter() - started < 2
    assert {link.certainty for link in links} == {Certainty.AMBIGUOUS}
