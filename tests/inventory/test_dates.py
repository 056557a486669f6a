from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.inventory.dates import format_date, parse_date

UTC = dt.timezone.utc
EARLIEST = dt.datetime(1974, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
LATEST = dt.datetime(2200, 1, 1)  # noqa: DTZ001
MOMENTS = st.datetimes(min_value=EARLIEST, max_value=LATEST, timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@given(MOMENTS)
def test_iso_text_comes_back(moment: dt.datetime) -> None:
    assert parse_date(format_date(moment)) == moment
    assert parse_date(moment.isoformat()) == moment


@given(MOMENTS)
def test_milliseconds_come_back(moment: dt.datetime) -> None:
    ms = (moment - dt.datetime(1970, 1, 1, tzinfo=UTC)) // dt.timedelta(milliseconds=1)
    for form in (ms, str(ms)):
        parsed = parse_date(form)
        assert parsed is not None
        assert abs(parsed - moment) < dt.timedelta(milliseconds=1)


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_other_zones_mean_the_same_moment(moment: dt.datetime, minutes: int) -> None:
    elsewhere = moment.astimezone(dt.timezone(dt.timedelta(minutes=minutes)))
    assert parse_date(elsewhere.isoformat()) == moment


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        (0, None),
        ("2023-11-07T05:31:56Z", dt.datetime(2023, 11, 7, 5, 31, 56, tzinfo=UTC)),
        ("2023-11-07T05:31:56.123456789+0000", dt.datetime(2023, 11, 7, 5, 31, 56, 123456, tzinfo=UTC)),
        ("2023-11-07 05:31", dt.datetime(2023, 11, 7, 5, 31, tzinfo=UTC)),
        ("2023-11-07", dt.datetime(2023, 11, 7, tzinfo=UTC)),
        (1700000000, dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
    ],
)
def test_forms_seen_in_listings(value: object, expected: dt.datetime | None) -> None:
    assert parse_date(value) == expected


def test_a_day_of_expiry_ends_at_its_last_second() -> None:
    assert parse_date("2026-01-31", end_of_day=True) == dt.datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [True, [], {}, "soon", "2023-13-01", "2023-02-30T00:00:00Z", -5, 10**30, float("inf"), "9" * 19,
     "2023-11-07T25:00:00Z", "0001-01-01T00:00:00+14:00", "2023-11-07T00:00:00+99:00"],
)  # fmt: skip
def test_what_is_no_date_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="date"):
        parse_date(value)


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers()))
def test_anything_else_gives_a_date_or_a_value_error(value: object) -> None:
    try:
        parsed = parse_date(value)
    except ValueError:
        return
    assert parsed is None or parsed.utcoffset() == dt.timedelta(0)
