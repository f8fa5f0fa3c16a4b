"""What is due now of one schedule: which time is run, how many were passed over, and which one comes next; pure."""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from ompycord.domain.base import Millis
from ompycord.domain.schedules.schedule import CatchUp, Schedule
from ompycord.domain.schedules.timetable import Due, Timetable, next_after

__all__ = ["LATE_MS", "TakenTime", "take"]

LATE_MS: Final = 120_000
"""From when on a run is called late, and `catch_up` decides about it."""
_DAY_MS: Final = 24 * 3600 * 1000
_LAST_MS: Final = 30 * _DAY_MS
"""How long what is due for the last time is tried."""
_COUNTED: Final = 10_000
"""Times that are counted one by one; of more, that many are counted and the others are not."""


@dataclass(frozen=True, slots=True)
class TakenTime:
    """What is taken of a schedule that is due."""

    due: Due | None
    """What is run; None where all of it is passed over."""
    skipped: int
    following: Due | None
    tries_until: Millis


def take(schedule: Schedule, times: Timetable, zone: ZoneInfo, now: Millis) -> TakenTime:
    """What is due of a schedule whose next time has come: at most one, the last."""
    last = Due(schedule.next_at or now, schedule.next_key)
    passed = 0
    following = next_after(times, zone, last.at)
    while following is not None and following.at <= now:
        if passed >= _COUNTED:
            last, following = _nearest(times, zone, now, following)
            break
        last, passed = following, passed + 1
        following = next_after(times, zone, last.at)
    is_late = now - last.at >= LATE_MS
    until = now + _LAST_MS if following is None else min(following.at, now + _DAY_MS)
    if is_late and schedule.catch_up is CatchUp.SKIP:
        return TakenTime(None, passed + 1, following, until)
    return TakenTime(last, passed, following, until)


def _nearest(times: Timetable, zone: ZoneInfo, now: Millis, last: Due) -> tuple[Due, Due | None]:
    """The last time that has come, by growing steps back from now."""
    step = 120_000
    while now - step > last.at:
        found = next_after(times, zone, now - step)
        if found is not None and found.at <= now:
            last = found
            break
        step *= 4
    following = next_after(times, zone, last.at)
    while following is not None and following.at <= now:
        last, following = following, next_after(times, zone, following.at)
    return last, following
