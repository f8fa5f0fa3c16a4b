"""What every agent adapter owes the conductor; a deliberately bad adapter fails each point.

Two jobs drive it: a quick one that ends by itself with events, and one that would last for minutes.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ompycord.agents.command import CommandAgent
from ompycord.agents.rehearsal import RehearsalAgent
from ompycord.domain.authority import SourceKind, require_authority
from ompycord.domain.events import EventBody, Message, RunFinished, RunStateChanged
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import AgentAdapter, AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.repository import AgentSpec, Sandbox
from ompycord.domain.run import RunState
from ompycord.domain.task import Task
from ompycord.errors import ProcessFailed, StorageError
from ompycord.processes import MARKER
from ompycord.testing import ScriptedInbox
from ompycord.workspaces.launcher import UnconfinedLauncher

QUICK = """
import os, sys
sys.stdin.read()
os.write(3, b'{"type":"tool.finished","data":{"tool":"edit"}}\\n')
print("said plainly")
os.write(3, b'{"type":"run.finished","data":{"summary":"' + b'long ' * 300 + b'"}}\\n')
"""
LONG = 'import os, time; os.write(3, b\'{"type":"note","data":{"text":"begun"}}\\n\'); time.sleep(300)'


class Case:
    """An adapter with the jobs that fit it."""

    def __init__(self, adapter: AgentAdapter, at: Path, quick: AgentSpec, long: AgentSpec) -> None:
        self.adapter = adapter
        self.clone = at / "run/clone"
        self.clone.mkdir(parents=True)
        self._quick = quick
        self._long = long

    def quick(self) -> AgentJob:
        return self._job(self._quick, "do it")

    def long(self) -> AgentJob:
        return self._job(self._long, "slow")

    def _job(self, spec: AgentSpec, prompt: str) -> AgentJob:
        task = Task(id="01JD0000000000000000000001", prompt=prompt, title="t", repository="shop", agent=spec.name)
        # A run of its own, so that what is left of it can be found.
        run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
        return AgentJob(run=run, iteration=1, task=task, spec=spec, cwd=self.clone, prompt=prompt, env={})


def command_case(at: Path) -> Case:
    def spec(script: str) -> AgentSpec:
        command = (sys.executable, "-c", script)
        return AgentSpec(name="any", kind="command", command=command, sandbox=Sandbox(minimum="none"))

    return Case(CommandAgent(launcher=UnconfinedLauncher(path=os.environ["PATH"])), at, spec(QUICK), spec(LONG))


def rehearsal_case(at: Path) -> Case:
    quick = AgentSpec(name="rehearsal", kind="rehearsal", env={"REHEARSAL_PACE": "0"})
    long = AgentSpec(name="rehearsal", kind="rehearsal", env={"REHEARSAL_PACE": "5"})
    return Case(RehearsalAgent(launcher=UnconfinedLauncher(path=os.environ["PATH"])), at, quick, long)


class BadAdapter:
    """Breaks every point: claims what is ours to say, overlaps, swallows, leaves its process running."""

    capabilities = AgentCapabilities(simulated=True)

    def __init__(self) -> None:
        self.left: list[asyncio.subprocess.Process] = []

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        if not job.cwd.exists():
            raise FileNotFoundError(job.cwd)
        if job.prompt == "slow":
            program = (sys.executable, "-c", "input()")
            self.left.append(await asyncio.create_subprocess_exec(*program, stdin=-1, env={MARKER: job.run}))

        async def say(body: EventBody) -> None:
            with suppress(StorageError):
                await emit(body)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(say(RunStateChanged(state=RunState.COMPLETE, previous=RunState.QUEUED, cause="me")))
            tasks.create_task(say(RunFinished()))
        if job.prompt == "slow":
            await asyncio.Event().wait()
        return AgentOutcome(claim=False, message="x" * 1000)


class Stored:
    """Stores slowly and notices whoever does not wait."""

    def __init__(self) -> None:
        self.events: list[EventBody] = []
        self.has_one = asyncio.Event()
        self.overlaps = 0
        self._is_storing = False

    async def emit(self, body: EventBody) -> None:
        self.overlaps += self._is_storing
        self._is_storing = True
        for _ in range(3):
            await asyncio.sleep(0)
        self._is_storing = False
        self.events.append(body)
        self.has_one.set()


async def says_only_what_agents_may_say(case: Case) -> None:
    stored = Stored()
    await case.adapter.run(case.quick(), stored.emit, ScriptedInbox())
    assert stored.events
    for body in stored.events:
        try:
            require_authority(body.type, SourceKind.AGENT)
        except Exception as error:
            raise AssertionError(body.type) from error


async def keeps_its_end_for_the_outcome(case: Case) -> None:
    stored = Stored()
    outcome = await case.adapter.run(case.quick(), stored.emit, ScriptedInbox())
    assert not [body.type for body in stored.events if body.type.startswith("run.f")]
    assert outcome.claim
    assert len(outcome.message or "") <= 500


async def stores_one_event_after_the_other(case: Case) -> None:
    stored = Stored()
    await case.adapter.run(case.quick(), stored.emit, ScriptedInbox())
    assert stored.overlaps == 0


async def says_first_that_it_is_simulated(case: Case) -> None:
    stored = Stored()
    await case.adapter.run(case.quick(), stored.emit, ScriptedInbox())
    if case.adapter.capabilities.simulated:
        first = stored.events[0]
        assert isinstance(first, Message)
        assert "rehearsal" in first.text


async def is_halted_when_its_cancellation_returns(case: Case) -> None:
    stored = Stored()
    job = case.long()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(case.adapter.run(job, stored.emit, ScriptedInbox()))
        async with asyncio.timeout(60):
            await stored.has_one.wait()
        task.cancel()
    left = [process for process in psutil.process_iter() if _carries(process, job.run)]
    for process in left:
        process.kill()
    assert task.cancelled()
    assert left == []


def _carries(process: psutil.Process, run: str) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARKER) == run
    except (psutil.Error, OSError):
        return False


async def passes_on_that_nothing_can_be_stored(case: Case) -> None:
    async def full(body: EventBody) -> None:
        raise StorageError("full")

    try:
        await case.adapter.run(case.quick(), full, ScriptedInbox())
    except StorageError:
        return
    raise AssertionError("a failure to store was swallowed")


async def says_that_it_cannot_be_started(case: Case) -> None:
    job = case.quick().model_copy(update={"cwd": case.clone / "gone"})
    try:
        await case.adapter.run(job, Stored().emit, ScriptedInbox())
    except ProcessFailed:
        return
    except OSError as error:
        raise AssertionError("a foreign error came out") from error
    raise AssertionError("it ran in a folder that is not there")


async def leaves_nothing_of_its_own_in_the_clone(case: Case) -> None:
    await case.adapter.run(case.quick(), Stored().emit, ScriptedInbox())
    names = {entry.name for entry in _entries(case.clone)}
    assert names <= {"NOTES.md"}


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


Duty = Callable[[Case], Awaitable[None]]
DUTIES: list[Duty] = [
    says_only_what_agents_may_say,
    keeps_its_end_for_the_outcome,
    stores_one_event_after_the_other,
    says_first_that_it_is_simulated,
    is_halted_when_its_cancellation_returns,
    passes_on_that_nothing_can_be_stored,
    says_that_it_cannot_be_started,
]


@pytest.mark.parametrize("duty", [*DUTIES, leaves_nothing_of_its_own_in_the_clone])
@pytest.mark.parametrize("make", [command_case, rehearsal_case])
async def test_every_adapter_does_its_duty(make: Callable[[Path], Case], duty: Duty, tmp_path: Path) -> None:
    await duty(make(tmp_path))


@pytest.mark.parametrize("duty", DUTIES)
async def test_a_bad_adapter_is_found_out(duty: Duty, tmp_path: Path) -> None:
    adapter = BadAdapter()
    spec = AgentSpec(name="bad", kind="rehearsal")
    with pytest.raises(AssertionError):
        await duty(Case(adapter, tmp_path, spec, spec))
    async with asyncio.timeout(10):
        for process in adapter.left:
            await process.wait()
