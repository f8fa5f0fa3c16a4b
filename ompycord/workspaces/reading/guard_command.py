"""Runs a guard command confined in a throw-away checkout of the base: implements `schedules.starting.Guards`."""

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.schedules.guarding import GuardEnd
from ompycord.domain.schedules.schedule import GuardCommand
from ompycord.domain.task import TaskRequest
from ompycord.errors import ProcessFailed, Refused, WorkspaceError
from ompycord.processes import Clocks, ProcessResult, ProcessSpec
from ompycord.processes.launcher_port import Launcher, Layout, reaches
from ompycord.processes.spec import Outcome
from ompycord.text import clean, cut
from ompycord.workspaces.alternates import fill
from ompycord.workspaces.base import require_plain
from ompycord.workspaces.folders import scratch
from ompycord.workspaces.git import Git
from ompycord.workspaces.preparing.base_reader import BaseReader

__all__ = ["GuardCommands"]

_TERM_S: Final = 5.0
_LINES: Final = 200
_LINE: Final = 500
_DETAIL: Final = 300


class GuardCommands:
    """Guard commands on this machine; each gets no secret, and its own folder with the files of the base."""

    def __init__(
        self, *, folder: Path, catalog: Catalog, bases: BaseReader, git: Git, launcher: Launcher, ids: Callable[[], str]
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._bases = bases
        self._git = git
        self._launcher = launcher
        self._ids = ids

    async def run(self, guard: GuardCommand, request: TaskRequest) -> GuardEnd:
        """See the port."""
        try:
            spec, agent = self._catalog.repository(request.repository), self._catalog.agent_of(request)
            level, least = self._launcher.level, agent.sandbox.minimum
            if not reaches(level, least):
                why = f"could not run: this machine confines programs to {level}, and {agent.name} wants {least}"
                return GuardEnd(exit_code=None, printed="", detail=why)
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            async with scratch(self._folder, "guard-") as place:
                return await self._checked_out(guard, spec, request.branch, place)
        except (WorkspaceError, ProcessFailed, Refused, OSError) as error:
            return GuardEnd(exit_code=None, printed="", detail=cut(f"could not run: {error}", _DETAIL))

    async def _checked_out(
        self, guard: GuardCommand, spec: RepositorySpec, branch: str | None, place: Path
    ) -> GuardEnd:
        view = await self._bases.view(spec, base=branch)
        require_plain(spec.name, view.branch, view.content, git_folder=view.git_folder)
        marker, tree = f"guard.{self._ids()}", place / "tree"
        tree.mkdir(mode=0o700)
        await fill(
            self._git, tree, view.commit, git_folder=view.git_folder, marker=f"{marker}.git", index=place / "index"
        )
        layout = Layout(tree, network=guard.network)
        started = ProcessSpec(argv=guard.command, env={"CI": "1"}, cwd=tree, marker=marker)
        clocks = Clocks(wall_s=guard.timeout_s, idle_s=guard.timeout_s, term_s=_TERM_S)
        printed: deque[str] = deque(maxlen=_LINES)
        async with self._launcher.start(started, layout, clocks=clocks) as process:
            async for line in process.lines():
                printed.append(cut(clean(line.text), _LINE))
            result = await process.wait()
        return _end(guard, result, "\n".join(printed))


def _end(guard: GuardCommand, result: ProcessResult, printed: str) -> GuardEnd:
    if result.outcome in {Outcome.WALL_TIMEOUT, Outcome.IDLE_TIMEOUT}:
        return GuardEnd(exit_code=None, printed=printed, detail=f"ran longer than {guard.timeout_s:g} s")
    if result.outcome is not Outcome.EXITED or result.exit_code is None:
        why = result.over_limit or f"was ended by signal {result.signal}"
        return GuardEnd(exit_code=None, printed=printed, detail=why)
    return GuardEnd(exit_code=result.exit_code, printed=printed)
