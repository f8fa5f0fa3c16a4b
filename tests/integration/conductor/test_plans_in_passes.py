"""Plans in several passes: drafts of models, a critique, the final plan; all kept, shown, and charged to the run."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from ompycord.domain import events as ev
from ompycord.domain.configuration.planning import PlanningSpec
from ompycord.domain.ids import RunId
from ompycord.domain.repository import Sandbox
from ompycord.domain.run import FailureClass, RunState
from ompycord.render.cards.textform import text_form
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AppHarness
from tests.integration.conductor.test_modes import CATALOG, PLANNED, Reports, block, loaded, waits
from tests.support.scripted_model import Script, ScriptedModel
from tests.support.states import render_context
from tests.support.stub_provider import StubProvider, stub_provider

ON_GATEWAY = Sandbox(minimum="none", network="gateway")
CRITIQUE: dict[str, Any] = {
    "summary": "It lacks a test.",
    "findings": [{"severity": "blocking", "title": "There is no test", "why": "Nothing shows the fix."}],
}
FINAL = {
    **PLANNED,
    "summary": "Write it down, with a test.",
    "files": [*PLANNED["files"], {"path": "test_new.txt", "change": "add"}],
}
SCRIPTS: dict[str, Script] = {
    "You review a plan": [("final_result", CRITIQUE)],
    "You make the final plan": [("final_result", FINAL)],
    "You plan a change": [("final_result", {**PLANNED, "summary": "A draft of a model."})],
}
PRICES = {name: {"input": "3", "output": "15"} for name in ("m-1", "m-2")}


@pytest.fixture
async def provider() -> AsyncGenerator[StubProvider]:
    async with stub_provider() as made:
        yield made


def harness_of(
    store: SqliteStore, folder: Path, provider: StubProvider | None, *, scripts: dict[str, Script] = SCRIPTS,
    **planning: Any,
) -> tuple[AppHarness, Reports]:  # fmt: skip
    shop, *others = CATALOG.repositories
    shop = shop.model_copy(update={"planning": PlanningSpec(**planning)})
    agents = tuple(one.model_copy(update={"sandbox": ON_GATEWAY}) for one in CATALOG.agents)
    catalog = CATALOG.model_copy(update={"repositories": (shop, *others), "agents": agents})
    agent = Reports()
    sections: dict[str, Any] = {}
    if provider is not None:
        provider.replies = [ScriptedModel(scripts).reply()]
        sections = {
            "providers": {
                "here": {
                    "name": "here", "kind": "compatible", "base_url": provider.url, "dialects": ["chat"],
                    "models": ["m-1", "m-2"], "prices": PRICES,
                }
            }
        }  # fmt: skip
    return AppHarness(store, folder, FakeClock(), catalog, agent=agent, **sections), agent


async def test_draft_critique_and_final_are_kept_shown_and_charged(
    store: SqliteStore, tmp_path: Path, provider: StubProvider
) -> None:
    harness, agent = harness_of(store, tmp_path, provider)
    async with harness.running():
        record = await harness.submit(mode="full")
        snapshot = await waits(harness, record.id)
        events = [one.body for one in await store.events_of(RunId(record.id))]
        proposal = snapshot.proposal
        assert proposal is not None
        assert proposal.plan.summary == "Write it down, with a test."
        assert proposal.passes is not None
        assert [(one.by, one.plan.summary) for one in proposal.passes.drafts] == [("scripted", "Write it down.")]
        assert (proposal.passes.critic, proposal.passes.final_by) == ("m-2", "m-1")
        assert proposal.passes.critique is not None
        assert proposal.passes.critique.findings[0].title == "There is no test"
        used = [one for one in events if isinstance(one, ev.PromptUsed)]
        assert [(one.template, one.model, one.temperature) for one in used] == [
            ("agent.plan", None, None),
            ("plan.critique", "m-2", 0.0),
            ("plan.final", "m-1", 0.2),
        ]
        assert len({one.hash for one in used}) == 3
        assert snapshot.usage.cost_usd == pytest.approx(2 * 0.0045)
        text = text_form(snapshot, render_context(), redact=str, part="plan")
        for words in (
            "Write it down, with a test.",
            "Draft by scripted · critique by m-2: 1 point · final by m-1.",
            "🔴 There is no test. Nothing shows the fix.",
            "Draft by scripted:",
        ):
            assert words in text
        await harness.areas.plans.approve(await loaded(harness, record.id), ADA)
        await harness.ended(record.id)
    assert "Write it down, with a test." in agent.of("work")[0].prompt
    asked = provider.asked[0].body.decode()
    for words in ("> Fix the total.", "Its checks: unit.", "new.txt"):
        assert words in asked
    assert "There is no test" in provider.asked[1].body.decode()


async def test_of_several_drafts_the_one_that_most_agree_with_is_gone_on_with(
    store: SqliteStore, tmp_path: Path, provider: StubProvider
) -> None:
    odd = {
        **PLANNED,
        "summary": "Elsewhere.",
        "files": [{"path": "odd.txt", "change": "add"}],
        "steps": [{"title": "x"}],
    }
    harness, agent = harness_of(store, tmp_path, provider, drafts=("m-1", "m-2"), refine=False)
    agent.says["plan"] = [block(odd)]
    async with harness.running():
        record = await harness.submit(mode="full")
        snapshot = await waits(harness, record.id)
    proposal = snapshot.proposal
    assert proposal is not None
    assert proposal.passes is not None
    assert proposal.plan.summary == "A draft of a model."
    assert [one.by for one in proposal.passes.drafts] == ["m-1", "scripted", "m-2"]
    assert proposal.passes.agreed == ("new.txt",)
    assert len(provider.asked) == 2
    text = text_form(snapshot, render_context(), redact=str, part="plan")
    assert "3 drafts (m-1, scripted, m-2), most of which name 1 file in common." in text


async def test_a_final_plan_that_does_not_fit_goes_back_to_its_model_and_then_to_the_planner(
    store: SqliteStore, tmp_path: Path, provider: StubProvider
) -> None:
    wrong = {**FINAL, "checks": ["no such check"]}
    scripts: dict[str, Script] = {**SCRIPTS, "You make the final plan": [("final_result", wrong)]}
    harness, agent = harness_of(store, tmp_path, provider, scripts=scripts, final_temperature=0.5)
    async with harness.running():
        record = await harness.submit(mode="full")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.PLAN)
    assert "no such check" in (snapshot.message or "")
    assert len(agent.of("plan")) == 3
    final = [one for one in provider.asked if b"You make the final plan" in one.body]
    assert len(final) == 9
    assert b"It is refused. Correct it" in final[1].body


async def test_without_a_provider_it_is_an_error_in_words_and_no_plan(store: SqliteStore, tmp_path: Path) -> None:
    harness, _ = harness_of(store, tmp_path, None)
    async with harness.running():
        record = await harness.submit(mode="full")
        snapshot = await harness.ended(record.id)
    assert snapshot.state is RunState.FAILED
    assert "no provider is configured. Name one under providers" in (snapshot.message or "")
    assert snapshot.proposals == ()
