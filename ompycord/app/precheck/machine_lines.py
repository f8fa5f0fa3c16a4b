"""Lines about this machine: its disk, the programs of checks and set-up, how well it confines."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ompycord.app.mode import DiskUsage
from ompycord.app.precheck.lines import failing, fine, warning
from ompycord.domain.configuration.setup import SetupStep
from ompycord.domain.events import PrecheckLine
from ompycord.domain.repository import AgentSpec, ConfinementLevel, RepositorySpec
from ompycord.processes.launcher_port import can_deny_network, is_enough

__all__ = ["disk_line", "sandbox_lines", "tool_lines"]

_COPIES: Final = 3
"""Of a base: the clone, and two checkouts at a time; git's objects are shared."""
_SPARE: Final = 256 * 1024**2
_GIB: Final = 1024**3


def disk_line(usage: DiskUsage, *, size: int, set_up: int) -> PrecheckLine:
    """Whether there is room for the files of a base of `size` bytes, and for set-up as it was the last time."""
    needed = _COPIES * size + set_up + _SPARE
    if usage.free >= needed:
        return fine("disk", f"{usage.free / _GIB:.1f} GiB are free")
    text = f"{usage.free / _GIB:.1f} GiB are free, {needed / _GIB:.1f} GiB are needed for the clone and set-up."
    return failing("disk", text, "Free space on the disk of the data folder.")


def tool_lines(repository: RepositorySpec, path: str) -> Iterator[PrecheckLine]:
    """A line for each program that is not there; a check that cannot run leaves its run not verified."""
    kept = tuple(place for step in repository.setup for place in step.keeps)
    lacking = False
    for step in repository.setup:
        if not _is_there(step.command[0], path, kept):
            lacking = True
            yield failing("tools", _lacks(step.command[0], f"step {step.name} of set-up"), _install(step.command[0]))
    for check in repository.checks:
        if not _is_there(check.command[0], path, kept):
            lacking = True
            text = f"{_lacks(check.command[0], f'check {check.name}')} The run ends as not verified."
            yield warning("tools", text, _install(check.command[0]))
    if not lacking:
        yield fine("tools", "the programs of checks and set-up are there")


def _lacks(program: str, whose: str) -> str:
    return f"{program}, the program of the {whose}, is not installed here."


def _install(program: str) -> str:
    return f"Install {Path(program).name}, or give its full path."


def _is_there(program: str, path: str, kept: Sequence[str]) -> bool:
    """Whether it is; a program of the repository, or one that set-up makes, is there once it is needed."""
    if program == "{python}" or ("/" in program and not Path(program).is_absolute()):
        return True
    return shutil.which(program, path=path) is not None or any(program.startswith(f"{place}/") for place in kept)


def sandbox_lines(
    agents: Sequence[AgentSpec], setup: Sequence[SetupStep], level: ConfinementLevel, remedy: str
) -> Iterator[PrecheckLine]:
    """Whether the level is what the agents' settings want, and whether set-up can be kept from the network."""
    is_enough_for_all = True
    for agent in agents:
        if agent.kind != "rehearsal" and not is_enough(level, agent.sandbox):
            is_enough_for_all = False
            wanted = f"{agent.sandbox.minimum}{'' if agent.sandbox.network else ' without a network'}"
            text = f"{agent.name} wants the level {wanted}, and this machine gives {level}."
            allow = f"Or allow it by name: agents.{agent.name}.sandbox.minimum: {level}."
            yield failing("sandbox", text, f"{remedy} {allow}".strip())
    if setup and not can_deny_network(level):
        text = f"At the level {level}, set-up reaches all of the network, not only its hosts."
        yield warning("sandbox", text, remedy or "Use a machine with a better level.")
    elif is_enough_for_all:
        yield fine("sandbox", level)
