"""Which waiting runs should have begun: what an alert goes by that says runs wait although a slot is free."""

from pathlib import Path

from ompycord.domain.ids import RunId
from ompycord.domain.run import RunState
from ompycord.store import SqliteStore
from tests.integration.conductor.conftest import MO, AppHarness
from tests.integration.conductor.test_shared_budgets import budgeted


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
    async with harness.running():
        await harness.ended(RunId((await harness.submit()).id))
        waiting = await harness.submit(MO)
        assert (await harness.areas.load(RunId(waiting.id))).record.state is RunState.QUEUED
        assert list(await harness.driver.ready()) == []
