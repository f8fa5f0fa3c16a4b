"""Merges results of one repository on trial, by git's objects alone: implements `TrialMerges`.

Nothing is checked out, and what git writes while it merges goes into a folder that is deleted: neither the repository
nor the result of a run gets an object, and no filter, hook or merge driver of a result runs (git-merge-tree(1)).
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ompycord.domain.ids import RunId
from ompycord.domain.ports.following import MergedOnTrial, ResultPlace
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ProcessFailed, WorkspaceError
from ompycord.processes import Completed
from ompycord.text import clean
from ompycord.workspaces.folders import is_real_folder, remove, scratch
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.publishing.forge_pushes import ForgePushes
from ompycord.workspaces.record import Folder
from ompycord.workspaces.repositories import Repositories

__all__ = ["GitTrialMerges"]

_SCRATCH: Final = "overlap-"
_MARKER: Final = "overlaps"
_CONFLICT: Final = 1
"""The exit code of a merge that leaves conflicts; any other is a failure (git-merge-tree(1), *EXIT STATUS*)."""


class GitTrialMerges:
    """For the runs below `folder`. `pushes` reaches forges."""

    def __init__(self, folder: Path, *, repositories: Path, git: Git, pushes: ForgePushes) -> None:
        self._folder = folder
        self._repositories = Repositories(folder=repositories, git=git)
        self._git = git
        self._pushes = pushes
        self._is_swept = False
        """Whether what a crash of an earlier process left is gone."""

    async def result(self, run: RunId) -> ResultPlace | None:
        """See the port."""
        try:
            folder, record = await asyncio.to_thread(Folder.located, self._folder / run)
        except (WorkspaceError, OSError):
            return None
        if record is None or record.result is None or record.result.commit is None:
            return None
        commit = record.moved.commit if record.moved is not None else record.result.commit
        return ResultPlace(commit, run) if is_real_folder(folder.result) else None

    async def fetch(self, repository: RepositorySpec, pulls: Mapping[int, str]) -> frozenset[int]:
        """See the port."""
        return await self._pushes.heads(repository, pulls) if pulls and repository.forge is not None else frozenset()

    async def merge(self, repository: RepositorySpec, one: ResultPlace, other: ResultPlace) -> MergedOnTrial | None:
        """See the port."""
        try:
            return await self._merge(repository, one, other)
        except (ProcessFailed, OSError) as error:  # its folder went meanwhile, or the disk is full
            raise WorkspaceError(f"{repository.name}: git could not merge on trial. {error}") from error

    async def _merge(self, repository: RepositorySpec, one: ResultPlace, other: ResultPlace) -> MergedOnTrial | None:
        source = await self._repositories.source(repository)
        runs = [self._folder / place.run / "result.git" for place in (one, other) if place.run is not None]
        if not all(is_real_folder(place) for place in runs):
            return None
        if not self._is_swept:
            for left in await asyncio.to_thread(_left_behind, self._folder):
                await remove(left)
            self._is_swept = True
        at = runs[0] if runs else source.git_folder
        async with scratch(self._folder, _SCRATCH) as room:
            env = {
                "GIT_OBJECT_DIRECTORY": str(room),
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": _listed([*(place / "objects" for place in runs), source.objects]),
            }
            return await _Trial(self._git, at, env).merged(one.commit, other.commit)


class _Trial:
    """Git in a repository, with the objects of others beside its own, and none written to it."""

    def __init__(self, git: Git, at: Path, env: Mapping[str, str]) -> None:
        self._git = git
        self._at = at
        self._env = env

    async def merged(self, one: str, other: str) -> MergedOnTrial | None:
        bases = await self._run("merge-base", "--all", one, other)
        base = bases.stdout.decode("ascii", "replace").split()
        if not bases.is_success or not base:
            return None
        changed = [await self._changed(base[0], commit) for commit in (one, other)]
        if any(paths is None for paths in changed):
            return None
        both = frozenset(changed[0] or ()) & frozenset(changed[1] or ())
        done = await self._run("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", one, other)
        if done.is_success:
            return MergedOnTrial(both=_shown(both))
        if done.exit_code != _CONFLICT:
            return None
        return MergedOnTrial(both=_shown(both), conflicts=_shown(done.stdout.split(b"\0")[1:]))

    async def _changed(self, base: str, commit: str) -> list[bytes] | None:
        words = ("diff-tree", "-r", "--name-only", "--no-renames", "--no-ext-diff", "-z", base, commit)
        listed = await self._run(*words)
        return listed.stdout.split(b"\0") if listed.is_success and not listed.was_cut else None

    async def _run(self, *words: str) -> Completed:
        return await self._git.attempt(*words, cwd=self._at, marker=_MARKER, env=self._env, timeout_s=TRANSFER_S)


def _left_behind(folder: Path) -> list[Path]:
    return list(folder.glob(f"{_SCRATCH}*"))


def _shown(paths: Sequence[bytes] | frozenset[bytes]) -> tuple[str, ...]:
    """Names as text, cleaned; bytes that are no text are replaced."""
    found = {clean(path.decode("utf-8", "replace")) for path in paths if path}
    return tuple(sorted(path for path in found if path))


def _listed(folders: Sequence[Path]) -> str:
    """Folders for git's variable, where `:` separates them and quotes protect what they hold (git(1))."""
    return ":".join('"' + str(folder).replace("\\", "\\\\").replace('"', '\\"') + '"' for folder in folders)
