"""What an agent asked over MCP before a crash: people are not asked again, whether it had their answer or not."""

from typing import TYPE_CHECKING, Any

import pytest

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import RunState
from tests.integration.conductor.conftest import ADA, AppHarness, harness, store
from tests.integration.mcp.test_mcp_tools import connected, mounted, working

if TYPE_CHECKING:
    from mcp import Client

__all__ = ["harness", "store", "working"]

pytestmark = pytest.mark.xdist_group("the SDK of MCP")

ASKED = {"question": "Which?", "options": ["left", "right"]}


async def ask(client: "Client", *, wait_s: int = 0) -> dict[str, Any]:
    answer = (await client.call_tool("ask_human", {**ASKED, "wait_s": wait_s})).structured_content
    assert answer is not None
    return answer


async def answered(harness: AppHarness, run: RunId, ticket: str, answer: str) -> None:
    await harness.until(run, lambda snapshot: snapshot.needs_person)
    await harness.areas.approvals.answer(await harness.areas.load(run), ticket, answer, ADA)


async def asked_in(harness: AppHarness, run: RunId) -> list[str]:
    return [one.body.question for one in await harness.store.events_of(run) if isinstance(one.body, ev.QuestionAsked)]


async def test_an_answer_that_came_before_a_crash_reaches_the_next_start_of_the_agent(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.in_state(run, RunState.BUILDING)
        async with mounted(harness, run) as address, connected(address) as client:
            ticket = (await ask(client))["ticket"]
        await answered(harness, run, ticket, "left")
    later = harness.restart()
    later.agent.hold()
    async with later.running():
        await later.began()
        async with mounted(later, run) as address, connected(address) as client:
            again = await ask(client, wait_s=20)
        assert (again["ticket"], again["status"], again["answer"], again["by"]) == (ticket, "answered", "left", "Ada")
        assert await asked_in(later, run) == [ticket]
        later.agent.release()
        await later.ended(run)


async def test_answers_that_an_agent_had_are_for_the_one_that_begins_anew_in_their_order(harness: AppHarness) -> None:
    harness.agent.hold()
    tickets: list[str] = []
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.in_state(run, RunState.BUILDING)
        async with mounted(harness, run) as address, connected(address) as client:
            for answer in ("left", "right"):
                tickets.append((await ask(client))["ticket"])
                await answered(harness, run, tickets[-1], answer)
                had = (await client.call_tool("wait_answer", {"ticket": tickets[-1], "wait_s": 20})).structured_content
                assert had is not None
                assert had["answer"] == answer
    assert len(set(tickets)) == 2
    later = harness.restart()
    later.agent.hold()
    async with later.running():
        await later.began()
        async with mounted(later, run) as address, connected(address) as client:
            assert [(await ask(client, wait_s=20))["answer"] for _ in range(2)] == ["left", "right"]
            third = await ask(client)
        assert third["status"] == "waiting"
        assert await asked_in(later, run) == [*tickets, third["ticket"]]
        later.agent.release()
        await later.ended(run)


async def test_an_answer_that_came_after_the_wait_is_the_one_to_the_same_question_again(
    harness: AppHarness, working: RunId
) -> None:
    async with mounted(harness, working) as address, connected(address) as client:
        ticket = (await ask(client))["ticket"]
        await answered(harness, working, ticket, "left")
        again = await ask(client, wait_s=20)
        assert (again["ticket"], again["answer"]) == (ticket, "left")
        fresh = await ask(client)
        assert (fresh["status"], fresh["ticket"] != ticket) == ("waiting", True)


async def test_an_agent_that_goes_on_in_its_session_asks_anew_what_it_knows(harness: AppHarness) -> None:
    run = RunId((await harness.submit()).id)
    question = ev.QuestionAsked(question="1", text="Which?")
    used = (question, ev.QuestionAnswered(question="1", answer="left", by="Ada"))
    await harness.store.observe(run, [question], at=1)
    await harness.areas.recorder.record(run, used[1], ev.InboxTaken(said=("q:1",)))
    again = question.model_copy(update={"question": "2"})
    for starts_fresh, expected in ((False, None), (True, Ref(RefKind.QUESTION, "1"))):
        async with harness.parts.areas.inboxes.open(run, iteration=2, starts_fresh=starts_fresh) as inbox:
            assert harness.parts.areas.inboxes.of(run) is inbox
            assert await inbox.earlier(again) == expected
        assert harness.parts.areas.inboxes.of(run) is None


WANTED = {"title": "Run a command", "command": "git log", "risk": "read", "wait_s": 0}


async def wanted(client: "Client", *, wait_s: int = 0) -> dict[str, Any]:
    answer = (await client.call_tool("request_approval", {**WANTED, "wait_s": wait_s})).structured_content
    assert answer is not None
    return answer


async def allowed(harness: AppHarness, run: RunId, ticket: str) -> None:
    await harness.until(run, lambda snapshot: snapshot.needs_person)
    await harness.areas.approvals.approve(await harness.areas.load(run), ticket, ADA, scope="once")


@pytest.mark.parametrize("is_decided_before", [False, True], ids=["after its start", "before it"])
async def test_what_is_allowed_once_after_a_crash_is_for_the_agent_that_began_since(
    harness: AppHarness, *, is_decided_before: bool
) -> None:
    """The card of the request stands through the crash. One that was decided before may have been acted on."""
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.in_state(run, RunState.BUILDING)
        async with mounted(harness, run) as address, connected(address) as client:
            ticket = (await wanted(client))["ticket"]
            if is_decided_before:
                await allowed(harness, run, ticket)
    later = harness.restart()
    later.agent.hold()
    async with later.running():
        await later.began()
        if not is_decided_before:
            await allowed(later, run, ticket)
        async with mounted(later, run) as address, connected(address) as client:
            first, second = await wanted(client, wait_s=0 if is_decided_before else 20), await wanted(client)
        if is_decided_before:
            assert (first["status"], second["ticket"] == first["ticket"] != ticket) == ("waiting", True)
        else:
            assert (first["ticket"], first["answer"]) == (ticket, "allowed once")
            assert (second["status"], second["ticket"] != ticket) == ("waiting", True)
        later.agent.release()
        await later.ended(run)


async def test_what_was_allowed_once_and_reached_its_agent_is_used_up_however_it_asks(
    harness: AppHarness, working: RunId
) -> None:
    async with mounted(harness, working) as address, connected(address) as client:
        ticket = (await wanted(client))["ticket"]
        await allowed(harness, working, ticket)
        assert (await wanted(client, wait_s=20))["answer"] == "allowed once"
    inbox = harness.parts.areas.inboxes.of(working)
    assert inbox is not None
    again = ev.ApprovalRequested(approval="own", title="Run a command", command="git log", risk="read")
    assert await inbox.accept(again) is not None, "it is asked, in the agent's own dialect too"
