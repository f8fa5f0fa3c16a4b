"""What is due of a schedule after a while: at most one, the others are counted."""

from zoneinfo import ZoneInfo

import pytest

from ompycord.domain.schedules.schedule import CatchUp, Schedule
from ompycord.domain.schedules.timetable import next_after
from ompycord.domain.task import TaskRequest
from ompycord.schedules.due import take
from ompycord.schedules.when import read_when

START = 1_798_761_600_000  # 2027-01-01
MINUTE, DAY = 60_000, 24 * 3600 * 1000
UTC_ZONE = ZoneInfo("UTC")


def schedule(when: str, **changes: object) -> Schedule:
    times = read_when(when, "UTC", now=START)
    due = next_after(times, UTC_ZONE, START)
    assert due is not None
    fields: dict[str, object] = {
        "id": "01HZZZZZZZZZZZZZZZZZZZZZZZ",
        "name": "nightly",
        "guild": "1",
        "channel": "2",
        "when": when,
        "zone": "UTC",
        "request": TaskRequest(prompt="x", repositories=("shop",), agent="a"),
        "next_at": due.at,
        "next_key": due.key,
        "created_at": START,
    }
    return Schedule.model_validate({**fields, **changes})


def test_three_days_down_is_one_late_run_and_the_rest_is_counted() -> None:
    one = schedule("*/5 * * * *")
    now = START + 3 * DAY + MINUTE
    taken = take(one, read_when(one.when, "UTC", now=START), UTC_ZONE, now)
    assert taken.due is not None
    assert taken.following is not None
    assert taken.due.at == START + 3 * DAY
    assert taken.following.at == START + 3 * DAY + 5 * MINUTE
    assert taken.skipped == 3 * 288 - 1


def test_a_schedule_that_skips_runs_nothing_late() -> None:
    one = schedule("daily 09:00", catch_up=CatchUp.SKIP)
    times = read_when(one.when, "UTC", now=START)
    due = one.next_at or 0
    assert take(one, times, UTC_ZONE, due + MINUTE).due is not None
    late = take(one, times, UTC_ZONE, due + DAY + 10 * MINUTE)
    assert late.due is None
    assert late.skipped == 2


def test_a_year_of_minutes_is_counted_to_a_bound_and_ends_at_the_last() -> None:
    one = schedule("* * * * *")
    now = START + 365 * DAY + 30_000
    taken = take(one, read_when(one.when, "UTC", now=START), UTC_ZONE, now)
    assert taken.due is not None
    assert taken.following is not None
    assert taken.due.at == START + 365 * DAY
    assert taken.following.at == START + 365 * DAY + MINUTE


@pytest.mark.parametrize("late", [0, 90_000, 5 * DAY])
def test_one_time_is_run_once_however_late(late: int) -> None:
    one = schedule("2027-01-02 09:00")
    taken = take(one, read_when(one.when, "UTC", now=START), UTC_ZONE, (one.next_at or 0) + late)
    assert taken.due is not None
    assert taken.following is None
    assert taken.skipped == 0
