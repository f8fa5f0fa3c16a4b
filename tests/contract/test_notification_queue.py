"""The queue of notifications: the store's and its double keep the same promises."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from ompycord.domain.deliveries import DISCORD, Delivery, DeliveryFilter, DeliveryStatus, StoredDelivery
from ompycord.domain.ids import RunId
from ompycord.domain.ports.notify import NotificationQueue
from ompycord.testing import MemoryNotificationQueue
from ompycord.testing.clock import START_MS
from tests.integration.store.world import CountingIds, HandClock, People
from tests.support.new_store import new_store
from tests.support.notifications import delivery

ALL = frozenset(DeliveryStatus)
Add = Callable[[Sequence[Delivery]], Awaitable[None]]


class Kept:
    """A queue, how a projection fills it, and two runs."""

    def __init__(self, queue: NotificationQueue, add: Add, runs: tuple[RunId, RunId]) -> None:
        self.queue, self.add, (self.one, self.two) = queue, add, runs

    async def heads(self, destination: str = "ci", *, limit: int = 9) -> list[tuple[str, int]]:
        return [(row.delivery.id, row.seq) for row in await self.queue.heads(destination, limit=limit)]

    async def row(self, name: str) -> StoredDelivery:
        (found,) = await self.queue.find(DeliveryFilter(ids=(name,), statuses=ALL))
        return found

    async def state(self, name: str) -> tuple[int, int, int | None]:
        (found,) = [one for one in await self.queue.states() if one.destination == name]
        return found.pending, found.dead, found.oldest_at


@pytest.fixture(params=["store", "double"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Kept]:
    ids = CountingIds()
    people = People(ids)
    async with new_store(tmp_path / "a.db", clock=HandClock(), ids=ids, readers=1) as store:
        first, second = RunId((await people.submit(store)).id), RunId((await people.submit(store)).id)

        async def project(deliveries: Sequence[Delivery]) -> None:
            await store.project("projector", upto=1, folds=(), states={}, outbox=(), notifications=deliveries)

        double = MemoryNotificationQueue()

        async def add(deliveries: Sequence[Delivery]) -> None:
            double.add(deliveries)

        if request.param == "store":
            yield Kept(store.notifications, project, (first, second))
        else:
            yield Kept(double, add, (first, second))


async def test_what_is_projected_again_is_one_delivery(kept: Kept) -> None:
    twice = [delivery(1, run=kept.one), delivery(2, run=kept.one)]
    await kept.add(twice)
    await kept.add([*twice, delivery(3, run=kept.one)])
    found = await kept.queue.find(DeliveryFilter())
    assert [(row.delivery, row.seq) for row in found] == [
        (delivery(number, run=kept.one), number) for number in (1, 2, 3)
    ]
    assert {(row.status, row.attempts, row.next_at, row.error) for row in found} == {
        (DeliveryStatus.PENDING, 0, START_MS, None)
    }


async def test_each_run_has_one_head_and_numbers_of_its_own_at_each_destination(kept: Kept) -> None:
    await kept.add([delivery(1, run=kept.one), delivery(2, run=kept.two), delivery(3, run=kept.one)])
    await kept.add([delivery(4, run=None), delivery(5, run=None), delivery(6, run=kept.one, destination="other")])
    assert await kept.heads() == [("ci-001", 1), ("ci-002", 1), ("ci-004", 1)]
    assert await kept.heads("other") == [("other-006", 1)]
    assert await kept.heads("nowhere") == []
    for name in ("ci-001", "ci-004"):
        await kept.queue.delivered(name, at=START_MS)
    assert await kept.heads() == [("ci-002", 1), ("ci-003", 2), ("ci-005", 2)]
    assert await kept.heads(limit=1) == [("ci-002", 1)]


async def test_a_head_that_failed_comes_after_those_that_are_due(kept: Kept) -> None:
    await kept.add([delivery(1, run=kept.one), delivery(2, run=kept.one), delivery(3, run=kept.two, at=START_MS + 9)])
    await kept.queue.undelivered("ci-001", error="answered 500", next_at=START_MS + 5000)
    assert await kept.heads() == [("ci-003", 1), ("ci-001", 1)]
    row = await kept.row("ci-001")
    assert (row.attempts, row.next_at, row.error, row.status) == (1, START_MS + 5000, "answered 500", "pending")


async def test_a_dead_letter_is_kept_and_the_next_is_the_head(kept: Kept) -> None:
    await kept.add([delivery(1, run=kept.one), delivery(2, run=kept.one)])
    await kept.queue.undelivered("ci-001", error="answered 410", next_at=None)
    assert await kept.heads() == [("ci-002", 2)]
    assert (await kept.row("ci-001")).status is DeliveryStatus.DEAD
    assert await kept.state("ci") == (1, 1, START_MS)
    await kept.queue.delivered("ci-001", at=START_MS)  # a word that comes too late
    assert (await kept.row("ci-001")).status is DeliveryStatus.DEAD


async def test_what_arrived_stays_arrived(kept: Kept) -> None:
    await kept.add([delivery(1, run=kept.one)])
    await kept.queue.delivered("ci-001", at=START_MS + 7)
    await kept.queue.undelivered("ci-001", error="late", next_at=None)
    row = await kept.row("ci-001")
    assert (row.status, row.attempts, row.done_at, row.error) == (DeliveryStatus.DELIVERED, 1, START_MS + 7, None)
    assert await kept.queue.find(DeliveryFilter()) == []
    assert await kept.queue.retry(DeliveryFilter(ids=("ci-001",), statuses=ALL), at=0) == []
    assert await kept.queue.drop(DeliveryFilter(ids=("ci-001",), statuses=ALL)) == []


async def test_a_retried_dead_letter_is_as_new_and_keeps_its_number(kept: Kept) -> None:
    await kept.add([delivery(1, run=kept.one), delivery(2, run=kept.one)])
    await kept.queue.undelivered("ci-001", error="answered 410", next_at=None)
    only_dead = DeliveryFilter(destination="ci", statuses=frozenset({DeliveryStatus.DEAD}))
    assert await kept.queue.retry(only_dead, at=START_MS + 50) == ["ci-001"]
    row = await kept.row("ci-001")
    assert (row.status, row.attempts, row.delivery.not_before, row.next_at, row.seq) == (
        DeliveryStatus.PENDING, 0, START_MS + 50, START_MS + 50, 1,
    )  # fmt: skip
    assert await kept.heads() == [("ci-001", 1)]


async def test_what_is_dropped_is_gone_and_its_number_is_not_given_again(kept: Kept) -> None:
    await kept.add([delivery(1, run=kept.one), delivery(2, run=kept.one, destination="other")])
    assert await kept.queue.drop(DeliveryFilter(destination="ci")) == ["ci-001"]
    await kept.queue.delivered("ci-001", at=START_MS)
    await kept.add([delivery(3, run=kept.one)])
    assert await kept.heads() == [("ci-003", 2)]
    assert await kept.heads("other") == [("other-002", 1)]


async def test_discord_is_always_among_the_states(kept: Kept) -> None:
    assert await kept.state(DISCORD) == (0, 0, None)
    await kept.add([delivery(1, run=kept.one, at=START_MS + 3), delivery(2, run=kept.two, at=START_MS + 2)])
    assert [one.destination for one in await kept.queue.states()] == ["ci", DISCORD]
    assert await kept.state("ci") == (2, 0, START_MS + 2)
