"""An agent runs only where it is confined as its configuration demands, and gets what that grants.

Used by every adapter.
"""

from pathlib import Path

from ompycord.domain.ports import AgentJob
from ompycord.domain.repository import AgentSpec
from ompycord.errors import ProcessFailed
from ompycord.processes import ResourceLimits
from ompycord.processes.launcher_port import Launcher, Layout, is_enough

__all__ = ["layout_of", "require_clone", "require_level"]


def require_level(launcher: Launcher, spec: AgentSpec) -> None:
    """Raises ProcessFailed where the launcher's confinement is less than `spec.sandbox` demands."""
    if not is_enough(launcher.level, spec.sandbox):
        offline = "" if spec.sandbox.network else " without network"
        raise ProcessFailed(
            f"{spec.name} needs confinement of level {spec.sandbox.minimum}{offline}, this machine gives "
            f"{launcher.level}. "
            f"Nothing ran. {launcher.remedy} Or set sandbox: {{minimum: none}} for it to run it unconfined."
        )


def require_clone(job: AgentJob) -> None:
    """Raises ProcessFailed where the job's clone is gone, for agents that start elsewhere (`repository_settings.py`).

    Blocks.
    """
    if not job.cwd.is_dir():
        raise ProcessFailed(f"The folder {job.cwd} is not there, so {job.spec.name} was not started for it.")


def layout_of(job: AgentJob, *, readable: tuple[Path, ...] = ()) -> Layout:
    """Where an agent works: its folder, what its configuration grants, and the network where that allows it.

    With *gateway* it has `job.listener` alone, where the level can deny it the rest.
    """
    spec = job.spec
    return Layout(
        job.cwd,
        is_read_only=job.purpose != "work",
        readable=readable if job.files is None else (*readable, job.files),
        network=spec.sandbox.network is True,
        listener=job.listener,
        grants=spec.grants.files,
        variables=spec.grants.variables,
        services=job.services,
        resource_limits=ResourceLimits.of(spec.sandbox),
    )
