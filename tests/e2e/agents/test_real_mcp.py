"""Real agents ask people through our MCP tools, which they were given without configuration.

And hear of it after 70 s.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.acp import AcpAgent
from ompycord.agents.omp_rpc import OmpRpcAgent
from ompycord.agents.stream_json import StreamJsonAgent
from ompycord.app.system import SystemClock
from ompycord.domain.events import ToolFinished
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentAdapter
from ompycord.domain.run import RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, ScriptedInbox
from tests.e2e.agents.conftest import AgentInput, Place
from tests.e2e.agents.test_real_claude import spec as claude_spec
from tests.e2e.agents.test_real_omp import spec as omp_spec
from tests.e2e.agents.test_real_opencode import SPEC as OPENCODE
from tests.integration.conductor.conftest import ADA, AppHarness, store
from tests.integration.mcp.test_mcp_tools import KEY, mounted
from tests.support.patience import within

__all__ = ["store"]

pytestmark = [pytest.mark.agents, pytest.mark.e2e, pytest.mark.timeout(240, func_only=True)]
LATE_S = 70.0


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    (tmp_path / "house").mkdir()
    made = AppHarness(store, tmp_path / "house", FakeClock())
    made.agent.hold()
    return made


async def question_of(harness: AppHarness, run: RunId) -> str:
    """The question that is open, once there is one; the caller bounds it: a real agent takes a while to start."""
    while True:
        card = await harness.snapshots.of(run)
        if card is not None and card.open_questions:
            return card.open_questions[0].ref
        await asyncio.sleep(0.2)  # between two looks: an agent is another process and sets no event


async def asks(place: Place, adapter: AgentAdapter, spec: dict[str, Any], tool: str, harness: AppHarness) -> None:
    """The same question again is the same ticket: a model without a mind cannot repeat a ticket that it was told."""
    call = f'CALL {tool} {{"question": "Which port?", "wait_s": 15}}\n'
    heard = AgentInput()
    async with harness.running(), within(200):
        run = RunId((await harness.submit()).id)
        await harness.in_state(run, RunState.BUILDING)
        async with mounted(harness, run, SystemClock()) as address, asyncio.TaskGroup() as tasks:
            job = place.job(spec, call * 5 + "SAY done")
            job = job.model_copy(update={"env": {"OMPYCORD_MCP_URL": address, "OMPYCORD_KEY": KEY}})
            work = tasks.create_task(adapter.run(job, heard.emit, ScriptedInbox()))
            ref = await question_of(harness, run)
            asked = time.monotonic()
            while time.monotonic() - asked < LATE_S:
                await asyncio.sleep(1)  # the time itself is tried: a person is late
                await harness.projector.project_some()
            await harness.areas.approvals.answer(await harness.areas.load(run), ref, "port nine thousand", ADA)
    assert (work.result().claim, work.result().message) == (True, "done")
    uses = heard.of(ToolFinished)
    assert len(uses) == 5
    assert all(use.ok for use in uses)
    card = await harness.snapshots.of(run)
    assert card is not None
    assert [(one.text, one.answer, one.by) for one in card.questions] == [("Which port?", "port nine thousand", "Ada")]


async def test_opencode(opencode: Place, harness: AppHarness) -> None:
    await asks(opencode, AcpAgent(launcher=opencode.launcher), OPENCODE, "ompycord_ask_human", harness)


async def test_omp(omp: Place, harness: AppHarness) -> None:
    await asks(omp, OmpRpcAgent(launcher=omp.launcher), omp_spec("yolo"), "mcp__ompycord_ask_human", harness)


@pytest.mark.shared
async def test_claude(claude: Place, address: str, harness: AppHarness) -> None:
    adapter = StreamJsonAgent(launcher=claude.launcher)
    await asks(claude, adapter, claude_spec(address), "mcp__ompycord__ask_human", harness)
