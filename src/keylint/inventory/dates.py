"""Dates as key listings write them: milliseconds since 1970, or ISO 8601."""

from __future__ import annotations

import datetime as dt
import re

_ISO = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,12}))?)?"
    r"\s?(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?)?"
)
# Numbers below this are seconds: as milliseconds they would lie before March 1973, older than any key.
_FIRST_MS = 100_000_000_000
_END_OF_DAY = dt.time(23, 59, 59, tzinfo=dt.timezone.utc)


def parse_date(value: object, *, end_of_day: bool = False) -> dt.datetime | None:
    """A date in UTC; None for null, an empty string or 0, which all mean "not set".

    Numbers (also as text) are milliseconds since 1970, or seconds if they are too small for that. Text
    without a zone is UTC. A day without a time is its start, or its last second with `end_of_day`: keys
    expire at 23:59:59 UTC (https://docs.coveo.com/en/1718/). Raises ValueError, which never quotes the value.
    """
    if type(value) is int and value >= _FIRST_MS:  # what nearly all listings have
        return _from_number(value)
    if value is None or value == "" or (value == 0 and not isinstance(value, bool)):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("expected milliseconds or an ISO 8601 date")
    if isinstance(value, (int, float)):
        return _from_number(value)
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) > 8:
        return _from_number(int(text[:20]))
    return _from_text(text, end_of_day)


def format_date(value: dt.datetime) -> str:
    """ISO 8601 in UTC with a `Z`, to the millisecond where there are any."""
    text = value.astimezone(dt.timezone.utc).isoformat(
        timespec="milliseconds" if value.microsecond else "seconds"
    )
    return text.replace("+00:00", "Z")


def _from_number(value: float) -> dt.datetime:
    seconds = value / 1000 if value >= _FIRST_MS else value
    if seconds < 0:
        raise ValueError("a date before 1970")
    try:
        return dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    except (OverflowError, OSError, ValueError):
        raise ValueError("a date that is out of range") from None


def _from_text(text: str, end_of_day: bool) -> dt.datetime:
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError("expected milliseconds or an ISO 8601 date")
    try:
        day = dt.date.fromisoformat(found["date"])
        if found["hour"] is None:
            return dt.datetime.combine(day, _END_OF_DAY if end_of_day else dt.time(tzinfo=dt.timezone.utc))
        micro = int((found["fraction"] or "").ljust(6, "0")[:6])
        clock = dt.time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0), micro)
        moment = dt.datetime.combine(day, clock, _zone(found["zone"]))
        return moment.astimezone(dt.timezone.utc)
    except (ValueError, OverflowError):
        raise ValueError("not a date of the calendar") from None


def _zone(text: str | None) -> dt.timezone:
    if text is None or text in "Zz":
        return dt.timezone.utc
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))
