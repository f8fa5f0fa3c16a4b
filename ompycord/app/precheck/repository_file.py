"""Lines about the repository's own file: what is wrong with it, what would widen, what it forbids to this run."""

from collections.abc import Iterator, Sequence

from ompycord.app.precheck.lines import failing, fine
from ompycord.domain.configuration.repository_file import REPOSITORY_FILE, Configured, FileFault, agent_faults
from ompycord.domain.events import PrecheckLine
from ompycord.domain.repository import AgentSpec, ConfinementLevel

__all__ = ["file_lines"]


def file_lines(
    configured: Configured,
    faults: Sequence[FileFault],
    *,
    is_there: bool,
    agents: Sequence[AgentSpec],
    mode: str | None,
    level: ConfinementLevel,
) -> Iterator[PrecheckLine]:
    """A line for each fault; for what the file, or the operator, does not allow these agents and this mode."""
    repository = configured.repository
    allowed = [one for one in agents if not repository.agents or one.name in repository.agents]
    found = [*faults, *(fault for agent in allowed for fault in agent_faults(configured, agent))]
    yield from (_faulty(fault) for fault in found)
    for agent in agents if mode is not None else ():
        if agent not in allowed:
            known = ", ".join(repository.agents)
            yield failing("agent", f"{agent.name} may not work in {repository.name}.", f"Choose one of: {known}.")
    if mode is not None and repository.modes and mode not in repository.modes:
        known = ", ".join(repository.modes)
        yield failing("mode", f"The mode {mode} is not allowed in {repository.name}.", f"Choose one of: {known}.")
    if configured.names_commands and level == "none" and not any(one.sandbox.minimum == "none" for one in agents):
        text = f"{REPOSITORY_FILE} names commands, and this machine cannot confine them."
        yield failing(
            "sandbox", text, "Take checks, setup and services out of it, or see `ompycord doctor` for a better level."
        )
    if is_there and not found:
        yield fine(REPOSITORY_FILE, "read")


def _faulty(fault: FileFault) -> PrecheckLine:
    """File, key and what to do."""
    where = f"{fault.key}: " if fault.key else ""
    return failing(REPOSITORY_FILE, f"{where}{fault.text}.", f"{fault.fix}.")
