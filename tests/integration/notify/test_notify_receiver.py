"""From a posted event to a receiver that is down, slow, wrong and back: once or more, signed, in order.

In virtual time.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ompycord.app.outgoing.webhooks import open_notifier
from ompycord.app.wiring.parts import Infrastructure
from ompycord.app.wiring.work import projector_of
from ompycord.conductor import Projector
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog
from ompycord.domain.deliveries import (
    DeliveryFilter,
    DeliveryStatus,
    Destination,
    DestinationState,
    StoredDelivery,
    Topic,
)
from ompycord.domain.ids import RunId
from ompycord.domain.ports.notify import NotificationQueue
from ompycord.errors import NotStored
from ompycord.notify.options import OutgoingWebhook
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import RandomIds
from tests.integration.store.world import CountingIds, Sender, receipt
from tests.support.app_harness import infrastructure_of, settings_of
from tests.support.database_faults import faulty_writes
from tests.support.new_store import new_store
from tests.support.patience import within
from tests.support.receiver import HANG, SECRET, Receiver, at_the_time_of

PATIENCE_S = 20.0
ALL = frozenset(DeliveryStatus)
HOME = "200000000000000001"


class WatchedQueue(NotificationQueue):
    """The store's queue, of which a test can await the next change."""

    def __init__(self, store: SqliteStore) -> None:
        self._queue = store.notifications
        self._changed = asyncio.Condition()

    async def heads(self, destination: Destination, *, limit: int) -> list[StoredDelivery]:
        return await self._queue.heads(destination, limit=limit)

    async def delivered(self, delivery: str, *, at: int) -> None:
        await self._queue.delivered(delivery, at=at)
        await self._tell()

    async def undelivered(self, delivery: str, *, error: str, next_at: int | None) -> None:
        await self._queue.undelivered(delivery, error=error, next_at=next_at)
        await self._tell()

    async def find(self, which: DeliveryFilter) -> list[StoredDelivery]:
        return await self._queue.find(which)

    async def retry(self, which: DeliveryFilter, *, at: int) -> list[str]:
        return await self._queue.retry(which, at=at)

    async def drop(self, which: DeliveryFilter) -> list[str]:
        return await self._queue.drop(which)

    async def states(self) -> Sequence[DestinationState]:
        return await self._queue.states()

    async def rows(self, destination: str = "ci") -> list[StoredDelivery]:
        return await self._queue.find(DeliveryFilter(destination=destination, statuses=ALL, limit=None))

    async def until(self, holds: Callable[[list[StoredDelivery]], bool], destination: str = "ci") -> None:
        """Until it holds of the rows; bounded."""
        async with within(PATIENCE_S), self._changed:
            while not holds(await self.rows(destination)):
                await self._changed.wait()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class World:
    """Store, projector and notifier of one process, of the composition root's parts."""

    def __init__(self, store: SqliteStore, folder: Path, clock: FakeClock, *webhooks: OutgoingWebhook) -> None:
        self.store, self.folder, self.clock = store, folder, clock
        self.webhooks = webhooks
        self.queue = WatchedQueue(store)
        self.sender = Sender(CountingIds())
        self.infrastructure = self._infrastructure()
        self.projector = projector_of(self.infrastructure)

    def _infrastructure(self) -> Infrastructure:
        settings = settings_of(Catalog(), notify={"webhooks": self.webhooks}, discord={"home_channel": HOME})
        return infrastructure_of(self.store, self.folder, settings=settings, clock=self.clock, ids=CountingIds())

    def new_projector(self) -> Projector:
        """That of a process which starts with the webhooks of now."""
        return projector_of(self._infrastructure())

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        bus, settings = self.infrastructure.bus, self.infrastructure.settings.notify
        secrets = dict.fromkeys(settings.destinations, SECRET)
        opened = open_notifier(settings, secrets, queue=self.queue, bus=bus, clock=self.clock, chance=lambda: 0.0)
        async with opened as notifier, asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.projector.run()), group.create_task(notifier.run())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def post(self, *bodies: ev.EventBody, name: str = "nightly", first: int = 1) -> RunId:
        posts = [self.sender.post(body, seq=first + place, name=name) for place, body in enumerate(bodies)]
        taken = [receipt(one) for one in await self.store.append(posts)]
        self.projector.wake()
        return taken[0].run


def webhook(name: Destination, *, url: str = "http://127.0.0.1:9/hook", **more: Any) -> OutgoingWebhook:
    """One of the settings; its file is not read, since the secret is given."""
    return OutgoingWebhook(name=name, url=url, secret_file=Path("given"), **more)


STORY = (
    ev.RunStarted(title="Nightly"),
    ev.Note(text="no topic of a webhook"),
    ev.QuestionAsked(question="q1", text="Which one?"),
    ev.CheckStarted(check="unit"),
)


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    made = await Receiver().up()
    yield made
    await made.down()


@pytest.fixture
async def world(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    clock = FakeClock()
    at_the_time_of(monkeypatch, clock.now_ms)
    async with new_store(tmp_path / "a.db", clock=clock, ids=RandomIds(clock)) as store:
        yield World(store, tmp_path / "data", clock, webhook("ci", url=receiver.url))


async def test_a_receiver_that_is_down_slow_wrong_and_back_gets_each_delivery_in_order(
    world: World, receiver: Receiver
) -> None:
    await receiver.down()
    async with world.running():
        run = await world.post(*STORY)
        await world.queue.until(lambda rows: rows != [] and rows[0].error == "could not be reached")
        await receiver.up()
        receiver.script = [HANG, 500, 302, 401]
        for number, (pause_s, error) in enumerate(
            [
                (5, "no answer within 10 s"),
                (15, "answered 500"),
                (45, "answered 302: redirects are not followed"),
                (135, "answered 401"),
            ]
        ):
            world.clock.advance(pause_s)
            await receiver.until(lambda number=number: len(receiver.requests) == number + 1)
            if number == 0:
                world.clock.advance(10)
            await world.queue.until(lambda rows, error=error: rows[0].error == error)
        world.clock.advance(405)
        await receiver.until(lambda: len(receiver.taken) == 3)
        await world.queue.until(lambda rows: all(row.status is DeliveryStatus.DELIVERED for row in rows))
    assert [(one.seq, one.body["type"]) for one in receiver.taken] == [
        (1, "run.started"), (2, "question.asked"), (3, "check.started"),
    ]  # fmt: skip
    assert {one.body["run"] for one in receiver.requests} == {run}
    assert [one.id for one in receiver.requests[:5]] == [
        receiver.requests[0].id
    ] * 5  # the first, and none before it arrived
    assert len({one.id for one in receiver.taken}) == 3
    assert [one.body for one in receiver.requests[:5]] == [receiver.requests[0].body] * 5
    assert {one.path for one in receiver.requests} == {"/hook"}  # nothing came where the redirect led
    assert receiver.unsigned == []


async def test_gone_is_a_dead_letter_at_once_and_what_follows_keeps_its_number(
    world: World, receiver: Receiver
) -> None:
    receiver.script = [410]
    async with world.running():
        await world.post(*STORY)
        await receiver.until(lambda: len(receiver.taken) == 2)
        await world.queue.until(lambda rows: rows[-1].status is DeliveryStatus.DELIVERED)
    assert [one.seq for one in receiver.requests] == [1, 2, 3]
    rows = await world.queue.rows()
    assert [(row.seq, row.status.value, row.error) for row in rows] == [
        (1, "dead", "answered 410: it wants nothing any more"), (2, "delivered", None), (3, "delivered", None),
    ]  # fmt: skip


async def test_a_run_whose_delivery_hangs_holds_up_neither_the_projector_nor_discord_nor_another_run(
    world: World, receiver: Receiver
) -> None:
    receiver.script = [HANG]
    async with world.running():
        held = await world.post(ev.RunStarted(title="Held"), name="held")
        await receiver.until(lambda: len(receiver.requests) == 1)
        await world.post(ev.RunFinished(summary="Done"), name="held", first=2)
        await world.projector.settled()
        kinds = {row.kind.value for row in await world.store.outbox() if row.run == held}
        await world.post(ev.RunStarted(title="Other"), name="other")
        await receiver.until(lambda: len(receiver.taken) == 1)
        assert receiver.taken[0].body["data"]["title"] == "Other"
        assert kinds == {"summary", "thread", "card", "result"}  # owed to Discord while the webhook still waits
        assert receiver.requests[0].body["data"]["title"] == "Held"
        await world.queue.until(lambda rows: [row.status.value for row in rows].count("delivered") == 1)
        assert [row.status.value for row in await world.queue.rows()].count("pending") == 2


async def test_one_that_was_never_answered_is_dead_after_three_days_and_the_next_is_tried(
    world: World, receiver: Receiver
) -> None:
    receiver.script = [500] * 99

    def tries_of_the_first() -> int:
        return sum(one.seq == 1 for one in receiver.requests)

    async with world.running():
        await world.post(ev.RunStarted(title="Nightly"), ev.RunFinished(summary="Done"))
        for number in range(1, 99):
            await receiver.until(lambda number=number: tries_of_the_first() == number)
            await world.queue.until(lambda rows, number=number: rows[0].attempts == number)
            if (await world.queue.rows())[0].status is DeliveryStatus.DEAD:
                break  # from here the next one is on its way: no time passes while it is
            world.clock.advance(6 * 3600)
        await receiver.until(lambda: any(one.seq == 2 for one in receiver.requests))
    assert world.clock.monotonic_s() >= 3 * 24 * 3600
    assert 10 <= tries_of_the_first() <= 30
    first, _ = await world.queue.rows()
    assert (first.status, first.error) == (DeliveryStatus.DEAD, "answered 500")


async def test_a_projection_that_is_done_again_makes_no_second_delivery(world: World) -> None:
    await world.post(*STORY)
    projector = world.new_projector()
    async with faulty_writes(world.store, "INSERT ON cursors") as projections:
        projections.refuse(1)
        with pytest.raises(NotStored):
            await projector.project_some()
    assert await world.queue.rows() == []
    assert await projector.project_some() == 4
    await world.new_projector().project_some()  # a process that died right after its commit reads them again
    rows = await world.queue.rows()
    assert [(row.seq, row.delivery.topic) for row in rows] == [(1, Topic.RUN), (2, Topic.QUESTION), (3, Topic.CHECK)]


async def test_a_secret_in_an_event_does_not_leave_the_house(world: World, receiver: Receiver) -> None:
    async with world.running():
        await world.post(ev.RunStarted(title="Use hunter2-hunter2 now"))
        await receiver.until(lambda: len(receiver.taken) == 1)
    assert receiver.taken[0].body["data"]["title"] == "Use [redacted] now"
    assert "hunter2" not in str(await world.queue.rows())


async def test_a_destination_gets_its_topics_of_its_repositories_from_when_it_is_configured(world: World) -> None:
    world.webhooks = (webhook("checks", topics=("check",)), webhook("shop", repositories=("shop",)))
    await world.post(ev.RunStarted(title="Before"), name="before")
    await projected(world)
    world.webhooks = (*world.webhooks, webhook("later"))
    await world.post(ev.RunStarted(title="A", repository="shop"), *STORY[2:], name="a")
    await world.post(ev.RunStarted(title="B", repository="vault"), *STORY[2:], name="b")
    await projected(world)
    seen = {
        name: [row.delivery.content["type"] for row in await world.queue.rows(name)]
        for name in ("checks", "shop", "later")
    }
    assert seen["checks"] == ["check.started"] * 2
    assert seen["shop"] == ["run.started", "question.asked", "check.started"]
    assert len(seen["later"]) == 6  # of what happened before it nothing


async def projected(world: World) -> None:
    """As a process does that starts with the webhooks of now."""
    projector = world.new_projector()
    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(projector.run())
        await projector.settled()
        task.cancel()
