"""The agent that ships with the product and uses no model; its behaviour is in the programs beside this module."""

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
_READING: Final = Path(__file__).with_name("reading_program.py")
"""What plans, answers and reviews."""


class RehearsalOptions(AgentOptions):
    """The simulated agent; it has no command."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (REHEARSAL,)

    kind: Literal["rehearsal"] = "rehearsal"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


class RehearsalAgent:
    """A real program that makes a real small change, and says of itself that it is simulated.

    The words in the prompt that choose its path are in the programs' docstrings; `REHEARSAL_PACE` in the agent's `env`
    scales its pauses. It is our own code, so it runs at any level of confinement.
    """

    capabilities = AgentCapabilities(simulated=True, can_steer=True, asks=True, approves=True)

    def __init__(self, *, launcher: Launcher) -> None:
        self._launcher = launcher

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port."""
        own = (str(_PROGRAM), INBOX_FILE) if job.purpose == "work" else (str(_READING), job.purpose)
        program = (sys.executable, "-I", "-S", *own)
        return await drive(self._launcher, job, program, emit, messages=inbox)


AGENT: Final = AgentKind(options=RehearsalOptions, adapter=RehearsalAgent)
