"""When something is due: lines of cron, days of a month or year, or once; and the next time after an instant.

Each time has a key by which it is done once, over restarts and changed clocks: at fixed hours the local date and the
time on the wall of its line, at intervals the UTC instant, so that an hour that comes twice counts twice there and
once here.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.schedules.zones import instant_of, local_of, start_of

__all__ = ["CronTimes", "Due", "MonthTimes", "OnceAt", "Timetable", "next_after", "upcoming"]

_MINUTE_MS: Final = 60_000
_DAYS: Final = 366 * 8 + 2
"""How far is searched: a 29 February is at most eight years away."""

Minute = Annotated[int, Field(ge=0, le=59)]
Hour = Annotated[int, Field(ge=0, le=23)]


class CronTimes(Frozen):
    """A line of cron: the minutes, hours, days, months and days of the week at which it is due."""

    kind: Literal["cron"] = "cron"
    minutes: tuple[Minute, ...]
    hours: tuple[Hour, ...]
    days: tuple[Annotated[int, Field(ge=1, le=31)], ...]
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...]
    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...]
    """0 is Sunday."""
    any_day: bool
    """The line begins the days with `*`: only the days of the week count."""
    any_weekday: bool
    """The line begins the days of the week with `*`: only the days count. Where both are named, either is enough."""
    by_elapsed: bool
    """The line begins the hours with `*`: it is an interval, and goes by elapsed time."""

    def is_on(self, day: date) -> bool:
        """Whether it is due on this local day."""
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday


class MonthTimes(Frozen):
    """A day of each month, or of one month; where the month is shorter, its last day. The day itself is kept."""

    kind: Literal["month"] = "month"
    day: Annotated[int, Field(ge=1, le=31)]
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    hour: Hour
    minute: Minute

    def is_on(self, day: date) -> bool:
        """Whether it is due on this local day."""
        if self.month is not None and day.month != self.month:
            return False
        return day.day == min(self.day, calendar.monthrange(day.year, day.month)[1])


class OnceAt(Frozen):
    """One time on the wall."""

    kind: Literal["once"] = "once"
    wall: datetime


Timetable = Annotated[CronTimes | MonthTimes | OnceAt, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Due:
    """One time at which something is due."""

    at: Millis
    key: str
    """By which it is done once."""


def next_after(times: Timetable, zone: ZoneInfo, after: Millis) -> Due | None:
    """The first time strictly after this instant; None where there is none within eight years."""
    match times:
        case OnceAt():
            due = Due(instant_of(times.wall, zone).at, _wall_key(times.wall))
            return due if due.at > after else None
        case CronTimes() if times.by_elapsed:
            return _next_interval(times, zone, after)
        case CronTimes():
            walls = tuple(time(hour, minute) for hour in sorted(times.hours) for minute in sorted(times.minutes))
            return _next_fixed(times, walls, zone, after)
        case MonthTimes():
            return _next_fixed(times, (time(times.hour, times.minute),), zone, after)


def upcoming(times: Timetable, zone: ZoneInfo, after: Millis, number: int) -> tuple[Due, ...]:
    """The next ones, fewer where there are no more."""
    found: list[Due] = []
    while len(found) < number and (due := next_after(times, zone, found[-1].at if found else after)) is not None:
        found.append(due)
    return tuple(found)


def _days(times: CronTimes | MonthTimes, first: date) -> Iterator[date]:
    """The days on which it is due, from this one on, by steps of the calendar."""
    for number in range(_DAYS):
        day = first + timedelta(days=number)
        if times.is_on(day):
            yield day


def _next_fixed(times: CronTimes | MonthTimes, walls: tuple[time, ...], zone: ZoneInfo, after: Millis) -> Due | None:
    """By the wall. Of several that a gap moves to one instant only the first is due there."""
    first = local_of(after, zone).date() - timedelta(days=1)  # a gap at midnight moves a time into the next day
    for day in _days(times, first):
        for wall in walls:
            local = datetime.combine(day, wall)
            at = instant_of(local, zone).at
            if at > after:
                return Due(at, _wall_key(local))
    return None


def _next_interval(times: CronTimes, zone: ZoneInfo, after: Millis) -> Due | None:
    """By elapsed minutes: what the wall shows at each."""
    first = local_of(after, zone).date()
    begin = (after // _MINUTE_MS + 1) * _MINUTE_MS
    hours, minutes = frozenset(times.hours), frozenset(times.minutes)
    for day in _days(times, first):
        start, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
        for at in range(max(start, begin), end, _MINUTE_MS):
            wall = local_of(at, zone)
            if wall.hour in hours and wall.minute in minutes:
                return Due(at, f"{at // 1000}")
    return None


def _wall_key(wall: datetime) -> str:
    return wall.isoformat(timespec="minutes")
