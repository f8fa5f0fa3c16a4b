"""The agent that ships with the product and uses no model; its behaviour is in `rehearsal_program.py`."""

import sys
from pathlib import Path
from typing import ClassVar, Final, Literal

from ompycord.agents.drive import INBOX_FILE, drive
from ompycord.agents.kind import AgentKind, AgentOptions, RepositoryFiles
from ompycord.agents.repository_settings import REHEARSAL
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.processes.launcher_port import Launcher

__all__ = ["AGENT", "RehearsalAgent", "RehearsalOptions"]

_PROGRAM: Final = Path(__file__).with_name("rehearsal_program.py")


class RehearsalOptions(AgentOptions):
    """The simulated agent; it has no command."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (REHEARSAL,)

    kind: Literal["rehearsal"] = "rehearsal"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


class RehearsalAgent:
    """A real program that makes a real small change, and says of itself that it is simulated.

    The words in the prompt that choose its path are in the program's docstring; `REHEARSAL_PACE` in the agent's `env`
    scales its pauses. It is our own code, so it runs at any level of confinement.
    """

    capabilities = AgentCapabilities(simulated=True, can_steer=True, asks=True, approves=True)

    def __init__(self, *, launcher: Launcher) -> None:
        self._launcher = launcher

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port."""
        program = (sys.executable, "-I", "-S", str(_PROGRAM), INBOX_FILE)
        return await drive(self._launcher, job, program, emit, messages=inbox)


AGENT: Final = AgentKind(options=RehearsalOptions, adapter=RehearsalAgent)
