"""An agent asks for a secret over MCP: its run waits, and what it cannot have is told in words."""

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from ompycord.domain.ids import RunId
from ompycord.domain.run import RunState, SuspendReason
from tests.integration.conductor.conftest import AP, AppHarness, harness, store
from tests.integration.mcp.test_mcp_tools import connected, mounted, working

if TYPE_CHECKING:
    from mcp import Client

__all__ = ["harness", "store", "working"]

pytestmark = pytest.mark.xdist_group("the SDK of MCP")

VALUE = "npm_" + "x9Qd2kLw7RtZ" * 3


async def asks(client: "Client", name: str, why: str = "to publish it") -> str:
    """What the agent is told."""
    answer = await client.call_tool("request_secret", {"name": name, "why": why})
    return "".join(str(getattr(part, "text", "")) for part in answer.content)


async def test_an_agent_asks_for_a_secret_and_its_run_waits_until_it_is_given(
    harness: AppHarness, working: RunId
) -> None:
    secrets = harness.parts.areas.secret_requests
    async with mounted(harness, working, secrets=secrets) as address, connected(address) as client:
        assert "request_secret" in {tool.name for tool in (await client.list_tools()).tools}
        strange = await asks(client, "LD_PRELOAD")
        assert "LD_PRELOAD is no name for a secret" in strange
        assert "[secret-unfit]" in strange
        harness.agent.began.clear()
        told = await asks(client, "NPM_TOKEN")
        assert told.startswith("People were asked for NPM_TOKEN, and your run is paused.")
        waiting = await harness.in_state(working, RunState.SUSPENDED)
        assert waiting.reason is SuspendReason.WAITING
        loaded = await harness.areas.load(working)
        await secrets.give(loaded, "NPM_TOKEN", SecretStr(VALUE), AP, way="at a terminal")
        await harness.began()
        again = await asks(client, "NPM_TOKEN")
        assert again.startswith("NPM_TOKEN is in your environment.")
        thread = str(await client.call_tool("read_thread", {}))
    assert VALUE not in f"{told}{again}{thread}"
