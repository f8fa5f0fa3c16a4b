"""An agent that is started in an earlier session.

It hears only how to go on, or the whole task where that session is gone.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.acp import AcpAgent, AcpOptions
from ompycord.agents.omp_rpc import OmpRpcAgent
from ompycord.agents.resuming import WHOLE_TASK, go_on
from ompycord.agents.stream_json import StreamJsonAgent
from ompycord.domain.events import Message, Note, SessionOpened
from ompycord.domain.ports import AgentAdapter, AgentJob, AgentOutcome, Emit
from ompycord.domain.repository import Grants, Sandbox
from ompycord.domain.run import FailureClass
from ompycord.domain.task import TaskFile
from ompycord.processes.launcher_port import Launcher
from ompycord.testing import ScriptedInbox
from tests.integration.agents.conftest import MakeJob
from tests.support.agent_options import agent_options

DOUBLES = Path(__file__).parents[2] / "support/agents"
KINDS = [
    ("omp_rpc", OmpRpcAgent, "omp_double.py"),
    ("acp", AcpAgent, "acp_double.py"),
    ("stream_json", StreamJsonAgent, "claude_double.py"),
]


FORKS = "import os, time\nfor _ in range(8):\n    if os.fork() == 0: time.sleep(50)\ntime.sleep(50)"


@pytest.mark.posix
async def test_one_that_took_too_much_of_the_machine_is_not_started_again(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    few = Sandbox(minimum="none", max_processes=5)
    spec = AcpOptions(name="mine", command=(sys.executable, "-c", FORKS), sandbox=few)
    job = make_job("").model_copy(update={"spec": spec, "session": "s-7"})
    outcome = await AcpAgent(launcher=launcher).run(job, stored.emit, ScriptedInbox())
    assert outcome.message == "mine started more than 5 processes, so Ompycord stopped it."
    assert outcome.failure is FailureClass.POLICY
    assert not stored.of(Note)


async def test_the_whole_task_names_the_files_that_came_with_it(make_job: MakeJob, stored: Any, clone: Path) -> None:
    jobs: list[AgentJob] = []

    async def start(job: AgentJob, emit: Emit) -> AgentOutcome:
        jobs.append(job)
        return AgentOutcome(claim=False)

    files = (TaskFile(name="log.txt", sha256="0" * 64, size=1234),)
    task = make_job("").task.model_copy(update={"files": files, "done_when": "it is well"})
    known = {"task": task, "files": clone.parent, "session": "s-7", "session_usd": 1.0}
    await go_on(make_job("", prompt="Go on.").model_copy(update=known), stored.emit, start)
    assert [(job.session, job.session_usd) for job in jobs] == [("s-7", 1.0), (None, 0.0)]
    named = (
        f"Files that came with the task, to read, outside of the repository:\n- {clone.parent}/log.txt (1,234 bytes)"
    )
    assert jobs[1].prompt == f"{task.prompt}\n\nDone when: it is well\n\n{named}\n\nGo on."


@pytest.mark.parametrize(("kind", "adapter", "double"), KINDS)
@pytest.mark.parametrize("is_gone", [False, True])
async def test_words_to_go_on_reach_the_session_and_the_whole_task_another_one(
    kind: Any, adapter: type[Any], double: str, is_gone: bool, launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    command = (sys.executable, "-I", str(DOUBLES / double))
    confined = {"sandbox": Sandbox(minimum="none"), "grants": Grants(files=(DOUBLES,))}
    spec = agent_options({"name": "mine", "kind": kind, "command": command, **confined})
    job = make_job("")
    task = job.task.model_copy(update={"prompt": "say the whole task", "done_when": "it is well"})
    session = "gone" if is_gone else "s-7"
    job = job.model_copy(update={"spec": spec, "task": task, "prompt": "say go on", "session": session})
    agent: AgentAdapter = adapter(launcher=launcher)
    outcome = await agent.run(job, stored.emit, ScriptedInbox())
    assert outcome.claim, outcome.message
    said = [body.text for body in stored.events if isinstance(body, Message)]
    on_input = [text for text in said if text in {"the whole task", "go on"}]  # the double of omp says more
    assert on_input == (["the whole task", "go on"] if is_gone else ["go on"])
    opened = [body.session for body in stored.events if isinstance(body, SessionOpened)]
    assert (opened == ["s-7"]) is not is_gone
    notes = [body.text for body in stored.events if isinstance(body, Note)]
    begins = f"mine {WHOLE_TASK}"
    assert [note[: len(begins)] for note in notes] == ([begins] if is_gone else [])
    assert all(len(note) > len(begins) for note in notes)  # and why
