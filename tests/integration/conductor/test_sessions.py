"""An agent goes on in its own session: after a crash of ours by itself, after its own when somebody resumes; else anew."""

from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities, AgentOutcome
from ompycord.domain.run import FailureClass, RunState, SuspendReason
from ompycord.engines.steps import GO_ON, TAKEN_OVER
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, House

SESSION = ev.SessionOpened(session="s-1")


@pytest.fixture
def house(store: SqliteStore, tmp_path: Path) -> House:
    return resuming(House(store, tmp_path, FakeClock()))


def resuming(house: House) -> House:
    house.agent.capabilities = AgentCapabilities(can_resume=True, can_steer=True)
    house.abilities["command"] = house.agent.capabilities
    return house


async def test_after_a_crash_of_ours_it_goes_on_in_its_session_and_its_clone(house: House) -> None:
    house.agent.script = (SESSION,)
    house.agent.hold()
    async with house.alive():
        run = RunId((await house.submit()).id)
        await house.until(run, lambda snapshot: snapshot.session is not None)
        (house.agent.jobs[0].cwd / "half.txt").write_text("half done\n")
        await house.conductor.say(run, "Mind the docs.", "next", ADA)
        await house.heard()
    second = resuming(house.reborn())
    async with second.alive():
        snapshot = await second.ended(run)
    assert snapshot.state is RunState.COMPLETE
    assert [file.path for file in snapshot.files] == ["half.txt", "total.py"]
    job = second.agent.jobs[0]
    assert (job.iteration, job.session) == (2, "s-1")
    assert job.prompt == f"{GO_ON}\n\nSaid since it began; you may know some of it:\n\nMind the docs."


async def test_an_agent_that_opened_no_session_begins_again_in_a_fresh_clone(house: House) -> None:
    house.agent.hold()
    async with house.alive():
        run = RunId((await house.submit()).id)
        await house.began()
        (house.agent.jobs[0].cwd / "half.txt").write_text("half done\n")
    second = resuming(house.reborn())
    async with second.alive():
        snapshot = await second.ended(run)
    assert [file.path for file in snapshot.files] == ["total.py"]
    assert second.agent.jobs[0].session is None
    assert second.agent.jobs[0].prompt.startswith("Fix the total.")


async def test_a_session_of_an_earlier_clone_is_not_resumed(house: House) -> None:
    house.agent.script = (SESSION,)
    house.agent.hold()
    async with house.alive():
        run = RunId((await house.submit()).id)
        await house.until(run, lambda snapshot: snapshot.session is not None)
    second = house.reborn()  # an Ompycord whose adapter cannot resume takes a fresh clone
    second.agent.hold()
    async with second.alive():
        await second.began()
    third = resuming(second.reborn())
    async with third.alive():
        await third.ended(run)
    assert [job.session for job in (*second.agent.jobs, *third.agent.jobs)] == [None, None]


async def test_a_stopped_agent_is_resumed_in_its_session(house: House) -> None:
    house.agent.script = (SESSION,)
    house.agent.hold()
    async with house.alive():
        run = RunId((await house.submit()).id)
        await house.until(run, lambda snapshot: snapshot.session is not None)
        await house.conductor.stop(run, ADA)
        await house.settled(run)
        house.agent.release()
        await house.conductor.resume(run, ADA)
        await house.ended(run)
    assert [job.session for job in house.agent.jobs] == [None, "s-1"]
    assert house.agent.jobs[1].prompt == GO_ON


async def test_an_agent_is_told_what_its_session_cost_so_far(house: House) -> None:
    """An agent that goes on may go on with its total too; what an earlier session cost is none of it."""
    spent = (ev.UsageUpdated(cost_usd=8.0), SESSION, ev.UsageUpdated(cost_usd=0.5))
    house.agent.script = (ev.SessionOpened(session="s-0"), *spent, SESSION, ev.UsageUpdated(cost_usd=0.25))
    house.agent.outcome = AgentOutcome(claim=False, failure=FailureClass.LOST)
    async with house.alive():
        run = RunId((await house.submit()).id)
        await house.in_state(run, RunState.SUSPENDED)
        house.agent.outcome = AgentOutcome(claim=True)
        await house.conductor.resume(run, ADA)
        await house.ended(run)
    assert [(job.session, job.session_usd) for job in house.agent.jobs] == [(None, 0.0), ("s-1", 0.75)]


async def test_an_agent_that_crashes_waits_for_a_person_and_goes_on_in_the_same_session(house: House) -> None:
    house.agent.script = (SESSION,)
    house.agent.outcome = AgentOutcome(claim=False, message="omp ended with signal 11.", failure=FailureClass.LOST)
    async with house.alive():
        run = RunId((await house.submit()).id)
        snapshot = await house.in_state(run, RunState.SUSPENDED)
        assert (snapshot.reason, snapshot.message) == (SuspendReason.INTERRUPTED, "omp ended with signal 11.")
        house.agent.outcome = AgentOutcome(claim=True)
        await house.conductor.resume(run, ADA)
        snapshot = await house.ended(run)
    assert snapshot.state is RunState.COMPLETE
    assert [job.session for job in house.agent.jobs] == [None, "s-1"]


async def test_an_agent_that_says_it_failed_is_not_taken_for_crashed(house: House) -> None:
    house.agent.outcome = AgentOutcome(claim=False, message="I could not.", failure=FailureClass.REPAIRABLE)
    async with house.alive():
        assert (await house.ended((await house.submit()).id)).state is RunState.FAILED


async def test_no_agent_starts_in_a_clone_that_somebody_works_in(house: House) -> None:
    house.agent.hold()
    async with house.alive():
        run = RunId((await house.submit()).id)
        await house.began()
        await house.conductor.stop(run, ADA)
        await house.settled(run)
        house.workspaces.taken_over.add(run)
        await house.conductor.resume(run, ADA)
        snapshot = await house.until(run, lambda snapshot: snapshot.reason is SuspendReason.INTERRUPTED)
        assert snapshot.message == TAKEN_OVER
        house.workspaces.taken_over.clear()
        house.agent.release()
        await house.conductor.resume(run, ADA)
        assert (await house.ended(run)).state is RunState.COMPLETE
    assert [job.iteration for job in house.agent.jobs] == [1, 3]
