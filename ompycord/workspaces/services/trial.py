"""The services of a run before its agent: their versions, and one start of them all, empty.

Implements `domain/ports/services.py`.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.events import ServiceFailed, ServiceShown
from ompycord.domain.ids import RunId
from ompycord.errors import ProcessFailed
from ompycord.processes import Clocks, ProcessSpec, run
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.processes.service_report import service_fault
from ompycord.text import clean, cut
from ompycord.workspaces.folders import remove
from ompycord.workspaces.services.programs import KNOWN, program_of

__all__ = ["LocalServices"]

_VERSION_S: Final = 10.0
_VERSION: Final = 120
_SPARE_S: Final = 30.0
_LINE: Final = 500


class LocalServices:
    """Services on this machine."""

    def __init__(self, *, launcher: Launcher, runs: Path, path: str) -> None:
        """`runs` is the folder with a folder for each run; programs are looked up in `path`."""
        self._launcher = launcher
        self._runs = runs
        self._path = path

    async def versions(self, services: Sequence[ServiceSpec]) -> tuple[ServiceShown, ...]:
        """See the port."""
        return tuple([await self._shown(one) for one in services])

    async def try_out(self, run: RunId, services: Sequence[ServiceSpec]) -> ServiceFailed | None:
        """See the port."""
        folder = self._runs / run / "services"
        await remove(folder)
        await asyncio.to_thread(_make, folder / "tree")
        try:
            return await self._started(run, tuple(services), folder / "tree")
        finally:
            await remove(folder)

    async def _started(self, run: RunId, services: tuple[ServiceSpec, ...], tree: Path) -> ServiceFailed | None:
        layout = Layout(tree, services=services)
        program = (sys.executable, "-I", "-S", "-c", "pass")
        spec = ProcessSpec(argv=program, env={}, cwd=tree, marker=run)
        wall_s = sum(one.ready_s for one in services) * 2 + _SPARE_S  # to make it, and to start it
        last = ""
        try:
            async with self._launcher.start(spec, layout, clocks=Clocks(wall_s=wall_s, idle_s=wall_s)) as process:
                async for line in process.lines():
                    last = clean(line.text)
                result = await process.wait()
                fault = await asyncio.to_thread(service_fault, layout)
        except ProcessFailed as error:
            return ServiceFailed(service=services[0].name, detail=cut(str(error), _LINE))
        if fault is not None:
            return ServiceFailed(service=fault.service, detail=fault.detail, tail=fault.tail or None)
        if result.exit_code == 0:
            return None
        why = (
            result.over_limit or last or f"they ended with {result.exit_code if result.signal is None else 'a signal'}"
        )
        return ServiceFailed(service=services[0].name, detail=cut(why, _LINE))

    async def _shown(self, service: ServiceSpec) -> ServiceShown:
        if service.known is None:
            return ServiceShown(name=service.name)
        found = await asyncio.to_thread(program_of, service, self._path)
        if found is None:
            return ServiceShown(name=service.name)
        printed = await _printed(found[0])
        version = KNOWN[service.known].version.search(printed)
        return ServiceShown(name=service.name, version=cut(version[1], _VERSION) if version else "")


def _make(tree: Path) -> None:
    tree.mkdir(mode=0o700, parents=True)


async def _printed(program: Path) -> str:
    """What it prints of its version; empty where it says nothing."""
    spec = ProcessSpec(argv=(str(program), "--version"), env={"PATH": os.defpath, "LC_ALL": "C"}, cwd=Path("/"))
    try:
        ended = await run(spec, timeout_s=_VERSION_S)
    except ProcessFailed:
        return ""
    return ended.stdout.decode("utf-8", "replace")
