"""The order of deliveries: by run, each run by itself, each destination by itself; dead letters; ends.

In virtual time.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from ompycord.conductor import Bus
from ompycord.domain.deliveries import DeliveryFilter, DeliveryStatus, StoredDelivery
from ompycord.domain.ids import RunId
from ompycord.errors import StorageError
from ompycord.notify import Attempt, DestinationWorker, Notifier
from ompycord.notify.worker import STORE_RETRY_S
from ompycord.testing import FakeClock, MemoryNotificationQueue
from tests.support.notifications import ONE, PATIENCE_S, TWO, ScriptedTarget, delivery
from tests.support.patience import within

DOWN = Attempt("could not be reached")
GONE = Attempt("answered 410: it wants nothing any more", is_permanent=True)
DAY_S = 24 * 3600.0


class Stage:
    """A notifier over a queue in memory."""

    def __init__(self, *targets: ScriptedTarget, queue: MemoryNotificationQueue | None = None, most: int = 4) -> None:
        self.queue = queue or MemoryNotificationQueue()
        self.clock, self.bus = FakeClock(), Bus()
        self.workers = [
            DestinationWorker(target=target, queue=self.queue, clock=self.clock, chance=lambda: 0.0, most_at_once=most)
            for target in targets
        ]
        self.notifier = Notifier(workers=self.workers, bus=self.bus)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.notifier.run())
            try:
                yield
            finally:
                task.cancel()

    async def statuses(self) -> dict[str, DeliveryStatus]:
        found = await self.queue.find(DeliveryFilter(statuses=frozenset(DeliveryStatus)))
        return {row.delivery.id: row.status for row in found}


async def test_a_runs_deliveries_arrive_in_order_and_wait_for_one_that_failed() -> None:
    target = ScriptedTarget(answers={"ci-001": [DOWN, DOWN]})
    stage = Stage(target)
    stage.queue.add(delivery(number) for number in (1, 2, 3))
    async with stage.running():
        await target.until(lambda: target.tried == ["ci-001"])
        stage.clock.advance(5)
        await target.until(lambda: target.tried == ["ci-001"] * 2)
        stage.clock.advance(15)
        await target.until(lambda: len(target.arrived) == 3)
    assert target.tried == ["ci-001", "ci-001", "ci-001", "ci-002", "ci-003"]


async def test_another_run_is_not_held_up_by_a_run_that_fails() -> None:
    target = ScriptedTarget(answers={"ci-001": [DOWN] * 9})
    stage = Stage(target)
    stage.queue.add([delivery(1), delivery(2), delivery(3, run=TWO), delivery(4, run=TWO), delivery(5, run=None)])
    async with stage.running():
        await target.until(lambda: len(target.arrived) == 3)
    assert [name for name in target.arrived if name != "ci-005"] == ["ci-003", "ci-004"]
    assert "ci-002" not in target.tried


async def test_a_destination_that_hangs_holds_up_no_other() -> None:
    hanging, well = ScriptedTarget("slow"), ScriptedTarget("ci")
    hanging.held["slow-001"] = asyncio.Event()
    stage = Stage(hanging, well)
    stage.queue.add([delivery(1, destination="slow"), delivery(2)])
    async with stage.running():
        await hanging.until(lambda: hanging.tried == ["slow-001"])
        await well.until(lambda: well.arrived == ["ci-002"])
        stage.queue.add([delivery(3)])
        stage.bus.publish([ONE])
        await well.until(lambda: well.arrived == ["ci-002", "ci-003"])
    assert hanging.arrived == []


async def test_a_dead_letter_lets_the_next_of_its_run_go_on() -> None:
    target = ScriptedTarget(answers={"ci-001": [GONE]})
    stage = Stage(target)
    stage.queue.add(delivery(number) for number in (1, 2))
    async with stage.running():
        await target.until(lambda: target.arrived == ["ci-002"])
    assert target.tried == ["ci-001", "ci-002"]
    assert await stage.statuses() == {"ci-001": DeliveryStatus.DEAD, "ci-002": DeliveryStatus.DELIVERED}
    second = (await stage.queue.find(DeliveryFilter(ids=("ci-002",), statuses=frozenset(DeliveryStatus))))[0]
    assert second.seq == 2


async def test_after_three_days_of_failures_it_is_a_dead_letter() -> None:
    target = ScriptedTarget(answers={"ci-001": [DOWN] * 99})
    stage = Stage(target)
    stage.queue.add([delivery(1), delivery(2)])
    async with stage.running():
        await target.until(lambda: len(target.tried) == 1)
        while "ci-002" not in target.tried:
            before = len(target.tried)
            stage.clock.advance(6 * 3600)
            await target.until(lambda before=before: len(target.tried) > before)
    assert stage.clock.monotonic_s() == pytest.approx(3 * DAY_S, abs=6 * 3600)
    assert (await stage.statuses())["ci-001"] is DeliveryStatus.DEAD


async def test_no_more_than_so_many_are_on_their_way_at_once() -> None:
    target = ScriptedTarget()
    runs = [RunId(f"01ARZ3NDEKTSV4RRFFQ69G5F{number:02d}") for number in range(5)]
    target.held = {f"ci-{number:03d}": asyncio.Event() for number in range(5)}
    stage = Stage(target, most=2)
    stage.queue.add(delivery(number, run=run) for number, run in enumerate(runs))
    async with stage.running():
        for done in range(5):
            await target.until(lambda done=done: len(target.tried) == min(done + 2, 5))
            target.held[target.tried[done]].set()
            await target.until(lambda done=done: len(target.arrived) == done + 1)
            assert len(target.tried) - len(target.arrived) <= 2
    assert len(target.arrived) == 5


async def test_an_ordered_end_lets_what_is_on_its_way_arrive_and_begins_nothing() -> None:
    target = ScriptedTarget()
    target.held["ci-001"] = asyncio.Event()
    stage = Stage(target)
    stage.queue.add(delivery(number) for number in (1, 2))
    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(stage.notifier.run())
        await target.until(lambda: target.tried == ["ci-001"])
        stage.notifier.drain()
        target.held["ci-001"].set()
        await task
    assert await stage.statuses() == {"ci-001": DeliveryStatus.DELIVERED, "ci-002": DeliveryStatus.PENDING}
    assert target.tried == ["ci-001"]


class RefusingQueue(MemoryNotificationQueue):
    """Refuses so many records and looks."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals = {"heads": 0, "delivered": 0}
        self.refused = asyncio.Event()

    def _refuse(self, method: str) -> None:
        if self.refusals[method]:
            self.refusals[method] -= 1
            self.refused.set()
            raise StorageError("The disk is full.")

    async def heads(self, destination: str, *, limit: int) -> list[StoredDelivery]:
        self._refuse("heads")
        return await super().heads(destination, limit=limit)

    async def delivered(self, delivery: str, *, at: int) -> None:
        self._refuse("delivered")
        await super().delivered(delivery, at=at)


async def test_what_arrived_and_cannot_be_recorded_is_recorded_later_and_not_sent_again() -> None:
    target, queue = ScriptedTarget(), RefusingQueue()
    queue.refusals["delivered"] = 1
    stage = Stage(target, queue=queue)
    queue.add(delivery(number) for number in (1, 2))
    async with stage.running():
        await target.until(lambda: target.arrived == ["ci-001"])
        await queue.refused.wait()
        await advanced(stage, lambda: target.arrived == ["ci-001", "ci-002"])
    assert target.tried == ["ci-001", "ci-002"]


async def test_a_database_that_refuses_to_be_read_is_asked_again() -> None:
    target, queue = ScriptedTarget(), RefusingQueue()
    queue.refusals["heads"] = 1
    stage = Stage(target, queue=queue)
    queue.add([delivery(1)])
    async with stage.running():
        await queue.refused.wait()
        await advanced(stage, lambda: target.arrived == ["ci-001"])


class LateQueue(MemoryNotificationQueue):
    """Answers a look that was begun during a try once that try has been recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.is_recorded = asyncio.Event()
        self.asked_meanwhile = asyncio.Event()
        self.looks = 0

    async def heads(self, destination: str, *, limit: int) -> list[StoredDelivery]:
        found, self.looks = await super().heads(destination, limit=limit), self.looks + 1
        if self.looks == 2:
            self.asked_meanwhile.set()
            await self.is_recorded.wait()
            await asyncio.sleep(0)  # the try ends
        return found

    async def delivered(self, delivery: str, *, at: int) -> None:
        await super().delivered(delivery, at=at)
        self.is_recorded.set()


async def test_what_arrived_while_the_queue_was_read_is_not_sent_again() -> None:
    target, queue = ScriptedTarget(), LateQueue()
    target.held["ci-001"] = asyncio.Event()
    stage = Stage(target, queue=queue)
    queue.add(delivery(number) for number in (1, 2))
    async with stage.running():
        await target.until(lambda: target.tried == ["ci-001"])
        stage.notifier.wake()
        await queue.asked_meanwhile.wait()
        target.held["ci-001"].set()
        await target.until(lambda: "ci-002" in target.arrived)
    assert target.tried == ["ci-001", "ci-002"]


async def advanced(stage: Stage, holds: Callable[[], bool]) -> None:
    """Let the database's pause pass, once its sleeper is there."""
    async with within(PATIENCE_S):
        while not holds():
            stage.clock.advance(STORE_RETRY_S)
            await asyncio.sleep(0)


async def test_a_defect_of_a_target_is_a_try_that_failed() -> None:
    class Broken(ScriptedTarget):
        async def deliver(self, stored: StoredDelivery) -> Attempt:
            await super().deliver(stored)
            if stored.delivery.id == "ci-001" and self.tried.count("ci-001") == 1:
                raise RuntimeError("boom")
            return Attempt()

    target = Broken()
    stage = Stage(target)
    stage.queue.add([delivery(1), delivery(2, run=TWO)])
    async with stage.running():
        await target.until(lambda: set(target.tried) == {"ci-001", "ci-002"})
        stage.clock.advance(5)
        await target.until(lambda: target.tried.count("ci-001") == 2)
