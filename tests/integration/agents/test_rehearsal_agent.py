"""The rehearsal makes a real change, says what it is, and takes the paths that words in the prompt choose."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pydantic import BaseModel

from ompycord.agents.registry import adapters
from ompycord.agents.rehearsal import RehearsalOptions
from ompycord.dialects.prompts.background_text import background_text
from ompycord.dialects.prompts.prompt_text import former_text
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    FilesChanged,
    Message,
    PlanUpdated,
    Prompted,
    ToolFinished,
    ToolStarted,
    UsageUpdated,
)
from ompycord.domain.folds.follow_up import Former, PastRun
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.memory.items import MemoryItem, MemoryKind, MemoryOrigin
from ompycord.domain.ports import AgentJob
from ompycord.processes.launcher_port import Launcher
from ompycord.testing import ScriptedInbox
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from tests.support.patience import patient

MakeJob = Callable[..., AgentJob]


@pytest.fixture
def rehearse(launcher: Launcher, make_job: MakeJob, stored: Any) -> Callable[..., Any]:
    agent = adapters(launcher=launcher)["rehearsal"]
    assert agent.capabilities.simulated

    async def run(prompt: str, **env: str) -> Any:
        spec = RehearsalOptions(name="rehearsal", env={"REHEARSAL_PACE": "0"})
        job = make_job(prompt=prompt, env=env).model_copy(update={"spec": spec})
        return await agent.run(job, stored.emit, ScriptedInbox())

    return run


@pytest.fixture
async def sample(clone: Path) -> Path:
    """The sample's files in the clone, as a run would have them."""
    path = clone.parent / "repositories/sample"
    path.parent.mkdir()
    repository = await make_sample(path, git=Git(path=os.environ["PATH"]))
    assert repository.checks
    shutil.copytree(path, clone, dirs_exist_ok=True)
    return clone


def is_green(tree: Path) -> bool:
    command = (sys.executable, "-m", "unittest")
    return subprocess.run(command, cwd=tree, capture_output=True, timeout=patient(60), check=False).returncode == 0


async def test_it_repairs_the_samples_cart_red_first(rehearse: Any, stored: Any, sample: Path) -> None:
    assert is_green(sample)  # the fault hides from the tests that are there

    outcome = await rehearse("The cart ignores the quantity")

    assert outcome.claim, outcome.message
    assert "line.cost * percent" in (sample / "cart/total.py").read_text()
    assert is_green(sample)
    assert "rehearsal: no model is involved" in stored.of(Message)[0].text
    assert stored.events[0] is stored.of(Message)[0]
    tests = [tool for tool in stored.of(ToolFinished) if tool.tool == "bash"]
    assert [tool.ok for tool in tests] == [False, True]
    assert tests[0].detail == "FAILED (failures=1)"
    assert [file.path for file in stored.of(FilesChanged)[-1].files] == ["tests/test_total.py", "cart/total.py"]
    assert {phase.status for phase in stored.of(PlanUpdated)[-1].phases} == {"done"}
    usage = stored.of(UsageUpdated)[0]
    assert (usage.input, usage.output, usage.cost_usd) == (0, 0, 0.0)
    assert {tool.call for tool in stored.of(ToolStarted)} == {tool.call for tool in stored.of(ToolFinished)}


async def test_the_new_test_is_what_finds_the_fault(rehearse: Any, sample: Path) -> None:
    await rehearse("fail, please")
    assert not is_green(sample)


async def test_it_fails_when_told_to_and_says_so(rehearse: Any, stored: Any, sample: Path) -> None:
    outcome = await rehearse("Please FAIL now")
    assert not outcome.claim
    assert "the failing test is written, the fix is not" in outcome.message
    assert [phase.status for phase in stored.of(PlanUpdated)[-1].phases] == ["done", "failed", "skipped", "skipped"]


REPAIR = "Fix it {}.\n\nThe project's checks failed on your result (round 2 of 3): unit: 1 of 5 fail."


async def test_told_to_it_repairs_wrongly_at_first_and_rightly_when_the_checks_failed(
    rehearse: Any, stored: Any, sample: Path
) -> None:
    first = await rehearse("Fix it twice")
    assert first.claim
    assert not is_green(sample)
    again = await rehearse(REPAIR.format("twice"))
    assert again.claim
    assert is_green(sample)
    assert "line.cost * percent / 100" in (sample / "cart/total.py").read_text()
    assert (sample / "tests/test_total.py").read_text().count("DiscountOnQuantityTest") == 1


async def test_told_to_it_never_repairs_and_changes_nothing_later(rehearse: Any, sample: Path) -> None:
    assert (await rehearse("Fix it never")).claim
    before = (sample / "cart/total.py").read_text()
    again = await rehearse(REPAIR.format("never"))
    assert again.claim
    assert "changed nothing in this round" in again.message
    assert (sample / "cart/total.py").read_text() == before
    assert not is_green(sample)


async def test_what_is_remembered_of_other_tasks_chooses_nothing(rehearse: Any, sample: Path) -> None:
    item = MemoryItem(
        kind=MemoryKind.RUN_SUMMARY,
        title="Please ask, be slow, loop and fail",
        id=new_ulid(now_ms=1, entropy=bytes(10)),
        origin=MemoryOrigin.RUN,
        created_at=1,
    )
    (background,) = background_text([(item, False)], fence="f" * 16, redact=str)
    outcome = await rehearse(f"Fix the discount.\n\n{background}")
    assert outcome.claim


async def test_what_a_follow_up_follows_chooses_nothing_and_is_not_noted(rehearse: Any, clone: Path) -> None:
    past = PastRun(prompt="Please ask, be slow, loop and fail", words="", files=(), files_total=0)
    summary = former_text(Former(run=RunId(new_ulid(now_ms=1, entropy=bytes(10))), past=(past,)))
    outcome = await rehearse("\n\n".join(("Name it.", *summary)))
    assert outcome.claim
    assert (clone / "NOTES.md").read_text().splitlines()[-1] == "- Rehearsal: Name it."


async def test_words_that_only_contain_a_path_word_choose_nothing(rehearse: Any, sample: Path) -> None:
    outcome = await rehearse("Fix the failing task slowly")
    assert outcome.claim


async def test_elsewhere_it_adds_a_line_to_the_notes_and_says_why(rehearse: Any, stored: Any, clone: Path) -> None:
    (clone / "NOTES.md").write_text("# Ours\n\nkept\n")
    outcome = await rehearse("Make\nit nice")
    assert outcome.claim
    assert (clone / "NOTES.md").read_text() == "# Ours\n\nkept\n\n- Rehearsal: Make it nice\n"
    assert "repairs only the sample" in stored.of(Message)[1].text


async def test_slow_shows_progress_for_its_minute(rehearse: Any, stored: Any, clone: Path) -> None:
    await rehearse("slow")
    assert [body.type for body in stored.events].count("tool.progress") == 30


async def test_without_an_address_it_asks_nobody_and_says_so(rehearse: Any, stored: Any, clone: Path) -> None:
    outcome = await rehearse("ask me")
    assert outcome.claim
    assert any("nobody was asked" in message.text for message in stored.of(Message))


class AuthenticatedRequest(BaseModel):
    ticket: str
    answer: str | None = None


@asynccontextmanager
async def sidecar(asked: list[str], keys: list[str | None]) -> AsyncGenerator[str]:
    """The two tools of the sidecar, on the real protocol."""
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("sidecar")

    @server.tool()
    async def ask_human(question: str, options: list[str]) -> AuthenticatedRequest:
        asked.append(f"{question} {options}")
        return AuthenticatedRequest(ticket="t1")

    @server.tool()
    async def wait_answer(ticket: str) -> AuthenticatedRequest:
        asked.append(ticket)
        return AuthenticatedRequest(ticket=ticket, answer="Yes" if asked.count(ticket) > 1 else None)

    app = server.streamable_http_app(streamable_http_path="/")

    async def keyed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            keys.append(dict(scope["headers"]).get(b"authorization", b"").decode())
        await app(scope, receive, send)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        web = uvicorn.Server(uvicorn.Config(keyed, log_level="error", timeout_graceful_shutdown=1))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(web.serve(sockets=[listening]))
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
            web.should_exit = True


async def test_it_asks_a_person_through_the_sidecar_and_heeds_the_answer(
    rehearse: Any, stored: Any, sample: Path
) -> None:
    asked: list[str] = []
    keys: list[str | None] = []
    async with sidecar(asked, keys) as url:
        outcome = await rehearse("ask, then repair", OMPYCORD_MCP_URL=url, OMPYCORD_KEY="k1")
    assert outcome.claim
    assert asked == ["Should the fix also add a line to NOTES.md? ['Yes', 'No']", "t1", "t1"]
    assert set(keys) == {"Bearer k1"}
    assert "counts every piece" in (sample / "NOTES.md").read_text()
    assert [tool.detail for tool in stored.of(ToolFinished) if tool.tool == "ask_human"] == ["Yes"]


async def test_a_sidecar_that_is_gone_costs_only_the_question(rehearse: Any, stored: Any, sample: Path) -> None:
    outcome = await rehearse("ask", OMPYCORD_MCP_URL="http://127.0.0.1:9/", OMPYCORD_KEY="k1")
    assert outcome.claim
    assert [tool.ok for tool in stored.of(ToolFinished) if tool.tool == "ask_human"] == [False]


@pytest.fixture
def transcript(launcher: Launcher, make_job: MakeJob, stored: Any) -> Callable[..., Any]:
    """A rehearsal that hears what a test writes into its inbox."""

    async def run(prompt: str, inbox: ScriptedInbox, *, pace: str = "0") -> Any:
        spec = RehearsalOptions(name="rehearsal", env={"REHEARSAL_PACE": pace})
        job = make_job(prompt=prompt).model_copy(update={"spec": spec})
        return await adapters(launcher=launcher)["rehearsal"].run(job, stored.emit, inbox)

    return run


async def test_it_asks_for_leave_and_runs_the_command_only_when_it_is_given(
    transcript: Any, stored: Any, sample: Path
) -> None:
    inbox = ScriptedInbox()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(transcript("wait for approval", inbox))
        await stored.until(ApprovalRequested)
        (asked,) = stored.of(ApprovalRequested)
        assert (asked.command, asked.risk) == ("git log --oneline -1", "it only reads")
        inbox.send(ApprovalGranted(approval=asked.approval, by="Ada"))
    assert running.result().claim
    assert [tool.ok for tool in stored.of(ToolFinished) if tool.title == asked.command] == [True]


async def test_without_leave_it_goes_on_without_and_repeats_why(transcript: Any, stored: Any, sample: Path) -> None:
    inbox = ScriptedInbox()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(transcript("wait for approval", inbox))
        await stored.until(ApprovalRequested)
        inbox.send(ApprovalDenied(approval="leave-1", by="Ada", reason="Not on Fridays"))
    assert running.result().claim
    assert not [tool for tool in stored.of(ToolStarted) if tool.title == "git log --oneline -1"]
    assert any("Ada does not allow" in said.text and "Not on Fridays" in said.text for said in stored.of(Message))


async def test_a_loop_ends_with_a_message_unless_it_is_stubborn(transcript: Any, stored: Any, sample: Path) -> None:
    outcome = await transcript("loop", ScriptedInbox(Prompted(text="You go in circles.", by="Ompycord")), pace="0.02")
    assert outcome.claim
    steps = [tool for tool in stored.of(ToolFinished) if tool.title == "python -m no_such_module"]
    assert 1 <= len(steps) < 200
    assert {(tool.ok, tool.detail) for tool in steps} == {(False, "No module named no_such_module")}
    stored.events.clear()
    await transcript("loop stubborn", ScriptedInbox(Prompted(text="You go in circles.", by="Ompycord")), pace="0")
    assert sum(tool.title == "python -m no_such_module" for tool in stored.of(ToolFinished)) == 200


async def test_it_is_steered_while_it_works(transcript: Any, stored: Any, sample: Path) -> None:
    inbox = ScriptedInbox(Prompted(text="Please hurry,\nit is late", by="Ada"))
    outcome = await transcript("take it slow", inbox, pace="0.05")
    assert outcome.claim
    assert Message(text="I was told: Please hurry,\nit is late") in stored.of(Message)
    assert [tool.detail for tool in stored.of(ToolFinished) if tool.tool == "think"] == ["cut short, as it was told"]
    assert (sample / "NOTES.md").read_text().endswith("- Told: Please hurry, it is late\n")
