"""What people decide about a proposal and what that changes in the memory: both are stored, or neither."""

import asyncio

import pytest

from ompycord.conductor.snapshots import LoadedRun
from ompycord.domain.events import MemoryProposed
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import MemoryFilter, MemoryKind, MemoryStatus, NewMemory
from ompycord.errors import Refused
from tests.integration.conductor.conftest import ADA, AP, AppHarness
from tests.support.dying_store import dying_store

NEW = NewMemory(kind=MemoryKind.LESSON, title="Run the formatter first", body="Else the tests fail.")


async def proposed(harness: AppHarness) -> tuple[LoadedRun, str]:
    """A run that has ended, and the item that its agent proposed."""
    run = RunId((await harness.submit()).id)
    await harness.ended(run)
    kept = await harness.parts.areas.lessons.propose(run, NEW)
    await harness.until(run, lambda snapshot: bool(snapshot.lessons))
    return await harness.snapshots.load(await harness.areas.record(run)), kept.item.id


async def status_of(harness: AppHarness, item: str) -> MemoryStatus:
    return (await harness.store.memory.by_id([item]))[item].item.status


async def test_of_two_who_decide_at_once_the_first_is_what_the_memory_keeps(harness: AppHarness) -> None:
    async with harness.running():
        loaded, item = await proposed(harness)
        lessons = harness.parts.areas.lessons
        async with asyncio.TaskGroup() as group:
            first = group.create_task(lessons.decide(loaded, item, "kept", ADA))
            second = group.create_task(lessons.decide(loaded, item, "dropped", AP))
        kept, dropped = first.result(), second.result()
        assert kept.fresh is not dropped.fresh
        earlier = (dropped if kept.fresh else kept).earlier
        assert earlier is not None
        assert earlier.by_name == (ADA if kept.fresh else AP).name
        wanted = MemoryStatus.ACTIVE if kept.fresh else MemoryStatus.RETIRED
        assert await status_of(harness, item) is wanted


@pytest.mark.parametrize(("after", "is_kept"), [(False, False), (True, True)])
async def test_a_crash_at_the_write_leaves_both_or_neither(harness: AppHarness, after: bool, is_kept: bool) -> None:
    async with harness.running():
        loaded, item = await proposed(harness)
    database = harness.folder / "ompycord.db"
    async with dying_store(database, clock=harness.clock, ids=harness.ids, at=1, after=after) as (store, death):
        dying = harness.restart_over(store)
        async with asyncio.TaskGroup() as group:
            deciding = group.create_task(dying.parts.areas.lessons.decide(loaded, item, "kept", ADA))
            await death.came.wait()
            deciding.cancel()
    is_decided = await harness.store.decision(loaded.run, "lesson", item) is not None
    is_active = await status_of(harness, item) is MemoryStatus.ACTIVE
    assert (is_decided, is_active) == (is_kept, is_kept)


@pytest.mark.parametrize(("after", "is_kept"), [(False, False), (True, True)])
async def test_a_crash_while_an_agent_proposes_leaves_no_proposal_that_nobody_is_shown(
    harness: AppHarness, after: bool, is_kept: bool
) -> None:
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.ended(run)
    database = harness.folder / "ompycord.db"
    async with dying_store(database, clock=harness.clock, ids=harness.ids, at=1, after=after) as (store, death):
        dying = harness.restart_over(store)
        async with asyncio.TaskGroup() as group:
            proposing = group.create_task(dying.parts.areas.lessons.propose(run, NEW))
            await death.came.wait()
            proposing.cancel()
    found = await harness.store.memory.items(MemoryFilter(source_run=run, statuses=frozenset({MemoryStatus.PROPOSED})))
    shown = [event.body.item for event in await harness.store.events_of(run) if isinstance(event.body, MemoryProposed)]
    assert [one.item.id for one in found] == shown
    assert len(shown) == is_kept


async def test_the_same_words_again_are_no_second_proposal_and_nothing_more_is_shown(harness: AppHarness) -> None:
    async with harness.running():
        loaded, item = await proposed(harness)
        again = await harness.parts.areas.lessons.propose(loaded.run, NEW)
        assert (again.item.id, again.fresh) == (item, False)
        events = await harness.store.events_of(loaded.run)
        assert len([one for one in events if isinstance(one.body, MemoryProposed)]) == 1


async def test_what_was_dropped_in_the_memory_itself_is_refused_and_nothing_is_decided(harness: AppHarness) -> None:
    async with harness.running():
        loaded, item = await proposed(harness)
        row = (await harness.store.memory.by_id([item]))[item].item
        retired = row.model_copy(update={"status": MemoryStatus.RETIRED})
        assert await harness.store.memory.rewrite(retired, "", expect=MemoryStatus.PROPOSED)
        with pytest.raises(Refused):
            await harness.parts.areas.lessons.decide(loaded, item, "kept", ADA)
        assert await harness.store.decision(loaded.run, "lesson", item) is None
