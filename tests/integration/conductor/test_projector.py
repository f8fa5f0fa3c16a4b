"""The projector when the database refuses: nothing is skipped, nothing is counted twice, it is said once."""

import asyncio
from typing import cast

from structlog.testing import capture_logs

from ompycord.conductor import Bus, Projector, Snapshots
from ompycord.domain import events as ev
from ompycord.domain.catalog import RunChannels
from ompycord.domain.ids import RunId
from ompycord.errors import DiskRefuses
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import AppHarness
from tests.integration.conductor.test_external_runs import post
from tests.support.patience import within

PATIENCE_S = 10.0


class RefusingStore:
    """The real store, whose projections are refused so many times."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.refusals = 0
        self.refused = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def project(self, *arguments: object, **more: object) -> None:
        if self.refusals:
            self.refusals -= 1
            self.refused.set()
            raise DiskRefuses("The disk is full.")
        await self._store.project(*arguments, **more)  # pyright: ignore[reportArgumentType]  # handed on as it came


def projector_of(store: RefusingStore) -> Projector:
    real = cast("SqliteStore", store)  # the rest is the real store's
    return Projector(
        store=real,
        snapshots=Snapshots(store=real),
        bus=Bus(),
        clock=FakeClock(),
        channels=RunChannels(home="200000000000000009"),
    )


async def test_a_batch_that_was_refused_is_folded_once_when_it_goes_through(harness: AppHarness) -> None:
    run = RunId(await post(harness, ev.RunStarted(title="Nightly"), seq=1))
    await post(harness, ev.UsageUpdated(input=7), seq=2)
    refusing = RefusingStore(harness.store)
    projector = projector_of(refusing)
    refusing.refusals = 2
    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        with capture_logs() as lines:
            task = group.create_task(projector.run())
            await refusing.refused.wait()
            projector.wake()
            await projector.settled()
            assert await harness.store.backlog() == 0
            task.cancel()
    snapshot = (await harness.store.folds([run]))[run].snapshot()
    assert snapshot.usage is not None
    assert snapshot.usage.input == 7
    assert len(await harness.store.outbox()) == 3  # mirror, thread, card: owed once
    assert [line["event"] for line in lines] == ["projector.waits", "projector.goes_on"]


async def test_settled_waits_for_what_is_stored(harness: AppHarness) -> None:
    projector = projector_of(RefusingStore(harness.store))
    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(projector.run())
        await projector.settled()
        await post(harness, ev.RunStarted(title="Nightly"), seq=1)
        projector.wake()
        await projector.settled()
        assert (projector.position, await harness.store.backlog()) == (1, 0)
        task.cancel()
