"""Looks at all that a run needs; each look is a module beside this one, and none keeps another from being made."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ompycord.app.forges.access import OpenForge
from ompycord.app.mode import DiskUsage
from ompycord.app.precheck.agent_lines import agent_line, credential_lines
from ompycord.app.precheck.forge_lines import forge_lines
from ompycord.app.precheck.lines import failing
from ompycord.app.precheck.machine_lines import disk_line, sandbox_lines, tool_lines
from ompycord.app.precheck.provider_lines import Providers
from ompycord.app.precheck.repository_file import file_lines
from ompycord.app.precheck.repository_lines import reach_line, repository_lines
from ompycord.app.precheck.service_lines import service_lines
from ompycord.domain.base import Millis
from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.repository_file import REPOSITORY_FILE, Configured, FileFault
from ompycord.domain.events import PrecheckLine
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId
from ompycord.domain.repository import AgentSpec, ConfinementLevel, RepositorySpec
from ompycord.domain.task import Task
from ompycord.errors import OmpycordError, Refused, WorkspaceError
from ompycord.settings.repository_file import Configure
from ompycord.workspaces.preparing.base_reader import BaseFault, BaseReader, BaseView

__all__ = ["Precheck", "PrecheckParts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecheckParts:
    """What the looks are made with."""

    catalog: Catalog
    bases: BaseReader
    configure: Configure
    level: ConfinementLevel
    remedy: str
    """What raises the level, as a sentence; empty where nothing does."""
    environ: Mapping[str, str]
    """The bot's environment."""
    usage: Callable[[], DiskUsage]
    """Of the disk with the data folder."""
    set_up_size: Callable[[str], int]
    """Bytes of the largest set-up of a repository that is kept."""
    providers: Providers
    now_ms: Callable[[], Millis]
    open_forge: OpenForge | None = None
    """A connection to a repository's forge; None where none is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """The run that is to start, or a repository alone."""

    repository: RepositorySpec
    agents: tuple[AgentSpec, ...] = ()
    mode: str | None = None
    base: str | None = None
    former: Former | None = None
    is_recorded: bool = False
    is_refined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What the base says of the run."""

    configured: Configured
    faults: tuple[FileFault, ...] = ()
    is_there: bool = False
    size: int = 0


class Precheck:
    """Makes the lines."""

    def __init__(self, parts: PrecheckParts) -> None:
        self._parts = parts

    async def of_run(self, run: RunId, task: Task, former: Former | None) -> Sequence[PrecheckLine]:
        """Every line for a run, also those that are right."""
        catalog = self._parts.catalog
        try:
            repository = catalog.repository(task.repository)
        except Refused:
            return ()  # the step says it
        agents = tuple(one for one in catalog.agents if one.name == task.agent)
        request = _Request(
            repository=repository,
            agents=agents,
            mode=task.mode.value,
            base=task.branch,
            former=former,
            is_recorded=task.record,
            is_refined=task.refine,
        )
        return [line async for line in self._lines(request)]

    async def of_repository(self, name: str) -> Sequence[PrecheckLine]:
        """Every line for a repository with each of its agents. Raises Refused for an unknown name."""
        repository = self._parts.catalog.repository(name)
        request = _Request(repository=repository, agents=self._parts.catalog.agents_for(repository))
        return [line async for line in self._lines(request)]

    async def _lines(self, request: _Request) -> AsyncIterator[PrecheckLine]:
        base = _Base(configured=Configured(repository=request.repository))
        try:
            view = await self._parts.bases.view(request.repository, base=request.base, former=request.former)
        except BaseFault as fault:
            yield reach_line(fault)
        except OmpycordError as error:
            yield failing("repository", str(error), "")
        else:
            for line in repository_lines(request.repository, view):
                yield line
            try:
                base = await self._base(request, view)
            except WorkspaceError as error:
                yield failing(REPOSITORY_FILE, str(error), "")
        for line in self._by_hand(request, base):
            yield line
        if self._parts.open_forge is not None:
            async for line in forge_lines(request.repository, self._parts.open_forge, self._parts.now_ms()):
                yield line
        for agent in request.agents:
            configured = base.configured.agent(agent)
            for line in await self._parts.providers.line(configured):
                yield line
            for line in self._parts.providers.tape_line(configured) if request.is_recorded else ():
                yield line

    async def _base(self, request: _Request, view: BaseView) -> _Base:
        raw = None if view.content.missing else await self._parts.bases.file(view, REPOSITORY_FILE)
        configured, faults = self._parts.configure(request.repository, raw)
        return _Base(configured=configured, faults=faults, is_there=raw is not None, size=view.size)

    def _by_hand(self, request: _Request, base: _Base) -> Iterator[PrecheckLine]:
        """What needs nothing but this machine."""
        parts, configured = self._parts, base.configured
        repository, path = configured.repository, parts.environ.get("PATH", "")
        if request.is_refined:
            yield from parts.providers.refining_line()
        yield from file_lines(
            configured,
            base.faults,
            is_there=base.is_there,
            agents=request.agents,
            mode=request.mode,
            level=parts.level,
        )
        yield from credential_lines(repository, request.agents, parts.environ, parts.now_ms())
        for agent in request.agents:
            yield agent_line(agent, path)
        yield from sandbox_lines(
            [configured.agent(one) for one in request.agents], repository.setup, parts.level, parts.remedy
        )
        yield from tool_lines(repository, path)
        yield from service_lines(repository.services, path, parts.level)
        set_up = parts.set_up_size(repository.name) if repository.setup else 0
        yield disk_line(parts.usage(), size=base.size, set_up=set_up)
