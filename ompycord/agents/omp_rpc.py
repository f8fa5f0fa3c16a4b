"""oh-my-pi, and pi by a switch, over their RPC on standard input and output; the wire format is `dialects/omp_rpc.py`."""

import asyncio
from collections.abc import Callable
from functools import partial

from ompycord.agents.converse import converse, wall_ms
from ompycord.agents.level import require_clone, require_level
from ompycord.agents.mcp_configuration import configure_omp
from ompycord.agents.repository_settings import clone_arguments
from ompycord.agents.resuming import go_on
from ompycord.agents.version_probe import ask_version
from ompycord.dialects.omp_rpc import OmpRpc
from ompycord.dialects.versions import version_note
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.processes.launcher_port import Launcher

__all__ = ["OmpRpcAgent"]


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
        program = job.spec.command or (job.spec.dialect,)
        if note := version_note(job.spec.dialect, await ask_version(self._launcher, job, program)):
            await emit(note)
        if job.spec.dialect == "omp":  # pi knows no MCP
            await asyncio.to_thread(configure_omp, job)
        return await go_on(job, emit, partial(self._start, inbox, program))

    async def _start(self, inbox: Inbox, program: tuple[str, ...], job: AgentJob, emit: Emit) -> AgentOutcome:
        protocol = OmpRpc(prompt=job.prompt, root=str(job.cwd.resolve()), dialect=job.spec.dialect)
        argv = (*program, *_arguments(job))
        return await converse(self._launcher, job, argv, protocol, emit, inbox, now_ms=self._now_ms)


def _arguments(job: AgentJob) -> tuple[str, ...]:
    if job.spec.dialect == "pi":
        return "--mode", "rpc", *(("--session", job.session) if job.session else ())
    # Plain `rpc` has no `ask` tool (docs/platform/agents.md, *oh-my-pi RPC*).
    resumed = (f"--resume={job.session}",) if job.session else ()
    return "--mode", "rpc-ui", *clone_arguments(job.spec, job.cwd), *resumed
