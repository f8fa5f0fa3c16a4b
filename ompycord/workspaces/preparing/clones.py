"""Makes the clone of a run: at the base, or at the tip of the branch with which a follow-up goes on."""

import asyncio

from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.alternates import fill_submodules, make_bare, make_clone, source_exclude
from ompycord.workspaces.base import inspect_base, require_plain
from ompycord.workspaces.folders import make
from ompycord.workspaces.git import Git
from ompycord.workspaces.record import Folder, Record
from ompycord.workspaces.repositories import Repositories, Source
from ompycord.workspaces.run_folders import RunFolders, git_marker
from ompycord.workspaces.sessions import KeptSessions

__all__ = ["CloneMaker"]


class CloneMaker:
    """One clone for each run; an earlier one is removed first."""

    def __init__(self, *, git: Git, repositories: Repositories, folders: RunFolders, sessions: KeptSessions) -> None:
        self._git = git
        self._repositories = repositories
        self._folders = folders
        self._sessions = sessions

    async def make(
        self, run: RunId, repository: RepositorySpec, base_branch: str, former: Former | None, own: str
    ) -> tuple[Folder, Record, str | None]:
        """The folder, its record, and the session that a follow-up goes on in. Raises WorkspaceError, OSError."""
        path = self._folders.path(run)
        try:
            earlier, known = Folder.located(path)
        except WorkspaceError:  # a record that cannot be read names no repository
            earlier, known = Folder(path), None
        await self._folders.forget(run, earlier, known)
        await self._repositories.refresh(repository)
        source = await self._repositories.source(repository)
        marker = git_marker(run)
        branch = former.branch if former is not None else None
        if branch is not None:
            base = await self._followed(repository, source, branch)
        else:
            base = await self._repositories.base_commit(repository, source, base_branch)
        await self._repositories.hold_base(source, run, base, marker=marker)
        adopted = await self._sessions.adopt(former, run, objects=source.objects) if former is not None else None
        folder = Folder(path, work=adopted.work if adopted is not None else None)
        record = Record(
            repository=repository.name,
            base_commit=base,
            base_branch=base_branch,
            objects=source.objects,
            object_format=source.object_format,
            source=source.git_folder,
            branch=branch,
            first_base=former.first_base if former is not None and branch is not None else None,
            work=adopted.work.name if adopted is not None else None,
        )
        is_built = False
        try:
            content = await inspect_base(self._git, source.git_folder, base)
            require_plain(repository.name, branch or base_branch, content, git_folder=source.git_folder)
            record = record.model_copy(update={"submodules": content.submodules})
            await self._build(folder, record, branch or own, marker)
            is_built = True
        finally:
            if not is_built:
                await self._repositories.release_base(record, run)
        return folder, record, adopted.session if adopted else None

    async def _followed(self, repository: RepositorySpec, source: Source, branch: str) -> str:
        """The tip of the branch with which a follow-up goes on."""
        tip = await self._repositories.tip(repository, source, branch)
        if tip is None:
            raise WorkspaceError(
                f"{repository.name} has no branch {branch} any more, so there is nothing to follow up. "
                "Put it back and retry, or start a new run."
            )
        return tip

    async def _build(self, folder: Folder, record: Record, branch: str, marker: str) -> None:
        exclude = await asyncio.to_thread(source_exclude, record)
        make(folder.path)
        if folder.work != folder.path:
            await self._folders.clear(folder)
        folder.exclude.write_bytes(exclude)
        await make_bare(self._git, folder.result, record, marker=marker)
        await make_clone(self._git, folder.clone, record, branch=branch, exclude=exclude, marker=marker)
        await fill_submodules(self._git, folder.clone, record, parent=folder.path, marker=marker)
        await folder.write(record)
