"""The port between the callers that start a run's programs and their confinement; implemented in `workspaces/`.

Agents, checks and the inside half of collecting all start through it, so that one rule confines them all.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, get_args

from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.events import NetworkReach
from ompycord.domain.ports import Listener
from ompycord.domain.repository import ConfinementLevel, Sandbox
from ompycord.processes.launcher import RunningProcess
from ompycord.processes.spec import Bounds, Clocks, ProcessSpec, ResourceLimits

__all__ = ["Launcher", "Layout", "can_deny_network", "is_enough", "leaves_network_open", "reach", "reaches"]

_ORDER: tuple[ConfinementLevel, ...] = get_args(ConfinementLevel)
"""Strongest first (docs/platform/git-and-confinement.md, *Levels*)."""

_USUAL: Final = ResourceLimits()


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders in which a program of a run works: with the system's own, all that a confined one sees."""

    tree: Path
    """Its working folder; writable unless `is_read_only`."""
    readable: tuple[Path, ...] = ()
    """Folders outside the tree that it may read, such as the one with its prompt."""
    provided: tuple[Path, ...] = ()
    """Folders that set-up made, to be read; links in the tree lead into them."""
    is_read_only: bool = False
    """Whether it may not change its working folder. Level *none* cannot keep it from that."""
    network: bool = False
    """Whether it may use the network. Levels below *files+net* cannot deny it (`can_deny_network`)."""
    listener: Listener | None = None
    """What it reaches of us where `network` is denied; None: nothing."""
    grants: tuple[Path, ...] = ()
    """Files and folders of the user's own that it may read.

    Those below the user's home also stand in its HOME, as links.
    """
    variables: tuple[str, ...] = ()
    """Names of variables that it gets from the launcher's environment, where they are set there."""
    services: tuple[ServiceSpec, ...] = ()
    """What is started beside it, empty, before it begins, and ends with it."""
    resource_limits: ResourceLimits = _USUAL
    """What it may use of the machine; its disk is the folder that contains the tree."""

    @property
    def home(self) -> Path:
        """Its HOME, writable: beside the tree, so that nothing of it becomes part of a result."""
        return self.tree.parent / "home"

    @property
    def tmp(self) -> Path:
        """Its TMPDIR, writable."""
        return self.tree.parent / "tmp"


class Launcher(Protocol):
    """Starts programs at one level of confinement."""

    level: ConfinementLevel
    """The level, as the card shows it."""
    remedy: str
    """What raises the level on this machine, as a sentence with its commands; empty where nothing is better."""

    def arrange(self, spec: ProcessSpec, layout: Layout) -> ProcessSpec:
        """The program that `start` would launch: the confined form of `spec`, its folders made, its environment whole.

        It is for a program on a person's terminal. Raises ProcessFailed.
        """
        ...

    def start(
        self, spec: ProcessSpec, layout: Layout, *, clocks: Clocks | None = None, bounds: Bounds | None = None
    ) -> AbstractAsyncContextManager[RunningProcess]:
        """`async with launcher.start(…) as process:` runs `spec` confined to `layout`; leaving the block stops it.

        `spec.env` is added to the launcher's own few variables and may replace them; nothing of the bot's environment
        is passed on. Entering makes `layout.home` and `layout.tmp`, and raises ProcessFailed where the program cannot
        be started.
        """
        ...


def reaches(level: ConfinementLevel, minimum: ConfinementLevel) -> bool:
    """Whether a launcher of this level is good enough (docs/contracts/runs.md, *Confinement*)."""
    return _ORDER.index(level) <= _ORDER.index(minimum)


def can_deny_network(level: ConfinementLevel) -> bool:
    """Whether a program of this level can be kept from TCP; *full* keeps it from all of the network."""
    return reaches(level, "files+net")


def leaves_network_open(level: ConfinementLevel, sandbox: Sandbox) -> bool:
    """Whether an agent that is started all the same reaches the network: where it may, or no one can deny it."""
    return sandbox.network is True or (sandbox.network == "gateway" and not can_deny_network(level))


def reach(level: ConfinementLevel, sandbox: Sandbox) -> NetworkReach:
    """What an agent that is started at this level reaches."""
    if leaves_network_open(level, sandbox):
        return "open"
    if sandbox.network is False:
        return "none"
    return "gateway" if level == "full" else "port"


def is_enough(level: ConfinementLevel, sandbox: Sandbox) -> bool:
    """Whether this level gives an agent all the confinement that its configuration demands."""
    return reaches(level, sandbox.minimum) and (sandbox.network is not False or can_deny_network(level))
