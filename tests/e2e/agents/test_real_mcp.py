"""Real agents ask people through our MCP tools, which they were given without configuration, and hear of it after 70 s."""

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
from tests.e2e.agents.conftest import Heard, Place
from tests.e2e.agents.test_real_claude import spec as claude_spec
from tests.e2e.agents.test_real_omp import spec as omp_spec
from tests.e2e.agents.test_real_opencode import SPEC as OPENCODE
from tests.integration.conductor.conftest import ADA, House, store
from tests.integration.mcp.test_mcp_tools import KEY, mounted

__all__ = ["store"]

pytestmark = [pytest.mark.agents, pytest.mark.e2e, pytest.mark.timeout(240, func_only=True)]
LATE_S = 70.0


@pytest.fixture
def house(store: SqliteStore, tmp_path: Path) -> House:
    (tmp_path / "house").mkdir()
    made = House(store, tmp_path / "house", FakeClock())
    made.agent.hold()
    return made


async def question_of(house: House, run: RunId) -> str:
    """The question that is open, once there is one; the caller bounds it: a real agent takes a while to start."""
    while True:
        card = await house.conductor.snapshot(run)
        if card is not None and card.open_questions:
            return card.open_questions[0].ref
        await asyncio.sleep(0.2)


async def asks(place: Place, adapter: AgentAdapter, spec: dict[str, Any], tool: str, house: House) -> None:
    """The same question again is the same ticket: a model without a mind cannot repeat a ticket that it was told."""
    call = f'CALL {tool} {{"question": "Which port?", "wait_s": 15}}\n'
    heard = Heard()
    async with house.alive(), asyncio.timeout(200):
        run = RunId((await house.submit()).id)
        await house.in_state(run, RunState.BUILDING)
        async with mounted(house, run, SystemClock()) as address, asyncio.TaskGroup() as tasks:
            job = place.job(spec, call * 5 + "SAY done")
            job = job.model_copy(update={"env": {"OMPYCORD_MCP_URL": address, "OMPYCORD_KEY": KEY}})
            work = tasks.create_task(adapter.run(job, heard.emit, ScriptedInbox()))
            ref = await question_of(house, run)
            asked = time.monotonic()
            while time.monotonic() - asked < LATE_S:
                await asyncio.sleep(1)
                await house.projector.project_some()
            await house.conductor.answer(run, ref, "port nine thousand", ADA)
    assert (work.result().claim, work.result().message) == (True, "done")
    uses = heard.of(ToolFinished)
    assert len(uses) == 5
    assert all(use.ok for use in uses)
    card = await house.conductor.snapshot(run)
    assert card is not None
    assert [(one.text, one.answer, one.by) for one in card.questions] == [("Which port?", "port nine thousand", "Ada")]


async def test_opencode(opencode: Place, house: House) -> None:
    await asks(opencode, AcpAgent(launcher=opencode.launcher), OPENCODE, "ompycord_ask_human", house)


async def test_omp(omp: Place, house: House) -> None:
    await asks(omp, OmpRpcAgent(launcher=omp.launcher), omp_spec("yolo"), "mcp__ompycord_ask_human", house)


@pytest.mark.shared
async def test_claude(claude: Place, address: str, house: House) -> None:
    adapter = StreamJsonAgent(launcher=claude.launcher)
    await asks(claude, adapter, claude_spec(address), "mcp__ompycord__ask_human", house)
