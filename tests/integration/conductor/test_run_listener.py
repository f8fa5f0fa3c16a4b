"""An agent that says nothing of its network gets an address of its own, for as long as its step runs."""

from pathlib import Path

import httpx
import pytest

from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import AgentSpec, Sandbox
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import CATALOG, AppHarness
from tests.support.app_harness import SIDECAR
from tests.support.patience import within

REACHES = AgentSpec(name="reaches", kind="command", command=("x",), sandbox=Sandbox(minimum="none"))
OPEN = AgentSpec(name="open", kind="command", command=("x",), sandbox=Sandbox(minimum="none", network=True))


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    catalog = Catalog(repositories=CATALOG.repositories, agents=(*CATALOG.agents, REACHES, OPEN))
    return AppHarness(store, tmp_path, FakeClock(), catalog)


async def test_its_address_serves_the_run_while_its_step_runs_and_not_after(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running(), httpx.AsyncClient() as client:
        record = await harness.submit(agent="reaches")
        async with within(20):
            await harness.agent.began.wait()
        job = harness.agent.jobs[0]
        url = job.env["OMPYCORD_URL"]
        assert job.listener is not None
        assert url == f"http://127.0.0.1:{job.listener.port}" != SIDECAR
        assert job.env["OMPYCORD_MCP_URL"] == f"{url}/mcp/"
        assert (await client.get(f"{url}/livez")).status_code == 200
        assert (await client.get(f"{url}/api/runs")).status_code == 401
        key = {"Authorization": f"Bearer {job.env['OMPYCORD_KEY']}"}
        event = {"schema": "ompycord/event@1", "type": "message", "run": record.id, "data": {"text": "By its own way."}}
        assert (await client.post(f"{url}/api/webhook/event", json=event, headers=key)).status_code == 202
        harness.agent.release()
        snapshot = await harness.ended(record.id)
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/livez")
    assert snapshot.last_words is not None


async def test_an_agent_with_the_network_is_given_the_sidecars_address(harness: AppHarness) -> None:
    async with harness.running():
        await harness.ended((await harness.submit(agent="open")).id)
    assert harness.agent.jobs[0].listener is None
    assert harness.agent.jobs[0].env["OMPYCORD_URL"] == SIDECAR
