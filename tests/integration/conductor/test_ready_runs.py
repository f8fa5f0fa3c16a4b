"""Which waiting runs should have begun: what an alert goes by that says runs wait although a slot is free."""

from pathlib import Path

import pytest

from ompycord.conductor.budgeting.book import BudgetBook
from ompycord.domain.budgets.accounts import SpendingAccount
from ompycord.domain.catalog import Limits
from ompycord.domain.ids import RunId
from ompycord.domain.records import EffectRow
from ompycord.domain.run import RunRecord, RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, CATALOG, MO, AppHarness
from tests.integration.conductor.test_shared_budgets import budgeted
from tests.support.patience import within


async def test_a_run_is_ready_while_a_slot_is_free_and_nothing_is_paused(crowded: AppHarness) -> None:
    two = {(await crowded.submit()).id for _ in range(2)}
    [ready] = await crowded.driver.ready()  # there is one slot
    assert ready.id in two
    crowded.infrastructure.mode.pause("Ada")
    assert list(await crowded.driver.ready()) == []
    crowded.infrastructure.mode.unpause()
    crowded.driver.drain()
    assert list(await crowded.driver.ready()) == []


async def test_one_whose_budget_is_used_up_waits_for_that_and_not_for_a_slot(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = budgeted(store, tmp_path, 7.0, server={"month_usd": 7}, when_reached="queue")
    harness.agent.hold()
    async with harness.running():
        await harness.in_state(RunId((await harness.submit()).id), RunState.SUSPENDED)
        waiting = await harness.submit(MO)
        assert (await harness.areas.load(RunId(waiting.id))).record.state is RunState.QUEUED
        assert list(await harness.driver.ready()) == []


async def test_while_no_slot_is_free_nothing_is_asked_about_those_who_wait(
    crowded: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each commit has the driver look, with as many runs in its queue as there may be."""
    asked: list[str] = []
    used_up = BudgetBook.used_up

    async def counted(self: BudgetBook, record: RunRecord) -> SpendingAccount | None:
        asked.append(record.id)
        return await used_up(self, record)

    monkeypatch.setattr(BudgetBook, "used_up", counted)
    crowded.agent.hold()
    async with crowded.running():
        first = await crowded.submit(ADA)
        async with within(10):
            await crowded.agent.began.wait()
        second = await crowded.submit(ADA)
        asked.clear()
        assert list(await crowded.driver.ready()) == []
        assert second.id not in asked
        crowded.agent.release()
        await crowded.ended(first.id)
        await crowded.ended(second.id)
    assert second.id in asked


async def test_what_is_left_to_do_is_read_once_for_all_who_wait(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(open_per_person=9, parallel_runs=5)
    harness = AppHarness(store, tmp_path, FakeClock(), CATALOG.model_copy(update={"limits": limits}))
    async with harness.running():
        ended = [(await harness.ended((await harness.submit(ADA)).id)).run for _ in range(3)]
        for run in ended:
            await harness.settled(run)
    waiting = {(await harness.submit(ADA, follows=run)).id for run in ended}
    reads: list[int] = []
    open_effects = store.open_effects

    async def counted() -> list[EffectRow]:
        reads.append(1)
        return await open_effects()

    monkeypatch.setattr(store, "open_effects", counted)
    assert {one.id for one in await harness.driver.ready()} == waiting
    assert reads == [1]
