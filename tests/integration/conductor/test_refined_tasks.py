"""A task that a person wants refined: a draft, its critique, the final text; all kept, shown, charged, and no less."""

from pathlib import Path
from typing import Any

import pytest

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.run import FailureClass, RunState
from ompycord.render.cards.textform import text_form
from ompycord.store import SqliteStore
from tests.integration.conductor.conftest import ADA
from tests.integration.conductor.test_modes import loaded
from tests.integration.conductor.test_plans_in_passes import harness_of
from tests.support.scripted_model import Script
from tests.support.states import render_context
from tests.support.stub_provider import Reply, stub_provider

WRITTEN = "Make the total right, please."
DRAFT = "Fix the total. Use a float."
FINAL = "Fix the total of the cart. A test shows it."
CRITIQUE: dict[str, Any] = {
    "summary": "It decides too much.",
    "findings": [{"severity": "blocking", "title": "Nobody asked for a float", "why": "It loses cents."}],
}
SCRIPTS: dict[str, Script] = {
    "You write a task for an engineer": [("final_result", {"task": DRAFT})],
    "You review a task for an engineer": [("final_result", CRITIQUE)],
    "You write the final task": [("final_result", {"task": FINAL})],
}
pytestmark = pytest.mark.xdist_group("llm")  # the library is imported by one worker


async def test_three_passes_are_kept_shown_charged_and_the_agent_gets_the_final_text_with_the_persons_words(
    store: SqliteStore, tmp_path: Path
) -> None:
    async with stub_provider() as provider:
        harness, agent = harness_of(store, tmp_path, provider, scripts=SCRIPTS)
        async with harness.running():
            record = await harness.submit(mode="fast", prompt=WRITTEN, refine="true")
            snapshot = await harness.ended(record.id)
        events = [one.body for one in await store.events_of(RunId(record.id))]
        asked = [one.body.decode() for one in provider.asked]
    assert snapshot.state is RunState.COMPLETE
    [refined] = [one for one in events if isinstance(one, ev.TaskRefined)]
    assert (refined.passes.draft, refined.passes.final) == (DRAFT, FINAL)
    assert (refined.passes.draft_by, refined.passes.critic, refined.passes.final_by) == ("m-1", "m-2", "m-1")
    used = [(one.template, one.temperature) for one in events if isinstance(one, ev.PromptUsed)]
    assert used[:3] == [("task.draft", 0.7), ("task.critique", 0.0), ("task.final", 0.2)]
    assert snapshot.usage.cost_usd == pytest.approx(3 * 0.0045)
    [job] = agent.of("work")
    assert job.prompt.startswith(FINAL)
    assert f"> {WRITTEN}" in job.prompt
    assert snapshot.prompt == WRITTEN
    assert all(f"> {WRITTEN}" in body for body in asked)
    assert "Nobody asked for a float" in asked[2]
    text = text_form(snapshot, render_context(), redact=str)
    for words in (
        "task refined",
        "Draft by m-1 · critique by m-2: 1 point · final by m-1.",
        "🔴 Nobody asked for a float. It loses cents.",
        "[-Fix the total. Use a float.-]{+Fix the total of the cart. A test shows it.+}",
    ):
        assert words in text


async def test_a_task_is_refined_once_whatever_starts_follow(store: SqliteStore, tmp_path: Path) -> None:
    async with stub_provider() as provider:
        harness, agent = harness_of(store, tmp_path, provider, scripts=SCRIPTS, refine=False)
        async with harness.running():
            record = await harness.submit(mode="full", prompt=WRITTEN, refine="true")
            await harness.in_state(record.id, RunState.AWAITING_APPROVAL)
            await harness.areas.plans.approve(await loaded(harness, record.id), ADA)
            await harness.ended(record.id)
        assert len(provider.asked) == 3
    assert {one.purpose for one in agent.jobs} >= {"plan", "work", "review"}
    assert all(FINAL in one.prompt for one in agent.jobs)


async def test_without_a_provider_it_is_an_error_in_words_and_no_agent_starts(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, agent = harness_of(store, tmp_path, None)
    async with harness.running():
        record = await harness.submit(mode="fast", prompt=WRITTEN, refine="true")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.ENV)
    assert "no provider is configured" in (snapshot.message or "")
    assert agent.jobs == []


async def test_a_provider_that_refuses_for_now_pauses_the_run_and_a_resume_refines(
    store: SqliteStore, tmp_path: Path
) -> None:
    async with stub_provider() as provider:
        harness, agent = harness_of(store, tmp_path, provider, scripts=SCRIPTS)
        answers = provider.replies
        words = b'{"error": {"message": "You have hit your usage limit. Try again in 2 hours.", "code": "x"}}'
        provider.replies = [Reply(status=402, parts=[words], headers={"content-type": "application/json"})]
        async with harness.running():
            record = await harness.submit(mode="fast", prompt=WRITTEN, refine="true")
            await harness.in_state(record.id, RunState.SUSPENDED)
            assert agent.jobs == []
            provider.replies = answers
            await harness.areas.runs.resume(await loaded(harness, record.id), ADA)
            snapshot = await harness.ended(record.id)
    assert snapshot.state is RunState.COMPLETE
    assert FINAL in agent.jobs[-1].prompt
