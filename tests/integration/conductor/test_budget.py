"""A run's limit: reached, it halts the agent and nothing is lost; raised, it goes on; unknown cost stops nothing."""

import asyncio

import pytest

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunState, SuspendReason
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.errors import Refused
from tests.integration.conductor.conftest import ADA, MO, VI, House


async def at_its_limit(house: House) -> RunId:
    house.agent.script = (ev.UsageUpdated(input=10, output=1, cost_usd=0.30), ev.UsageUpdated(cost_usd=0.25))
    house.agent.hold()
    run = RunId((await house.submit(budget_usd="0.50")).id)
    snapshot = await house.in_state(run, RunState.SUSPENDED)
    assert (snapshot.reason, snapshot.resume_to) == (SuspendReason.BUDGET, RunState.BUILDING)
    assert snapshot.message == "Its limit of $0.50 is reached: $0.55 spent. Raise the limit, and it goes on."
    return run


async def test_a_run_that_reached_its_limit_is_halted_and_goes_on_once_that_is_raised(house: House) -> None:
    async with house.alive():
        run = await at_its_limit(house)
        await house.settled(run)
        assert house.agent.halted == 1
        house.agent.script = ()
        with pytest.raises(Refused, match="Raise the limit"):
            await house.conductor.resume(run, ADA)
        with pytest.raises(Refused, match=r"\$0\.55 is spent already"):
            await house.conductor.raise_budget(run, 0.55, ADA)
        for stranger in (VI, MO):
            with pytest.raises(Refused, match="You may not raise"):
                await house.conductor.raise_budget(run, 2.0, stranger)
        house.agent.release()
        await house.conductor.raise_budget(run, 2.0, ADA)
        snapshot = await house.ended(run)
    assert snapshot.state is RunState.COMPLETE
    assert snapshot.budget_usd == pytest.approx(2.0)
    assert [job.iteration for job in house.agent.jobs] == [1, 2]


async def test_a_limit_that_was_reached_while_nobody_looked_is_kept_after_a_restart(house: House) -> None:
    spent = ev.UsageUpdated(cost_usd=9.0)
    house.agent.hold()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(house.projector.run()), group.create_task(house.driver.run())]
        run = RunId((await house.submit(budget_usd="0.50")).id)
        await house.began()
        await house.conductor.observe(run, spent)
        await house.until(run, lambda snapshot: snapshot.usage.cost_usd is not None)
        keeper = group.create_task(house.budget.run())  # the next process begins with a look at every run
        await house.in_state(run, RunState.SUSPENDED)
        for task in (*tasks, keeper):
            task.cancel()


def has_used(snapshot: StatusSnapshot) -> bool:
    return snapshot.usage.input == 10


async def test_a_cost_that_nobody_states_stops_nothing(house: House) -> None:
    house.agent.script = (ev.UsageUpdated(input=10, output=1),)
    house.agent.hold()
    async with house.alive():
        run = RunId((await house.submit(budget_usd="0.01")).id)
        await house.until(run, has_used)
        house.agent.release()
        assert (await house.ended(run)).state is RunState.COMPLETE


async def test_a_limit_can_be_raised_before_it_is_reached_and_moves_nothing_then(house: House) -> None:
    house.agent.hold()
    async with house.alive():
        run = RunId((await house.submit(budget_usd="0.50")).id)
        await house.began()
        await house.conductor.raise_budget(run, 3.0, ADA)
        await house.conductor.observe(run, ev.UsageUpdated(input=10, cost_usd=2.0))
        assert (await house.until(run, has_used)).state is RunState.BUILDING
        house.agent.release()
        await house.ended(run)
    with pytest.raises(Refused, match="has ended"):
        await house.conductor.raise_budget(run, 4.0, ADA)
