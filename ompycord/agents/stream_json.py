"""Claude Code by its own stream-json with control requests; the wire format is `dialects/stream_json.py`."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from ompycord.agents.converse import converse, wall_ms
from ompycord.agents.level import require_level
from ompycord.agents.mcp_configuration import claude_arguments
from ompycord.agents.repository_settings import CLAUDE_ARGUMENTS, write_instructions
from ompycord.agents.resuming import go_on
from ompycord.dialects.stream_json import StreamJson
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.processes.launcher_port import Launcher

__all__ = ["StreamJsonAgent"]

_ARGUMENTS: Final = (
    *("--print", "--verbose", "--input-format", "stream-json", "--output-format", "stream-json"),
    *("--permission-prompt-tool", "stdio"),
)


class StreamJsonAgent:
    """Starts `spec.command` (default `claude`), and resumes `job.session` where one is given."""

    capabilities = AgentCapabilities(can_steer=True, can_resume=True, asks=True, approves=True)

    def __init__(self, *, launcher: Launcher, now_ms: Callable[[], int] = wall_ms) -> None:
        self._launcher = launcher
        self._now_ms = now_ms

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port. Also raises ProcessFailed where confinement does not reach `spec.sandbox.minimum`."""
        require_level(self._launcher, job.spec)
        return await go_on(job, emit, partial(self._start, inbox))

    async def _start(self, inbox: Inbox, job: AgentJob, emit: Emit) -> AgentOutcome:
        model = ("--model", job.spec.model) if job.spec.model else ()
        mode = ("--permission-mode", job.spec.mode) if job.spec.mode else ()
        session = (f"--resume={job.session}",) if job.session else ()
        tools = claude_arguments(job)
        texts = await asyncio.to_thread(write_instructions, job)
        settings = (*CLAUDE_ARGUMENTS, *((f"--add-dir={texts}",) if texts else ()))
        argv = (*(job.spec.command or ("claude",)), *_ARGUMENTS, *settings, *tools, *model, *mode, *session)
        protocol = StreamJson(prompt=job.prompt, root=str(job.cwd.resolve()))
        return await converse(self._launcher, job, argv, protocol, emit, inbox, now_ms=self._now_ms)
