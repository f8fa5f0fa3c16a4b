"""Deadlines under one timer: each block's own, whatever the others do."""

import asyncio

import pytest

from ompycord.http.deadlines import Deadlines
from tests.support.patience import within

PATIENCE_S = 10.0
LONG_S = 3600.0


async def test_a_block_that_lasts_too_long_is_ended_and_its_task_goes_on() -> None:
    deadlines = Deadlines(seconds=0.02)
    async with within(PATIENCE_S):
        for _ in range(2):  # the timer is armed again
            with pytest.raises(TimeoutError), deadlines.each():
                await asyncio.Event().wait()
            await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_only_the_late_one_is_ended() -> None:
    deadlines = Deadlines(seconds=0.05)
    released = asyncio.Event()

    async def late() -> str:
        try:
            with deadlines.each():
                await asyncio.Event().wait()
        except TimeoutError:
            released.set()
            return "late"
        return "in time"

    async def quick() -> str:
        with deadlines.each():
            await asyncio.sleep(0)
        await released.wait()  # outside the block nothing ends it
        return "in time"

    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for work in (quick, late, quick)]
    assert [task.result() for task in tasks] == ["in time", "late", "in time"]


async def test_a_cancellation_from_outside_stays_one() -> None:
    deadlines = Deadlines(seconds=LONG_S)
    begun = asyncio.Event()

    async def work() -> None:
        with deadlines.each():
            begun.set()
            await asyncio.Event().wait()

    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(work())
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()


async def test_ended_blocks_are_forgotten() -> None:
    deadlines = Deadlines(seconds=LONG_S)
    for _ in range(1000):
        with deadlines.each():
            pass
    assert deadlines.waiting <= 1
