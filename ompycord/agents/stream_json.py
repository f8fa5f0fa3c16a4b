"""Claude Code by its own stream-json with control requests; the wire format is `dialects/stream_json.py`."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, Literal

from ompycord.agents.converse import converse, wall_ms
from ompycord.agents.kind import AgentKind, AgentOptions, RepositoryFiles
from ompycord.agents.level import require_level
from ompycord.agents.mcp_configuration import claude_arguments
from ompycord.agents.repository_settings import (
    CLAUDE_ARGUMENTS,
    CLAUDE_CODE,
    instructions_folder,
    write_instructions,
)
from ompycord.agents.resuming import go_on
from ompycord.dialects.stream_json import StreamJson
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.repository import OwnName
from ompycord.processes.launcher_port import Launcher, Layout

__all__ = ["AGENT", "StreamJsonAgent", "StreamJsonOptions"]

_ARGUMENTS: Final = (
    *("--print", "--verbose", "--input-format", "stream-json", "--output-format", "stream-json"),
    *("--permission-prompt-tool", "stdio"),
)


class StreamJsonOptions(AgentOptions):
    """Claude Code. A command without the protocol's own arguments; left out, it is `claude` from the PATH."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (CLAUDE_CODE,)
    takes_model: ClassVar[bool] = True

    kind: Literal["stream_json"] = "stream_json"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set
    mode: OwnName | None = None
    """The permission mode to work in, as the agent names it."""
    model: OwnName | None = None
    """The model to use, as the agent names it."""

    @property
    def program(self) -> tuple[str, ...]:
        """What is started, before the protocol's arguments."""
        return self.command or ("claude",)

    def terminal(self, session: str | None, tree: Path) -> tuple[str, ...] | None:
        """The same program without the protocol's arguments."""
        program = (*self.program, *CLAUDE_ARGUMENTS)
        if session is None:
            return program
        return (*program, f"--add-dir={instructions_folder(Layout(tree).home)}", f"--resume={session}")


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
        options = StreamJsonOptions.of(job.spec)
        chosen = job.task.model or options.model
        model = (f"--model={chosen}",) if chosen else ()  # one word: a name is never taken for an option
        mode = ("--permission-mode", options.mode) if options.mode else ()
        session = (f"--resume={job.session}",) if job.session else ()
        tools = claude_arguments(job)
        texts = await asyncio.to_thread(write_instructions, job)
        settings = (*CLAUDE_ARGUMENTS, *((f"--add-dir={texts}",) if texts else ()))
        argv = (*options.program, *_ARGUMENTS, *settings, *tools, *model, *mode, *session)
        protocol = StreamJson(prompt=job.prompt, root=str(job.cwd.resolve()))
        return await converse(self._launcher, job, argv, protocol, emit, inbox, now_ms=self._now_ms)


AGENT: Final = AgentKind(options=StreamJsonOptions, adapter=StreamJsonAgent)
