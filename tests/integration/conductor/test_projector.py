"""The projector when the database refuses: nothing is skipped, nothing is counted twice, it is said once."""

import asyncio

from structlog.testing import capture_logs

from ompycord.conductor import Bus, Projector, Snapshots
from ompycord.domain import events as ev
from ompycord.domain.catalog import RunChannels
from ompycord.domain.ids import RunId
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import AppHarness
from tests.integration.conductor.test_external_runs import post
from tests.support.database_faults import faulty_writes
from tests.support.patience import within

PATIENCE_S = 10.0


def projector_of(store: SqliteStore) -> Projector:
    return Projector(
        store=store,
        snapshots=Snapshots(store=store),
        bus=Bus(),
        clock=FakeClock(),
        channels=RunChannels(home="200000000000000009"),
    )


async def test_a_batch_that_was_refused_is_folded_once_when_it_goes_through(harness: AppHarness) -> None:
    run = RunId(await post(harness, ev.RunStarted(title="Nightly"), seq=1))
    await post(harness, ev.UsageUpdated(input=7), seq=2)
    projector = projector_of(harness.store)
    async with (
        within(PATIENCE_S),
        faulty_writes(harness.store, "INSERT ON cursors") as projections,
        asyncio.TaskGroup() as group,
    ):
        projections.refuse(2)
        with capture_logs() as lines:
            task = group.create_task(projector.run())
            await projections.refused.wait()
            projector.wake()
            await projector.settled()
            assert await harness.store.backlog() == 0
            assert projections.seen == 3  # twice in vain
            task.cancel()
    snapshot = (await harness.store.folds([run]))[run].snapshot()
    assert snapshot.usage is not None
    assert snapshot.usage.input == 7
    assert len(await harness.store.outbox()) == 3  # mirror, thread, card: owed once
    assert [line["event"] for line in lines] == ["projector.waits", "projector.goes_on"]


async def test_settled_waits_for_what_is_stored(harness: AppHarness) -> None:
    projector = projector_of(harness.store)
    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(projector.run())
        await projector.settled()
        await post(harness, ev.RunStarted(title="Nightly"), seq=1)
        projector.wake()
        await projector.settled()
        assert (projector.position, await harness.store.backlog()) == (1, 0)
        task.cancel()


async def test_a_projector_that_starts_again_begins_where_the_last_one_stood(harness: AppHarness) -> None:
    """What is folded is not folded again, and there is nothing to commit; what came meanwhile is taken."""
    await post(harness, ev.RunStarted(title="Nightly"), seq=1)
    for expected in (1, 2):
        projector = projector_of(harness.store)
        async with (
            within(PATIENCE_S),
            faulty_writes(harness.store, "INSERT ON cursors") as projections,
            asyncio.TaskGroup() as group,
        ):
            task = group.create_task(projector.run())
            await projector.settled()
            assert (projector.position, await harness.store.backlog()) == (expected, 0)
            assert projections.seen == 1
            task.cancel()
        again = projector_of(harness.store)
        async with (
            within(PATIENCE_S),
            faulty_writes(harness.store, "INSERT ON cursors") as projections,
            asyncio.TaskGroup() as group,
        ):
            task = group.create_task(again.run())
            await again.settled()
            assert (again.position, projections.seen) == (expected, 0)
            task.cancel()
        await post(harness, ev.Note(text="meanwhile"), seq=2)
