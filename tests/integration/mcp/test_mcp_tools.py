"""The five tools as the SDK's own client sees them, over HTTP, on a run of the real product's conductor and store."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from ompycord.domain.ids import RunId
from ompycord.domain.run import RunState
from ompycord.mcp_server import Desk, McpMount
from ompycord.testing import FakeClock
from ompycord.webhook import serve
from ompycord.webhook.server import bind
from tests.integration.conductor.conftest import ADA, House, house, store

__all__ = ["house", "store"]

KEY = "key-of-the-run"


@asynccontextmanager
async def mounted(house: House, run: RunId) -> AsyncGenerator[str]:
    """The mount on a port of its own; yields its address."""
    desk = Desk(conductor=house.conductor, bus=house.bus, clock=FakeClock(), ids=house.ids)

    def authenticate(headers: Mapping[str, str]) -> RunId | None:
        return run if headers.get("authorization") == f"Bearer {KEY}" else None

    mount = McpMount(desk=desk, authenticate=authenticate, version="0")
    stop, serving = asyncio.Event(), asyncio.Event()
    sock = bind("127.0.0.1", 0)
    async with asyncio.TaskGroup() as group:
        shim = group.create_task(mount.serve())
        group.create_task(serve(mount, stop=stop, sock=sock, serving=serving))
        await serving.wait()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}/"
        finally:
            stop.set()
            shim.cancel()


@asynccontextmanager
async def connected(address: str, key: str = KEY) -> AsyncGenerator[Client]:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, trust_env=False) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


@pytest.fixture
async def working(house: House) -> AsyncGenerator[RunId]:
    """A run whose agent is at work."""
    house.agent.hold()
    async with house.alive():
        record = await house.submit()
        await house.in_state(record.id, RunState.BUILDING)
        yield RunId(record.id)


async def test_an_agent_reads_its_task_and_posts_updates(house: House, working: RunId) -> None:
    async with mounted(house, working) as address, connected(address) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert tools == {"get_task", "post_update", "ask_human", "request_approval", "wait_answer"}
        task = (await client.call_tool("get_task", {})).structured_content
        assert task is not None
        assert (task["run"], task["prompt"], task["repository"]) == (working, "Fix the total.", "shop")
        await client.call_tool("post_update", {"text": "Half way"})
        await house.until(working, lambda snapshot: snapshot.last_words == "Half way")


async def test_a_question_is_a_ticket_and_a_person_answers_it(house: House, working: RunId) -> None:
    async with mounted(house, working) as address, connected(address) as client:
        asked = {"question": "Which?", "options": ["left", "right"], "wait_s": 0}
        ticket = (await client.call_tool("ask_human", asked)).structured_content
        assert ticket is not None
        assert ticket["status"] == "waiting"
        await house.until(working, lambda snapshot: snapshot.needs_person)
        again = (await client.call_tool("ask_human", asked)).structured_content
        assert again is not None
        assert again["ticket"] == ticket["ticket"]
        await house.until(working, lambda snapshot: snapshot.needs_person)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(client.call_tool("wait_answer", {"ticket": ticket["ticket"], "wait_s": 20}))
            await house.conductor.answer(working, ticket["ticket"], "left", ADA)
        answer = waiting.result().structured_content
        assert answer is not None
        assert (answer["status"], answer["answer"], answer["by"]) == ("answered", "left", "Ada")


async def test_leave_is_a_ticket_too_and_leave_for_the_run_is_not_asked_for_twice(house: House, working: RunId) -> None:
    async with mounted(house, working) as address, connected(address) as client:
        wanted = {"title": "Run a command", "command": "npm publish", "risk": "network", "wait_s": 0}
        ticket = (await client.call_tool("request_approval", wanted)).structured_content
        assert ticket is not None
        assert ticket["status"] == "waiting"
        await house.until(working, lambda snapshot: snapshot.needs_person)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(client.call_tool("request_approval", {**wanted, "wait_s": 20}))
            await house.conductor.approve(working, ticket["ticket"], ADA, scope="run")
        answer = waiting.result().structured_content
        assert answer is not None
        assert (answer["ticket"], answer["answer"]) == (ticket["ticket"], "allowed for this run")
        again = (await client.call_tool("request_approval", wanted)).structured_content
        assert again is not None
        assert (again["ticket"], again["status"]) == (ticket["ticket"], "answered")
        other = (await client.call_tool("request_approval", {**wanted, "command": "rm -rf /"})).structured_content
        assert other is not None
        assert other["ticket"] != ticket["ticket"]
        await house.until(working, lambda snapshot: snapshot.needs_person)
        await house.conductor.deny(working, other["ticket"], ADA, reason="no")
        said = (await client.call_tool("wait_answer", {"ticket": other["ticket"]})).structured_content
        assert said is not None
        assert (said["answer"], said["by"]) == ("denied: no", "Ada")


async def test_a_ticket_of_nobody_is_refused_in_words(house: House, working: RunId) -> None:
    async with mounted(house, working) as address, connected(address) as client:
        said = await client.call_tool("wait_answer", {"ticket": "01JD0000000000000000000000", "wait_s": 0})
        assert said.is_error
        assert "has no question" in str(said.content)


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc"])
async def test_without_the_runs_key_there_is_one_answer_and_no_sdk(
    house: House, working: RunId, header: str | None
) -> None:
    async with mounted(house, working) as address, httpx2.AsyncClient(trust_env=False) as http:
        headers = {"Authorization": header} if header else {}
        answer = await http.post(address, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")
