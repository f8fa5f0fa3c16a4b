"""A lane's choice: urgent before old, old before young, one in flight, each at its slot.

And never too many over all.
"""

import asyncio
import itertools

import pytest

from ompycord.bot.delivery.channel_queues import ChannelQueue, ChannelQueues
from ompycord.bot.delivery.deliver import QueuedDelivery
from ompycord.bot.delivery.rate_limiter import GlobalLimiter, RateAnswer
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind, OutboxRow

OLD, YOUNG, ENDED = RunId("01OLD"), RunId("01YOUNG"), RunId("01ENDED")
HERE, THERE = "100000000000000001", "100000000000000002"


def delivery(row: int, kind: OutboxKind = OutboxKind.RESULT) -> QueuedDelivery:
    made = OutboxRow.model_construct(id=row, run=ENDED, kind=kind, ref="", created_at=0)
    return QueuedDelivery(made, HERE)


def answered(queues: ChannelQueues, at: float, *, remaining: int, reset_after_s: float, method: str = "PATCH") -> None:
    path = f"/channels/{HERE}/messages/1"
    queues.on_answer(RateAnswer(method, path, 200, "b", remaining, reset_after_s, took_s=0.0), at)


def test_the_run_that_has_been_dirty_longest_is_next() -> None:
    queue = ChannelQueue()
    queue.mark(YOUNG, 5.0, is_urgent=False)
    queue.mark(OLD, 1.0, is_urgent=False)
    queue.mark(OLD, 9.0, is_urgent=False)
    assert queue.next_job() == OLD


def test_an_urgent_run_is_next_however_young_but_only_once() -> None:
    queue = ChannelQueue()
    queue.mark(OLD, 1.0, is_urgent=False)
    queue.mark(ENDED, 9.0, is_urgent=True)
    assert queue.next_job() == ENDED
    queue.take(ENDED, 9.0)
    queue.mark(ENDED, 9.5, is_urgent=True)
    assert queue.next_job() == OLD
    queue.take(OLD, 10.0)
    assert queue.next_job() == ENDED


def test_what_came_first_of_all_that_is_urgent_goes_first() -> None:
    queue = ChannelQueue()
    queue.enqueue(delivery(1), 2.0)
    queue.mark(ENDED, 1.0, is_urgent=True)
    assert queue.next_job() == ENDED
    queue.take(ENDED, 3.0)
    assert queue.next_job() == delivery(1)


def test_a_look_by_the_clock_does_not_make_a_later_change_older_than_it_is() -> None:
    queue = ChannelQueue()
    queue.mark(YOUNG, 1.0, is_urgent=False, is_sure=False)
    queue.mark(OLD, 2.0, is_urgent=False)
    queue.mark(YOUNG, 3.0, is_urgent=False)
    assert queue.next_job() == OLD


def test_a_lane_begins_nothing_while_a_request_is_in_flight_or_before_its_slot() -> None:
    queues = ChannelQueues()
    queues[HERE].mark(OLD, 0.0, is_urgent=False)
    (start,) = queues.starts(0.0)
    assert queues.begin(start, 0.0)
    queues[HERE].mark(OLD, 0.1, is_urgent=False)

    async def flying() -> None:
        async with asyncio.TaskGroup() as group:
            start.queue.task = group.create_task(asyncio.sleep(0))
            assert queues.starts(100.0) == []

    asyncio.run(flying())
    start.queue.task = None
    answered(queues, 0.1, remaining=4, reset_after_s=4.9)
    assert queues.starts(0.9) == []
    assert queues.wait(0.9, 5.0) == 1.0 - 0.9
    assert [each.job for each in queues.starts(1.0)] == [OLD]


def test_a_slot_that_nothing_was_sent_in_is_free_again() -> None:
    queues = ChannelQueues()
    answers = itertools.count()
    for at in (0.0, 1.0):
        queues[HERE].mark(OLD, at, is_urgent=False)
        (start,) = queues.starts(at)
        assert queues.begin(start, at)
        if next(answers) == 0:
            answered(queues, at, remaining=4, reset_after_s=5.0)
    queues.unused(start)
    queues[HERE].mark(YOUNG, 1.0, is_urgent=False)
    assert [each.job for each in queues.starts(1.0)] == [YOUNG]


def test_posts_and_edits_share_a_pace_only_where_discord_counts_them_together() -> None:
    shared, apart = ChannelQueues(), ChannelQueues()
    for queues, bucket in ((shared, "b"), (apart, "c")):
        queues[HERE].mark(OLD, 0.0, is_urgent=False)
        assert queues.begin(queues.starts(0.0)[0], 0.0)
        answered(queues, 0.0, remaining=0, reset_after_s=5.0)
        queues.on_answer(RateAnswer("POST", f"/channels/{HERE}/messages", 200, bucket, 4, 5.0, took_s=0.0), -60.0)
        queues[HERE].enqueue(delivery(1), 1.0)
    answered(shared, 0.0, remaining=0, reset_after_s=5.0)
    assert shared.starts(2.0) == []
    assert [start.job for start in apart.starts(2.0)] == [delivery(1)]


def test_no_second_has_more_requests_than_discord_takes_over_all_channels() -> None:
    queues = ChannelQueues()
    for number in range(60):
        queues[str(10**17 + number)].mark(RunId(f"{number}"), 0.0, is_urgent=number == 59)
    starts = queues.starts(0.0)
    assert starts[0].job == RunId("59"), "the urgent one of all channels is first"
    begun = [queues.begin(start, 0.0) for start in starts]
    assert begun == [True] * GlobalLimiter.PER_WINDOW + [False] * 15
    assert queues.wait(0.0, 5.0) == GlobalLimiter.WINDOW_S
    assert queues.begin(starts[-1], GlobalLimiter.WINDOW_S)


def test_a_global_refusal_holds_every_channel() -> None:
    queues = ChannelQueues()
    queues.on_answer(RateAnswer("GET", "/users/@me", 429, retry_after_s=3.0, is_global=True), 0.0)
    queues[THERE].mark(OLD, 0.0, is_urgent=True)
    (start,) = queues.starts(1.0)
    assert not queues.begin(start, 1.0)
    assert queues.begin(start, 3.0)


@pytest.mark.parametrize("method", ["PATCH", "POST"])
@pytest.mark.parametrize(("retry_after_s", "held_s"), [(3.0, 3.0), (None, 1.0)])
def test_a_refusal_holds_edits_and_deliveries_of_its_channel_and_of_no_other(
    method: str, retry_after_s: float | None, held_s: float
) -> None:
    queues = ChannelQueues()
    queues[HERE].mark(OLD, 0.0, is_urgent=True)
    queues[THERE].mark(YOUNG, 0.0, is_urgent=False)
    queues.on_answer(RateAnswer(method, f"/channels/{HERE}/messages", 429, retry_after_s=retry_after_s), 0.0)
    assert [start.job for start in queues.starts(held_s - 0.1)] == [YOUNG]
    assert {start.job for start in queues.starts(held_s)} == {OLD, YOUNG}
    queues[HERE].enqueue(delivery(1), -1.0)
    assert [start.job for start in queues.starts(held_s - 0.1)] == [YOUNG]
    assert delivery(1) in [start.job for start in queues.starts(held_s)]


def test_a_shorter_refusal_does_not_end_a_longer_one() -> None:
    queues = ChannelQueues()
    queues[HERE].mark(OLD, 0.0, is_urgent=False)
    for retry_after_s in (5.0, 1.0):
        queues.on_answer(RateAnswer("PATCH", f"/channels/{HERE}/messages/1", 429, retry_after_s=retry_after_s), 0.0)
    assert queues.starts(4.9) == []
    assert [start.job for start in queues.starts(5.0)] == [OLD]


def test_a_lane_is_kept_until_its_pace_and_pauses_have_passed() -> None:
    quiet = ChannelQueue(slow_until=10.0, blocked_until=12.0)
    assert [quiet.is_over(now) for now in (9.0, 11.0, 12.0)] == [False, False, True]
    quiet.mark(OLD, 12.0, is_urgent=False)
    assert not quiet.is_over(20.0)
