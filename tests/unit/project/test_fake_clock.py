"""`ompycord.testing.FakeClock`: a sleeper wakes when its time has passed, and not before."""

import asyncio

from ompycord.testing import FakeClock
from tests.support.patience import within


async def test_a_sleeper_wakes_when_it_is_due_and_not_before() -> None:
    clock, woken = FakeClock(), list[float]()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async def pass_time(seconds: float) -> None:
        clock.advance(seconds)
        for _ in range(5):
            await asyncio.sleep(0)

    async with within(10), asyncio.TaskGroup() as group:
        for seconds in (3.0, 1.0):
            group.create_task(sleep(seconds))
        await pass_time(0.0)  # both sleep
        await pass_time(0.5)
        assert woken == []
        await pass_time(0.5)
        assert woken == [1.0]
        await pass_time(1.5)
        assert woken == [1.0]
        await pass_time(0.5)
    assert woken == [1.0, 3.0]
