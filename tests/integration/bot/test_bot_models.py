"""`/omp new model:` in a real playground: its completion, the agent that gets it, and what is refused."""

from typing import Any, ClassVar

import pytest

from ompycord.domain import events as ev
from ompycord.domain.repository import AgentSpec, Sandbox
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import SCRIPTED, AppHarness, is_answer, kind_of
from tests.integration.bot.test_bot_follow_up import follow
from tests.support.playground import Playground


class Choosy(AgentSpec):
    """An agent that takes a model."""

    takes_model: ClassVar[bool] = True


NONE = Sandbox(minimum="none")
LISTED = Choosy(name="listed", kind="command", command=("x",), sandbox=NONE, models=("acme/large", "acme/small"))
OPEN = Choosy(name="open", kind="command", command=("x",), sandbox=NONE)


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Any) -> AppHarness:
    return AppHarness(playground, store, tmp_path, agents=(LISTED, OPEN, SCRIPTED))


async def offered(harness: AppHarness, typed: str, **options: str) -> list[str]:
    return [one["value"] for one in await harness.playground.mo.complete("omp new", "model", typed, "tasks", **options)]


async def test_the_configured_models_of_the_agent_are_completed(harness: AppHarness) -> None:
    async with harness.running():
        assert await offered(harness, "") == ["acme/large", "acme/small"]  # the first agent's, which the run would have
        assert await offered(harness, "LARGE", agent="listed") == ["acme/large"]
        assert await offered(harness, "", agent="scripted") == []
        assert await offered(harness, "", agent="open") == []


async def test_what_the_agent_offered_in_its_last_session_is_completed(harness: AppHarness) -> None:
    harness.agent.script = (ev.SessionOpened(session="s", models=("one", "two")),)
    async with harness.running():
        await harness.start(harness.playground.mo, agent="open")
        await harness.playground.mo.wait_message(lambda m: kind_of(m) == "result")
        assert await offered(harness, "", agent="open") == ["one", "two"]
        assert await offered(harness, "w", agent="open") == ["two"]
        assert await offered(harness, "", agent="listed") == ["acme/large", "acme/small"]


async def test_the_agent_gets_it_and_the_card_names_the_model_that_answered(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.script = (ev.UsageUpdated(input=10, output=5, model="acme/small-2026"),)
    async with harness.running():
        await harness.start(mo, agent="listed", model="acme/small")
        await mo.wait_message(lambda m: kind_of(m) == "result" and "acme/small-2026" in m.text)
        assert [job.task.model for job in harness.agent.jobs] == ["acme/small"]
        await follow(harness, mo, await result_of(harness), "Now the docs.")
        await harness.nothing_owed()
    assert [job.task.model for job in harness.agent.jobs][-1] == "acme/small"


async def result_of(harness: AppHarness) -> Message:
    return await harness.playground.mo.wait_message(lambda m: kind_of(m) == "result" and "Follow up…" in m.labels)


@pytest.mark.parametrize(
    ("agent", "model", "words"),
    [
        ("scripted", "large", "scripted takes no choice of a model. Leave `model` out."),
        ("listed", "huge", "listed does not offer the model 'huge'. Choose one of: acme/large, acme/small."),
    ],
)
async def test_what_the_agent_does_not_take_is_refused_and_nothing_runs(
    harness: AppHarness, agent: str, model: str, words: str
) -> None:
    mo = harness.playground.mo
    async with harness.running():
        ran = await mo.command("omp new", "tasks", prompt="Fix it", agent=agent, model=model)
        await mo.wait_message(lambda m: is_answer(m, ran.id) and words in m.text)
        assert await harness.all_runs() == []


async def test_the_form_keeps_it(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        opened = await mo.command("omp new", "tasks", agent="open", model="one")
        assert opened.modal is not None
        values = {"What should be done?": "Fix it.", "Repository": ["bare"], "Agent and mode": ["open|fast"]}
        await mo.submit_labels(opened, values)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    assert [job.task.model for job in harness.agent.jobs] == ["one"]
