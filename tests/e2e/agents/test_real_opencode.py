"""OpenCode itself, from npm, over the Agent Client Protocol, against a model without a mind."""

import base64
from typing import Any

import pytest

from ompycord.agents.acp import AcpAgent
from ompycord.agents.conformance import RULES, Rule, Trial
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    Message,
    Note,
    Prompted,
    SessionOpened,
    ToolFinished,
    ToolStarted,
    UsageUpdated,
)
from ompycord.domain.task import TaskFile
from ompycord.testing import ScriptedInbox
from tests.e2e.agents.conftest import AgentInput, Place, working

pytestmark = [pytest.mark.agents, pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]
WORDS = " ".join(f"word{number}" for number in range(100))  # no loop, which omp would notice

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one dot."""


def usd(heard: AgentInput) -> float:
    return sum(one.cost_usd or 0 for one in heard.of(UsageUpdated))


SPEC: dict[str, Any] = {"name": "opencode", "kind": "acp", "command": ("opencode", "acp")}


async def test_a_whole_task(opencode: Place) -> None:
    heard, inbox = AgentInput(), ScriptedInbox(Prompted(text="SAY the next turn", by="Ada"))
    path = opencode.clone / "a.txt"
    task = (
        f'CALL write {{"filePath": "{path}", "content": "one\\ntwo\\n"}}\n'
        'CALL bash {"command": "cat a.txt", "description": "show"}\n'
        'CALL bash {"command": "rm a.txt", "description": "remove"}\n'
        "SAY the first turn"
    )
    async with working(AcpAgent(launcher=opencode.launcher).run(opencode.job(SPEC, task), heard.emit, inbox)) as run:
        for number in (1, 2):
            asked = await heard.until(ApprovalRequested, number)
            inbox.send(ApprovalGranted(approval=asked.approval, by="Bob"))
        asked = await heard.until(ApprovalRequested, 3)
        inbox.send(ApprovalDenied(approval=asked.approval, by="Bob"))
    assert (run.result().claim, run.result().message) == (True, "the next turn")
    assert path.read_text(encoding="utf-8") == "one\ntwo\n"
    assert [one.command for one in heard.of(ApprovalRequested)][1:] == ["cat a.txt", "rm a.txt"]
    assert [one.ok for one in heard.of(ToolFinished)] == [True, True, False]
    assert sum(one.cost_usd or 0 for one in heard.of(UsageUpdated)) > 0
    assert not heard.of(Note)


async def test_a_stopped_run_goes_on_in_the_same_session(opencode: Place) -> None:
    agent, first, second = AcpAgent(launcher=opencode.launcher), AgentInput(), AgentInput()
    async with working(agent.run(opencode.job(SPEC, "SLOW 60\nSAY a b c d"), first.emit, ScriptedInbox())) as run:
        await first.until(SessionOpened)
        run.cancel()
    session = first.of(SessionOpened)[0].session
    outcome = await agent.run(opencode.job(SPEC, "SAY back again", session=session), second.emit, ScriptedInbox())
    assert (outcome.claim, outcome.message) == (True, "back again")
    assert second.of(SessionOpened)[0].session == session
    assert [message.text for message in second.of(Message)] == ["back again"]


async def test_a_session_that_goes_on_costs_what_it_adds(opencode: Place) -> None:
    """OpenCode goes on with its session's total."""
    agent, first, second = AcpAgent(launcher=opencode.launcher), AgentInput(), AgentInput()
    assert (await agent.run(opencode.job(SPEC, "SAY once"), first.emit, ScriptedInbox())).claim
    spent, session = usd(first), first.of(SessionOpened)[0].session
    again = opencode.job(SPEC, "SAY twice", session=session).model_copy(update={"session_usd": spent})
    assert (await agent.run(again, second.emit, ScriptedInbox())).claim
    assert usd(second) == pytest.approx(spent)
    assert spent > 0


async def test_it_sees_the_pictures_that_came_with_its_task(opencode: Place) -> None:
    folder = opencode.clone.parent / "files"
    folder.mkdir()
    (folder / "shot").write_bytes(PNG)
    job = opencode.job(SPEC, "SAY I see PICTURES.")
    kept = (TaskFile(name="shot", sha256="0" * 64, size=len(PNG)),)
    shown = job.model_copy(update={"files": folder, "task": job.task.model_copy(update={"files": kept})})
    outcomes = [
        await AcpAgent(launcher=opencode.launcher).run(one, AgentInput().emit, ScriptedInbox()) for one in (shown, job)
    ]
    assert [outcome.message for outcome in outcomes] == ["I see 1.", "I see 0."]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_the_contract(rule: Rule, opencode: Place) -> None:
    trial = Trial(
        adapter=AcpAgent(launcher=opencode.launcher),
        quick=lambda: opencode.job(SPEC, "SAY " + WORDS),
        long=lambda: opencode.job(SPEC, "SLOW 300\nSAY a b c d"),
    )
    assert await rule(trial) is None


async def test_it_says_which_tools_it_uses(opencode: Place) -> None:
    (opencode.clone / "b.txt").write_text("hello", encoding="utf-8")
    heard = AgentInput()
    task = f'CALL read {{"filePath": "{opencode.clone / "b.txt"}"}}\nSAY read it'
    outcome = await AcpAgent(launcher=opencode.launcher).run(opencode.job(SPEC, task), heard.emit, ScriptedInbox())
    assert outcome.message == "read it"
    assert [one.tool for one in heard.of(ToolStarted)] == ["read"]
