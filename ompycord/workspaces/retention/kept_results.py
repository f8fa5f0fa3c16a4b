"""Results of ended runs in their folders: how large they are, which are due to go, and the archive before that.

A result that is on a branch of its repository is only removed here; of any other a bundle and the diff are archived
first. What a person set aside, a clone, and a session that is kept make a folder stay.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId, is_ulid
from ompycord.errors import OmpycordError, WorkspaceError
from ompycord.workspaces.alternates import BASE_REF
from ompycord.workspaces.collecting.request import KEPT
from ompycord.workspaces.folders import is_real_folder, make, remove
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.record import LEFT, Folder, Record
from ompycord.workspaces.repositories import RESULT_REF, Repositories
from ompycord.workspaces.run_folders import git_marker
from ompycord.workspaces.session_limits import SessionLimits

__all__ = ["KeptResult", "KeptResults", "due_results", "surveyed"]

_DAY_MS: Final = 86_400_000
_MIB: Final = 1_048_576


class KeptResult(NamedTuple):
    """The folder of a run that is over."""

    run: RunId
    at: Millis
    """When it was written last."""
    size: int
    is_on_branch: bool
    """Whether all that it keeps is on a branch of its repository, or it keeps nothing."""


def surveyed(folder: Path) -> tuple[KeptResult, ...]:
    """Those that may go, oldest first. Blocks, for a walk through all of them."""
    if not folder.is_dir():
        return ()
    found = (_kept(path) for path in folder.iterdir() if is_ulid(path.name) and is_real_folder(path))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.at))


def _kept(path: Path) -> KeptResult | None:
    place = Folder(path)
    try:
        record = place.read()
        at = int((path / "meta.json").stat().st_mtime * 1000)
    except (OmpycordError, OSError):  # damaged, or not made yet: a person or the next start looks at it
        return None
    if record is None or record.set_aside is not None or record.kept is not None or place.clone.exists():
        return None
    return KeptResult(RunId(path.name), at, _size(path), _is_on_branch(record) and not _has_more(place))


def _is_on_branch(record: Record) -> bool:
    """What was collected after it was published, such as in a round after going back, is on none."""
    commit = record.result.commit if record.result is not None else None
    latest = record.moved.commit if record.moved is not None else commit
    return latest is None or (record.published is not None and record.published.commit == latest)


def _has_more(place: Folder) -> bool:
    """Whether it keeps work beside the result."""
    return place.has_left or any(path.is_file() for path in (place.result / KEPT).rglob("*"))


def _size(path: Path) -> int:
    total = 0
    for at, _, names in os.walk(path):
        for name in names:
            try:
                total += Path(at, name).lstat().st_blocks * 512
            except OSError:
                continue
    return total


def due_results(kept: Sequence[KeptResult], limits: SessionLimits, now: Millis) -> tuple[KeptResult, ...]:
    """Those that are older than `results_days`, and the oldest while all take more than `results_mib`."""
    over = sum(one.size for one in kept) - limits.results_mib * _MIB
    due: list[KeptResult] = []
    for one in kept:
        is_old = limits.results_days > 0 and now - one.at >= limits.results_days * _DAY_MS
        if is_old or over > 0:
            due.append(one)
            over -= one.size
    return tuple(due)


class KeptResults:
    """Archives and removes them."""

    def __init__(self, *, folder: Path, archive: Path, git: Git, repositories: Repositories) -> None:
        """`folder` has the folders of runs; what is on no branch goes to `<archive>/<run>` first."""
        self.folder = folder
        self._archive = archive
        self._git = git
        self._repositories = repositories

    async def survey(self) -> tuple[KeptResult, ...]:
        """See `surveyed`."""
        return await asyncio.to_thread(surveyed, self.folder)

    async def remove(self, kept: KeptResult) -> None:
        """Archive it where that is needed, then remove it. Raises WorkspaceError; nothing is removed then."""
        place = Folder(self.folder / kept.run)
        record = place.read()
        if record is None:
            return
        if not kept.is_on_branch:
            try:
                await self._put_away(place, kept.run)
            except OSError as error:
                raise WorkspaceError(f"The result of {kept.run} could not be archived: {error.strerror}.") from error
        await self._repositories.release_base(record, kept.run)
        await self._repositories.release_kept(record, kept.run)
        await remove(place.path)

    async def _put_away(self, place: Folder, run: RunId) -> None:
        """A bundle of what the result and what is kept beside it add to the base, and the diff; whole or not at all."""
        target, new = self._archive / run, self._archive / f".{run}.new"
        if is_real_folder(target):
            return
        await remove(new)
        await asyncio.to_thread(make, new)
        marker = git_marker(run)
        listed = ("for-each-ref", "--format=%(refname)", RESULT_REF, KEPT, LEFT)
        refs = (await self._git.line(*listed, cwd=place.result, marker=marker)).splitlines()
        words = ("bundle", "create", "--quiet", str(new / "result.bundle"), *refs, f"^{BASE_REF}")
        await self._git.run(*words, cwd=place.result, marker=marker, timeout_s=TRANSFER_S)
        await asyncio.to_thread(_copy, place.diff, new / "diff.patch")
        new.rename(target)


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        target.write_bytes(source.read_bytes())
