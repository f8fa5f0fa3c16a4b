"""Our side of the Agent Client Protocol against an agent made with the protocol's own SDK."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.acp import AcpAgent
from ompycord.agents.converse import converse
from ompycord.agents.images import MOST_BYTES
from ompycord.agents.omp_rpc import OmpRpcAgent
from ompycord.agents.stream_json import StreamJsonAgent
from ompycord.dialects.agent_client_protocol.acp import Acp
from ompycord.dialects.agent_client_protocol.acp_session import SessionOptions
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    ChangedFile,
    EventBody,
    FilesChanged,
    Message,
    Note,
    Phase,
    PlanUpdated,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    SessionOpened,
    ToolFinished,
    UsageUpdated,
)
from ompycord.domain.folds.snapshot import permission_of
from ompycord.domain.ports import AgentJob
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.domain.task import TaskFile
from ompycord.processes.launcher_port import Launcher
from ompycord.testing import ScriptedInbox
from tests.support.patience import within

pytestmark = pytest.mark.posix
MakeJob = Callable[..., AgentJob]
ADAPTERS = {"acp": AcpAgent, "stream_json": StreamJsonAgent, "omp_rpc": OmpRpcAgent}
DOUBLE = Path(__file__).parents[2] / "support/agents/acp_double.py"


@pytest.fixture
def job(make_job: MakeJob) -> MakeJob:
    def make(*steps: str, env: dict[str, str] | None = None, **spec: Any) -> AgentJob:
        command = (sys.executable, "-I", str(DOUBLE))
        return make_job(prompt="\n".join(steps), env=env, kind="acp", **{"command": command, **spec})

    return make


def texts(stored: Any) -> list[str]:
    return [message.text for message in stored.of(Message)]


async def test_a_program_that_never_answers_is_ended_before_its_clocks(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    mute = make_job("import time\nwhile True: print('# still loading', flush=True); time.sleep(0.1)")
    protocol = Acp(prompt="p", root="/c", options=SessionOptions())
    async with within(60):
        outcome = await converse(
            launcher, mute, mute.spec.command, protocol, stored.emit, ScriptedInbox(), handshake_s=0.5
        )
    assert outcome.message == "mine did not answer within 0 s of its start, so Ompycord stopped it."
    assert (outcome.ended_by, outcome.failure) == (EndedBy.CLOCK, FailureClass.ENV)


@pytest.mark.parametrize("step", ["hang politely", "hang"])
async def test_a_turn_that_is_stopped_and_tells_no_tokens_took_more_than_is_known(
    launcher: Launcher, job: MakeJob, stored: Any, step: str
) -> None:
    async with within(60), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(AcpAgent(launcher=launcher).run(job(step), stored.emit, ScriptedInbox()))
        await stored.until(Message)
        run.cancel()
    assert stored.of(UsageUpdated) == [UsageUpdated(at_least=True)]


async def test_an_agent_that_crashes_in_its_turn_took_more_than_is_known(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    await AcpAgent(launcher=launcher).run(job("crash 1"), stored.emit, ScriptedInbox())
    assert stored.of(UsageUpdated) == [UsageUpdated(at_least=True)]


async def test_what_the_session_has_is_acknowledged(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    inbox = ScriptedInbox(Prompted(text="say second", by="Ada"))
    outcome = await AcpAgent(launcher=launcher).run(job("say first"), stored.emit, inbox)
    assert outcome.message == "second"
    assert inbox.acknowledged == 2


async def test_a_whole_conversation(launcher: Launcher, job: MakeJob, stored: Any, clone: Path) -> None:
    inbox = ScriptedInbox()
    async with within(60), asyncio.TaskGroup() as tasks:
        steps = (
            "say hello you",
            "plan Build|Test",
            "write src/a.txt hello",
            "ask Which?|A|B",
            "leave ls",
            "leave rm -rf .",
        )
        run = tasks.create_task(AcpAgent(launcher=launcher).run(job(*steps, "spend 0.5"), stored.emit, inbox))
        await stored.until(QuestionAsked)
        inbox.send(Prompted(text="say next turn\nspend 0.75", by="Ada"))
        inbox.send(QuestionAnswered(question=stored.of(QuestionAsked)[0].question, answer="B", by="Ada"))
        await stored.until(ApprovalRequested)
        inbox.send(ApprovalGranted(approval=stored.of(ApprovalRequested)[0].approval, by="Bob"))
        await stored.until(ApprovalRequested, 2)
        inbox.send(ApprovalDenied(approval=stored.of(ApprovalRequested)[1].approval, by="Bob", reason="never"))
    outcome = run.result()
    assert (outcome.claim, outcome.message) == (True, "next turn")
    assert (clone / "src/a.txt").read_text(encoding="utf-8") == "hello"
    assert stored.of(SessionOpened) == [
        SessionOpened(session="s-1", agent="Double", model="small", models=("small", "large"))
    ]
    assert stored.of(PlanUpdated) == [PlanUpdated(phases=(Phase(title="Build", status="active"), Phase(title="Test")))]
    assert [(asked.title, asked.command) for asked in stored.of(ApprovalRequested)] == [
        ("ls", "command: ls\ncwd: /x"),
        ("rm -rf .", "command: rm -rf .\ncwd: /x"),
    ]
    said = ["hello you", "answer: accept {'which': 'B'}", "leave: once", "leave: no", "next turn"]
    assert texts(stored) == said
    assert [(one.title, one.added, one.removed) for one in stored.of(ToolFinished)] == [("Write src/a.txt", 1, 0)]
    assert stored.of(FilesChanged) == [
        FilesChanged(files=(ChangedFile(path="src/a.txt", added=1, removed=0),), total=1)
    ]
    assert sum(one.cost_usd or 0 for one in stored.of(UsageUpdated)) == pytest.approx(0.75)
    assert sum(one.input for one in stored.of(UsageUpdated)) == 30
    assert not stored.of(Note)


async def test_leave_for_the_run_is_kept_by_us_and_never_asked_of_the_agent(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    inbox = ScriptedInbox()
    async with within(60), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(AcpAgent(launcher=launcher).run(job("leave ls", "leave ls"), stored.emit, inbox))
        for number in (1, 2):
            await stored.until(ApprovalRequested, number)
            asked = stored.of(ApprovalRequested)[-1].approval
            inbox.send(ApprovalGranted(approval=asked, by="Bob", scope="run"))  # the second time the conductor does
    assert run.result().claim
    assert texts(stored) == ["leave: once", "leave: once"]
    first, second = (permission_of(one) for one in stored.of(ApprovalRequested))
    assert first is not None
    assert first == second


async def test_files_are_served_inside_the_clone_alone(
    launcher: Launcher, job: MakeJob, stored: Any, clone: Path
) -> None:
    (clone.parent / "secret").write_text("s3cret", encoding="utf-8")
    (clone / "link").symlink_to(clone.parent / "secret")
    (clone / "own").write_text("mine", encoding="utf-8")
    steps = ("read own", "read link", "read ../secret", f"read {clone.parent}/secret", "read .git/config")
    assert (await AcpAgent(launcher=launcher).run(job(*steps), stored.emit, ScriptedInbox())).claim
    assert texts(stored)[0] == "read: mine"
    assert all(text.startswith("refused: ") for text in texts(stored)[1:])
    assert "s3cret" not in str(stored.events)


@pytest.mark.parametrize("session", ["s-old", "late"])
async def test_a_session_goes_on_and_tells_its_past_and_its_cost_only_once(
    launcher: Launcher, job: MakeJob, stored: Any, session: str
) -> None:
    work = job("session", "spend 1.25").model_copy(update={"session": session})
    assert (await AcpAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox())).claim
    assert texts(stored) == [f"loaded {session}"]
    assert stored.of(SessionOpened)[0].session == session
    assert [one.cost_usd for one in stored.of(UsageUpdated)] == [0.25, 0.0]


def with_files(job: AgentJob, folder: Path, files: dict[str, bytes]) -> AgentJob:
    """The job of a task that came with these."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    kept = tuple(TaskFile(name=name, sha256="0" * 64, size=len(data)) for name, data in files.items())
    return job.model_copy(update={"files": folder, "task": job.task.model_copy(update={"files": kept})})


async def test_pictures_that_came_with_a_task_are_seen_once_as_far_as_they_fit(
    launcher: Launcher, job: MakeJob, stored: Any, clone: Path
) -> None:
    png, gif = b"\x89PNG\r\n\x1a\n", b"GIF89a"
    files = {
        "named.png": b"no picture",
        "small": png + b"x" * 92,
        "large.png": png + b"x" * MOST_BYTES,
        "half.gif": gif + b"x" * (MOST_BYTES // 2),
        "other_half.gif": gif + b"x" * (MOST_BYTES // 2),
        "last.gif": gif,
    }
    work = with_files(job("look"), clone.parent / "files", files)
    (clone.parent / "files/last.gif").unlink()
    (clone.parent / "files/last.gif").symlink_to(clone.parent / "files/small")
    for one in (work, work.model_copy(update={"session": "s-old"}), job("look", env={"BLIND": "1"})):
        blind = {"files": work.files, "task": work.task}
        assert (await AcpAgent(launcher=launcher).run(one.model_copy(update=blind), stored.emit, ScriptedInbox())).claim
    seen = f"sees image/png of 100, image/gif of {MOST_BYTES // 2 + 6}"
    assert texts(stored) == [seen, "sees nothing", "sees nothing"]


async def test_our_tools_and_the_mode_are_given_and_a_mode_that_is_not_offered_is_said(
    launcher: Launcher, job: MakeJob, stored: Any, clone: Path
) -> None:
    env = {"OMPYCORD_MCP_URL": "http://127.0.0.1:1/mcp/", "OMPYCORD_KEY": "k"}
    for mode in ("fast", "wild"):
        work = job("session", env=env, mode=mode)
        assert (await AcpAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox())).claim
    opened = f"new in {clone} with ompycord http://127.0.0.1:1/mcp/ Bearer k"
    assert texts(stored) == [f"{opened}, mode fast", opened]
    assert [note.text for note in stored.of(Note)] == ["The agent offers no mode wild. It offers: slow, fast."]


async def test_a_crash_is_no_end_of_work(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    outcome = await AcpAgent(launcher=launcher).run(job("crash 0"), stored.emit, ScriptedInbox())
    assert (outcome.claim, outcome.failure) == (False, FailureClass.LOST)
    assert outcome.message == "mine exited with code 0 before its work was done: something broke"


@pytest.mark.parametrize(
    ("kind", "program", "said"),
    [
        ("acp", "sys.exit(127)", "exited with code 127 at its start."),
        ("acp", "import no_such_module", "exited with code 1 at its start: ModuleNotFoundError: No module named"),
        ("acp", "sys.exit(0)", "exited with code 0 at its start."),
        ("stream_json", "sys.exit('error: unknown option')", "exited with code 1 at its start: error: unknown option"),
        ("omp_rpc", "sys.exit('libfoo.so: not found')", "exited with code 1 at its start: libfoo.so: not found"),
    ],
)
async def test_a_program_that_ends_at_its_start_lacks_something_here(
    launcher: Launcher, make_job: MakeJob, stored: Any, kind: str, program: str, said: str
) -> None:
    work = make_job(kind=kind, command=(sys.executable, "-c", f"import sys; {program}"))
    outcome = await ADAPTERS[kind](launcher=launcher).run(work, stored.emit, ScriptedInbox())
    assert (outcome.claim, outcome.failure, outcome.ended_by) == (False, FailureClass.ENV, EndedBy.EXIT)
    assert said in (outcome.message or "")


async def test_one_that_worked_here_before_and_one_that_was_killed_may_go_on(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    broken = make_job(kind="acp", command=(sys.executable, "-c", "raise SystemExit(1)"))
    killed = make_job(kind="acp", command=(sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"))
    for work in (broken.model_copy(update={"session": "kept"}), killed):
        outcome = await AcpAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox())
        assert (outcome.claim, outcome.failure) == (False, FailureClass.LOST), outcome


async def test_it_is_cancelled_before_it_is_halted(launcher: Launcher, job: MakeJob, stored: Any, clone: Path) -> None:
    async with within(60), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(AcpAgent(launcher=launcher).run(job("hang politely"), stored.emit, ScriptedInbox()))
        await stored.until(PlanUpdated)
        run.cancel()
    assert run.cancelled()
    assert (clone / "cancelled").exists()


async def test_a_word_in_hand_when_the_turn_ends_is_not_lost(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    inbox = ScriptedInbox()

    async def emit(*bodies: EventBody) -> None:
        await stored.emit(*bodies)
        if Message(text="last words") in bodies:  # stored together with the turn's end
            inbox.send(Prompted(text="say more words", by="Ada"))
            for _ in range(5):
                await asyncio.sleep(0)

    outcome = await AcpAgent(launcher=launcher).run(job("say first", "say last words"), emit, inbox)
    assert (outcome.claim, outcome.message) == (True, "more words")


async def test_what_people_say_now_cuts_the_turn_short(launcher: Launcher, job: MakeJob, stored: Any) -> None:
    inbox = ScriptedInbox()
    async with within(60), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(AcpAgent(launcher=launcher).run(job("hang politely"), stored.emit, inbox))
        await stored.until(PlanUpdated)
        inbox.send(Prompted(text="say instead", by="Ada", when="now"))
    assert run.result().message == "instead"


async def test_a_task_chooses_the_model_before_the_configuration_does(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    usual = job("say hi", model="large")
    chosen = usual.model_copy(update={"task": usual.task.model_copy(update={"model": "small"})})
    for work in (usual, chosen):
        assert (await AcpAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox())).claim
    assert [one.model for one in stored.of(SessionOpened)] == ["small", "large", "small", "small"]
    assert stored.of(SessionOpened)[0].models == ("small", "large")


async def test_a_model_that_the_agent_does_not_offer_is_said_and_its_own_stays(
    launcher: Launcher, job: MakeJob, stored: Any
) -> None:
    work = job("say hi")
    chosen = work.model_copy(update={"task": work.task.model_copy(update={"model": "huge"})})
    assert (await AcpAgent(launcher=launcher).run(chosen, stored.emit, ScriptedInbox())).claim
    assert [one.model for one in stored.of(SessionOpened)] == ["small"]
    assert stored.of(Note)[-1].text == "The agent offers no model huge. It offers: small, large."
