"""The shell around oh-my-pi's RPC: people and agent hear one another, and however it ends, it ends."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.conformance import Recorder
from ompycord.agents.converse import converse
from ompycord.agents.omp_rpc import OmpRpcAgent
from ompycord.agents.repository_settings import clone_arguments
from ompycord.dialects.oh_my_pi.omp_rpc import OmpRpc
from ompycord.dialects.protocol_session import Reaction
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    Message,
    Note,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    SessionOpened,
    ToolFinished,
    ToolProgress,
    UsageUpdated,
)
from ompycord.domain.ports import AgentInput, AgentJob
from ompycord.domain.run import FailureClass
from ompycord.errors import ProcessFailed
from ompycord.processes.launcher_port import Launcher
from ompycord.testing import ScriptedInbox
from tests.support.patience import within

pytestmark = pytest.mark.posix
MakeJob = Callable[..., AgentJob]
DOUBLE = Path(__file__).parents[2] / "support/agents/omp_double.py"


@pytest.fixture
def job(make_job: MakeJob) -> MakeJob:
    def make(*steps: str, **spec: Any) -> AgentJob:
        command = (sys.executable, "-I", str(DOUBLE))
        return make_job(prompt="\n".join(steps), kind="omp_rpc", **{"command": command, **spec})

    return make


def texts(stored: Any) -> list[str]:
    return [message.text for message in stored.of(Message)]


async def test_a_whole_conversation(launcher: Launcher, job: MakeJob, stored: Any, clone: Path) -> None:
    inbox = ScriptedInbox()
    async with within(60), asyncio.TaskGroup() as tasks:
        work = job("write a.txt hello", "ask Which?|A|B", "leave npm publish", "hear", "leave rm -rf .", "hear")
        run = tasks.create_task(OmpRpcAgent(launcher=launcher).run(work, stored.emit, inbox))
        await stored.until(QuestionAsked)
        inbox.send(QuestionAnswered(question=stored.of(QuestionAsked)[0].question, answer="neither", by="Ada"))
        await stored.until(ApprovalRequested)
        inbox.send(ApprovalGranted(approval=stored.of(ApprovalRequested)[0].approval, by="Bob"))
        inbox.send(Prompted(text="mind the tests", by="Ada"))
        await stored.until(ApprovalRequested, 2)
        inbox.send(ApprovalDenied(approval=stored.of(ApprovalRequested)[1].approval, by="Bob", reason="never"))
    outcome = run.result()
    assert (outcome.claim, outcome.message) == (True, "That is all.")
    assert (clone / "a.txt").read_text(encoding="utf-8") == "hello"
    assert stored.of(SessionOpened) == [SessionOpened(session="session-1", agent="omp")]
    assert [asked.command for asked in stored.of(ApprovalRequested)] == ["npm publish", "rm -rf ."]
    said = "answer: neither|Approve|listening|heard: mind the tests|Deny|listening"
    assert texts(stored) == [*said.split("|"), "heard: Not allowed (bash: rm -rf .): never", "That is all."]
    assert [one.title for one in stored.of(ToolFinished)] == ["a.txt"]
    assert {one.cost_usd for one in stored.of(UsageUpdated)} == {0.5}
    assert not stored.of(Note)


async def test_a_session_goes_on_by_its_id(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    work = job("say hi").model_copy(update={"session": "abc-1"})
    outcome = await OmpRpcAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox())
    assert outcome.claim
    assert texts(stored)[0] == "resumed abc-1"


async def test_a_task_chooses_the_model(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    work = job("say hi")
    chosen = work.model_copy(update={"task": work.task.model_copy(update={"model": "p/other"}), "session": "abc-1"})
    assert (await OmpRpcAgent(launcher=launcher).run(chosen, stored.emit, ScriptedInbox())).claim
    assert {one.model for one in stored.of(UsageUpdated)} == {"p/other"}
    assert texts(stored)[0] == "resumed abc-1"


async def test_a_crash_is_no_end_of_work_and_says_its_last_line(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    for code in (0, 3):
        outcome = await OmpRpcAgent(launcher=launcher).run(job(f"crash {code}"), stored.emit, ScriptedInbox())
        assert (outcome.claim, outcome.failure) == (False, FailureClass.LOST)
        assert outcome.message == f"mine exited with code {code} before its work was done: something broke"


async def test_silence_ends_it_but_not_while_a_person_is_waited_for(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    inbox = ScriptedInbox()
    async with within(60), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(
            OmpRpcAgent(launcher=launcher).run(job("ask Q|A", "hang", idle_s=0.7), stored.emit, inbox)
        )
        await stored.until(QuestionAsked)
        await asyncio.wait([run], timeout=1.5)
        assert not run.done()
        inbox.send(QuestionAnswered(question=stored.of(QuestionAsked)[0].question, answer="A", by="Ada"))
    assert run.result().message == "mine stopped responding for 1 s, so Ompycord stopped it."


async def test_it_is_told_to_stop_before_it_is_halted(
    launcher: Launcher, job: MakeJob, stored: Any, clone: Path
) -> None:
    async with running(launcher, job("hear"), stored) as run:
        await stored.until(Message)
        run.cancel()
    assert run.cancelled()
    assert (clone / "aborted").exists()


async def test_one_that_does_not_listen_is_halted_all_the_same(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    async with running(launcher, job("hang"), stored) as run:
        await stored.until(Message)
        run.cancel()
    assert run.cancelled()


@asynccontextmanager
async def running(launcher: Launcher, job: AgentJob, stored: Any) -> AsyncGenerator[asyncio.Task[Any]]:
    async with within(60), asyncio.TaskGroup() as tasks:
        yield tasks.create_task(OmpRpcAgent(launcher=launcher).run(job, stored.emit, ScriptedInbox()))


async def test_a_rush_of_progress_is_thinned_and_a_huge_message_is_cut(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    outcome = await OmpRpcAgent(launcher=launcher).run(job("rush"), stored.emit, ScriptedInbox())
    assert outcome.claim
    assert 1 <= len(stored.of(ToolProgress)) < 10
    assert len(texts(stored)[0]) == 32_768


async def test_a_version_that_nobody_tested_is_said(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    for version in ("stdout omp/19.0.1", "stderr 18.2.2", "stdout dev", "stderr 18.2.9"):
        work = job("say hi", env={"DOUBLE_VERSION": version})
        assert (await OmpRpcAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox())).claim
    span = "from 18.2.3 up to, not including, 18.3"
    assert [note.text for note in stored.of(Note)] == [
        f"omp 19.0.1 is outside the tested versions, {span}. It may behave differently.",
        f"omp 18.2.2 is outside the tested versions, {span}. It may behave differently.",
        f"omp does not tell its version. Tested are versions {span}.",
    ]


async def test_a_program_that_is_missing_and_a_level_that_is_not_reached_are_said(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    work = job("say hi", command=("no-such-omp",))
    with pytest.raises(ProcessFailed, match="was not found"):
        await OmpRpcAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox())
    work = job("say hi", sandbox={"minimum": "files"})
    with pytest.raises(ProcessFailed, match="needs confinement of level files"):
        await OmpRpcAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox())
    assert stored.events == []


class Chatty(OmpRpc):
    """Says something for every line and for every word of a person."""

    def on_line(self, line: str, *, now_ms: int) -> Reaction:
        return Reaction((Note(text="line"),)) + super().on_line(line, now_ms=now_ms)

    def on_input(self, received: AgentInput) -> Reaction:
        return Reaction((Note(text="word"),))


class Babble:
    """People who never stop."""

    async def next(self) -> AgentInput:
        await asyncio.sleep(0)
        return Prompted(text="x")

    async def acknowledge(self, texts: int) -> None:
        pass


async def test_what_agent_and_people_say_at_once_is_stored_one_after_the_other(
    launcher: Launcher, job: MakeJob
) -> None:
    recorder, work = Recorder(), job("rush", "write a b", "write c d")
    argv = (*work.spec.command, "--mode", "rpc-ui", *clone_arguments(work.spec, work.cwd))
    protocol = Chatty(prompt=work.prompt, root="/")
    async with within(60):
        assert (await converse(launcher, work, argv, protocol, recorder.emit, Babble())).claim
    assert {body.text for body in recorder.events if isinstance(body, Note)} == {"line", "word"}
    assert recorder.overlaps == 0
