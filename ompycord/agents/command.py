"""Any program as an agent: prompt in, lines out; its wire format is `dialects/jsonl.py`."""

from ompycord.agents.drive import drive
from ompycord.agents.level import require_level
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.processes.launcher_port import Launcher

__all__ = ["CommandAgent"]


class CommandAgent:
    """Starts `spec.command`; exit 0 is a claim of done, anything else failed. A later `say` means a restart."""

    capabilities = AgentCapabilities()

    def __init__(self, *, launcher: Launcher) -> None:
        self._launcher = launcher

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port. Also raises ProcessFailed where confinement does not reach `spec.sandbox.minimum`."""
        require_level(self._launcher, job.spec)
        return await drive(self._launcher, job, job.spec.command, emit)
