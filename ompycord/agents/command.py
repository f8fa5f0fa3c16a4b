"""Any program as an agent: prompt in, lines out, answers in a file; its wire format is `dialects/jsonl.py`."""

from typing import ClassVar, Final, Literal, Self

from pydantic import model_validator

from ompycord.agents.drive import ANSWERS_FILE, drive
from ompycord.agents.kind import AgentKind, AgentOptions, RepositoryFiles
from ompycord.agents.level import require_level
from ompycord.agents.repository_settings import OWN_PROGRAM
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.processes.launcher_port import Launcher

__all__ = ["AGENT", "CommandAgent", "CommandOptions"]


class CommandOptions(AgentOptions):
    """Any program; it needs a command, in which `{prompt_file}` stands for the file with its prompt.

    `{answers_file}` stands for the file in which people's answers arrive; without it the program cannot ask.
    """

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (OWN_PROGRAM,)

    kind: Literal["command"] = "command"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set

    @model_validator(mode="after")
    def _has_command(self) -> Self:
        if not self.command:
            raise ValueError("an agent of kind command needs a command")
        return self


class CommandAgent:
    """Starts `spec.command`; exit 0 is a claim of done, anything else failed. A message means a restart."""

    capabilities = AgentCapabilities()

    def __init__(self, *, launcher: Launcher) -> None:
        self._launcher = launcher

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port. Also raises ProcessFailed where confinement does not reach `spec.sandbox.minimum`."""
        require_level(self._launcher, job.spec)
        command = job.spec.command
        answers = inbox if any(ANSWERS_FILE in word for word in command) else None
        return await drive(self._launcher, job, command, emit, messages=answers, only_decisions=True)


AGENT: Final = AgentKind(options=CommandOptions, adapter=CommandAgent)
