"""`say` in every state of a run: told, kept, begun again with, taken back; never lost and never said twice."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from ompycord.conductor import Driver, Inboxes
from ompycord.conductor.messages import MOST_WAITING
from ompycord.domain.events import Prompted, RunEvent
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox, Published
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunState
from ompycord.testing import FakeWorkspaces
from tests.integration.conductor.conftest import ADA, MO, VI, AppHarness
from tests.support.interrupted_history import InterruptedHistory
from tests.support.patience import within
from tests.support.refusals import refuses

PATIENCE_S = 10.0
STEERS = AgentCapabilities(can_steer=True)


@pytest.fixture
def steered(harness: AppHarness) -> AppHarness:
    """A house whose agent can be told things while it works."""
    harness.capabilities["command"] = STEERS
    return harness


async def working(harness: AppHarness) -> RunId:
    harness.agent.hold()
    run = RunId((await harness.submit()).id)
    await harness.began()
    return run


async def test_what_is_said_reaches_a_running_agent_that_listens_once_and_in_order(steered: AppHarness) -> None:
    async with steered.running():
        run = await working(steered)
        first = await steered.areas.messages.send_message(
            await steered.areas.record(run), " Mind the tests. ", "next", ADA
        )
        second = await steered.areas.messages.send_message(await steered.areas.record(run), "Stop that.", "now", ADA)
        assert (first.outcome, second.outcome) == ("next", "now")
        assert await steered.heard() == Prompted(text="Mind the tests.", by="Ada")
        assert await steered.heard() == Prompted(text="Stop that.", by="Ada", when="now")
        assert await steered.areas.messages.waiting(run) == []
        steered.agent.release()
        await steered.ended(run)
    assert steered.agent.received.empty()
    assert len(steered.agent.jobs) == 1


@pytest.mark.parametrize(("capabilities", "when"), [(AgentCapabilities(), "next"), (STEERS, "restart")])
async def test_an_agent_that_does_not_listen_begins_again_in_its_clone(
    harness: AppHarness, capabilities: AgentCapabilities, when: Any
) -> None:
    harness.capabilities["command"] = capabilities
    async with harness.running():
        run = await working(harness)
        (harness.agent.jobs[0].cwd / "half.txt").write_text("half done\n")
        harness.agent.began.clear()
        assert (
            await harness.areas.messages.send_message(await harness.areas.record(run), "Mind the docs.", when, ADA)
        ).outcome == "restart"
        await harness.began()
        harness.agent.release()
        snapshot = await harness.ended(run)
    assert harness.agent.cancelled == 1
    assert [job.iteration for job in harness.agent.jobs] == [1, 2]
    assert harness.agent.jobs[1].prompt.endswith("Said since:\n\nMind the docs.")
    assert [file.path for file in snapshot.files] == ["half.txt", "total.py"]
    assert harness.agent.received.empty()
    assert await harness.areas.messages.waiting(run) == []


async def test_a_run_that_waits_keeps_it_for_its_start(crowded: AppHarness) -> None:
    async with crowded.running():
        first = await working(crowded)
        second = RunId((await crowded.submit()).id)
        assert (
            await crowded.areas.messages.send_message(await crowded.areas.record(second), "Mind the docs.", "now", ADA)
        ).outcome == "start"
        assert [one.body.text for one in await crowded.areas.messages.waiting(second)] == ["Mind the docs."]
        await crowded.areas.runs.stop(await crowded.areas.record(first), ADA)
        await crowded.in_state(first, RunState.SUSPENDED)
        assert (
            await crowded.areas.messages.send_message(
                await crowded.areas.record(first), "And the tests.", "restart", ADA
            )
        ).outcome == "resume"
        crowded.agent.release()
        await crowded.ended(second)
        await crowded.areas.runs.resume(await crowded.areas.load(first), ADA)
        await crowded.ended(first)
    prompts = {job.run: job.prompt for job in crowded.agent.jobs}
    assert prompts[second].endswith("Said since:\n\nMind the docs.")
    assert prompts[first].endswith("Said since:\n\nAnd the tests.")


async def test_what_is_refused_is_refused_in_words(harness: AppHarness) -> None:
    async with harness.running():
        run = await working(harness)
        with refuses(r"You may not send messages to \w+\. Ask a \*runner\*"):
            await harness.areas.messages.send_message(await harness.areas.record(run), "Hello", "next", VI)
        with refuses("is empty"):
            await harness.areas.messages.send_message(await harness.areas.record(run), " \n ", "next", MO)
        with refuses("4,000 is the limit"):
            await harness.areas.messages.send_message(await harness.areas.record(run), "x" * 4001, "next", ADA)
        harness.agent.release()
        await harness.ended(run)
        with refuses(r"has finished.*\*Follow up…\*"):
            await harness.areas.messages.send_message(await harness.areas.record(run), "One more thing", "next", ADA)
    assert len(harness.agent.jobs) == 1


async def test_the_same_message_is_said_once(steered: AppHarness) -> None:
    async with steered.running():
        run = await working(steered)
        assert (
            await steered.areas.messages.send_message(
                await steered.areas.record(run), "Mind the tests.", "next", ADA, key="7"
            )
        ).is_fresh
        assert not (
            await steered.areas.messages.send_message(
                await steered.areas.record(run), "Mind the tests.", "next", ADA, key="7"
            )
        ).is_fresh
        await steered.heard()
        steered.agent.release()
        await steered.ended(run)
    assert steered.agent.received.empty()


async def test_a_waiting_word_is_taken_back_and_a_taken_one_is_not(steered: AppHarness) -> None:
    async with steered.running():
        first = await working(steered)
        await steered.areas.runs.stop(await steered.areas.record(first), ADA)
        await steered.in_state(first, RunState.SUSPENDED)
        for text in ("Wrong.", "Right."):
            await steered.areas.messages.send_message(await steered.areas.record(first), text, "next", ADA)
        wrong, right = await steered.areas.messages.waiting(first)
        assert (
            await steered.areas.messages.drop(await steered.areas.record(first), wrong.id, MO)
        ).body.text == "Wrong."
        assert await steered.areas.messages.waiting(first) == [right]
        steered.agent.release()
        await steered.areas.runs.resume(await steered.areas.load(first), ADA)
        await steered.ended(first)
        with refuses("has read that already"):
            await steered.areas.messages.drop(await steered.areas.record(first), right.id, ADA)
        with refuses("has no such message"):
            await steered.areas.messages.drop(await steered.areas.record(first), "01JD0000000000000000000000", ADA)
    assert steered.agent.jobs[-1].prompt.endswith("Said since:\n\nRight.")


async def test_a_waiting_word_is_edited_in_its_place_and_a_taken_or_dropped_one_is_not(steered: AppHarness) -> None:
    async with steered.running():
        run = await working(steered)
        await steered.areas.runs.stop(await steered.areas.record(run), ADA)
        await steered.in_state(run, RunState.SUSPENDED)
        for text in ("First.", "Secnd.", "Third."):
            await steered.areas.messages.send_message(await steered.areas.record(run), text, "next", ADA)
        first, second, third = await steered.areas.messages.waiting(run)
        assert (
            await steered.areas.messages.edit(await steered.areas.record(run), second.id, " Second. ", MO)
        ).body.text == "Second."
        for empty, refusal in (("", "is empty"), (" ", "is empty"), ("x" * 4001, "4,000 is the limit")):
            with refuses(refusal):
                await steered.areas.messages.edit(await steered.areas.record(run), first.id, empty, ADA)
        with refuses("You may not send messages to"):
            await steered.areas.messages.edit(await steered.areas.record(run), first.id, "Mine.", VI)
        await steered.areas.messages.drop(await steered.areas.record(run), third.id, ADA)
        with refuses("was withdrawn"):
            await steered.areas.messages.edit(await steered.areas.record(run), third.id, "Again.", ADA)
        steered.agent.release()
        await steered.areas.runs.resume(await steered.areas.load(run), ADA)
        await steered.ended(run)
        with refuses("has read that already, unchanged"):
            await steered.areas.messages.edit(await steered.areas.record(run), first.id, "Too late.", ADA)
    assert steered.agent.jobs[-1].prompt.endswith("Said since:\n\nFirst.\n\nSecond.")


async def test_an_agent_gets_the_words_that_stood_there_when_it_took_them(steered: AppHarness) -> None:
    async def edit(run: RunId, read: Sequence[RunEvent]) -> bool:
        said = [event for event in read if isinstance(event.body, Prompted)]
        if said:
            await steered.areas.messages.edit(await steered.areas.record(run), str(said[-1].id), "As edited.", ADA)
        return bool(said)

    inboxes = Inboxes(
        history=InterruptedHistory(steered.store, edit), bus=steered.bus, record=steered.areas.recorder.record
    )
    steered.engine.context = replace(steered.engine.context, inboxes=inboxes)
    async with steered.running():
        run = await working(steered)
        await steered.areas.messages.send_message(await steered.areas.record(run), "As typed.", "next", ADA)
        assert await steered.heard() == Prompted(text="As edited.", by="Ada")
        steered.agent.release()
        await steered.ended(run)


async def test_the_queue_is_bounded(crowded: AppHarness) -> None:
    async with crowded.running():
        await working(crowded)
        second = RunId((await crowded.submit()).id)
        for number in range(MOST_WAITING):
            await crowded.areas.messages.send_message(await crowded.areas.record(second), f"{number}", "next", ADA)
        with refuses("wait for the agent already"):
            await crowded.areas.messages.send_message(await crowded.areas.record(second), "one too many", "next", ADA)


class Held(NamedTuple):
    """Checks that do not end until told to."""

    began: asyncio.Event
    go: asyncio.Event


@pytest.fixture
def checking(harness: AppHarness) -> Held:
    held = Held(asyncio.Event(), asyncio.Event())

    async def hold() -> None:
        held.began.set()
        await held.go.wait()

    harness.checks.before = hold
    return held


async def test_during_checks_the_agent_comes_back_with_what_was_said(harness: AppHarness, checking: Held) -> None:
    async with harness.running():
        run = RunId((await harness.submit()).id)
        async with within(PATIENCE_S):
            await checking.began.wait()
        harness.agent.began.clear()
        assert (
            await harness.areas.messages.send_message(await harness.areas.record(run), "And the docs.", "next", ADA)
        ).outcome == "restart"
        await harness.began()
        checking.go.set()
        snapshot = await harness.ended(run)
    assert [job.iteration for job in harness.agent.jobs] == [1, 2]
    assert harness.agent.jobs[1].prompt.endswith("And the docs.")
    assert (snapshot.state, harness.checks.ran) == (RunState.COMPLETE, ["unit"])


async def test_a_run_stopped_in_its_checks_goes_back_to_its_agent(harness: AppHarness, checking: Held) -> None:
    async with harness.running():
        run = RunId((await harness.submit()).id)
        async with within(PATIENCE_S):
            await checking.began.wait()
        await harness.areas.runs.stop(await harness.areas.record(run), ADA)
        await harness.in_state(run, RunState.SUSPENDED)
        assert (
            await harness.areas.messages.send_message(await harness.areas.record(run), "And the docs.", "next", ADA)
        ).outcome == "resume"
        checking.go.set()
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        await harness.ended(run)
    assert [job.prompt.endswith("And the docs.") for job in harness.agent.jobs] == [False, True]


async def test_a_run_that_publishes_says_that_it_takes_nothing(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing, go = asyncio.Event(), asyncio.Event()
    publish = harness.workspaces.publish

    async def held(run: RunId, repository: RepositorySpec, *, branch: str) -> Published:
        publishing.set()
        await go.wait()
        return await publish(run, repository, branch=branch)

    assert isinstance(harness.workspaces, FakeWorkspaces)
    monkeypatch.setattr(harness.workspaces, "publish", held)
    async with harness.running():
        run = RunId((await harness.submit()).id)
        async with within(PATIENCE_S):
            await publishing.wait()
        with refuses(r"takes nothing more.*\*Follow up…\*"):
            await harness.areas.messages.send_message(await harness.areas.record(run), "Wait", "next", ADA)
        go.set()
        await harness.ended(run)


async def test_what_is_said_while_the_agent_ends_is_not_lost(
    steered: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is on disk before the agent's end is, and the agent has not read it."""
    finish = steered.agent.run

    async def deaf(job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        if job.iteration == 1:
            said = await steered.areas.messages.send_message(
                await steered.areas.record(job.run), "And the docs.", "next", ADA
            )
            assert said.outcome == "next"
            steered.agent.jobs.append(job)
            return AgentOutcome(claim=True)
        return await finish(job, emit, inbox)

    monkeypatch.setattr(steered.agent, "run", deaf)
    async with steered.running():
        run = RunId((await steered.submit()).id)
        await steered.ended(run)
    assert [job.prompt.endswith("And the docs.") for job in steered.agent.jobs] == [False, True]


async def test_what_is_said_between_the_last_look_and_the_agents_end_is_not_lost(steered: AppHarness) -> None:
    async def say(run: RunId, read: Sequence[RunEvent]) -> bool:
        await steered.areas.messages.send_message(await steered.areas.record(run), "And the docs.", "next", ADA)
        return True

    history = InterruptedHistory(steered.store, say)
    driver = Driver(
        store=steered.store,
        history=history,
        engine=steered.engine,
        clock=steered.clock,
        ids=steered.ids,
        limits=steered.catalog.limits,
        changed=steered.projector.wake,
    )
    steered.drive_with(driver)
    async with steered.running():
        run = RunId((await steered.submit()).id)
        await steered.ended(run)
    assert history.is_done
    assert [job.prompt.endswith("And the docs.") for job in steered.agent.jobs] == [False, True]


async def test_a_crash_neither_loses_nor_repeats_what_was_said(steered: AppHarness) -> None:
    async with steered.running():
        run = await working(steered)
        await steered.areas.messages.send_message(
            await steered.areas.record(run), "Heard before the crash.", "next", ADA
        )
        await steered.heard()
    await steered.areas.messages.send_message(await steered.areas.record(run), "Said to nobody.", "next", ADA)
    later = steered.restart()
    later.capabilities["command"] = STEERS
    later.agent.hold()
    async with later.running():
        await later.began()
        await later.areas.messages.send_message(await later.areas.record(run), "Said to the next.", "next", ADA)
        assert await later.heard() == Prompted(text="Said to the next.", by="Ada")
        later.agent.release()
        await later.ended(run)
    assert later.agent.jobs[0].prompt.endswith("Said since:\n\nHeard before the crash.\n\nSaid to nobody.")
    assert later.agent.received.empty()
