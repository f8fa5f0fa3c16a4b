"""Starts a run's programs without confinement, with an environment of their own; implements `processes/launcher_port.py`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from ompycord.domain.repository import ConfinementLevel
from ompycord.errors import ProcessFailed
from ompycord.processes import Bounds, Clocks, ProcessSpec, RunningProcess, launch
from ompycord.processes.launcher_port import Place

__all__ = ["UnconfinedLauncher"]


class UnconfinedLauncher:
    """Level *none*: the program runs as this user and sees what this user sees, but none of our variables."""

    level: ConfinementLevel = "none"

    def __init__(self, *, path: str) -> None:
        """`path` becomes the programs' PATH."""
        self._path = path

    @asynccontextmanager
    async def start(
        self, spec: ProcessSpec, place: Place, *, clocks: Clocks | None = None, bounds: Bounds | None = None
    ) -> AsyncGenerator[RunningProcess]:
        """See the port."""
        for folder in (place.home, place.tmp):
            _make(folder)
        own = spec.model_copy(update={"env": {**self._environment(place), **spec.env}})
        async with launch(own, clocks=clocks, bounds=bounds) as process:
            yield process

    def _environment(self, place: Place) -> dict[str, str]:
        return {
            "PATH": self._path,
            "HOME": str(place.home),
            "TMPDIR": str(place.tmp),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
        }


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ProcessFailed(
            f"The folder {folder} could not be made ({error.strerror}); free space or rights."
        ) from error
