"""Any program that speaks the Agent Client Protocol on standard input and output."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, Literal, Self

from pydantic import model_validator

from ompycord.agents.converse import converse, wall_ms
from ompycord.agents.images import images_of
from ompycord.agents.kind import AgentKind, AgentOptions, RepositoryFiles
from ompycord.agents.level import require_clone, require_level
from ompycord.agents.model_access import model_argument
from ompycord.agents.repository_settings import (
    CLAUDE_CODE,
    CODEX,
    GEMINI_CLI,
    OH_MY_PI,
    OPENCODE,
    lies_in_clone,
    write_instructions,
)
from ompycord.agents.resuming import go_on
from ompycord.dialects.agent_client_protocol.acp import Acp
from ompycord.dialects.agent_client_protocol.acp_session import SessionOptions
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.repository import OwnName
from ompycord.processes.launcher_port import Launcher

__all__ = ["AGENT", "AcpAgent", "AcpOptions"]

_GEMINI: Final[Mapping[str, str]] = {
    **dict.fromkeys(("GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL"), ""),
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), ""),
    "CODE_ASSIST_ENDPOINT": "https://cloudcode-pa.googleapis.com",
}
"""Variables that Gemini CLI then does not take from a `.env`: it replaces none that is set, even if it is empty.

The last one, its own, may not be empty.
"""


class AcpOptions(AgentOptions):
    """Any agent that speaks the Agent Client Protocol; it needs a command."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (CLAUDE_CODE, OPENCODE, CODEX, GEMINI_CLI, OH_MY_PI)
    takes_model: ClassVar[bool] = True

    kind: Literal["acp"] = "acp"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set
    mode: OwnName | None = None
    """The mode to work in, as the agent names it."""
    model: OwnName | None = None
    """The model to use, as the agent names it."""

    @model_validator(mode="after")
    def _has_command(self) -> Self:
        if not self.command:
            raise ValueError("an agent of kind acp needs a command")
        return self

    def variables(self, home: Path) -> Mapping[str, str]:
        """The variables for Gemini CLI; what configuration grants or sets under such a name stays."""
        if not any("gemini" in Path(word).name for word in self.command):
            return {}
        granted = set(self.grants.variables)
        free = {name: value for name, value in _GEMINI.items() if name.upper() not in granted}
        return {name: self.env.get(name.upper(), value) for name, value in free.items()}

    def is_notified_of_clone(self) -> bool:
        """Whether it is oh-my-pi, which gets its clone by the protocol."""
        return Path(self.command[0]).name == "omp" and not lies_in_clone(self.command[0])


class AcpAgent:
    """Starts `spec.command` and gives it the run's MCP tools where it can use them.

    Messages from people while it works are its next prompt in the same session; *now* interrupts its turn first.
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
        options = AcpOptions.of(job.spec)
        options = SessionOptions(
            session=job.session,
            session_usd=job.session_usd,
            mode=options.mode,
            model=model_argument(job) or options.model,
            mcp_url=job.env.get("OMPYCORD_MCP_URL"),
            mcp_key=job.env.get("OMPYCORD_KEY"),
            texts=await asyncio.to_thread(write_instructions, job),
            images=await asyncio.to_thread(images_of, job),
        )
        start = f"{self._now_ms():x}"
        protocol = Acp(prompt=job.prompt, root=str(job.cwd.resolve()), options=options, start=start)
        return await converse(self._launcher, job, job.spec.command, protocol, emit, inbox, now_ms=self._now_ms)


AGENT: Final = AgentKind(options=AcpOptions, adapter=AcpAgent)
