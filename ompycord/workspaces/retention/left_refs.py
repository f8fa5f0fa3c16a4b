"""Refs that runs at work need in the repositories of the configuration, and that are gone with them.

A crash can leave one of a run that has ended. Those of runs that nobody here knows are left alone: another data folder
may work on the same repository.
"""

from collections.abc import Awaitable, Callable, Sequence

from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.telemetry import get_logger
from ompycord.workspaces.repositories import Repositories

__all__ = ["LeftRefs"]

log = get_logger(__name__)


class LeftRefs:
    """Those of all repositories."""

    def __init__(self, *, repositories: Repositories, specs: Sequence[RepositorySpec]) -> None:
        self._repositories = repositories
        self._specs = specs

    async def prune(self, is_over: Callable[[RunId], Awaitable[bool]]) -> None:
        """Remove those of runs that are over. A repository that is not there has none; raises StorageError."""
        for spec in self._specs:
            try:
                for run, refs in (await self._repositories.runs_with_refs(spec)).items():
                    if await is_over(RunId(run)):
                        log.info("recovery.refs", run=run, repository=spec.name, refs=list(refs))
                        await self._repositories.forget_refs(spec, refs)
            except WorkspaceError as error:  # prechecks say what is wrong with it
                log.info("recovery.no_repository", repository=spec.name, cause=str(error))
