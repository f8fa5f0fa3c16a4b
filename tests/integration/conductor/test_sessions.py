"""An agent goes on in its own session: after a crash of ours by itself, after its own when somebody resumes.

Else anew.
"""

from pathlib import Path

import pytest

from ompycord.dialects.provider_refusals import ProviderRefusal
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities, AgentOutcome
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import EndedBy, FailureClass, RunState, SuspendReason
from ompycord.engines.agent_start import BY_HAND, TAKEN_OVER
from ompycord.engines.steps.build import GO_ON
from ompycord.render.cards.verdicts import failure_sentence
from ompycord.render.sanitizer import Sanitizer
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AppHarness

SESSION = ev.SessionOpened(session="s-1")
WHICH = ev.QuestionAsked(question="which", text="Which?", options=("left", "right"))


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    return resuming(AppHarness(store, tmp_path, FakeClock()))


def resuming(harness: AppHarness) -> AppHarness:
    harness.agent.capabilities = AgentCapabilities(can_resume=True, can_steer=True)
    harness.capabilities["command"] = harness.agent.capabilities
    return harness


async def test_after_a_crash_of_ours_it_goes_on_in_its_session_and_its_clone(harness: AppHarness) -> None:
    harness.agent.script = (SESSION,)
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.until(run, lambda snapshot: snapshot.session is not None)
        (harness.agent.jobs[0].cwd / "half.txt").write_text("half done\n")
        await harness.areas.messages.send_message(await harness.areas.record(run), "Mind the docs.", "next", ADA)
        await harness.heard()
    second = resuming(harness.restart())
    async with second.running():
        snapshot = await second.ended(run)
    assert snapshot.state is RunState.COMPLETE
    assert [file.path for file in snapshot.files] == ["half.txt", "total.py"]
    job = second.agent.jobs[0]
    assert (job.iteration, job.session) == (2, "s-1")
    assert job.prompt == f"{GO_ON}\n\nSaid since it began; you may know some of it:\n\nMind the docs."


async def test_what_a_session_has_acknowledged_is_not_told_to_it_again(harness: AppHarness) -> None:
    harness.agent.script, harness.agent.acknowledges = (SESSION,), 2
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.began()
        for text in ("Mind the docs.", "And the tests."):
            await harness.areas.messages.send_message(await harness.areas.record(run), text, "next", ADA)
            await harness.heard()
        await stop_and_resume(harness, run)
        assert harness.agent.jobs[1].prompt == f"{GO_ON}\n\n{SINCE}\n\nMind the docs.\n\nAnd the tests."
        await stop_and_resume(harness, run)
        assert harness.agent.jobs[2].prompt == GO_ON  # the second start acknowledged the prompt that held both
        assert harness.agent.jobs[2].whole_prompt == f"{GO_ON}\n\n{SINCE}\n\nMind the docs.\n\nAnd the tests."
        harness.agent.script = (ev.SessionOpened(session="s-2"),)
        await stop_and_resume(harness, run)
        harness.agent.script, harness.agent.acknowledges = (), 0
        await stop_and_resume(harness, run)
        assert (harness.agent.jobs[4].session, harness.agent.jobs[4].prompt) == ("s-2", GO_ON)
        harness.agent.release()
        await harness.ended(run)


SINCE = "Said since it began; you may know some of it:"


async def stop_and_resume(harness: AppHarness, run: RunId) -> None:
    await harness.areas.runs.stop(await harness.areas.record(run), ADA)
    await harness.settled(run)
    harness.agent.began.clear()
    await harness.areas.runs.resume(await harness.areas.load(run), ADA)
    await harness.began()


@pytest.mark.parametrize(
    ("message", "until"), [("You've hit your limit.", 1_795_266_000_000), ("Credit balance is too low", None)]
)
async def test_a_run_whose_provider_refuses_waits_and_resumes_in_its_session(
    harness: AppHarness, message: str, until: int | None
) -> None:
    harness.agent.script = (SESSION,)
    refused = ProviderRefusal("time", until)
    harness.agent.outcome = refused.outcome(message)
    async with harness.running():
        run = RunId((await harness.submit()).id)
        snapshot = await harness.in_state(run, RunState.SUSPENDED)
        assert (snapshot.reason, snapshot.message, snapshot.wake_at) == (SuspendReason.PROVIDER, message, until)
        assert snapshot.summary is None  # its agent said nothing of its end
        rows = [row.kind for row in await harness.store.outbox()]
        assert OutboxKind.NOTICE in rows
        harness.agent.outcome = AgentOutcome(claim=True)
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        snapshot = await harness.ended(run)
    assert snapshot.state is RunState.COMPLETE
    assert [job.session for job in harness.agent.jobs] == [None, "s-1"]


async def test_a_run_that_only_a_person_can_mend_fails_with_the_providers_words(harness: AppHarness) -> None:
    harness.agent.outcome = ProviderRefusal("person").outcome("Invalid API key")
    async with harness.running():
        snapshot = await harness.ended((await harness.submit()).id)
    assert (snapshot.state, snapshot.ended_by) == (RunState.FAILED, EndedBy.PROVIDER)
    assert failure_sentence(snapshot, Sanitizer(str)).startswith("The provider refused: Invalid API key. Main is")
    assert snapshot.summary is None


async def test_who_ended_an_agent_is_told_and_its_word_only_where_it_said_it(harness: AppHarness) -> None:
    async with harness.running():
        ends: list[str] = []
        for by, words in ((EndedBy.CLOCK, "scripted stopped responding."), (EndedBy.AGENT, "I cannot find it")):
            harness.agent.outcome = AgentOutcome(
                claim=False, message=words, failure=FailureClass.REPAIRABLE, ended_by=by
            )
            snapshot = await harness.ended((await harness.submit()).id)
            assert snapshot.summary == (words if by is EndedBy.AGENT else None)
            ends.append(failure_sentence(snapshot, Sanitizer(str)).split(" Main is unchanged")[0])
    assert ends == ["scripted stopped responding.", "scripted says that it failed: I cannot find it."]


async def test_an_agent_that_opened_no_session_begins_again_in_a_fresh_clone(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.began()
        (harness.agent.jobs[0].cwd / "half.txt").write_text("half done\n")
    second = resuming(harness.restart())
    async with second.running():
        snapshot = await second.ended(run)
    assert [file.path for file in snapshot.files] == ["total.py"]
    assert second.agent.jobs[0].session is None
    assert second.agent.jobs[0].prompt.startswith("Fix the total.")


async def test_a_session_of_an_earlier_clone_is_not_resumed(harness: AppHarness) -> None:
    harness.agent.script = (SESSION,)
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.until(run, lambda snapshot: snapshot.session is not None)
    second = harness.restart()  # an Ompycord whose adapter cannot resume takes a fresh clone
    second.agent.hold()
    async with second.running():
        await second.began()
    third = resuming(second.restart())
    async with third.running():
        await third.ended(run)
    assert [job.session for job in (*second.agent.jobs, *third.agent.jobs)] == [None, None]


async def test_a_stopped_agent_is_resumed_in_its_session(harness: AppHarness) -> None:
    harness.agent.script = (SESSION,)
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.until(run, lambda snapshot: snapshot.session is not None)
        await harness.areas.runs.stop(await harness.areas.record(run), ADA)
        await harness.settled(run)
        harness.agent.release()
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        await harness.ended(run)
    assert [job.session for job in harness.agent.jobs] == [None, "s-1"]
    assert harness.agent.jobs[1].prompt == GO_ON


async def test_an_agent_is_told_what_its_session_cost_so_far(harness: AppHarness) -> None:
    """An agent that goes on may go on with its total too; what an earlier session cost is none of it."""
    spent = (ev.UsageUpdated(cost_usd=8.0), SESSION, ev.UsageUpdated(cost_usd=0.5))
    harness.agent.script = (ev.SessionOpened(session="s-0"), *spent, SESSION, ev.UsageUpdated(cost_usd=0.25))
    harness.agent.outcome = AgentOutcome(claim=False, failure=FailureClass.LOST)
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.in_state(run, RunState.SUSPENDED)
        harness.agent.outcome = AgentOutcome(claim=True)
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        await harness.ended(run)
    assert [(job.session, job.session_usd) for job in harness.agent.jobs] == [(None, 0.0), ("s-1", 0.75)]


async def test_an_agent_that_crashes_waits_for_a_person_and_goes_on_in_the_same_session(harness: AppHarness) -> None:
    harness.agent.script = (SESSION,)
    harness.agent.outcome = AgentOutcome(claim=False, message="omp ended with signal 11.", failure=FailureClass.LOST)
    async with harness.running():
        run = RunId((await harness.submit()).id)
        snapshot = await harness.in_state(run, RunState.SUSPENDED)
        assert (snapshot.reason, snapshot.message) == (SuspendReason.INTERRUPTED, "omp ended with signal 11.")
        harness.agent.outcome = AgentOutcome(claim=True)
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        snapshot = await harness.ended(run)
    assert snapshot.state is RunState.COMPLETE
    assert [job.session for job in harness.agent.jobs] == [None, "s-1"]


async def test_an_agent_that_says_it_failed_is_not_taken_for_crashed(harness: AppHarness) -> None:
    harness.agent.outcome = AgentOutcome(claim=False, message="I could not.", failure=FailureClass.REPAIRABLE)
    async with harness.running():
        assert (await harness.ended((await harness.submit()).id)).state is RunState.FAILED


async def test_no_agent_starts_in_a_clone_that_somebody_works_in(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.began()
        await harness.areas.runs.stop(await harness.areas.record(run), ADA)
        await harness.settled(run)
        harness.workspaces.taken_over.add(run)
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        snapshot = await harness.until(run, lambda snapshot: snapshot.reason is SuspendReason.INTERRUPTED)
        assert snapshot.message == TAKEN_OVER
        harness.workspaces.taken_over.clear()
        harness.workspaces.by_hand.add(run)
        harness.agent.release()
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        ended = await harness.ended(run)
        assert (ended.state, BY_HAND in ended.notes) == (RunState.COMPLETE, True)
    assert [job.iteration for job in harness.agent.jobs] == [1, 3]
    assert harness.workspaces.by_hand == set()


@pytest.mark.parametrize("opens", [(), (SESSION,)], ids=["anew", "in its session"])
async def test_who_starts_fresh_gets_an_answer_that_was_used_and_who_goes_on_asks_again(
    harness: AppHarness, opens: tuple[ev.SessionOpened, ...]
) -> None:
    harness.agent.script = (*opens, WHICH)
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.until(run, lambda snapshot: bool(snapshot.open_questions))
        await harness.areas.approvals.answer(await harness.areas.load(run), "which", "left", ADA)
        assert await harness.heard() == ev.QuestionAnswered(question="which", answer="left", by="Ada")
    second = resuming(harness.restart())
    again = WHICH.model_copy(update={"question": "another"})
    second.agent.script = (*opens, WHICH, again)
    second.agent.hold()
    async with second.running():
        snapshot = await second.until(run, lambda snapshot: bool(snapshot.open_questions))
        assert second.agent.jobs[0].session == (opens[0].session if opens else None)
        if opens:
            assert second.agent.received.empty()
        else:
            assert await second.heard() == ev.QuestionAnswered(question="which", answer="left", by="Ada")
            assert [one.ref for one in snapshot.open_questions] == ["another"], "the answer counts once"
        second.agent.release()
