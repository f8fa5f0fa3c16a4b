"""The agent's session of a follow-up: the one that was kept, or a new one with a summary of the runs before."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ompycord.dialects.prompts.prompt_text import former_text
from ompycord.domain import events as ev
from ompycord.domain.folds.follow_up import Former, PastRun
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities
from ompycord.domain.run import RunState
from ompycord.engines.steps.build import FOLLOWS, GO_ON, YOUR_TASK
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AppHarness

SESSION = ev.SessionOpened(session="s-1")


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    return resuming(AppHarness(store, tmp_path, FakeClock()))


def resuming(harness: AppHarness) -> AppHarness:
    harness.agent.capabilities = AgentCapabilities(can_resume=True, can_steer=True)
    harness.capabilities["command"] = harness.agent.capabilities
    harness.agent.script = (SESSION,)
    return harness


async def done(harness: AppHarness, **changes: str) -> StatusSnapshot:
    snapshot = await harness.ended((await harness.submit(ADA, None, **changes)).id)
    await harness.settled(snapshot.run)
    return snapshot


async def test_it_goes_on_in_the_kept_session_and_is_told_its_task_alone(harness: AppHarness) -> None:
    async with harness.running():
        first = await done(harness)
        second = await done(harness, prompt="Now the docs.", follows=first.run)
    job = harness.agent.jobs[1]
    assert (job.session, job.iteration) == ("s-1", 1)
    assert job.prompt == f"{FOLLOWS}\n\nNow the docs."
    assert job.whole_prompt == "\n\n".join(summary(first))
    assert second.notes == ()


def summary(*runs: StatusSnapshot) -> tuple[str, ...]:
    past = tuple(
        PastRun(
            prompt=run.prompt, words=run.summary or "", files=tuple(f.path for f in run.files),
            files_total=run.files_total,
        )
        for run in runs
    )  # fmt: skip
    return former_text(Former(run=runs[-1].run, branch=runs[-1].branch, past=past))


async def test_where_the_session_is_gone_it_gets_a_summary_and_the_card_says_so(harness: AppHarness) -> None:
    async with harness.running():
        first = await done(harness)
        harness.workspaces.kept_sessions.clear()
        second = await done(harness, prompt="Now the docs.", follows=first.run)
    job = harness.agent.jobs[1]
    assert job.session is None
    assert job.prompt == "\n\n".join(("Now the docs.", *summary(first)))
    assert "> Fix the total." in job.prompt
    assert "> Done, it says." in job.prompt
    assert "Changed files: total.py" in job.prompt
    assert second.notes == ("New session, with a summary: that of the run before is no longer kept.",)


async def test_an_agent_that_keeps_no_session_gets_a_summary(harness: AppHarness) -> None:
    harness.agent.script = ()
    harness.agent.capabilities = harness.capabilities["command"] = AgentCapabilities()
    async with harness.running():
        first = await done(harness)
        second = await done(harness, prompt="Now the docs.", follows=first.run)
    assert harness.agent.jobs[1].prompt == "\n\n".join(("Now the docs.", *summary(first)))
    assert second.notes == ("New session, with a summary: its agent kept none.",)


async def test_a_follow_up_of_a_follow_up_goes_on_in_the_session_of_the_last_one(harness: AppHarness) -> None:
    async with harness.running():
        first = await done(harness)
        harness.workspaces.kept_sessions.clear()
        harness.agent.script = (ev.SessionOpened(session="s-2"),)
        second = await done(harness, follows=first.run)
        third = await done(harness, follows=second.run)
    assert [job.session for job in harness.agent.jobs] == [None, None, "s-2"]
    assert third.notes == ()


async def test_a_follow_up_that_was_stopped_goes_on_with_its_own_task(harness: AppHarness) -> None:
    async with harness.running():
        first = await done(harness)
        harness.agent.hold()
        harness.agent.began.clear()
        record = await harness.submit(prompt="Now the docs.", follows=first.run)
        await harness.began()
        await harness.areas.runs.stop(await harness.areas.record(record.id), ADA)
        await harness.settled(record.id)
        harness.agent.release()
        await harness.areas.runs.resume(await harness.areas.load(RunId(record.id)), ADA)
        await harness.ended(record.id)
    assert harness.agent.jobs[2].session == "s-1"
    assert harness.agent.jobs[2].prompt == f"{GO_ON}\n\n{YOUR_TASK}\n\nNow the docs."


async def test_a_follow_up_that_a_crash_cut_before_its_agent_began_starts_in_the_kept_session(
    harness: AppHarness,
) -> None:
    async with harness.running():
        first = await done(harness)
        harness.agent.script = ()
        harness.agent.hold()
        harness.agent.began.clear()
        record = await harness.submit(prompt="Now the docs.", follows=first.run)
        await harness.began()
    second = resuming(harness.restart())
    second.agent.writes = {"docs.md": "more\n"}
    async with second.running():
        snapshot = await second.ended(record.id)
    assert snapshot.state is RunState.COMPLETE
    assert (second.agent.jobs[0].session, second.agent.jobs[0].prompt) == ("s-1", f"{FOLLOWS}\n\nNow the docs.")
    assert snapshot.branch == first.branch


async def test_what_the_session_cost_in_the_runs_before_is_known(harness: AppHarness) -> None:
    harness.agent.script = (SESSION, ev.UsageUpdated(input=1, output=1, cost_usd=0.25))
    async with harness.running():
        first = await done(harness)
        second = await done(harness, follows=first.run)
        await done(harness, follows=second.run)
        await done(harness)
    assert [job.session_usd for job in harness.agent.jobs] == [0.0, 0.25, 0.5, 0.0]


async def test_it_starts_only_once_the_run_before_is_cleaned_up(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then its session is not kept, and its clone is where the follow-up's will be."""
    keep, may_go = harness.workspaces.keep_session, asyncio.Event()

    async def keep_later(run: RunId, **how: Any) -> bool:
        await may_go.wait()
        return await keep(run, **how)

    monkeypatch.setattr(harness.workspaces, "keep_session", keep_later)
    async with harness.running():
        first = await harness.ended((await harness.submit()).id)
        second = await harness.submit(prompt="Now the docs.", follows=first.run)
        await harness.ended((await harness.submit()).id)  # a slot was free all the time
        assert (await harness.areas.record(second.id)).state is RunState.QUEUED
        may_go.set()
        await harness.ended(second.id)
    assert [job.session for job in harness.agent.jobs if job.run == second.id] == ["s-1"]
