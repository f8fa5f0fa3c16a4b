"""oh-my-pi, and pi by a switch, over their RPC on standard input and output.

The wire format is `dialects/oh_my_pi/omp_rpc.py`.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, Literal

from ompycord.agents.converse import converse, wall_ms
from ompycord.agents.kind import AgentKind, AgentOptions, RepositoryFiles
from ompycord.agents.level import require_clone, require_level
from ompycord.agents.mcp_configuration import configure_omp
from ompycord.agents.model_access import model_argument
from ompycord.agents.repository_settings import OH_MY_PI, PI, clone_arguments, lies_in_clone
from ompycord.agents.resuming import go_on
from ompycord.agents.version_probe import ask_version
from ompycord.dialects.oh_my_pi.omp_rpc import OmpRpc
from ompycord.dialects.versions import version_note
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.processes.launcher_port import Launcher

__all__ = ["AGENT", "OmpRpcAgent", "OmpRpcOptions"]


class OmpRpcOptions(AgentOptions):
    """oh-my-pi or pi.

    A command without the protocol's own arguments; left out, it is the dialect's name from the PATH.
    """

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (OH_MY_PI, PI)
    takes_model: ClassVar[bool] = True

    kind: Literal["omp_rpc"] = "omp_rpc"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set
    dialect: Literal["omp", "pi"] = "omp"
    """The program whose RPC it speaks."""

    @property
    def program(self) -> tuple[str, ...]:
        """What is started, before the protocol's arguments."""
        return self.command or (self.dialect,)

    def variables(self, home: Path) -> Mapping[str, str]:
        """The variables that keep its settings in its HOME, whatever a `.env` of the repository contains."""
        return {"PI_CODING_AGENT_DIR": str(home / f".{self.dialect}" / "agent")}

    def is_notified_of_clone(self) -> bool:
        """Whether it gets its clone by `--cwd`, as oh-my-pi does."""
        return self.dialect == "omp" and not lies_in_clone(self.program[0])

    def terminal(self, session: str | None, tree: Path) -> tuple[str, ...] | None:
        """The same program without the protocol's arguments."""
        program = (*self.program, *clone_arguments(self, tree))
        if session is None:
            return program
        return (*program, "--session", session) if self.dialect == "pi" else (*program, f"--resume={session}")


class OmpRpcAgent:
    """Starts `spec.command` (default `omp`, or `pi`) in its RPC mode, and resumes `job.session` where one is given."""

    capabilities = AgentCapabilities(can_steer=True, can_resume=True, asks=True, approves=True)

    def __init__(self, *, launcher: Launcher, now_ms: Callable[[], int] = wall_ms) -> None:
        self._launcher = launcher
        self._now_ms = now_ms

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port. Also raises ProcessFailed where confinement does not reach `spec.sandbox.minimum`."""
        require_level(self._launcher, job.spec)
        await asyncio.to_thread(require_clone, job)
        options = OmpRpcOptions.of(job.spec)
        if note := version_note(options.dialect, await ask_version(self._launcher, job, options.program)):
            await emit(note)
        if options.dialect == "omp":  # pi knows no MCP
            await asyncio.to_thread(configure_omp, job)
        return await go_on(job, emit, partial(self._start, inbox, options))

    async def _start(self, inbox: Inbox, options: OmpRpcOptions, job: AgentJob, emit: Emit) -> AgentOutcome:
        protocol = OmpRpc(prompt=job.prompt, root=str(job.cwd.resolve()), dialect=options.dialect)
        argv = (*options.program, *_arguments(options, job))
        return await converse(self._launcher, job, argv, protocol, emit, inbox, now_ms=self._now_ms)


def _arguments(options: OmpRpcOptions, job: AgentJob) -> tuple[str, ...]:
    named = model_argument(job)
    chosen = ("--model", named) if named else ()
    if options.dialect == "pi":
        return "--mode", "rpc", *chosen, *(("--session", job.session) if job.session else ())
    # Plain `rpc` has no `ask` tool (docs/platform/agents.md, *oh-my-pi RPC*).
    resumed = (f"--resume={job.session}",) if job.session else ()
    return "--mode", "rpc-ui", *clone_arguments(options, job.cwd), *chosen, *resumed


AGENT: Final = AgentKind(options=OmpRpcOptions, adapter=OmpRpcAgent)
