"""The mount itself: it says once that the SDK is in memory, and ends what waits when the process does."""

import asyncio

import httpx
import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.run import RunState
from ompycord.mcp_server import McpMount, ToolService
from ompycord.testing import FakeClock
from ompycord.workspaces.artifacts import Artifacts
from tests.integration.conductor.conftest import AppHarness, harness, store
from tests.support.patience import until, within

__all__ = ["harness", "store"]

RUN = RunId("01JD0000000000000000000001")
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}

ASK = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "ask_human", "arguments": {"question": "Which port?", "wait_s": 25}},
}
"""The clock of these tests stands still: nothing but the end ends this wait."""


async def test_that_the_sdk_was_loaded_is_told_once_after_the_first_answer(harness: AppHarness) -> None:
    told: list[None] = []
    files = Artifacts(folder=harness.folder / "artifacts", workspaces=harness.workspaces)
    tool_service = ToolService(
        recorder=harness.areas.recorder,
        messages=harness.areas.messages,
        snapshots=harness.snapshots,
        bus=harness.bus,
        clock=FakeClock(),
        ids=harness.ids,
        attach=files.attach,
    )
    mount = McpMount(
        tool_service=tool_service,
        authenticate=lambda headers: RUN if headers.get("authorization") == "Bearer k" else None,
        version="0",
        loaded=lambda: told.append(None),
    )
    headers = {"accept": "application/json, text/event-stream"}
    async with asyncio.TaskGroup() as group:
        shim = group.create_task(mount.serve())
        transport = httpx.ASGITransport(app=mount)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
            assert (await client.post("/", json=HELLO)).status_code == 401
            assert told == []
            for _ in range(2):
                answer = await client.post("/", json=HELLO, headers={"authorization": "Bearer k"})
                assert answer.status_code == 200
        shim.cancel()
    assert told == [None]


def mount_of(harness: AppHarness, *, start_s: float = 60) -> McpMount:
    files = Artifacts(folder=harness.folder / "artifacts", workspaces=harness.workspaces)
    tool_service = ToolService(
        recorder=harness.areas.recorder,
        messages=harness.areas.messages,
        snapshots=harness.snapshots,
        bus=harness.bus,
        clock=FakeClock(),
        ids=harness.ids,
        attach=files.attach,
    )
    return McpMount(tool_service=tool_service, authenticate=lambda headers: RUN, version="0", start_s=start_s)


def client_of(mount: McpMount) -> httpx.AsyncClient:
    headers = {"accept": "application/json, text/event-stream"}
    transport = httpx.ASGITransport(app=mount)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers)


async def test_the_first_request_waits_until_the_sdk_is_loaded(harness: AppHarness) -> None:
    mount = mount_of(harness)
    async with within(30), asyncio.TaskGroup() as group, client_of(mount) as client:
        asking = group.create_task(client.post("/", json=HELLO))
        assert not (await asyncio.wait({asking}, timeout=0.05))[0]  # nothing serves yet
        shim = group.create_task(mount.serve())
        assert (await asking).status_code == 200
        shim.cancel()


async def test_the_sdk_is_loaded_before_anybody_asks_once_an_agent_will(harness: AppHarness) -> None:
    mount = mount_of(harness)
    async with within(30), asyncio.TaskGroup() as group:
        shim = group.create_task(mount.serve())
        assert not mount.is_ready
        mount.prepare()
        await until(lambda: mount.is_ready)
        shim.cancel()


@pytest.mark.parametrize("is_ending", [False, True])
async def test_one_that_waits_too_long_is_told_what_is_true(harness: AppHarness, is_ending: bool) -> None:
    mount = mount_of(harness, start_s=60 if is_ending else 0.05)
    async with within(30), asyncio.TaskGroup() as group, client_of(mount) as client:
        asking = group.create_task(client.post("/", json=HELLO))
        if is_ending:
            await asyncio.wait({asking}, timeout=0.05)
            mount.drain()
        answer = await asking
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == ("/problems/draining" if is_ending else "/problems/starting")


async def test_a_run_that_leaves_the_queue_has_its_tools_made_ready(harness: AppHarness) -> None:
    mount = harness.parts.mcp
    async with within(30), asyncio.TaskGroup() as group:
        shim = group.create_task(mount.serve())
        async with harness.running():
            assert not mount.is_ready
            harness.agent.hold()
            await harness.submit()
            await until(lambda: mount.is_ready)
            harness.agent.release()
        shim.cancel()


async def test_when_the_process_ends_a_wait_for_people_ends_too_and_its_ticket_stays(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running(), asyncio.TaskGroup() as group:
        run = RunId((await harness.submit()).id)
        await harness.in_state(run, RunState.BUILDING)
        files = Artifacts(folder=harness.folder / "artifacts", workspaces=harness.workspaces)
        tool_service = ToolService(
            recorder=harness.areas.recorder,
            messages=harness.areas.messages,
            snapshots=harness.snapshots,
            bus=harness.bus,
            clock=FakeClock(),
            ids=harness.ids,
            attach=files.attach,
        )
        mount = McpMount(tool_service=tool_service, authenticate=lambda headers: run, version="0")
        shim = group.create_task(mount.serve())
        headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18"}
        transport = httpx.ASGITransport(app=mount)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
            asking = group.create_task(client.post("/", json=ASK))
            await harness.until(run, lambda snapshot: snapshot.needs_person)
            assert not asking.done()
            mount.drain()
            answer = await asking
            assert '"status":"waiting"' in answer.text.replace(" ", "")
            late = await client.post("/", json=ASK)
            assert (late.status_code, late.headers["retry-after"]) == (503, "5")
        shim.cancel()
