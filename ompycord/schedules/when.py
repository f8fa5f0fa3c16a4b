"""Reads when a schedule is due: a line of cron, a phrase, or one time; counterpart of `render/schedules/words.py`.

croniter reads the fields of a line and nothing else: its own search fires twice in an hour that comes twice
(docs/decisions/092-an-occurrence-is-claimed-once.md).
"""

import re
from datetime import MAXYEAR, MINYEAR, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ompycord.domain.base import Millis
from ompycord.domain.schedules.timetable import CronTimes, MonthTimes, OnceAt, Timetable, next_after
from ompycord.domain.schedules.zones import WallKind, instant_of, neighbours, zone_of
from ompycord.errors import RefusedInWords

__all__ = ["EXAMPLES", "read_when"]

EXAMPLES: Final = "`0 9 * * 1-5`, `daily 09:00`, `weekly mon 09:00`, `monthly 31 09:00` or `2027-03-23 14:00`"
_LONGEST: Final = 200
_FIELDS: Final = 5
_FIELD: Final = re.compile(r"[0-9A-Za-z*,/?-]+")
_WEEKDAYS: Final = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_NAMED: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DAY: Final = re.compile(r"[0-9]{1,2}")
_MONTH_DAY: Final = re.compile(r"([0-9]{1,2})-([0-9]{1,2})")
_ONCE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{1,2}:[0-9]{2}))?")


def read_when(text: str, zone: str, *, now: Millis) -> Timetable:
    """When it is due. Raises RefusedInWords for what cannot be read, and for what is never due again."""
    place = zone_of(zone)
    if place is None:
        raise RefusedInWords(f"`{zone}` is no time zone here. Use a name such as `Europe/Berlin` or `UTC`.")
    words = " ".join(text[: _LONGEST + 1].split())
    if not words or len(words) > _LONGEST:
        raise RefusedInWords(f"Say when it is due, such as {EXAMPLES}.")
    times = _once(words, place) or _phrase(words.lower()) or _line(_NAMED.get(words.lower(), words))
    if next_after(times, place, now) is None:
        raise RefusedInWords(_never(times))
    return times


def _never(times: Timetable) -> str:
    if isinstance(times, OnceAt):
        return "That time has passed. Give one that is to come."
    return "No such day comes within eight years, so it would never be due. Check day and month."


def _once(words: str, zone: ZoneInfo) -> OnceAt | None:
    found = _ONCE.fullmatch(words)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        day = date.min
    if day.year in {MINYEAR, MAXYEAR}:  # in UTC it may be in a year that no date has
        raise RefusedInWords(f"`{words}` is no date. Give one such as `2027-03-23 14:00`.")
    wall = datetime.combine(day, _time(found[2] or "0:00"))
    if found[2] and instant_of(wall, zone).kind is WallKind.MISSING:
        gap = neighbours(wall, zone)
        before, after = (one.strftime("%H:%M") for one in (gap.before, gap.after))
        raise RefusedInWords(
            f"There is no {wall:%H:%M} on {wall:%Y-%m-%d} in {zone.key}: the clocks go from {before} to {after}. "
            "Give one of these two."
        )
    return OnceAt(wall=wall)


def _phrase(words: str) -> Timetable | None:
    """`daily 09:00` and its like; None where it is none."""
    first, *rest = words.split()
    match first, rest:
        case "daily", [at]:
            return _line(f"{_minute_hour(at)} * * *")
        case "weekdays", [at]:
            return _line(f"{_minute_hour(at)} * * 1-5")
        case "weekly", [day, at] if day[:3] in _WEEKDAYS:
            return _line(f"{_minute_hour(at)} * * {_WEEKDAYS[day[:3]]}")
        case "monthly", [day, at] if _DAY.fullmatch(day):
            return _month_times(day, None, at)
        case "yearly", [day, at] if found := _MONTH_DAY.fullmatch(day):
            return _month_times(found[2], found[1], at)
        case (("daily" | "weekdays" | "weekly" | "monthly" | "yearly"), _):
            raise RefusedInWords(f"`{words}` lacks its day or time. Write it such as {EXAMPLES}.")
        case _:
            return None


def _month_times(day: str, month: str | None, at: str) -> MonthTimes:
    wall = _time(at)
    try:
        if month is not None:
            date(2028, int(month), int(day))  # a leap year
        return MonthTimes(day=int(day), month=None if month is None else int(month), hour=wall.hour, minute=wall.minute)
    except (ValueError, ValidationError):
        raise RefusedInWords(f"There is no such day: {day if month is None else f'{month}-{day}'}.") from None


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if found is None:
        raise RefusedInWords(f"`{text}` is no time. Write it such as `09:00` or `21:30`.")
    return time(int(found[1]), int(found[2]))


def _minute_hour(text: str) -> str:
    wall = _time(text)
    return f"{wall.minute} {wall.hour}"


def _line(line: str) -> CronTimes:
    """A line of cron: five fields, as crontab(5) has them."""
    from croniter import croniter  # a bot without schedules needs none of it
    from croniter.croniter import CroniterError

    fields = line.split(" ")
    if len(fields) != _FIELDS or not all(_FIELD.fullmatch(field) for field in fields):
        raise RefusedInWords(
            f"`{line}` cannot be read. A line of cron has five fields: minute, hour, day, month, weekday. "
            f"Other ways to say it: {EXAMPLES}."
        )
    try:
        expanded, nth = croniter.expand(line)
    except CroniterError as error:
        raise RefusedInWords(f"`{line}` cannot be read: {_fault(error, line)}.") from None
    ranges = (range(60), range(24), range(1, 32), range(1, 13), range(7))
    numbers = [
        tuple(within) if "*" in found else tuple(sorted(one for one in found if isinstance(one, int)))
        for found, within in zip(expanded, ranges, strict=True)
    ]
    if nth or not all(numbers) or any(isinstance(one, str) and one != "*" for found in expanded for one in found):
        raise RefusedInWords(f"`{line}` cannot be read: fields hold numbers, names, `*`, `,`, `-` and `/` alone.")
    return CronTimes(
        minutes=numbers[0],
        hours=numbers[1],
        days=numbers[2],
        months=numbers[3],
        weekdays=numbers[4],
        any_day=fields[2][0] in "*?",
        any_weekday=fields[4][0] in "*?",
        by_elapsed=fields[1].startswith("*"),
    )


def _fault(error: Exception, line: str) -> str:
    """What croniter says is wrong, without the line again."""
    return str(error).removeprefix(f"[{line}] ").rstrip(".") or "it has a field that makes no sense"
