"""A schedule as text: when it is due, in words and by its next times. Counterpart of `schedules/when.py`."""

import calendar
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ompycord.domain.base import Millis
from ompycord.domain.ports.schedules import PlannedSchedule
from ompycord.domain.schedules.timetable import CronTimes, MonthTimes, OnceAt, Timetable
from ompycord.domain.schedules.zones import local_of, zone_of
from ompycord.render.phrases import and_list, count, money, stamp
from ompycord.render.sanitizer import Sanitizer

__all__ = ["plan_text", "schedules_text", "when_words"]

_WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_WORKDAYS: Final = (1, 2, 3, 4, 5)
_TITLE: Final = 120
_NAME: Final = 128
_LISTED: Final = 25
_TIMES: Final = 4
_SHORT_MONTH: Final = 28


def when_words(times: Timetable) -> str:
    """When it is due, as part of a sentence."""
    match times:
        case OnceAt():
            return f"once, on {times.wall:%Y-%m-%d} at {times.wall:%H:%M}"
        case MonthTimes():
            at = f"at {times.hour:02}:{times.minute:02}"
            shorter = ", or the last day of a shorter month" if times.day > _SHORT_MONTH else ""
            if times.month is None:
                return f"on day {times.day} of every month {at}{shorter}"
            return f"every year on {calendar.month_name[times.month]} {times.day} {at}{shorter}"
        case CronTimes():
            return f"{_hours(times)} {_days(times)}"


def _hours(times: CronTimes) -> str:
    if times.by_elapsed:
        every_hour = len(times.hours) == 24  # noqa: PLR2004  # hours of a day
        gap = _step(times.minutes, 60)
        if every_hour and gap is not None:
            return "every minute" if gap == 1 else f"every {gap} minutes"
        minutes = and_list([f":{minute:02}" for minute in times.minutes], _TIMES)
        return f"at {minutes} of {'every hour' if every_hour else f'every {_step(times.hours, 24) or 1} hours'}"
    walls = [f"{hour:02}:{minute:02}" for hour in times.hours for minute in times.minutes]
    return f"at {and_list(walls, _TIMES)}"


def _step(numbers: Sequence[int], whole: int) -> int | None:
    """The distance between them, where it is always the same, also over the end."""
    if len(numbers) == 1:
        return None
    gap = numbers[1] - numbers[0]
    return gap if tuple(numbers) == tuple(range(numbers[0], whole, gap)) else None


def _days(times: CronTimes) -> str:
    days = and_list([str(day) for day in times.days], _TIMES)
    if times.weekdays == _WORKDAYS:
        weekdays = "Monday to Friday"
    else:
        weekdays = and_list([_WEEKDAYS[day] for day in times.weekdays], 7)
    months = ""
    if len(times.months) < 12:  # noqa: PLR2004  # months of a year
        months = f" in {and_list([calendar.month_name[month] for month in times.months], 12)}"
    match times.any_day, times.any_weekday:
        case True, True:
            return f"every day{months}" if len(times.days) == 31 else f"on days {days}{months}"  # noqa: PLR2004
        case True, False:
            return f"on {weekdays}{months}"
        case False, True:
            return f"on day {days} of the month{months}{_short(times)}"
        case _:
            return f"on day {days} of the month, and on every {weekdays}{months}"


def _short(times: CronTimes) -> str:
    """Which months have none of its days."""
    without = [
        calendar.month_name[month]
        for month in times.months
        if min(times.days) > calendar.monthrange(2027, month)[1] and not (month == 2 and min(times.days) == 29)  # noqa: PLR2004
    ]
    return f" (not in {and_list(without, 12)}, which have no such day)" if without else ""


def plan_text(planned: PlannedSchedule, sanitizer: Sanitizer) -> str:
    """What a schedule would do, before it is saved, or after."""
    schedule = planned.schedule
    times = planned.times
    when = "" if times is None else when_words(times)
    zone = zone_of(schedule.zone)
    lines = [
        f"**{schedule.name}**: {when} ({schedule.zone}).",
        f"{sanitizer.line(schedule.request.prompt, _TITLE)}",
        f"In {sanitizer.line(schedule.request.repository, _NAME)} with {sanitizer.line(schedule.request.agent, _NAME)}"
        + (f", {money(schedule.request.budget_usd)} at most each" if schedule.request.budget_usd else "")
        + ".",
    ]
    if zone is not None and planned.upcoming:
        lines.append("Next: " + "; ".join(_moment(at, zone) for at in planned.upcoming))
    return "\n".join(line for line in lines if line)


def _moment(at: Millis, zone: ZoneInfo) -> str:
    local: datetime = local_of(at, zone)
    return f"{local:%a %Y-%m-%d %H:%M} ({stamp(at)})"


def schedules_text(found: Sequence[PlannedSchedule], sanitizer: Sanitizer) -> str:
    """All of a server."""
    if not found:
        return "There are no schedules here. `/omp schedule add` makes one: `when: daily 09:00`."
    lines = [_line(one, sanitizer) for one in found[:_LISTED]]
    if len(found) > _LISTED:
        lines.append(f"… and {len(found) - _LISTED} more.")
    return "\n".join(lines)


def _line(planned: PlannedSchedule, sanitizer: Sanitizer) -> str:
    schedule = planned.schedule
    when = when_words(planned.times) if planned.times is not None else f"`{schedule.when}`"
    if schedule.paused is not None:
        state = f"⏸ paused: {sanitizer.line(schedule.paused, _NAME)}"
    elif planned.upcoming:
        state = f"next {stamp(planned.upcoming[0])}"
    else:
        state = "never due again"
    whose = "the settings" if schedule.is_configured else sanitizer.line(schedule.owner_name, _NAME)
    skipped = f" · skipped {count(schedule.skipped, 'time')}" if schedule.skipped else ""
    return f"**{schedule.name}** · {when} ({schedule.zone}) · {state} · {whose}{skipped}"
