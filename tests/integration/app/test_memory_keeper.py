"""Verified runs are remembered in facts: once, without an agent's words, also those that ended while nothing ran."""

from pathlib import Path

import pytest

from ompycord.app.wiring.memory import memory_keeper_of
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import MemoryFilter, MemoryKind, MemoryOrigin
from ompycord.domain.memory.options import MemoryOptions
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AppHarness, harness, store

__all__ = ["harness", "store"]


async def remembered(harness: AppHarness) -> list[str]:
    return [one.item.title for one in await harness.store.memory.items(MemoryFilter())]


async def test_a_verified_run_is_remembered_in_facts_once(harness: AppHarness) -> None:
    harness.agent.script = (ev.Message(text="I learned that the moon is cheese"),)
    keeper = memory_keeper_of(harness.infrastructure)
    async with harness.running():
        run = RunId((await harness.submit(prompt="Fix the total.\nIt rounds wrongly.")).id)
        await harness.ended(run)
    item = await keeper.keep(run)
    assert item is not None
    assert await keeper.keep(run) is None
    (row,) = await harness.store.memory.items(MemoryFilter())
    assert row.item == item
    assert (item.kind, item.origin, item.repository, item.channel) == (
        MemoryKind.RUN_SUMMARY, MemoryOrigin.RUN, "shop", None,
    )  # fmt: skip
    assert (item.title, item.paths, item.author) == ("Fix the total", ("total.py",), ADA.id)
    assert item.body.splitlines() == ["Asked: Fix the total. It rounds wrongly.", "Changed: total.py", "Passed: unit"]


async def test_a_run_that_is_not_verified_is_not_remembered(harness: AppHarness) -> None:
    keeper = memory_keeper_of(harness.infrastructure)
    async with harness.running():
        fast = await harness.submit(mode="fast")
        await harness.ended(fast.id)
        harness.agent.writes = {}
        empty = await harness.submit(prompt="Do nothing")
        await harness.ended(empty.id)
    assert [await keeper.keep(RunId(one.id)) for one in (fast, empty)] == [None, None]
    assert await remembered(harness) == []


async def test_runs_that_ended_while_nothing_ran_are_remembered_at_the_start(harness: AppHarness) -> None:
    async with harness.running():
        await harness.ended((await harness.submit(prompt="Fix the total.")).id)
    again = _WithMemory(harness.store, harness.folder, harness.clock)
    async with again.running():
        with again.bus.subscribe() as changes:
            while not await remembered(again):
                await changes.take(0.05)
    assert await remembered(again) == ["Fix the total"]


class _WithMemory(AppHarness):
    SERVICES = (*AppHarness.SERVICES, "memory")


@pytest.mark.parametrize("kept", [True, False])
async def test_each_run_that_ends_verified_is_remembered_where_that_is_wanted(
    store: SqliteStore, tmp_path: Path, kept: bool
) -> None:
    options = MemoryOptions(run_summaries=kept)
    harness = _WithMemory(store, tmp_path, FakeClock(), memory=options)
    async with harness.running():
        run = await harness.submit(prompt="Fix the total.")
        await harness.ended(run.id)
        with harness.bus.subscribe() as changes:
            while kept and not await remembered(harness):
                await changes.take(0.05)
        await harness.settled(run.id)
    assert await remembered(harness) == (["Fix the total"] if kept else [])
