"""The seam between whoever starts a run's programs and how they are confined; implemented by `workspaces/launcher.py`.

Agents, checks and the inside half of a harvest all start through it, so that one rule confines them all.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, get_args

from ompycord.domain.repository import ConfinementLevel
from ompycord.processes.launcher import RunningProcess
from ompycord.processes.spec import Bounds, Clocks, ProcessSpec

__all__ = ["Launcher", "Place", "reaches"]

_ORDER: tuple[ConfinementLevel, ...] = get_args(ConfinementLevel)
"""Strongest first, as PLATFORM.md lists them."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folders a program of a run works in: all that a confined one sees besides the system's own."""

    tree: Path
    """Its working folder, writable."""
    readable: tuple[Path, ...] = ()
    """Folders outside the tree that it may read, such as the one with its prompt."""

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
    """What the card says."""

    def start(
        self, spec: ProcessSpec, place: Place, *, clocks: Clocks | None = None, bounds: Bounds | None = None
    ) -> AbstractAsyncContextManager[RunningProcess]:
        """`async with launcher.start(…) as process:` runs `spec` confined to `place`; leaving the block stops it.

        `spec.env` is added to the launcher's own few variables and may replace them; nothing of the bot's environment
        is passed on. Entering makes `place.home` and `place.tmp`, and raises ProcessFailed where the program cannot be
        started.
        """
        ...


def reaches(level: ConfinementLevel, minimum: ConfinementLevel) -> bool:
    """Whether a launcher of this level is good enough (CONTRACTS, repositories and modes)."""
    return _ORDER.index(level) <= _ORDER.index(minimum)
