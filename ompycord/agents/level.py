"""An agent runs only where it is confined as its configuration demands; every adapter but the rehearsal asks here first."""

from ompycord.domain.repository import AgentSpec
from ompycord.errors import ProcessFailed
from ompycord.processes.launcher_port import Launcher, reaches

__all__ = ["require_level"]


def require_level(launcher: Launcher, spec: AgentSpec) -> None:
    """Raises ProcessFailed where the launcher's confinement does not reach `spec.sandbox.minimum`."""
    if not reaches(launcher.level, spec.sandbox.minimum):
        raise ProcessFailed(
            f"{spec.name} needs confinement of level {spec.sandbox.minimum}, this machine gives {launcher.level}. "
            "Nothing ran. Set sandbox: {minimum: none} for it to run it unconfined."
        )
