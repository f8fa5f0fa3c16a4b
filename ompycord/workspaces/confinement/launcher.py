"""Starts a run's programs, confined or not, with an environment of their own.

Implements `processes/launcher_port.py`.
"""

import asyncio
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ompycord.domain.repository import ConfinementLevel
from ompycord.errors import ProcessFailed
from ompycord.processes import Bounds, Clocks, ProcessSpec, RunningProcess, find_program, launch, named_program
from ompycord.processes.launcher_port import Layout
from ompycord.processes.service_report import services_folder
from ompycord.workspaces.confinement.bubblewrap import in_bubblewrap
from ompycord.workspaces.confinement.landlock import in_landlock
from ompycord.workspaces.confinement.programs import is_of_run, require_inside
from ompycord.workspaces.confinement.sandbox_view import interpreter_of, sandbox_view
from ompycord.workspaces.folders import is_real_folder, remove
from ompycord.workspaces.grants import link_grants
from ompycord.workspaces.preparing.provided import with_provided
from ompycord.workspaces.services.starting import planned

__all__ = ["ConfinedLauncher", "UnconfinedLauncher"]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class UnconfinedLauncher:
    """Level *none*: the program runs as this user and sees what this user sees, but none of our variables."""

    level: ConfinementLevel = "none"

    def __init__(self, *, path: str, environ: Mapping[str, str] = _NOTHING, remedy: str = "") -> None:
        """`path` becomes the programs' PATH; granted variables come from `environ`."""
        self.remedy = remedy
        self._path = path
        self._environ = environ

    def arrange(self, spec: ProcessSpec, layout: Layout) -> ProcessSpec:
        """See the port."""
        layout, given = with_provided(layout)
        own = _ready(spec, layout, self._path, self._environ, given)
        if (program := named_program(own)) is not None:
            require_inside(own.argv[0], program, layout, shows=lambda _: True)
        if (services := planned(layout, path=own.env["PATH"], level=self.level)) is not None:
            own = services.before(_known(own, services.variables), find_program(own))
        return own.model_copy(update={"claims_terminal": False})

    @asynccontextmanager
    async def start(
        self, spec: ProcessSpec, layout: Layout, *, clocks: Clocks | None = None, bounds: Bounds | None = None
    ) -> AsyncGenerator[RunningProcess]:
        """See the port."""
        own = await asyncio.to_thread(self.arrange, spec, layout)
        async with launch(own, clocks=clocks, bounds=bounds) as process:
            _watch(process, layout)
            yield process
        await _remove_services(layout)


class ConfinedLauncher:
    """The levels above *none*.

    Whether this machine really gives `level` is decided by `probe.py`, not by this class.
    """

    def __init__(
        self,
        *,
        level: ConfinementLevel,
        path: str,
        hidden: tuple[Path, ...],
        environ: Mapping[str, str] = _NOTHING,
        remedy: str = "",
    ) -> None:
        """`hidden` are folders of ours of which a program sees only what its layout names; the rest as above."""
        self.level: ConfinementLevel = level
        self.remedy = remedy
        self._path = path
        self._hidden = hidden
        self._environ = environ

    @asynccontextmanager
    async def start(
        self, spec: ProcessSpec, layout: Layout, *, clocks: Clocks | None = None, bounds: Bounds | None = None
    ) -> AsyncGenerator[RunningProcess]:
        """See the port. A program that cannot be executed inside ends with 127 and a message on its standard error."""
        confined = await asyncio.to_thread(self.arrange, spec, layout)
        async with AsyncExitStack() as serving, launch(confined, clocks=clocks, bounds=bounds) as process:
            listening = await process.passed_socket()
            if listening is not None and layout.listener is not None:
                await serving.enter_async_context(layout.listener.adopted(listening))
                process.release_start()
            _watch(process, layout)
            yield process
        await _remove_services(layout)

    def arrange(self, spec: ProcessSpec, layout: Layout) -> ProcessSpec:
        """See the port."""
        layout, given = with_provided(layout)
        own = _ready(spec, layout, self._path, self._environ, given)
        program = named_program(own) or find_program(own)  # which reports what is missing
        services = planned(layout, path=own.env["PATH"], level=self.level)
        beside = () if services is None else services.programs
        try:
            seen = sandbox_view(layout, program=program, path=own.env["PATH"], hidden=self._hidden, beside=beside)
            require_inside(own.argv[0], program, layout, shows=seen.shows)
        except OSError as error:
            raise ProcessFailed(f"The confinement could not be arranged: {error.strerror}. Nothing ran.") from error
        find_program(own)  # checked only now: whether there is something outside is not the checkout's to ask
        if not is_of_run(program, layout):
            _require_interpreter(program)
        if services is not None:
            own, program = services.before(_known(own, services.variables), program), Path(sys.executable)
        ports = () if services is None else services.ports
        if self.level != "full":
            has_rules = self.level == "files+net"
            return in_landlock(own, layout, seen, has_network_rules=has_rules, program=program, own_ports=ports)
        bwrap = shutil.which("bwrap", path=self._path)
        if bwrap is None:
            raise ProcessFailed("bubblewrap is gone from the PATH, so nothing ran. Install it again.")
        user = None if services is None else services.user
        return in_bubblewrap(own, layout, seen, bwrap=Path(bwrap), program=program, user=user)


def _known(spec: ProcessSpec, variables: Mapping[str, str]) -> ProcessSpec:
    """With the variables of its services; what it was given otherwise stays."""
    return spec.model_copy(update={"env": {**variables, **spec.env}})


async def _remove_services(layout: Layout) -> None:
    """What its services held is gone with them."""
    if layout.services:
        await remove(services_folder(layout))


def _watch(process: RunningProcess, layout: Layout) -> None:
    """The program's clocks stand still while its listener holds what it asks for."""
    if layout.listener is not None:
        layout.listener.watch_waits(process.waits_for_provider)


def _require_interpreter(program: Path) -> None:
    """Raises ProcessFailed where a script's interpreter is missing.

    The kernel would report the script itself as missing.
    """
    interpreter = interpreter_of(program.resolve())
    if interpreter is not None and not interpreter.exists():
        raise ProcessFailed(f"{program.name} needs {interpreter}, which is not there. Install it again.")


def _ready(
    spec: ProcessSpec, layout: Layout, path: str, environ: Mapping[str, str], given: Mapping[str, str]
) -> ProcessSpec:
    """Makes the run's own folders and the whole environment. Raises ProcessFailed."""
    if layout.tree.is_symlink():
        raise ProcessFailed(f"{layout.tree} became a link, so nothing was started. Start the run again.")
    for folder in (layout.home, layout.tmp):
        _make(folder)
    link_grants(layout)
    granted = {name: environ[name] for name in layout.variables if name in environ}
    resource_limits = layout.resource_limits.model_copy(update={"folder": layout.tree.parent})
    return spec.model_copy(
        update={
            "env": {**_environment(layout, path), **given, **granted, **spec.env},
            "resource_limits": resource_limits,
        }
    )


def _environment(layout: Layout, path: str) -> dict[str, str]:
    return {
        "PATH": path,
        "HOME": str(layout.home),
        "TMPDIR": str(layout.tmp),
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
    if not is_real_folder(folder):
        raise ProcessFailed(f"{folder} became a link, so nothing was started. Start the run again.")
