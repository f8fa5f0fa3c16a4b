"""Any program as an agent (CONTRACTS, `command`): prompt in, lines out; its wire format is `dialects/jsonl.py`."""

from ompycord.agents.drive import drive
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.errors import ProcessFailed
from ompycord.processes.launcher_port import Launcher, reaches

__all__ = ["CommandAgent"]


class CommandAgent:
    """Starts `spec.command`; exit 0 is a claim of done, anything else failed. A later `say` means a restart."""

    capabilities = AgentCapabilities()

    def __init__(self, *, launcher: Launcher) -> None:
        self._launcher = launcher

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port. Also raises ProcessFailed where confinement does not reach `spec.sandbox.minimum`."""
        if not reaches(self._launcher.level, job.spec.sandbox.minimum):
            raise ProcessFailed(
                f"{job.spec.name} needs confinement of level {job.spec.sandbox.minimum}, this machine gives "
                f"{self._launcher.level}. Nothing ran. Set sandbox: {{minimum: none}} for it to run it unconfined."
            )
        return await drive(self._launcher, job, job.spec.command, emit)
