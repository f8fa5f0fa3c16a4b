"""The run's clone, result, checkouts and branch: implements `Workspaces`, `WorkResults` and `Branches` with git.

Each run has one folder, `<folder>/<run id>/`, 0700; `record.Folder` lists its contents. Nothing here starts git in the
clone once an agent has been there.
"""

import asyncio
import errno
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.events import LeftOut, ResultGuarded
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Collected, Prepared, Published
from ompycord.domain.ports.guard import GuardRules
from ompycord.domain.ports.trees import ResultTrees, TreeEntry
from ompycord.domain.repository import RepositorySpec, former_branch_of
from ompycord.errors import ProcessFailed, WorkspaceError
from ompycord.processes.launcher_port import Launcher
from ompycord.workspaces.alternates import fill, fill_submodules, make_small
from ompycord.workspaces.collect import KEPT, Collector
from ompycord.workspaces.folders import is_real_folder, make, scratch, write_readable
from ompycord.workspaces.git import Git
from ompycord.workspaces.guarding.granted import FindGranted
from ompycord.workspaces.guarding.result_guard import ResultGuard
from ompycord.workspaces.locks import unlock
from ompycord.workspaces.preparing.base_reader import BaseReader, read_file_at
from ompycord.workspaces.preparing.clones import CloneMaker
from ompycord.workspaces.preparing.provided import provide
from ompycord.workspaces.preparing.rolling_back import put_back
from ompycord.workspaces.preparing.uncollected import Uncollected
from ompycord.workspaces.reading import FileCopy
from ompycord.workspaces.record import Folder, Record, Result
from ompycord.workspaces.repositories import Repositories
from ompycord.workspaces.run_folders import RunFolders, git_marker
from ompycord.workspaces.session_limits import SessionLimits
from ompycord.workspaces.sessions import KeptSessions
from ompycord.workspaces.takeover_lock import forget_lock, is_locked, was_locked
from ompycord.workspaces.trees import commit_of_tree, trees_of

__all__ = ["GitWorkspaces"]

_SESSIONS: Final = SessionLimits()
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class GitWorkspaces:
    """All methods may be repeated after a crash at any point. One call at a time for each run."""

    def __init__(
        self, *, folder: Path, repositories: Path, git: Git, launcher: Launcher, sessions: SessionLimits = _SESSIONS
    ) -> None:
        """`folder` holds the runs, `repositories` the caches of addresses; both are made when needed."""
        self._folder = folder
        self._git = git
        self._repositories = Repositories(folder=repositories, git=git)
        self._collector = Collector(git=git, launcher=launcher)
        self._guard = ResultGuard(git=git, launcher=launcher)
        self.sessions = KeptSessions(folder, sessions)
        self.bases = BaseReader(git=git, repositories=self._repositories)
        self._folders = RunFolders(folder, repositories=self._repositories, sessions=self.sessions)
        self._clones = CloneMaker(
            git=git, repositories=self._repositories, folders=self._folders, sessions=self.sessions
        )

    async def prepare(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        base: str | None,
        former: Former | None = None,
        branch: str | None = None,
    ) -> Prepared:
        """See the port. The clone has no remote. Without a name its branch has that of the run's short id.

        That of a follow-up is on the branch with which it goes on. In a kept session it lies where that session's first
        clone was.
        """
        with _in_words():
            own = branch or former_branch_of(repository.branch_prefix, run)
            made = await self._clones.make(run, repository, base or repository.base, former, own)
        folder, record, session = made
        return _prepared(folder, record).model_copy(update={"session": session})

    async def tip(self, repository: RepositorySpec, branch: str) -> str | None:
        """See the port `Branches`. An address is not fetched for it."""
        with _in_words():
            source = await self._repositories.source(repository)
            return await self._repositories.tip(repository, source, branch)

    async def workspace(self, run: RunId) -> Prepared | None:
        """See the port."""
        folder, record = self._folders.place(run)
        return _prepared(folder, record) if record is not None and is_real_folder(folder.clone) else None

    async def write_file(self, run: RunId, name: str, data: bytes) -> Path:
        """See the port."""
        folder, _ = self._folders.recorded(run)
        with _in_words():
            await asyncio.to_thread(write_readable, folder.files, name, data)
        return folder.files

    async def is_taken_over(self, run: RunId) -> bool:
        """See the port."""
        return is_locked(self._folders.place(run)[0])

    async def was_taken_over(self, run: RunId) -> bool:
        """See the port."""
        return was_locked(self._folders.place(run)[0])

    async def forget_takeover(self, run: RunId) -> None:
        """See the port."""
        forget_lock(self._folders.place(run)[0])

    async def set_aside(self, run: RunId, why: str) -> str:
        """See the port."""
        folder, record = self._folders.recorded(run)
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
        rules: GuardRules | None = None,
    ) -> Collected:
        """See the port.

        Files that `.gitignore` names are not included; once the clone is gone, the last result stays.
        """
        folder, record = self._folders.recorded(run)
        if record.set_aside is not None:
            raise WorkspaceError(f"The clone of this run was set aside. {record.set_aside}")
        if record.result is not None and not is_real_folder(folder.clone):
            return _collected(folder, record.result)
        with _in_words():
            await self._folders.end_strays(run)
            await asyncio.to_thread(unlock, folder.result, "*.lock", "refs/**/*.lock")
            result = await self._collector.collect(
                folder, record, message=message, co_author=co_author, run=run, granted=granted
            )
            result = await self._kept(folder, record, result, run)
            guarded = await self._guarded(folder, record, result, run, rules)
            if guarded is not None and guarded.findings:
                await self._collector.set_back(folder, record, run)
                return _collected(folder, record.result or Result(commit=None), guarded)
            await folder.write(record.model_copy(update={"result": result, "moved": None}))
        return _collected(folder, result, guarded)

    async def _guarded(
        self, folder: Folder, record: Record, result: Result, run: RunId, rules: GuardRules | None
    ) -> ResultGuarded | None:
        if rules is None or result.commit is None:
            return None
        ends = {"base": record.base_commit, "commit": result.commit}
        return await self._guard.inspect(folder, run, rules=rules, **ends)

    async def _kept(self, folder: Folder, record: Record, result: Result, run: RunId) -> Result:
        """The result with the refs under which the repository keeps what is not in it."""
        before = record.result.left_out if record.result is not None else ()
        if not any(piece.ref for piece in (*before, *result.left_out)):
            return result
        kept = await self._repositories.keep(record, run, result=folder.result, marker=git_marker(run))
        pieces = [
            piece.model_copy(update={"ref": piece.ref.replace(KEPT, kept, 1)}) if piece.ref else piece
            for piece in result.left_out
        ]
        return result.model_copy(update={"left_out": tuple(pieces)})

    async def result(self, run: RunId) -> Collected | None:
        """See the port."""
        folder, record = self._folders.place(run)
        return None if record is None or record.result is None else _collected(folder, record.result)

    async def trees(self, run: RunId) -> ResultTrees:
        """See the port. Read from the objects of `result.git`, never from a folder of the agent."""
        folder, record = self._folders.recorded(run)
        with _in_words():
            base, result = _base(record), _commit(record)
            if await self._git.commit_of(base, cwd=folder.result) is None:
                raise WorkspaceError(
                    f"The commit {base[:12]} from which the first run on {record.branch} started is gone, so nothing "
                    "proves that existing tests are as they were."
                )
            return await trees_of(self._git, folder.result, base=base, result=result, marker=git_marker(run))

    async def base_file(self, run: RunId, path: str) -> bytes | None:
        """See the port."""
        folder, record = self._folders.recorded(run)
        with _in_words():
            return await read_file_at(self._git, folder.result, _base(record), path)

    async def roll_back(
        self, run: RunId, commit: str, *, branch: str, key: str, granted: FindGranted | None = None
    ) -> Collected:
        """See the port."""
        folder, record = self._folders.recorded(run)
        with _in_words():
            await self._folders.end_strays(run)
            await asyncio.to_thread(unlock, folder.result, "*.lock", "refs/**/*.lock")
            record = await put_back(
                *(self._git, self._collector, folder, record),
                run=run,
                commit=commit,
                branch=branch,
                key=key,
                granted=granted,
            )
            await folder.write(record)
        left = record.put_back.left if record.put_back is not None else ()
        return _collected(folder, record.result or Result(commit=None)).model_copy(update={"left_out": left})

    async def keep_uncollected(self, run: RunId, *, granted: FindGranted | None) -> tuple[LeftOut, ...]:
        """Name what the clone of a run that is over holds that no result has, each piece with the ref that keeps it.

        The refs are in the run's `result.git`. One without a ref could not be kept, such as for a secret that `granted`
        finds. Idempotent. Raises WorkspaceError.
        """
        folder, record = self._folders.place(run)
        if record is None or record.set_aside is not None:
            return ()
        with _in_words():
            await self._folders.end_strays(run)
            await asyncio.to_thread(unlock, folder.result, "*.lock", "refs/**/*.lock")
            return await Uncollected(self._git, self._collector, folder, run).keep(record, granted)

    @asynccontextmanager
    async def checkout(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        with_git: bool = False,
        tree: Mapping[str, TreeEntry] | None = None,
    ) -> AsyncGenerator[Path]:
        """See the port. Each is written anew from git's objects, and shares no file with another.

        Beside it is room for a HOME (see `launcher_port.Layout`).
        """
        folder, record = self._folders.recorded(run)
        commit = _commit(record)
        async with scratch(folder.path, "checkout-") as layout:
            place = layout / "tree"
            with _in_words():
                if tree is not None:
                    commit = await commit_of_tree(self._git, folder.result, commit, tree, marker=git_marker(run))
                if with_git:
                    await make_small(self._git, place, record, folder.result, commit, marker=git_marker(run))
                else:
                    make(place)
                    await fill(self._git, place, commit, git_folder=folder.result, marker=git_marker(run))
                await fill_submodules(self._git, place, record, parent=layout, marker=git_marker(run))
                if record.setup is not None:
                    await asyncio.to_thread(provide, place, record.setup)
            yield place

    @asynccontextmanager
    async def copy(self, run: RunId, repository: RepositorySpec) -> AsyncGenerator[FileCopy]:
        """See the port."""
        _, record = self._folders.recorded(run)
        async with self.checkout(run, repository, with_git=True) as path:
            yield await FileCopy.of(path, _commit(record))

    async def publish(self, run: RunId, repository: RepositorySpec, *, branch: str) -> Published:
        """See the port. `Published.branch` is `<branch>-2` … `-9` where the name holds other work.

        For an address the branch lies in our cache of it, `<repositories>/<name>.git`.
        """
        folder, record = self._folders.recorded(run)
        commit = record.result.commit if record.result is not None else None
        if commit is None:
            return Published(branch=None)
        with _in_words():
            await self._folders.end_strays_of_before(run)
            await self._guard.require_manifest(folder, run, base=record.base_commit, commit=commit)
            publication = await self._repositories.publish(
                repository, record, result=folder.result, commit=_commit(record), branch=branch, marker=git_marker(run)
            )
            await folder.write(record.model_copy(update={"published": publication}))
        return Published(branch=publication.branch, commit=publication.commit)

    async def keep_session(
        self, run: RunId, *, grants: Sequence[Path], granted: FindGranted | None, at: Millis
    ) -> bool:
        """See the port. The HOME of a run whose clone was set aside is not kept."""
        folder, record = self._folders.place(run)
        if record is None or record.set_aside is not None:
            return False
        with _in_words():
            await self._folders.end_strays_of_before(run)
            return await self.sessions.keep(folder, grants=grants, granted=granted, at=at)

    async def discard(self, run: RunId) -> None:
        """See the port. A collected result, its diff, the record and a kept session stay; nothing else does."""
        with _in_words():
            folder, record = self._folders.place(run)
            if record is None or record.work is not None:
                await self.sessions.release(run)
            if record is not None and record.set_aside is not None:
                await self.sessions.drop(folder)
            has_session = self.sessions.is_kept(folder)
            holds = record is not None and (record.result is not None or record.set_aside is not None)
            if record is None or not (holds or has_session or folder.has_left):
                await self._folders.forget(run, folder, record)
                return
            await self._folders.end_strays_of_before(run)
            await self._folders.clear(folder, keeps_clone=record.set_aside is not None)
            if record.set_aside is None:
                await self._repositories.release_base(record, run)


def _base(record: Record) -> str:
    """With what the result is compared: that of the first run of its chain, or where it was put since."""
    return record.moved.onto if record.moved is not None else record.first_base or record.base_commit


def _commit(record: Record) -> str:
    """What was collected, or the base where nothing was."""
    if record.moved is not None:
        return record.moved.commit
    return (record.result.commit if record.result is not None else None) or record.base_commit


def _prepared(folder: Folder, record: Record) -> Prepared:
    return Prepared(path=folder.clone, base_commit=record.base_commit, base_branch=record.base_branch)


def _collected(folder: Folder, result: Result, guarded: ResultGuarded | None = None) -> Collected:
    diff = folder.diff if result.commit is not None else None
    return Collected(
        commit=result.commit,
        files=result.files,
        total=result.total,
        diff=diff,
        left_out=result.left_out,
        taken=result.taken,
        guarded=guarded,
    )


@contextmanager
def _in_words() -> Generator[None]:
    """Turns an error of the system into a WorkspaceError."""
    try:
        yield
    except ProcessFailed as error:
        raise WorkspaceError(str(error)) from error
    except OSError as error:
        advice = "Free the disk" if error.errno in _FULL else "Fix the permissions on the data folder"
        raise WorkspaceError(f"The workspace cannot be written: {error.strerror}. {advice}, then retry.") from error
