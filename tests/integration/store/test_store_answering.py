"""What a service manager's watchdog goes by: the writer has done something; counterpart of `degraded.py`."""

import asyncio

from ompycord.store import SqliteStore
from tests.integration.store.world import HandClock
from tests.support.database_faults import faulty_writes
from tests.support.patience import until, within
from tests.support.settled import settled


async def test_a_writer_that_hangs_does_not_answer_whatever_is_known_of_it(
    store: SqliteStore, clock: HandClock
) -> None:
    async with within(10):
        await store.answer()
    clock.seconds += 60  # what was known of the database is old by now
    async with faulty_writes(store, "INSERT ON cursors") as cursors, asyncio.TaskGroup() as group:
        cursors.hold()
        asking = group.create_task(store.is_writable())
        await until(lambda: cursors.seen == 1)
        assert await store.is_writable(), "as it was before: someone asks already"
        answer = group.create_task(store.answer())
        await settled()
        assert not answer.done()
        cursors.release()
        async with within(10):
            assert await asking
            await answer


async def test_a_database_that_takes_nothing_answers(store: SqliteStore) -> None:
    store.reserve("The disk is full.")
    async with within(10):
        await store.answer()
