"""Where a day and a month begin: in the server's zone, also where clocks skip a midnight or show it twice."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.domain.budgets.periods import Period, days_until, span_of

HOUR = 3_600_000


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def local(moment: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def test_two_calls_around_a_midnight_in_tokyo_are_two_days_though_one_in_utc() -> None:
    late, early = at("2027-03-01T23:50", "Asia/Tokyo"), at("2027-03-02T00:10", "Asia/Tokyo")
    assert span_of(Period.DAY, late, "UTC") == span_of(Period.DAY, early, "UTC")
    assert span_of(Period.DAY, late, "Asia/Tokyo").end == span_of(Period.DAY, early, "Asia/Tokyo").start


def test_a_month_begins_on_its_first_day_and_not_after_thirty() -> None:
    span = span_of(Period.MONTH, at("2027-01-31T15:00", "Europe/Berlin"), "Europe/Berlin")
    assert (local(span.start, "Europe/Berlin"), local(span.end, "Europe/Berlin")) == (
        "2027-01-01 00:00",
        "2027-02-01 00:00",
    )
    october = span_of(Period.MONTH, at("2027-10-15"), "Europe/Berlin")
    assert october.end - october.start == 31 * 24 * HOUR + HOUR
    leap = span_of(Period.MONTH, at("2028-02-29T23:59"), "UTC")
    assert (leap.end - leap.start) == 29 * 24 * HOUR


@pytest.mark.parametrize(
    ("zone", "day", "hours", "first"),
    [
        ("Europe/Berlin", "2027-03-28", 23, "2027-03-28 00:00"),
        ("Europe/Berlin", "2027-10-31", 25, "2027-10-31 00:00"),
        ("Africa/Cairo", "2027-04-30", 23, "2027-04-30 01:00"),  # its midnight does not exist
        ("America/Havana", "2027-11-07", 25, "2027-11-07 00:00"),  # its midnight is there twice
        ("Asia/Kathmandu", "2027-05-05", 24, "2027-05-05 00:00"),
        ("Pacific/Apia", "2011-12-31", 24, "2011-12-31 00:00"),  # the day before does not exist
    ],
)
def test_a_day_of_changing_clocks_begins_with_its_first_instant(zone: str, day: str, hours: int, first: str) -> None:
    span = span_of(Period.DAY, at(f"{day}T12:00", zone), zone)
    assert (local(span.start, zone), (span.end - span.start) / HOUR) == (first, hours)
    before = span_of(Period.DAY, span.start - 1, zone)
    assert before.end == span.start


def test_the_second_midnight_of_havana_is_the_same_day_as_its_first() -> None:
    first = at("2027-11-07T00:30", "America/Havana")
    assert span_of(Period.DAY, first, "America/Havana") == span_of(Period.DAY, first + HOUR, "America/Havana")


ZONES = ("Africa/Cairo", "America/Havana", "America/Santiago", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia",
         "America/St_Johns", "Asia/Tehran", "Atlantic/Azores", "UTC")  # fmt: skip


@given(st.sampled_from(ZONES), st.sampled_from(Period), st.integers(at("1990-01-01"), at("2037-01-01")))
def test_each_moment_is_in_exactly_one_span_and_spans_follow_one_another(zone: str, period: Period, now: int) -> None:
    span = span_of(period, now, zone)
    assert span.start <= now < span.end
    assert span_of(period, span.start, zone) == span == span_of(period, span.end - 1, zone)
    assert span_of(period, span.end, zone).start == span.end


def test_the_last_days_are_the_local_ones() -> None:
    days = days_until(at("2027-03-29T00:30", "Europe/Berlin"), 3, "Europe/Berlin")
    assert [day for day, _ in days] == [date(2027, 3, 27) + timedelta(days=n) for n in range(3)]
    assert [(span.end - span.start) // HOUR for _, span in days] == [24, 23, 24]
    assert datetime.fromtimestamp(days[-1][1].start / 1000, UTC).hour == 22
