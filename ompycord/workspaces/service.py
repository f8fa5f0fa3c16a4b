"""The run's clone, result, checkouts and branch: implements the ports `Workspaces` and `WorkResults` with git.

Each run has one folder, `<folder>/<run id>/`, 0700; `record.Folder` lists its contents. Nothing here starts git in the
clone once an agent has been there.
"""

import asyncio
import errno
import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

from ompycord.domain.ids import RunId, is_ulid, short_id
from ompycord.domain.ports import Collected, Prepared, Published
from ompycord.domain.ports.trees import ResultTrees
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ProcessFailed, WorkspaceError
from ompycord.processes import kill_strays
from ompycord.processes.launcher_port import Launcher
from ompycord.workspaces.alternates import fill, fill_submodules, make_bare, make_clone, make_small
from ompycord.workspaces.base import inspect_base, require_plain
from ompycord.workspaces.collect import KEPT, Collector
from ompycord.workspaces.folders import is_real_folder, remove, scratch
from ompycord.workspaces.git import Git
from ompycord.workspaces.guard import FindGranted
from ompycord.workspaces.locks import unlock
from ompycord.workspaces.record import Folder, Record, Result
from ompycord.workspaces.repositories import Repositories
from ompycord.workspaces.takeover_lock import is_locked
from ompycord.workspaces.trees import trees_of

__all__ = ["GitWorkspaces"]

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class GitWorkspaces:
    """All methods may be repeated after a crash at any point. One call at a time for each run."""

    def __init__(self, *, folder: Path, repositories: Path, git: Git, launcher: Launcher) -> None:
        """`folder` holds the runs, `repositories` the caches of addresses; both are made when needed."""
        self._folder = folder
        self._git = git
        self._repositories = Repositories(folder=repositories, git=git)
        self._collector = Collector(git=git, launcher=launcher)

    async def prepare(self, run: RunId, repository: RepositorySpec, *, base: str | None) -> Prepared:
        """See the port. The clone is on a branch of its own, `ompycord/<short id>`, and has no remote."""
        with _in_words():
            return await self._prepare(run, repository, base or repository.base)

    async def _prepare(self, run: RunId, repository: RepositorySpec, branch: str) -> Prepared:
        folder = self._place(run)
        await self._forget(run, folder)
        await self._repositories.refresh(repository)
        source = await self._repositories.source(repository)
        marker = _marker(run)
        base = await self._repositories.base_commit(repository, source, branch)
        await self._repositories.hold_base(source, run, base, marker=marker)
        record = Record(
            repository=repository.name,
            base_commit=base,
            base_branch=branch,
            objects=source.objects,
            object_format=source.object_format,
            source=source.git_folder,
        )
        is_built = False
        try:
            content = await inspect_base(self._git, source.git_folder, base)
            require_plain(repository.name, branch, content, git_folder=source.git_folder)
            record = record.model_copy(update={"submodules": content.submodules})
            await self._build(folder, record, run, marker)
            is_built = True
        finally:
            if not is_built:
                await self._repositories.release_base(record, run)
        return _prepared(folder, record)

    async def _build(self, folder: Folder, record: Record, run: RunId, marker: str) -> None:
        exclude = await asyncio.to_thread(_source_exclude, record)
        _make(folder.path)
        folder.exclude.write_bytes(exclude)
        await make_bare(self._git, folder.result, record, marker=marker)
        branch = f"ompycord/{short_id(run)}"
        await make_clone(self._git, folder.clone, record, branch=branch, exclude=exclude, marker=marker)
        await fill_submodules(self._git, folder.clone, record, parent=folder.path, marker=marker)
        await folder.write(record)

    async def workspace(self, run: RunId) -> Prepared | None:
        """See the port."""
        folder = self._place(run)
        record = folder.read()
        return _prepared(folder, record) if record is not None and is_real_folder(folder.clone) else None

    async def write_file(self, run: RunId, name: str, data: bytes) -> Path:
        """See the port."""
        folder, _ = self._recorded(run)
        with _in_words():
            await asyncio.to_thread(_write_file, folder.files, name, data)
        return folder.files

    async def is_taken_over(self, run: RunId) -> bool:
        """See the port."""
        return is_locked(self._place(run))

    async def set_aside(self, run: RunId, why: str) -> str:
        """See the port."""
        folder, record = self._recorded(run)
        with _in_words():
            await folder.write(record.model_copy(update={"set_aside": why}))
        place = folder.clone.relative_to(self._folder.parent)
        return f"Nothing of it was published; its clone is kept in {place} of the data folder."

    async def collect(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        message: str,
        co_author: str | None = None,
        granted: FindGranted | None = None,
    ) -> Collected:
        """See the port.

        Files that `.gitignore` names are not included; once the clone is gone, the last result stays.
        """
        folder, record = self._recorded(run)
        if record.set_aside is not None:
            raise WorkspaceError(f"The clone of this run was set aside. {record.set_aside}")
        if record.result is not None and not is_real_folder(folder.clone):
            return _collected(folder, record.result)
        with _in_words():
            await self._kill_strays(run)
            await asyncio.to_thread(unlock, folder.result, "*.lock", "refs/**/*.lock")
            result = await self._collector.collect(
                folder, record, message=message, co_author=co_author, run=run, granted=granted
            )
            result = await self._kept(folder, record, result, run)
            await folder.write(record.model_copy(update={"result": result}))
        return _collected(folder, result)

    async def _kept(self, folder: Folder, record: Record, result: Result, run: RunId) -> Result:
        """The result with the refs under which the repository keeps what is not in it."""
        before = record.result.left_out if record.result is not None else ()
        if not any(piece.ref for piece in (*before, *result.left_out)):
            return result
        kept = await self._repositories.keep(record, run, result=folder.result, marker=_marker(run))
        pieces = [
            piece.model_copy(update={"ref": piece.ref.replace(KEPT, kept, 1)}) if piece.ref else piece
            for piece in result.left_out
        ]
        return result.model_copy(update={"left_out": tuple(pieces)})

    async def result(self, run: RunId) -> Collected | None:
        """See the port."""
        folder = self._place(run)
        record = folder.read()
        return None if record is None or record.result is None else _collected(folder, record.result)

    async def trees(self, run: RunId) -> ResultTrees:
        """See the port. Read from the objects of `result.git`, never from a folder of the agent."""
        folder, record = self._recorded(run)
        with _in_words():
            base, result = record.base_commit, _commit(record)
            return await trees_of(self._git, folder.result, base=base, result=result, marker=_marker(run))

    @asynccontextmanager
    async def checkout(self, run: RunId, repository: RepositorySpec, *, with_git: bool = False) -> AsyncGenerator[Path]:
        """See the port. Each is written anew from git's objects, and shares no file with another.

        Beside it is room for a HOME (see `launcher_port.Layout`).
        """
        folder, record = self._recorded(run)
        commit = _commit(record)
        async with scratch(folder.path, "checkout-") as layout:
            tree = layout / "tree"
            with _in_words():
                if with_git:
                    await make_small(self._git, tree, record, folder.result, commit, marker=_marker(run))
                else:
                    _make(tree)
                    await fill(self._git, tree, commit, git_folder=folder.result, marker=_marker(run))
                await fill_submodules(self._git, tree, record, parent=layout, marker=_marker(run))
            yield tree

    async def publish(self, run: RunId, repository: RepositorySpec, *, branch: str) -> Published:
        """See the port. `Published.branch` is `<branch>-2` … `-9` where the name holds other work.

        For an address the branch lies in our cache of it, `<repositories>/<name>.git`.
        """
        folder, record = self._recorded(run)
        commit = record.result.commit if record.result is not None else None
        if commit is None:
            return Published(branch=None)
        with _in_words():
            await kill_strays(_marker(run))
            publication = await self._repositories.publish(
                repository, record, result=folder.result, commit=commit, branch=branch, marker=_marker(run)
            )
            await folder.write(record.model_copy(update={"published": publication}))
        return Published(branch=publication.branch, commit=publication.commit)

    async def discard(self, run: RunId) -> None:
        """See the port. A collected result, its diff and the record stay; nothing else does."""
        folder = self._place(run)
        with _in_words():
            record = folder.read()
            if record is None or (record.result is None and record.set_aside is None):
                await self._forget(run, folder)
                return
            await self._kill_strays(run)
            for entry in _entries(folder.path):
                if not folder.is_kept(entry) and not (record.set_aside and entry == folder.clone):
                    await remove(entry)
            if record.set_aside is None:
                await self._repositories.release_base(record, run)

    async def _forget(self, run: RunId, folder: Folder) -> None:
        await self._kill_strays(run)
        with suppress(WorkspaceError):  # a record that cannot be read names no repository
            if (record := folder.read()) is not None:
                await self._repositories.release_base(record, run)
        await remove(folder.path)

    async def _kill_strays(self, run: RunId) -> None:
        """Kills what a crash or an agent left running: it would continue to write."""
        await kill_strays(run, _marker(run))

    def _place(self, run: RunId) -> Folder:
        if not is_ulid(run):
            raise WorkspaceError("A run's folder has the name of its id, which is a ULID.")
        return Folder(self._folder / run)

    def _recorded(self, run: RunId) -> tuple[Folder, Record]:
        folder = self._place(run)
        record = folder.read()
        if record is None:
            raise WorkspaceError("This run has no workspace. Start the run again.")
        return folder, record


def _commit(record: Record) -> str:
    """What was collected, or the base where nothing was."""
    return (record.result.commit if record.result is not None else None) or record.base_commit


def _marker(run: RunId) -> str:
    """Marks our own git, so that the end of an agent does not end it."""
    return f"{run}.git"


def _prepared(folder: Folder, record: Record) -> Prepared:
    return Prepared(path=folder.clone, base_commit=record.base_commit, base_branch=record.base_branch)


def _collected(folder: Folder, result: Result) -> Collected:
    diff = folder.diff if result.commit is not None else None
    return Collected(
        commit=result.commit,
        files=result.files,
        total=result.total,
        diff=diff,
        left_out=result.left_out,
        taken=result.taken,
    )


@contextmanager
def _in_words() -> Generator[None]:
    """Turns an error of the system into a WorkspaceError."""
    try:
        yield
    except ProcessFailed as error:
        raise WorkspaceError(str(error)) from error
    except OSError as error:
        advice = "Free the disk" if error.errno in _FULL else "Mend the rights on the data folder"
        raise WorkspaceError(f"The workspace cannot be written: {error.strerror}. {advice}, then retry.") from error


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)


def _source_exclude(record: Record) -> bytes:
    """What the operator keeps out of the repository on this machine alone (gitignore(5))."""
    try:
        return (record.source / "info/exclude").read_bytes() if record.source is not None else b""
    except OSError:
        return b""


def _write_file(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    new = folder / f".{name}.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(data)
    new.replace(folder / name)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())
