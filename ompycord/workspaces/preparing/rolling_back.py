"""Makes the clone of a run anew with a result that was collected earlier; implements `WorkResults.roll_back`.

What the old clone holds is kept first, then it goes whole: the host's git starts only where no program of the run has
been.
"""

import asyncio
from typing import Final

from ompycord.domain.ids import RunId
from ompycord.errors import WorkspaceError
from ompycord.workspaces.alternates import fill_submodules, make_clone
from ompycord.workspaces.collect import Collector
from ompycord.workspaces.folders import remove
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.guarding.granted import FindGranted
from ompycord.workspaces.preparing.provided import provide
from ompycord.workspaces.preparing.uncollected import Uncollected
from ompycord.workspaces.record import LEFT, Folder, PutBackOnce, Record
from ompycord.workspaces.repositories import RESULT_REF
from ompycord.workspaces.run_folders import git_marker

__all__ = ["put_back"]

_TAKEN: Final = "refs/ompycord/taken"


async def put_back(
    git: Git,
    collector: Collector,
    folder: Folder,
    record: Record,
    *,
    run: RunId,
    commit: str,
    branch: str,
    key: str,
    granted: FindGranted | None,
) -> Record:
    """The record with that result. Raises WorkspaceError; may be repeated after a crash at any point."""
    if await git.commit_of(commit, cwd=folder.result) is None:
        raise WorkspaceError(f"The result {commit[:12]} is no longer kept. Go back to another round.")
    marker = git_marker(run)
    uncollected = Uncollected(git, collector, folder, run)
    if record.put_back is None or record.put_back.key != key:
        left = await uncollected.keep(record, granted)
        record = record.model_copy(update={"put_back": PutBackOnce(key=key, left=left)})
        await folder.write(record)  # before the clone goes: the next try finds another one there
    current = await git.commit_of(RESULT_REF, cwd=folder.result)
    if current is not None and current != commit:
        await uncollected.point(f"{LEFT}{current}", current)
    for place in (folder.clone, folder.tmp):
        await remove(place)
    own = record.branch or branch
    exclude = folder.excluded().encode("utf-8", "surrogateescape")
    await make_clone(git, folder.clone, record, branch=own, exclude=exclude, marker=marker)
    await _take(git, folder, commit, marker)
    await fill_submodules(git, folder.clone, record, parent=folder.path, marker=marker)
    if record.setup is not None:
        await asyncio.to_thread(provide, folder.clone, record.setup)
    result = await collector.back_to(folder, record, commit, marker)
    return record.model_copy(update={"result": result, "moved": None})


async def _take(git: Git, folder: Folder, commit: str, marker: str) -> None:
    """Check the result out, on the clone's branch, from the run's own repository."""
    clone = folder.clone
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules")
    take = (*fetch, "--", folder.result.as_uri(), f"{commit}:{_TAKEN}")
    settings = ("uploadpack.allowAnySHA1InWant=true",)
    await git.run(*take, cwd=clone, marker=marker, timeout_s=TRANSFER_S, settings=settings)
    await git.run("reset", "--quiet", "--hard", _TAKEN, cwd=clone, marker=marker, timeout_s=TRANSFER_S)
    await git.run("update-ref", "-d", _TAKEN, cwd=clone, marker=marker)
