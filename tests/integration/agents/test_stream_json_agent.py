"""The shell around Claude Code's stream-json, against a program that speaks it."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.stream_json import StreamJsonAgent
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalRequested,
    Message,
    Note,
    Prompted,
    SessionOpened,
    ToolFinished,
    UsageUpdated,
)
from ompycord.domain.ports import AgentInput, AgentJob
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.processes.launcher_port import Launcher
from ompycord.testing import ScriptedInbox
from tests.support.patience import patient, within

pytestmark = pytest.mark.posix
MakeJob = Callable[..., AgentJob]
DOUBLE = Path(__file__).parents[2] / "support/agents/claude_double.py"


@pytest.fixture
def job(make_job: MakeJob) -> MakeJob:
    def make(*steps: str, **spec: Any) -> AgentJob:
        command = (sys.executable, "-I", str(DOUBLE))
        return make_job(prompt="\n".join(steps), kind="stream_json", **{"command": command, **spec})

    return make


async def test_two_turns_of_one_session(launcher: Launcher, job: MakeJob, stored: Any, clone: Path) -> None:
    inbox = ScriptedInbox(Prompted(text="say the second turn", by="Ada"))
    async with within(60), asyncio.TaskGroup() as tasks:
        work = job("write a.txt hello", "leave npm publish", "say first").model_copy(update={"session": "old-1"})
        run = tasks.create_task(StreamJsonAgent(launcher=launcher).run(work, stored.emit, inbox))
        await stored.until(ApprovalRequested)
        asked = stored.of(ApprovalRequested)[0].approval
        inbox.send(ApprovalDenied(approval=asked, by="Bob", reason="never"))
    assert (run.result().claim, run.result().message) == (True, "the second turn")
    assert (clone / "a.txt").read_text(encoding="utf-8") == "hello"
    assert stored.of(SessionOpened) == [SessionOpened(session="old-1", agent="claude", model="m")]
    denied = '{"behavior": "deny", "message": "never"}'
    assert [message.text for message in stored.of(Message)] == [denied, "first", "the second turn"]
    assert [(one.tool, one.added) for one in stored.of(ToolFinished)] == [("Write", 1)]
    assert [one.cost_usd for one in stored.of(UsageUpdated)] == [0.5, 0.5]
    assert not stored.of(Note)


async def test_a_task_chooses_the_model_before_the_configuration_does(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    usual = job("say hi", model="usual")
    chosen = usual.model_copy(update={"task": usual.task.model_copy(update={"model": "other"})})
    for work in (job("say hi"), usual, chosen):
        assert (await StreamJsonAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox())).claim
    assert [one.model for one in stored.of(SessionOpened)] == ["m", "usual", "other"]


async def test_it_is_interrupted_before_it_is_halted(
    launcher: Launcher, job: MakeJob, stored: Any, clone: Path
) -> None:
    async with within(60), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(
            StreamJsonAgent(launcher=launcher).run(job("hang politely"), stored.emit, ScriptedInbox())
        )
        await stored.until(Message)
        run.cancel()
    assert run.cancelled()
    assert (clone / "interrupted").exists()


async def test_a_tool_that_says_nothing_is_no_silence_of_its_agent(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    silent = job("say starting", f"slow {patient(3)}", "say built", idle_s=patient(1.5))
    outcome = await StreamJsonAgent(launcher=launcher).run(silent, stored.emit, ScriptedInbox())
    assert (outcome.claim, outcome.message) == (True, "built")


async def test_after_its_tools_the_silence_of_an_agent_counts_again(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    hanging = job("slow 0", "hang", idle_s=patient(1.5))
    outcome = await StreamJsonAgent(launcher=launcher).run(hanging, stored.emit, ScriptedInbox())
    assert (outcome.ended_by, outcome.failure) == (EndedBy.CLOCK, FailureClass.REPAIRABLE)


async def test_what_it_tells_while_it_stops_is_counted(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    async with within(60), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(
            StreamJsonAgent(launcher=launcher).run(job("hang politely"), stored.emit, ScriptedInbox())
        )
        await stored.until(Message)
        run.cancel()
    assert run.cancelled()
    told, more = stored.of(UsageUpdated)
    assert (told.input, told.output, told.cost_usd) == (10, 1, 0.5)
    assert more == UsageUpdated(at_least=True)


async def test_a_crash_is_no_end_of_work(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    outcome = await StreamJsonAgent(launcher=launcher).run(job("crash 0"), stored.emit, ScriptedInbox())
    assert not outcome.claim
    assert outcome.message == "mine exited with code 0 before its work was done: something broke"


class Queue(ScriptedInbox):
    """Keeps messages for *next* until the agent rests, as the inbox of the log does."""

    def __init__(self) -> None:
        super().__init__()
        self.queued: list[Prompted] = []
        self.handed_out_at: list[bool] = []
        self._is_resting = True

    def set_resting(self, *, is_resting: bool) -> None:
        self._is_resting = is_resting
        if is_resting and self.queued:
            self.send(self.queued.pop(0))

    async def has_more(self) -> bool:
        return not self._waiting.empty()

    async def next(self) -> AgentInput:
        found = await super().next()
        if isinstance(found, Prompted):
            self.handed_out_at.append(self._is_resting)
        return found


async def test_a_message_for_next_is_handed_out_once_the_turn_is_over_and_in_the_same_session(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    inbox = Queue()
    async with within(60), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(
            StreamJsonAgent(launcher=launcher).run(job("leave ls", "say first"), stored.emit, inbox)
        )
        await stored.until(ApprovalRequested)
        inbox.queued = [Prompted(text="say second", by="Ada"), Prompted(text="say third", by="Ada")]
        inbox.send(ApprovalDenied(approval=stored.of(ApprovalRequested)[0].approval, by="Bob"))
    assert (run.result().claim, run.result().message) == (True, "third")
    assert inbox.handed_out_at == [True, True]
    assert [message.text for message in stored.of(Message)][1:] == ["first", "second", "third"]
    assert len(stored.of(SessionOpened)) == 1


class HeldQueue(Queue):
    """Has something to hand out that waits, such as for a slot."""

    async def has_more(self) -> bool:
        return bool(self.queued)


@pytest.mark.parametrize("inbox_kind", [Queue, HeldQueue])
async def test_messages_wait_in_the_queue_while_the_provider_refuses(
    launcher: Launcher, job: MakeJob, stored: Any, inbox_kind: type[Queue]
) -> None:
    inbox = inbox_kind()
    async with within(60), asyncio.TaskGroup() as tasks:
        refused = job("leave ls", "say Credit balance is too low")
        run = tasks.create_task(StreamJsonAgent(launcher=launcher).run(refused, stored.emit, inbox))
        await stored.until(ApprovalRequested)
        inbox.queued = [Prompted(text="say second", by="Ada")]
        inbox.send(ApprovalDenied(approval=stored.of(ApprovalRequested)[0].approval, by="Bob"))
    assert (run.result().ended_by, run.result().message) == (EndedBy.PROVIDER, "Credit balance is too low")
    assert inbox.handed_out_at == []
    assert len(inbox.queued) == 1
