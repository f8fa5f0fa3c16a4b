"""Where a day and a month begin and end, in a server's time zone; the one place that knows.

Refusals, cards, `/omp cost` and the beginning of the next period all ask here. An instant is UTC milliseconds; a local
midnight that a change of clocks skips or repeats is the first instant of its day.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ompycord.domain.base import Millis

__all__ = ["Period", "PeriodSpan", "days_until", "span_of"]


class Period(StrEnum):
    """What a limit is for. It begins again with each."""

    DAY = "day"
    MONTH = "month"


class PeriodSpan(NamedTuple):
    """From `start` on, until before `end`."""

    start: Millis
    end: Millis


def span_of(period: Period, at: Millis, zone: str) -> PeriodSpan:
    """The day or the month of this moment. Spans tile: each moment is in exactly one of a period."""
    local = _local_date(at, zone)
    first = local if period is Period.DAY else local.replace(day=1)
    following = _next(period, first)
    while at >= (end := first_instant(following, zone)):  # clocks that were set back over midnight
        first, following = following, _next(period, following)
    return PeriodSpan(first_instant(first, zone), end)


def days_until(at: Millis, count: int, zone: str) -> list[tuple[date, PeriodSpan]]:
    """The last `count` days, that of this moment last."""
    today = _local_date(span_of(Period.DAY, at, zone).start, zone)
    days = [today - timedelta(days=back) for back in range(count - 1, -1, -1)]
    return [(day, PeriodSpan(first_instant(day, zone), first_instant(day + timedelta(days=1), zone))) for day in days]


def _next(period: Period, first: date) -> date:
    if period is Period.DAY:
        return first + timedelta(days=1)
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


@lru_cache(maxsize=1024)
def first_instant(day: date, zone: str) -> Millis:
    """The first moment of a local day. Its midnight may be missing, or there twice: then the first of both."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    found = _millis(midnight)
    if datetime.fromtimestamp(found / 1000, ZoneInfo(zone)).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return found
    before, after = found - 36 * 3_600_000, found + 36 * 3_600_000
    while after - before > 1:
        middle = (before + after) // 2
        if _local_date(middle, zone) < day:
            before = middle
        else:
            after = middle
    return after


def _local_date(at: Millis, zone: str) -> date:
    return datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(zone)).date()


def _millis(moment: datetime) -> Millis:
    return int(moment.timestamp()) * 1000
