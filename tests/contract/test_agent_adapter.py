"""Every adapter keeps every rule of `agents/conformance.py`; a deliberately bad one breaks each of them."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ompycord.agents.acp import AcpAgent, AcpOptions
from ompycord.agents.command import CommandAgent, CommandOptions
from ompycord.agents.conformance import RULES, Rule, Trial, is_halted_when_its_cancellation_returns, judge
from ompycord.agents.native import NativeAgent, NativeOptions
from ompycord.agents.omp_rpc import OmpRpcAgent, OmpRpcOptions
from ompycord.agents.rehearsal import RehearsalAgent, RehearsalOptions
from ompycord.agents.stream_json import StreamJsonAgent, StreamJsonOptions
from ompycord.domain.events import EventBody, RunFinished, RunStateChanged
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import AgentAdapter, AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.repository import AgentSpec, Grants, Sandbox
from ompycord.domain.run import RunState
from ompycord.domain.task import Task
from ompycord.errors import StorageError
from ompycord.processes import MARKER
from ompycord.processes.launcher_port import Launcher
from ompycord.testing import ScriptedModels
from tests.support.confinement import best_level, launcher_of
from tests.support.native import ModelListener
from tests.support.patience import within

QUICK = """
import os, sys
sys.stdin.read()
os.write(3, b'{"type":"tool.finished","data":{"tool":"edit"}}\\n')
print("said plainly")
os.write(3, b'{"type":"run.finished","data":{"summary":"' + b'long ' * 300 + b'"}}\\n')
"""
LONG = 'import os, time; os.write(3, b\'{"type":"note","data":{"text":"begun"}}\\n\'); time.sleep(300)'
LONG_TALK = "say begun\nhang politely"
DOUBLES = Path(__file__).parents[1] / "support/agents"
OMP_DOUBLE, ACP_DOUBLE = DOUBLES / "omp_double.py", DOUBLES / "acp_double.py"
CLAUDE_DOUBLE = DOUBLES / "claude_double.py"

DOUBLED = Grants(files=(DOUBLES,))

MakeTrial = Callable[[Path, Launcher], Trial]


def trial(adapter: AgentAdapter, at: Path, *, quick: tuple[AgentSpec, str], long: tuple[AgentSpec, str]) -> Trial:
    clone = at / "run/clone"
    clone.mkdir(parents=True)

    def job(spec: AgentSpec, prompt: str) -> AgentJob:
        task = Task(id="01JD0000000000000000000001", prompt=prompt, title="t", repositories=("shop",), agent=spec.name)
        # A run of its own, so that what is left of it can be found.
        run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
        return AgentJob(run=run, iteration=1, task=task, spec=spec, cwd=clone, prompt=prompt, env={})

    return Trial(adapter=adapter, quick=lambda: job(*quick), long=lambda: job(*long))


def command_trial(at: Path, launcher: Launcher) -> Trial:
    def spec(script: str) -> AgentSpec:
        command = (sys.executable, "-c", script)
        return CommandOptions(name="any", command=command, sandbox=Sandbox(minimum="none"))

    return trial(CommandAgent(launcher=launcher), at, quick=(spec(QUICK), "do it"), long=(spec(LONG), "take your time"))


def rehearsal_trial(at: Path, launcher: Launcher) -> Trial:
    quick = RehearsalOptions(name="rehearsal", env={"REHEARSAL_PACE": "0"})
    long = RehearsalOptions(name="rehearsal", env={"REHEARSAL_PACE": "5"})
    return trial(RehearsalAgent(launcher=launcher), at, quick=(quick, "do it"), long=(long, "slow"))


def omp_trial(at: Path, launcher: Launcher) -> Trial:
    command = (sys.executable, "-I", str(OMP_DOUBLE))
    spec = OmpRpcOptions(name="omp", command=command, sandbox=Sandbox(minimum="none"), grants=DOUBLED)
    quick = "write NOTES.md hello\nsay " + "long " * 300
    return trial(OmpRpcAgent(launcher=launcher), at, quick=(spec, quick), long=(spec, LONG_TALK))


def acp_trial(at: Path, launcher: Launcher) -> Trial:
    command = (sys.executable, "-I", str(ACP_DOUBLE))
    spec = AcpOptions(name="acp", command=command, sandbox=Sandbox(minimum="none"), grants=DOUBLED)
    quick = "write NOTES.md hello\nsay " + "long " * 300
    return trial(AcpAgent(launcher=launcher), at, quick=(spec, quick), long=(spec, LONG_TALK))


def claude_trial(at: Path, launcher: Launcher) -> Trial:
    command = (sys.executable, "-I", str(CLAUDE_DOUBLE))
    spec = StreamJsonOptions(name="claude", command=command, sandbox=Sandbox(minimum="none"), grants=DOUBLED)
    quick = "write NOTES.md hello\nsay " + "long " * 300
    return trial(StreamJsonAgent(launcher=launcher), at, quick=(spec, quick), long=(spec, LONG_TALK))


def native_trial(at: Path, launcher: Launcher) -> Trial:
    spec = NativeOptions(name="native", sandbox=Sandbox(minimum="none"))
    quick = 'CALL write {"path": "NOTES.md", "text": "hello"}\nSAY ' + "long " * 300
    long = 'CALL run {"command": "sleep 300"}'
    one = trial(NativeAgent(launcher=launcher), at, quick=(spec, quick), long=(spec, long))

    def asking(make: Callable[[], AgentJob]) -> AgentJob:
        return make().model_copy(update={"listener": ModelListener(ScriptedModels())})

    return replace(one, quick=partial(asking, one.quick), long=partial(asking, one.long))


class BadAdapter:
    """Breaks every rule: claims what is ours to say, overlaps, swallows, leaves its process running."""

    capabilities = AgentCapabilities(simulated=True, can_resume=True)

    def __init__(self) -> None:
        self.left: list[asyncio.subprocess.Process] = []

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        if not job.cwd.exists():
            raise FileNotFoundError(job.cwd)
        program = (sys.executable, "-c", "input()")
        self.left.append(await asyncio.create_subprocess_exec(*program, stdin=-1, stderr=-3, env={MARKER: job.run}))

        async def say(body: EventBody) -> None:
            with suppress(StorageError):
                await emit(body)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(say(RunStateChanged(state=RunState.COMPLETE, previous=RunState.QUEUED, cause="me")))
            tasks.create_task(say(RunFinished()))
        if job.prompt == "slow":
            await asyncio.Event().wait()
        return AgentOutcome(claim=False, message="x" * 1000)


ADAPTERS = [command_trial, rehearsal_trial, omp_trial, acp_trial, claude_trial, native_trial]


@pytest.fixture
def launcher() -> Launcher:
    return launcher_of("none")


@pytest.fixture
def confined() -> Launcher:
    return launcher_of(best_level())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("make", ADAPTERS)
async def test_every_adapter_keeps_every_rule(make: MakeTrial, rule: Rule, tmp_path: Path, launcher: Launcher) -> None:
    assert await rule(make(tmp_path, launcher)) is None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("make", ADAPTERS)
async def test_and_as_confined_as_this_machine_can(
    make: MakeTrial, rule: Rule, tmp_path: Path, confined: Launcher
) -> None:
    assert await rule(make(tmp_path, confined)) is None


@pytest.mark.parametrize("make", ADAPTERS)
async def test_an_adapter_leaves_nothing_of_its_own_in_the_clone(
    make: MakeTrial, tmp_path: Path, launcher: Launcher
) -> None:
    assert await RULES[1](one := make(tmp_path, launcher)) is None
    assert {entry.name for entry in one.quick().cwd.iterdir()} <= {"NOTES.md"}


async def test_an_agent_that_cannot_be_started_and_one_that_never_ends_break_rules_too(
    tmp_path: Path, launcher: Launcher
) -> None:
    command = CommandOptions(name="gone", command=("no-such-program",), sandbox=Sandbox(minimum="none"))
    gone = trial(CommandAgent(launcher=launcher), tmp_path, quick=(command, "x"), long=(command, "x"))
    assert "was not found" in (await judge(RULES[0], gone) or "")
    assert await judge(is_halted_when_its_cancellation_returns, gone) == "the long job said nothing in time"
    endless = replace(omp_trial(tmp_path / "endless", launcher), wait_s=2.0)
    endless = replace(endless, quick=endless.long)
    assert await judge(RULES[0], endless) == "it did not end within 2 s"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_a_bad_adapter_is_found_out(rule: Rule, tmp_path: Path) -> None:
    adapter = BadAdapter()
    spec = RehearsalOptions(name="bad")
    bad = replace(trial(adapter, tmp_path, quick=(spec, "quick"), long=(spec, "slow")), wait_s=2.0)
    broken = await rule(bad)
    async with within(10):
        for process in adapter.left:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    assert broken
