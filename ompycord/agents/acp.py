"""Any program that speaks the Agent Client Protocol on standard input and output; the wire format is `dialects/acp.py`."""

import asyncio
from collections.abc import Callable
from functools import partial

from ompycord.agents.converse import converse, wall_ms
from ompycord.agents.images import images_of
from ompycord.agents.level import require_clone, require_level
from ompycord.agents.repository_settings import write_instructions
from ompycord.agents.resuming import go_on
from ompycord.dialects.acp import Acp
from ompycord.dialects.acp_session import Wishes
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.processes.launcher_port import Launcher

__all__ = ["AcpAgent"]


class AcpAgent:
    """Starts `spec.command` and gives it the run's MCP tools where it can use them.

    What people say while it works is its next prompt in the same session; *now* cuts its turn short first.
    """

    capabilities = AgentCapabilities(can_steer=True, can_resume=True, asks=True, approves=True)

    def __init__(self, *, launcher: Launcher, now_ms: Callable[[], int] = wall_ms) -> None:
        self._launcher = launcher
        self._now_ms = now_ms

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port. Also raises ProcessFailed where confinement does not reach `spec.sandbox.minimum`."""
        require_level(self._launcher, job.spec)
        await asyncio.to_thread(require_clone, job)
        return await go_on(job, emit, partial(self._start, inbox))

    async def _start(self, inbox: Inbox, job: AgentJob, emit: Emit) -> AgentOutcome:
        wishes = Wishes(
            session=job.session,
            session_usd=job.session_usd,
            mode=job.spec.mode,
            model=job.spec.model,
            mcp_url=job.env.get("OMPYCORD_MCP_URL"),
            mcp_key=job.env.get("OMPYCORD_KEY"),
            texts=await asyncio.to_thread(write_instructions, job),
            images=await asyncio.to_thread(images_of, job),
        )
        start = f"{self._now_ms():x}"
        protocol = Acp(prompt=job.prompt, root=str(job.cwd.resolve()), wishes=wishes, start=start)
        return await converse(self._launcher, job, job.spec.command, protocol, emit, inbox, now_ms=self._now_ms)
