"""When something is due: missing and double hours, ends of months, zones by their names, what cannot be read."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ompycord.domain.schedules.timetable import Due, next_after, upcoming
from ompycord.domain.schedules.zones import local_of, zone_of
from ompycord.errors import RefusedInWords
from ompycord.render.schedules.words import when_words
from ompycord.schedules.when import read_when

START = round(datetime(2027, 1, 1, tzinfo=UTC).timestamp() * 1000)


def at(text: str) -> int:
    return round(datetime.fromisoformat(f"{text}Z").timestamp() * 1000)


def due_in(when: str, zone: str, first: str, last: str) -> list[Due]:
    times, place = read_when(when, zone, now=START), ZoneInfo(zone)
    found: list[Due] = []
    position = at(first) - 1
    while (due := next_after(times, place, position)) is not None and due.at < at(last):
        found.append(due)
        position = due.at
    return found


def walls(found: list[Due], zone: str) -> list[str]:
    return [local_of(one.at, ZoneInfo(zone)).isoformat(timespec="minutes") for one in found]


def test_an_hour_that_is_missing_ends_with_the_first_instant_after_it() -> None:
    found = due_in("30 2 * * *", "Europe/Berlin", "2027-03-27T00:00", "2027-03-29T12:00")
    assert walls(found, "Europe/Berlin") == ["2027-03-27T02:30", "2027-03-28T03:00", "2027-03-29T02:30"]
    assert found[1].key == "2027-03-28T02:30"


def test_of_an_hour_that_comes_twice_the_first_one_counts() -> None:
    found = due_in("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00", "2027-11-01T12:00")
    assert [datetime.fromtimestamp(one.at / 1000, UTC).isoformat() for one in found] == [
        "2027-10-31T00:30:00+00:00",
        "2027-11-01T01:30:00+00:00",
    ]


@pytest.mark.parametrize(
    ("zone", "first", "last", "days"),
    [
        ("Africa/Cairo", "2027-04-28T12:00", "2027-05-02T12:00", 4),
        ("America/Havana", "2027-11-05T12:00", "2027-11-09T12:00", 4),
    ],
)
def test_every_day_has_one_midnight(zone: str, first: str, last: str, days: int) -> None:
    found = due_in("0 0 * * *", zone, first, last)
    assert len(found) == days
    assert len({local_of(one.at, ZoneInfo(zone)).date() for one in found}) == days


@pytest.mark.parametrize(("day", "number"), [("2027-03-28", 92), ("2027-10-31", 100), ("2027-06-01", 96)])
def test_intervals_go_by_elapsed_time(day: str, number: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    found = [
        one
        for one in due_in("*/15 * * * *", zone.key, f"{day}T00:00", f"{day}T23:59")
        + due_in("*/15 * * * *", zone.key, "2027-03-27T20:00", "2027-03-28T00:00")
        + due_in("*/15 * * * *", zone.key, "2027-10-30T20:00", "2027-10-31T00:00")
        + due_in("*/15 * * * *", zone.key, "2027-05-31T20:00", "2027-06-01T00:00")
        if local_of(one.at, zone).date().isoformat() == day
    ]
    assert len(found) == number
    assert len({one.key for one in found}) == number


def test_next_is_strictly_later_and_by_the_calendar() -> None:
    times, zone = read_when("0 12 * * 0", "Europe/Berlin", now=START), ZoneInfo("Europe/Berlin")
    due = next_after(times, zone, at("2027-03-25T11:00"))
    assert due is not None
    assert local_of(due.at, zone).isoformat() == "2027-03-28T12:00:00"
    later = next_after(times, zone, due.at)
    assert later is not None
    assert local_of(later.at, zone).isoformat() == "2027-04-04T12:00:00"


def test_day_and_weekday_are_either_as_in_crontab() -> None:
    found = due_in("0 9 1 * 1", "UTC", "2027-02-01T00:00", "2027-03-09T00:00")
    assert [one.key[:10] for one in found] == [
        "2027-02-01", "2027-02-08", "2027-02-15", "2027-02-22", "2027-03-01", "2027-03-08",
    ]  # fmt: skip
    assert when_words(read_when("0 9 1 * 1", "UTC", now=START)) == "at 09:00 on day 1 of the month, and on every Monday"


def test_the_end_of_a_month_keeps_its_day() -> None:
    found = due_in("monthly 31 09:00", "UTC", "2027-01-01T00:00", "2027-05-01T00:00")
    assert [one.key[:10] for one in found] == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
    leap = upcoming(read_when("yearly 02-29 09:00", "UTC", now=START), ZoneInfo("UTC"), START, 3)
    assert [one.key[:10] for one in leap] == ["2027-02-28", "2028-02-29", "2029-02-28"]
    assert "not in February, April" in when_words(read_when("0 9 31 * *", "UTC", now=START))


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("0 0 30 2 *", "never be due"),
        ("*/0 * * * *", "cannot be read"),
        ("0 0 0 1 1 *", "five fields"),
        ("* * * *", "five fields"),
        ("0 0 L * *", "cannot be read"),
        ("0 0 * * sun#2", "cannot be read"),
        ("h * * * *", "cannot be read"),
        ("60 * * * *", "cannot be read"),
        ("daily", "lacks its day or time"),
        ("daily 25:00", "is no time"),
        ("monthly 32 09:00", "no such day"),
        ("yearly 02-30 09:00", "no such day"),
        ("2020-01-01", "has passed"),
        ("2027-02-30", "is no date"),
        ("0001-01-01", "is no date"),
        ("9999-12-31 23:59", "is no date"),
        ("", "Say when"),
        ("x" * 500, "Say when"),
    ],
)
def test_what_is_never_due_or_odd_is_refused_in_words(when: str, words: str) -> None:
    with pytest.raises(RefusedInWords, match=words):
        read_when(when, "Europe/Berlin", now=START)


def test_one_time_is_local_and_a_missing_one_is_refused_with_its_neighbours() -> None:
    (due,) = due_in("2027-03-23", "Asia/Shanghai", "2027-01-01T00:00", "2028-01-01T00:00")
    assert datetime.fromtimestamp(due.at / 1000, UTC).isoformat() == "2027-03-22T16:00:00+00:00"
    with pytest.raises(RefusedInWords, match="from 01:59 to 03:00"):
        read_when("2027-03-28 02:30", "Europe/Berlin", now=START)
    (twice,) = due_in("2027-10-31 02:30", "Europe/Berlin", "2027-01-01T00:00", "2028-01-01T00:00")
    assert datetime.fromtimestamp(twice.at / 1000, UTC).isoformat() == "2027-10-31T00:30:00+00:00"


def test_fixed_hours_at_one_instant_after_a_gap_are_due_once() -> None:
    found = due_in("0,30 2,3 * * *", "Europe/Berlin", "2027-03-28T00:00", "2027-03-28T12:00")
    assert walls(found, "Europe/Berlin") == ["2027-03-28T03:00", "2027-03-28T03:30"]


@pytest.mark.parametrize("zone", ["", "../x", "Europe", '"Europe/Berlin"', "Mars/Base", "x" * 100])
def test_what_is_no_zone_is_none(zone: str) -> None:
    assert zone_of(zone) is None
    with pytest.raises(RefusedInWords, match="no time zone"):
        read_when("daily 09:00", zone, now=START)


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "America/Santiago", "Pacific/Chatham", "Asia/Kathmandu"])
@pytest.mark.parametrize("when", ["0 0 * * *", "30 1 * * *", "45 23 * * *", "0 */3 * * *"])
def test_instants_and_keys_only_grow(zone: str, when: str) -> None:
    found = due_in(when, zone, "2027-01-01T00:00", "2028-01-01T00:00")
    assert all(one.at < two.at for one, two in itertools.pairwise(found))
    assert len({one.key for one in found}) == len(found)
    if not when.startswith("0 */"):
        assert len({one.key[:10] for one in found}) == len(found) == 365
