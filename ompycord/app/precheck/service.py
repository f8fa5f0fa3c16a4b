"""Looks at all that a run needs; each look is a module beside this one, and none keeps another from being made."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from ompycord.app.precheck.lines import failing
from ompycord.app.precheck.repository_file import file_lines
from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.repository_file import REPOSITORY_FILE
from ompycord.domain.events import PrecheckLine
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId
from ompycord.domain.repository import AgentSpec, ConfinementLevel, RepositorySpec
from ompycord.domain.task import Task
from ompycord.errors import Refused, WorkspaceError
from ompycord.settings.repository_file import Configure
from ompycord.workspaces.preparing.base_reader import BaseReader, BaseView

__all__ = ["Precheck", "PrecheckParts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecheckParts:
    """What the looks are made with."""

    catalog: Catalog
    bases: BaseReader
    configure: Configure
    level: ConfinementLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """The run that is to start, or a repository alone."""

    repository: RepositorySpec
    agent: AgentSpec | None = None
    mode: str | None = None
    base: str | None = None
    former: Former | None = None


class Precheck:
    """Makes the lines."""

    def __init__(self, parts: PrecheckParts) -> None:
        self._parts = parts

    async def of_run(self, run: RunId, task: Task, former: Former | None) -> Sequence[PrecheckLine]:
        """Every line for a run, also those that are right."""
        catalog = self._parts.catalog
        try:
            repository = catalog.repository(task.repository)
            agent = next((one for one in catalog.agents if one.name == task.agent), None)
        except Refused:
            return ()  # the step says it
        request = _Request(repository=repository, agent=agent, mode=task.mode.value, base=task.branch, former=former)
        return [line async for line in self._lines(request)]

    async def of_repository(self, name: str) -> Sequence[PrecheckLine]:
        """Every line for a repository. Raises Refused for a name that the settings do not have."""
        return [line async for line in self._lines(_Request(repository=self._parts.catalog.repository(name)))]

    async def _lines(self, request: _Request) -> AsyncIterator[PrecheckLine]:
        try:
            view = await self._parts.bases.view(request.repository, base=request.base, former=request.former)
        except WorkspaceError as error:
            text, _, fix = str(error).partition(". ")
            yield failing("repository", f"{text}.", fix)
            return
        async for line in self._of_file(request, view):
            yield line

    async def _of_file(self, request: _Request, view: BaseView) -> AsyncIterator[PrecheckLine]:
        parts = self._parts
        try:
            raw = None if view.content.missing else await parts.bases.file(view, REPOSITORY_FILE)
        except WorkspaceError as error:
            yield failing(REPOSITORY_FILE, str(error), "")
            return
        configured, faults = parts.configure(request.repository, raw)
        lines = file_lines(
            configured, faults, is_there=raw is not None, agent=request.agent, mode=request.mode, level=parts.level
        )
        for line in lines:
            yield line
