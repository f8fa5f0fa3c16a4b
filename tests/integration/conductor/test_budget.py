"""A run's limit: reached, it halts the agent and nothing is lost; raised, it goes on; unknown cost stops nothing."""

import asyncio

import pytest

from ompycord.conductor.budgets import Shortage
from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunState, SuspendReason
from tests.integration.conductor.conftest import ADA, MO, VI, AppHarness
from tests.support.refusals import refuses


async def at_its_limit(harness: AppHarness) -> RunId:
    harness.agent.script = (ev.UsageUpdated(input=10, output=1, cost_usd=0.30), ev.UsageUpdated(cost_usd=0.25))
    harness.agent.hold()
    run = RunId((await harness.submit(budget_usd="0.50")).id)
    snapshot = await harness.in_state(run, RunState.SUSPENDED)
    assert (snapshot.reason, snapshot.resume_to) == (SuspendReason.BUDGET, RunState.BUILDING)
    assert snapshot.message == "Its limit of $0.50 is reached: $0.55 spent. Raise the limit to continue."
    return run


async def test_a_run_that_reached_its_limit_is_halted_and_goes_on_once_that_is_raised(harness: AppHarness) -> None:
    async with harness.running():
        run = await at_its_limit(harness)
        await harness.settled(run)
        assert harness.agent.cancelled == 1
        harness.agent.script = ()
        with refuses("Raise the limit"):
            await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        with refuses(r"\$0\.55 is spent already"):
            await harness.areas.budgets.raise_budget(await harness.areas.load(run), 0.55, ADA)
        for stranger in (VI, MO):
            with refuses("You may not raise"):
                await harness.areas.budgets.raise_budget(await harness.areas.load(run), 2.0, stranger)
        harness.agent.release()
        await harness.areas.budgets.raise_budget(await harness.areas.load(run), 2.0, ADA)
        snapshot = await harness.ended(run)
    assert snapshot.state is RunState.COMPLETE
    assert snapshot.budget_usd == pytest.approx(2.0)
    assert [job.iteration for job in harness.agent.jobs] == [1, 2]


async def test_a_limit_that_was_reached_while_nobody_looked_is_kept_after_a_restart(harness: AppHarness) -> None:
    spent = ev.UsageUpdated(cost_usd=9.0)
    harness.agent.hold()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(harness.projector.run()), group.create_task(harness.driver.run())]
        run = RunId((await harness.submit(budget_usd="0.50")).id)
        await harness.began()
        await harness.areas.recorder.observe(run, spent)
        await harness.until(run, lambda snapshot: snapshot.usage.cost_usd is not None)
        keeper = group.create_task(
            harness.areas.budget_keeper.run()
        )  # the next process begins with a look at every run
        await harness.in_state(run, RunState.SUSPENDED)
        for task in (*tasks, keeper):
            task.cancel()


async def test_an_agent_that_is_refused_is_halted_though_nobody_has_read_yet_that_it_works(harness: AppHarness) -> None:
    harness.agent.hold()
    keeper, shortage = harness.areas.budget_keeper, Shortage(spent_usd=0.4, usd=0.5)
    async with asyncio.TaskGroup() as group:
        driver = group.create_task(harness.driver.run())
        run = RunId((await harness.submit(budget_usd="0.50")).id)
        await harness.began()  # and nothing is folded: the projector does not run
        await keeper.pause(run, shortage)
        assert (await harness.areas.record(run)).state is RunState.SUSPENDED
        projector = group.create_task(harness.projector.run())
        snapshot = await harness.in_state(run, RunState.SUSPENDED)
        assert snapshot.message == "Its limit of $0.50 is reached: $0.40 spent. Raise the limit to continue."
        harness.agent.began.clear()
        await harness.areas.budgets.raise_budget(await harness.areas.load(run), 2.0, ADA)
        await harness.began()
        await harness.until(run, lambda one: one.budget_usd == 2.0)
        await keeper.pause(run, shortage)  # the answer of a request that was refused before
        assert (await harness.areas.record(run)).state is RunState.BUILDING
        harness.agent.release()
        await harness.ended(run)
        for task in (driver, projector):
            task.cancel()


def has_used(snapshot: StatusSnapshot) -> bool:
    return snapshot.usage.input == 10


async def test_a_cost_that_nobody_states_stops_nothing(harness: AppHarness) -> None:
    harness.agent.script = (ev.UsageUpdated(input=10, output=1),)
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit(budget_usd="0.01")).id)
        await harness.until(run, has_used)
        harness.agent.release()
        assert (await harness.ended(run)).state is RunState.COMPLETE


async def test_a_limit_can_be_raised_before_it_is_reached_and_moves_nothing_then(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit(budget_usd="0.50")).id)
        await harness.began()
        await harness.areas.budgets.raise_budget(await harness.areas.load(run), 3.0, ADA)
        await harness.areas.recorder.observe(run, ev.UsageUpdated(input=10, cost_usd=2.0))
        assert (await harness.until(run, has_used)).state is RunState.BUILDING
        harness.agent.release()
        await harness.ended(run)
    with refuses("has ended"):
        await harness.areas.budgets.raise_budget(await harness.areas.load(run), 4.0, ADA)
