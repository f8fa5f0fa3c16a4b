"""The mount itself: it says once that the SDK is in memory, after the first answer and never for somebody without a key."""

import asyncio

import httpx

from ompycord.domain.ids import RunId
from ompycord.mcp_server import Desk, McpMount
from ompycord.testing import FakeClock
from ompycord.workspaces.artifacts import Artifacts
from tests.integration.conductor.conftest import House, house, store

__all__ = ["house", "store"]

RUN = RunId("01JD0000000000000000000001")
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


async def test_that_the_sdk_was_loaded_is_told_once_after_the_first_answer(house: House) -> None:
    told: list[None] = []
    files = Artifacts(folder=house.folder / "artifacts", workspaces=house.workspaces)
    desk = Desk(conductor=house.conductor, bus=house.bus, clock=FakeClock(), ids=house.ids, attach=files.attach)
    mount = McpMount(
        desk=desk,
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
