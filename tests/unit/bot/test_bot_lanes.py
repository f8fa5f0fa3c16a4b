"""A lane's choice: urgent before old, old before young, one in flight, each at its slot; and never too many over all."""

import asyncio
import itertools

from ompycord.bot.deliver import Errand
from ompycord.bot.lanes import Lane, Lanes
from ompycord.bot.pace import Answer, Gate
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind, OutboxRow

OLD, YOUNG, ENDED = RunId("01OLD"), RunId("01YOUNG"), RunId("01ENDED")
HERE, THERE = "100000000000000001", "100000000000000002"


def errand(row: int, kind: OutboxKind = OutboxKind.RESULT) -> Errand:
    made = OutboxRow.model_construct(id=row, run=ENDED, kind=kind, ref="", created_at=0)
    return Errand(made, HERE)


def answered(lanes: Lanes, at: float, *, remaining: int, reset_after_s: float, method: str = "PATCH") -> None:
    path = f"/channels/{HERE}/messages/1"
    lanes.heard(Answer(method, path, 200, "b", remaining, reset_after_s, took_s=0.0), at)


def test_the_run_that_has_been_dirty_longest_is_next() -> None:
    lane = Lane()
    lane.mark(YOUNG, 5.0, is_urgent=False)
    lane.mark(OLD, 1.0, is_urgent=False)
    lane.mark(OLD, 9.0, is_urgent=False)
    assert lane.next_job() == OLD


def test_an_urgent_run_is_next_however_young_but_only_once() -> None:
    lane = Lane()
    lane.mark(OLD, 1.0, is_urgent=False)
    lane.mark(ENDED, 9.0, is_urgent=True)
    assert lane.next_job() == ENDED
    lane.take(ENDED, 9.0)
    lane.mark(ENDED, 9.5, is_urgent=True)
    assert lane.next_job() == OLD
    lane.take(OLD, 10.0)
    assert lane.next_job() == ENDED


def test_what_came_first_of_all_that_is_urgent_goes_first() -> None:
    lane = Lane()
    lane.owe(errand(1), 2.0)
    lane.mark(ENDED, 1.0, is_urgent=True)
    assert lane.next_job() == ENDED
    lane.take(ENDED, 3.0)
    assert lane.next_job() == errand(1)


def test_a_look_by_the_clock_does_not_make_a_later_change_older_than_it_is() -> None:
    lane = Lane()
    lane.mark(YOUNG, 1.0, is_urgent=False, is_sure=False)
    lane.mark(OLD, 2.0, is_urgent=False)
    lane.mark(YOUNG, 3.0, is_urgent=False)
    assert lane.next_job() == OLD


def test_a_lane_begins_nothing_while_a_request_is_in_flight_or_before_its_slot() -> None:
    lanes = Lanes()
    lanes[HERE].mark(OLD, 0.0, is_urgent=False)
    (start,) = lanes.starts(0.0)
    assert lanes.begin(start, 0.0)
    lanes[HERE].mark(OLD, 0.1, is_urgent=False)

    async def flying() -> None:
        async with asyncio.TaskGroup() as group:
            start.lane.task = group.create_task(asyncio.sleep(0))
            assert lanes.starts(100.0) == []

    asyncio.run(flying())
    start.lane.task = None
    answered(lanes, 0.1, remaining=4, reset_after_s=4.9)
    assert lanes.starts(0.9) == []
    assert lanes.wait(0.9, 5.0) == 1.0 - 0.9
    assert [each.job for each in lanes.starts(1.0)] == [OLD]


def test_a_slot_that_nothing_was_sent_in_is_free_again() -> None:
    lanes = Lanes()
    answers = itertools.count()
    for at in (0.0, 1.0):
        lanes[HERE].mark(OLD, at, is_urgent=False)
        (start,) = lanes.starts(at)
        assert lanes.begin(start, at)
        if next(answers) == 0:
            answered(lanes, at, remaining=4, reset_after_s=5.0)
    lanes.unused(start)
    lanes[HERE].mark(YOUNG, 1.0, is_urgent=False)
    assert [each.job for each in lanes.starts(1.0)] == [YOUNG]


def test_posts_and_edits_share_a_pace_only_where_discord_counts_them_together() -> None:
    shared, apart = Lanes(), Lanes()
    for lanes, bucket in ((shared, "b"), (apart, "c")):
        lanes[HERE].mark(OLD, 0.0, is_urgent=False)
        assert lanes.begin(lanes.starts(0.0)[0], 0.0)
        answered(lanes, 0.0, remaining=0, reset_after_s=5.0)
        lanes.heard(Answer("POST", f"/channels/{HERE}/messages", 200, bucket, 4, 5.0, took_s=0.0), -60.0)
        lanes[HERE].owe(errand(1), 1.0)
    answered(shared, 0.0, remaining=0, reset_after_s=5.0)
    assert shared.starts(2.0) == []
    assert [start.job for start in apart.starts(2.0)] == [errand(1)]


def test_no_second_has_more_requests_than_discord_takes_over_all_channels() -> None:
    lanes = Lanes()
    for number in range(60):
        lanes[str(10**17 + number)].mark(RunId(f"{number}"), 0.0, is_urgent=number == 59)
    starts = lanes.starts(0.0)
    assert starts[0].job == RunId("59"), "the urgent one of all channels is first"
    begun = [lanes.begin(start, 0.0) for start in starts]
    assert begun == [True] * Gate.PER_WINDOW + [False] * 15
    assert lanes.wait(0.0, 5.0) == Gate.WINDOW_S
    assert lanes.begin(starts[-1], Gate.WINDOW_S)


def test_a_global_refusal_holds_every_channel() -> None:
    lanes = Lanes()
    lanes.heard(Answer("GET", "/users/@me", 429, retry_after_s=3.0, is_global=True), 0.0)
    lanes[THERE].mark(OLD, 0.0, is_urgent=True)
    (start,) = lanes.starts(1.0)
    assert not lanes.begin(start, 1.0)
    assert lanes.begin(start, 3.0)


def test_a_lane_is_kept_until_its_pace_and_pauses_have_passed() -> None:
    quiet = Lane(slow_until=10.0, blocked_until=12.0)
    assert [quiet.is_over(now) for now in (9.0, 11.0, 12.0)] == [False, False, True]
    quiet.mark(OLD, 12.0, is_urgent=False)
    assert not quiet.is_over(20.0)
