"""The tools as the SDK's own client sees them, over HTTP, on a run of the real product's conductor and store."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest

from ompycord.conductor.secret_requests import SecretRequests
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock
from ompycord.domain.run import RunState
from ompycord.http import bind, serve
from ompycord.mcp_server import McpMount, ToolService
from ompycord.mcp_server.memory_tools import MemoryTools
from ompycord.testing import FakeClock
from ompycord.workspaces.artifacts import Artifacts
from tests.integration.conductor.conftest import ADA, AppHarness, harness, store
from tests.support.patience import patient, within
from tests.support.refusals import refuses

if TYPE_CHECKING:
    from mcp import Client

__all__ = ["harness", "store"]

pytestmark = pytest.mark.xdist_group("the SDK of MCP")  # a second of imports, once

KEY = "key-of-the-run"


@asynccontextmanager
async def mounted(
    harness: AppHarness,
    run: RunId,
    clock: Clock | None = None,
    memory: MemoryTools | None = None,
    secrets: SecretRequests | None = None,
) -> AsyncGenerator[str]:
    """The mount on a port of its own; yields its address."""
    artifacts = Artifacts(folder=harness.folder / "artifacts", workspaces=harness.workspaces)
    tool_service = ToolService(
        recorder=harness.areas.recorder,
        messages=harness.areas.messages,
        snapshots=harness.snapshots,
        bus=harness.bus,
        clock=clock or FakeClock(),
        ids=harness.ids,
        attach=artifacts.attach,
        inboxes=harness.parts.areas.inboxes,
        memory=memory,
        secrets=secrets,
    )

    def authenticate(headers: Mapping[str, str]) -> RunId | None:
        return run if headers.get("authorization") == f"Bearer {KEY}" else None

    mount = McpMount(tool_service=tool_service, authenticate=authenticate, version="0")
    stop, serving = asyncio.Event(), asyncio.Event()
    sock = bind("127.0.0.1", 0)
    async with asyncio.TaskGroup() as group:
        shim = group.create_task(mount.serve())
        group.create_task(serve(mount, stop=stop, sock=sock, serving=serving))
        await serving.wait()
        mount.prepare()  # as a run does before its agent starts: some clients give a server that is late up
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}/"
        finally:
            stop.set()
            shim.cancel()


@asynccontextmanager
async def connected(address: str, key: str = KEY) -> AsyncGenerator["Client"]:
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=patient(60)) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


@pytest.fixture
async def working(harness: AppHarness) -> AsyncGenerator[RunId]:
    """A run whose agent is at work."""
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit()
        await harness.in_state(record.id, RunState.BUILDING)
        await harness.began()  # the state comes first: a test that waits for the next start must not see this one
        yield RunId(record.id)


async def test_an_agent_reads_its_task_and_posts_updates(harness: AppHarness, working: RunId) -> None:
    async with mounted(harness, working) as address, connected(address) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert tools == {
            *("get_task", "post_update", "set_plan", "attach_file", "read_thread", "report_result"),
            *("ask_human", "request_approval", "wait_answer"),
        }
        task = (await client.call_tool("get_task", {})).structured_content
        assert task is not None
        assert (task["run"], task["prompt"], task["repository"]) == (working, "Fix the total.", "shop")
        await client.call_tool("post_update", {"text": "Half way"})
        await harness.until(working, lambda snapshot: snapshot.last_words == "Half way")


async def test_no_tool_says_that_it_touches_what_the_agent_works_on(harness: AppHarness, working: RunId) -> None:
    """Some clients ask people for leave to use any tool that may, and would for asking people."""
    async with mounted(harness, working) as address, connected(address) as client:
        hints = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
    assert {name for name, hint in hints.items() if hint and hint.read_only_hint} == {
        "get_task", "read_thread", "wait_answer",
    }  # fmt: skip
    is_harmless = [hint and (hint.read_only_hint or hint.destructive_hint is False) for hint in hints.values()]
    assert is_harmless == [True] * 9
    assert [hint and hint.open_world_hint for hint in hints.values()] == [False] * 9


async def test_a_question_is_a_ticket_and_a_person_answers_it(harness: AppHarness, working: RunId) -> None:
    async with mounted(harness, working) as address, connected(address) as client:
        asked = {"question": "Which?", "options": ["left", "right"], "wait_s": 0}
        ticket = (await client.call_tool("ask_human", asked)).structured_content
        assert ticket is not None
        assert ticket["status"] == "waiting"
        await harness.until(working, lambda snapshot: snapshot.needs_person)
        again = (await client.call_tool("ask_human", asked)).structured_content
        assert again is not None
        assert again["ticket"] == ticket["ticket"]
        await harness.until(working, lambda snapshot: snapshot.needs_person)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(client.call_tool("wait_answer", {"ticket": ticket["ticket"], "wait_s": 20}))
            await harness.areas.approvals.answer(await harness.areas.load(working), ticket["ticket"], "left", ADA)
        answer = waiting.result().structured_content
        assert answer is not None
        assert (answer["status"], answer["answer"], answer["by"]) == ("answered", "left", "Ada")


async def test_leave_is_a_ticket_too_and_leave_for_the_run_is_not_asked_for_twice(
    harness: AppHarness, working: RunId
) -> None:
    async with mounted(harness, working) as address, connected(address) as client:
        wanted = {"title": "Run a command", "command": "npm publish", "risk": "network", "wait_s": 0}
        ticket = (await client.call_tool("request_approval", wanted)).structured_content
        assert ticket is not None
        assert ticket["status"] == "waiting"
        await harness.until(working, lambda snapshot: snapshot.needs_person)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(client.call_tool("request_approval", {**wanted, "wait_s": 20}))
            await harness.areas.approvals.approve(await harness.areas.load(working), ticket["ticket"], ADA, scope="run")
        answer = waiting.result().structured_content
        assert answer is not None
        assert (answer["ticket"], answer["answer"]) == (ticket["ticket"], "allowed for this run")
        again = (await client.call_tool("request_approval", wanted)).structured_content
        assert again is not None
        assert (again["ticket"], again["status"]) == (ticket["ticket"], "answered")
        used = [e.body for e in await harness.store.events_of(working) if isinstance(e.body, ev.ApprovalUsed)]
        assert used == [
            ev.ApprovalUsed(approval=ticket["ticket"], title="Run a command", command="npm publish")
        ]  # the call that waited was not one: it was asked for
        other = (await client.call_tool("request_approval", {**wanted, "command": "rm -rf /"})).structured_content
        assert other is not None
        assert other["ticket"] != ticket["ticket"]
        await harness.until(working, lambda snapshot: snapshot.needs_person)
        await harness.areas.approvals.deny(await harness.areas.load(working), other["ticket"], ADA, reason="no")
        said = (await client.call_tool("wait_answer", {"ticket": other["ticket"]})).structured_content
        assert said is not None
        assert (said["answer"], said["by"]) == ("denied: no", "Ada")


async def test_a_request_without_a_title_or_too_long_to_be_shown_is_refused_in_words(
    harness: AppHarness, working: RunId
) -> None:
    service = ToolService(
        recorder=harness.areas.recorder,
        messages=harness.areas.messages,
        snapshots=harness.snapshots,
        bus=harness.bus,
        clock=FakeClock(),
        ids=harness.ids,
        attach=Artifacts(folder=harness.folder / "artifacts", workspaces=harness.workspaces).attach,
    )
    async with mounted(harness, working) as address, connected(address) as client:
        said = await client.call_tool("request_approval", {"title": "  ", "command": "rm -rf /", "wait_s": 0})
        assert said.is_error
        assert "needs a title. [text-missing]" in str(said.content)
    with refuses("The title is too long to be shown whole"):
        await service.request_approval(working, "x" * 501)
    with refuses("The command is too long to be shown whole"):
        await service.request_approval(working, "x", command="y" * 32_769)
    with refuses("The risk is too long to be shown whole"):
        await service.request_approval(working, "x", risk="z" * 129)
    snapshot = await harness.snapshots.of(working)
    assert snapshot is not None
    assert not snapshot.approvals


async def test_a_ticket_of_nobody_is_refused_in_words(harness: AppHarness, working: RunId) -> None:
    async with mounted(harness, working) as address, connected(address) as client:
        said = await client.call_tool("wait_answer", {"ticket": "01JD0000000000000000000000", "wait_s": 0})
        assert said.is_error
        assert "has no question" in str(said.content)
        assert "[no-such-ticket]" in str(said.content)


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc"])
async def test_without_the_runs_key_there_is_one_answer_and_no_sdk(
    harness: AppHarness, working: RunId, header: str | None
) -> None:
    async with mounted(harness, working) as address, httpx2.AsyncClient(trust_env=False, timeout=patient(60)) as http:
        headers = {"Authorization": header} if header else {}
        answer = await http.post(address, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")


async def test_a_plan_is_shown_whole_and_a_result_is_a_claim(harness: AppHarness, working: RunId) -> None:
    async with mounted(harness, working) as address, connected(address) as client:
        phases = [
            {"title": "Build", "status": "active", "steps": [{"title": "test", "status": "done"}]},
            {"title": "Ship"},
        ]
        await client.call_tool("set_plan", {"phases": phases})
        await client.call_tool("set_plan", {"phases": phases[:1]})
        card = await harness.until(working, lambda snapshot: len(snapshot.plan) == 1)
        assert (card.plan[0].status, card.plan[0].steps[0].title) == ("active", "test")
        wrong = await client.call_tool("set_plan", {"phases": [{"title": "x", "status": "nearly"}]})
        assert wrong.is_error
        empty = await client.call_tool("report_result", {"summary": "  "})
        assert empty.is_error
        assert "A result needs a summary. [text-missing]" in str(empty.content)
        await client.call_tool("report_result", {"summary": "The total is right.", "outcome": "partial"})
        card = await harness.until(working, lambda snapshot: snapshot.summary is not None)
        assert (card.summary, card.state) == ("The total is right.", RunState.BUILDING)
        await client.call_tool("report_result", {"summary": "I could not.", "outcome": "failed"})
        bodies = [event.body for event in await harness.store.events_of(working)]
        assert ev.RunFailed(message="I could not.") in bodies


async def test_what_people_said_is_read_in_its_order(harness: AppHarness, working: RunId) -> None:
    async with mounted(harness, working) as address, connected(address) as client:
        await harness.areas.messages.send_message(await harness.areas.record(working), "Mind the docs.", "next", ADA)
        ticket = (await client.call_tool("ask_human", {"question": "Which?", "wait_s": 0})).structured_content
        assert ticket is not None
        await harness.until(working, lambda snapshot: snapshot.needs_person)
        await harness.areas.approvals.answer(await harness.areas.load(working), ticket["ticket"], "left", ADA)
        leave = (await client.call_tool("request_approval", {"title": "Run rm", "wait_s": 0})).structured_content
        assert leave is not None
        await harness.until(working, lambda snapshot: bool(snapshot.open_approvals))
        await harness.areas.approvals.deny(await harness.areas.load(working), leave["ticket"], ADA, reason="never")
        thread = (await client.call_tool("read_thread", {})).structured_content
        assert thread is not None
        assert [(one["kind"], one["by"], one["text"], one["about"]) for one in thread["remarks"]] == [
            ("said", "Ada", "Mind the docs.", None),
            ("answered", "Ada", "left", "Which?"),
            ("denied", "Ada", "never", "Run rm"),
        ]


async def test_a_file_of_the_clone_is_kept_by_its_content_and_nothing_else_is(
    harness: AppHarness, working: RunId
) -> None:
    prepared = await harness.workspaces.workspace(working)
    assert prepared is not None
    clone = prepared.path
    (clone / "out").mkdir()
    (clone / "out/plot.png").write_bytes(b"\x89PNG")
    (harness.folder / "secret.txt").write_text("hunter2")
    (clone / "link.txt").symlink_to(harness.folder / "secret.txt")
    (clone / "folder").symlink_to(harness.folder)
    with (clone / "big.bin").open("wb") as big:
        big.truncate(10 * 1024 * 1024 + 1)
    async with mounted(harness, working) as address, connected(address) as client:
        added = (await client.call_tool("attach_file", {"path": "out/plot.png"})).structured_content
        assert added is not None
        assert (added["name"], added["size"]) == ("plot.png", 4)
        again = (await client.call_tool("attach_file", {"path": str(clone / "out/plot.png")})).structured_content
        assert again == added
        for path, why in [
            ("link.txt", "a link"), ("folder/secret.txt", "a link"), ("../secret.txt", "names no file"),
            ("/etc/passwd", "outside the clone"), (".git/config", "Git's own"), ("gone.txt", "No such file"),
            ("out", "is no regular file"), ("big.bin", "larger than 10 MiB"),
        ]:  # fmt: skip
            refused = await client.call_tool("attach_file", {"path": path})
            assert refused.is_error, path
            assert why in str(refused.content), path
        card = await harness.until(working, lambda snapshot: bool(snapshot.artifacts))
    [artifact] = {(one.name, one.sha256) for one in card.artifacts}
    assert artifact == ("plot.png", added["sha256"])
    kept = Artifacts(folder=harness.folder / "artifacts", workspaces=harness.workspaces)
    assert await kept.read(working, added["sha256"]) == b"\x89PNG"
    other = RunId(harness.ids.ulid())
    assert await kept.read(other, added["sha256"]) is None
    assert await kept.read(working, "../" + added["sha256"][3:]) is None


class WatchedClock(FakeClock):
    """Says when somebody reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.read = asyncio.Event()

    def monotonic_s(self) -> float:
        self.read.set()
        return super().monotonic_s()


async def test_an_answer_after_seventy_seconds_finds_its_agent(harness: AppHarness, working: RunId) -> None:
    """No call lasts longer than 25 s, whatever a client asks for, and each returns the same ticket."""
    clock = WatchedClock()
    async with mounted(harness, working, clock) as address, connected(address) as client:
        ticket = (await client.call_tool("ask_human", {"question": "Which?", "wait_s": 0})).structured_content
        assert ticket is not None
        await harness.until(working, lambda snapshot: snapshot.needs_person)
        began = clock.monotonic_s()
        for _ in range(3):
            clock.read.clear()
            async with within(20), asyncio.TaskGroup() as group:
                call = client.call_tool("wait_answer", {"ticket": ticket["ticket"], "wait_s": 25})
                waiting = group.create_task(call)
                await clock.read.wait()  # the call knows until when it waits
                clock.advance(25)
            assert waiting.result().structured_content == ticket
        assert clock.monotonic_s() - began >= 70
        await harness.areas.approvals.answer(await harness.areas.load(working), ticket["ticket"], "left", ADA)
        answer = (await client.call_tool("wait_answer", {"ticket": ticket["ticket"]})).structured_content
        assert answer is not None
        assert (answer["status"], answer["answer"]) == ("answered", "left")


async def test_a_client_that_wants_to_know_hears_that_somebody_is_waited_for(
    harness: AppHarness, working: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ompycord.mcp_server.server.HEARTBEAT_S", 0.05)
    heard: list[str | None] = []
    enough = asyncio.Event()

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        heard.append(message)
        if len(heard) >= 3:
            enough.set()

    async with mounted(harness, working) as address, connected(address) as client, asyncio.TaskGroup() as group:
        asked = {"question": "Which?", "wait_s": 20}
        waiting = group.create_task(client.call_tool("ask_human", asked, progress_callback=tell))
        async with within(20):
            await enough.wait()
        card = await harness.until(working, lambda snapshot: snapshot.needs_person)
        await harness.areas.approvals.answer(await harness.areas.load(working), card.open_questions[0].ref, "left", ADA)
    assert (waiting.result().structured_content or {})["answer"] == "left"
    assert set(heard) == {"Waiting for a person in Discord."}
