"""oh-my-pi itself, from npm, against a model without a mind: its RPC does what `dialects/oh_my_pi/omp_rpc.py` says."""

from typing import Any

import pytest

from ompycord.agents.conformance import RULES, Rule, Trial
from ompycord.agents.omp_rpc import OmpRpcAgent
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    FilesChanged,
    Message,
    Note,
    PlanUpdated,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    RetryLimited,
    SessionOpened,
    ToolFinished,
    ToolStarted,
    UsageUpdated,
)
from ompycord.testing import ScriptedInbox
from tests.e2e.agents.conftest import AgentInput, Place, working

pytestmark = [pytest.mark.agents, pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]
WORDS = " ".join(f"word{number}" for number in range(100))  # no loop, which omp would notice


def spec(mode: str = "always-ask") -> dict[str, Any]:
    command = ("omp", "--model", "stub/stub-1", "--approval-mode", mode)
    return {"name": "omp", "kind": "omp_rpc", "command": command}


TASK = """
CALL write {"path": "a.txt", "content": "one\\ntwo\\n"}
CALL ask {"questions": [{"id": "db", "question": "Which?", "options": [{"label": "SQLite"}, {"label": "Postgres"}]}]}
CALL bash {"command": "cat a.txt"}
CALL bash {"command": "rm a.txt"}
CALL todo {"op": "init", "list": [{"phase": "Build", "items": ["one", "two"]}]}
CALL todo {"op": "drop", "phase": "Build"}
SLOW 4
SAY first answer
"""


async def test_a_whole_task(omp: Place) -> None:
    heard, inbox = AgentInput(), ScriptedInbox()
    async with working(OmpRpcAgent(launcher=omp.launcher).run(omp.job(spec(), TASK), heard.emit, inbox)) as run:
        write = await heard.until(ApprovalRequested)
        inbox.send(ApprovalGranted(approval=write.approval, by="Bob"))
        asked = await heard.until(QuestionAsked)
        inbox.send(QuestionAnswered(question=asked.question, answer="neither of them", by="Ada"))
        cat = await heard.until(ApprovalRequested, 2)
        inbox.send(ApprovalGranted(approval=cat.approval, by="Bob"))
        remove = await heard.until(ApprovalRequested, 3)
        inbox.send(ApprovalDenied(approval=remove.approval, by="Bob"))
        await heard.until(PlanUpdated, 2)
        inbox.send(Prompted(text="SAY steered answer", by="Ada", when="now"))
    assert (run.result().claim, run.result().message) == (True, "steered answer")
    assert (omp.clone / "a.txt").read_text(encoding="utf-8") == "one\ntwo\n"
    assert [one.command for one in heard.of(ApprovalRequested)][1:] == ["cat a.txt", "rm a.txt"]
    assert asked.options == ("SQLite", "Postgres")
    finished = [(one.tool, one.ok, one.added) for one in heard.of(ToolFinished)]
    assert finished[:4] == [("write", True, 2), ("ask", True, None), ("bash", True, None), ("bash", False, None)]
    assert [one.path for one in heard.of(FilesChanged)[-1].files] == ["a.txt"]
    assert [one.title for one in heard.of(PlanUpdated)[0].phases] == ["Build"]
    answers = len(heard.of(UsageUpdated))
    assert sum(one.cost_usd for one in heard.of(UsageUpdated)) == pytest.approx(0.003735 * answers)
    assert not heard.of(Note)


async def test_a_stopped_run_goes_on_in_the_same_session(omp: Place) -> None:
    agent, first, second = OmpRpcAgent(launcher=omp.launcher), AgentInput(), AgentInput()
    script = 'CALL bash {"command": "sleep 60"}\nSAY never'
    async with working(agent.run(omp.job(spec("yolo"), script), first.emit, ScriptedInbox())) as run:
        await first.until(ToolStarted)
        run.cancel()
    session = first.of(SessionOpened)[0].session
    outcome = await agent.run(omp.job(spec("yolo"), "SAY back again", session=session), second.emit, ScriptedInbox())
    assert outcome.claim
    assert outcome.message == "back again"
    assert [one.session for one in second.of(SessionOpened)] == [session]
    (record,) = (omp.home / ".omp/agent/sessions").rglob("*.jsonl")
    text = record.read_text(encoding="utf-8")
    assert "sleep 60" in text
    assert "back again" in text


async def test_a_model_that_is_down_is_waited_for_and_said(omp: Place) -> None:
    heard = AgentInput()
    async with working(
        OmpRpcAgent(launcher=omp.launcher).run(omp.job(spec(), "DOWN"), heard.emit, ScriptedInbox())
    ) as run:
        limited = await heard.until(RetryLimited)
        run.cancel()
    assert limited.attempt == 1
    assert limited.until is not None
    assert "503" in (limited.message or "")


async def test_a_prompt_that_no_model_takes_is_said(omp: Place) -> None:
    (omp.home / ".omp/agent/models.yml").unlink()
    heard = AgentInput()
    job = omp.job({**spec(), "command": ("omp",)}, "SAY hi")
    outcome = await OmpRpcAgent(launcher=omp.launcher).run(job, heard.emit, ScriptedInbox())
    assert not outcome.claim
    assert outcome.message


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_the_contract(rule: Rule, omp: Place) -> None:
    trial = Trial(
        adapter=OmpRpcAgent(launcher=omp.launcher),
        quick=lambda: omp.job(spec("yolo"), 'CALL write {"path": "NOTES.md", "content": "x"}\nSAY ' + WORDS),
        long=lambda: omp.job(spec("yolo"), 'CALL bash {"command": "sleep 300"}\nSAY done'),
    )
    assert await rule(trial) is None


async def test_words_before_it_has_begun_arrive(omp: Place) -> None:
    heard = AgentInput()
    inbox = ScriptedInbox(Prompted(text="SAY the early word", by="Ada"))
    outcome = await OmpRpcAgent(launcher=omp.launcher).run(omp.job(spec(), "SAY the prompt"), heard.emit, inbox)
    assert outcome.message == "the early word"
    assert "the prompt" in [message.text for message in heard.of(Message)]
