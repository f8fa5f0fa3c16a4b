"""Makes the clone of a run anew with a result that was collected earlier; implements `WorkResults.roll_back`.

The old clone goes whole, so the host's git starts only where no program of the run has been.
"""

import asyncio

from ompycord.errors import WorkspaceError
from ompycord.workspaces.alternates import fill_submodules, make_clone
from ompycord.workspaces.collect import Collector
from ompycord.workspaces.folders import remove
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.preparing.provided import provide
from ompycord.workspaces.record import Folder, Record
from ompycord.workspaces.repositories import RESULT_REF

__all__ = ["put_back"]

LEFT = "refs/ompycord/left/"
"""Where `result.git` keeps results that were left."""
_TAKEN = "refs/ompycord/taken"


async def put_back(
    git: Git, collector: Collector, folder: Folder, record: Record, *, commit: str, branch: str, marker: str
) -> Record:
    """The record with that result. Raises WorkspaceError; may be repeated after a crash at any point."""
    at = folder.result
    if await git.commit_of(commit, cwd=at) is None:
        raise WorkspaceError(f"The result {commit[:12]} is no longer kept. Go back to another round.")
    current = await git.commit_of(RESULT_REF, cwd=at)
    if current is not None and current != commit:
        await git.run("update-ref", f"{LEFT}{current}", current, cwd=at, marker=marker)
    for place in (folder.clone, folder.tmp):
        await remove(place)
    own = record.branch or branch
    await make_clone(git, folder.clone, record, branch=own, exclude=_exclude(folder), marker=marker)
    await _take(git, folder, commit, marker)
    await fill_submodules(git, folder.clone, record, parent=folder.path, marker=marker)
    if record.setup is not None:
        await asyncio.to_thread(provide, folder.clone, record.setup)
    result = await collector.back_to(folder, record, commit, marker)
    return record.model_copy(update={"result": result, "moved": None})


def _exclude(folder: Folder) -> bytes:
    return folder.excluded().encode("utf-8", "surrogateescape")


async def _take(git: Git, folder: Folder, commit: str, marker: str) -> None:
    """Check the result out, on the clone's branch, from the run's own repository."""
    clone = folder.clone
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules")
    take = (*fetch, "--", folder.result.as_uri(), f"{commit}:{_TAKEN}")
    settings = ("uploadpack.allowAnySHA1InWant=true",)
    await git.run(*take, cwd=clone, marker=marker, timeout_s=TRANSFER_S, settings=settings)
    await git.run("reset", "--quiet", "--hard", _TAKEN, cwd=clone, marker=marker, timeout_s=TRANSFER_S)
    await git.run("update-ref", "-d", _TAKEN, cwd=clone, marker=marker)
