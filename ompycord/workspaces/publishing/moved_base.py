"""Puts a result on a base that has moved, by git's objects alone; counterpart of the step `rebase`.

Nothing is checked out: the result's own attributes name no program, no filter, hook or merge driver runs, and no file
is written outside `result.git`. Each commit is merged in turn with its parent as the merge base (git merge-tree(1)).
"""

from pathlib import Path
from typing import Final

from ompycord.domain.ids import RunId
from ompycord.domain.ports import PutOnBase
from ompycord.errors import WorkspaceError
from ompycord.processes import kill_strays
from ompycord.text import clean
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.record import Folder, OnMovedBase
from ompycord.workspaces.repositories import RESULT_REF

__all__ = ["MovedBases"]

MOST_COMMITS: Final = 200
"""A branch with more commits is not put on another base by itself."""
_UNMOVED: Final = "refs/ompycord/unmoved"
"""In `result.git`: the result before it was put on another base."""
_MOST_PATHS: Final = 50
_WHO: Final = "%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%B"


class MovedBases:
    """Implements `BaseMoves` for the runs below `folder`."""

    def __init__(self, folder: Path, *, git: Git) -> None:
        self._folder = folder
        self._git = git

    async def put_on(self, run: RunId, *, onto: str) -> PutOnBase:
        """See the port."""
        folder, record = Folder.located(self._folder / run)
        result = record.result.commit if record is not None and record.result is not None else None
        if record is None or result is None:
            return PutOnBase(commit=None)
        if record.moved is not None and record.moved.onto == onto:
            return PutOnBase(commit=record.moved.commit)
        marker, first = f"{run}.git", record.first_base or record.base_commit
        await kill_strays(marker)
        done = await _put_on(self._git, folder.result, base=first, commit=result, onto=onto, marker=marker)
        if done.commit is not None:
            await self._git.run("update-ref", _UNMOVED, result, cwd=folder.result, marker=marker)
            await self._git.run("update-ref", RESULT_REF, done.commit, cwd=folder.result, marker=marker)
            await folder.write(record.model_copy(update={"moved": OnMovedBase(onto=onto, commit=done.commit)}))
        return done


async def _put_on(git: Git, at: Path, *, base: str, commit: str, onto: str, marker: str) -> PutOnBase:
    """The commits of `base..commit` on top of `onto`, in the repository `at`. Raises WorkspaceError."""
    words = ("rev-list", "--reverse", "--parents", f"--max-count={MOST_COMMITS + 1}", f"{base}..{commit}")
    listed = (await git.line(*words, cwd=at, marker=marker)).splitlines()
    pairs = [line.split() for line in listed]
    if not pairs or len(pairs) > MOST_COMMITS or any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 - one parent
        return PutOnBase(commit=None)
    tip = onto
    for one, parent in pairs:
        tree, conflicts = await _merged(git, at, tip, one, parent, marker)
        if tree is None:
            return PutOnBase(commit=None, conflicts=conflicts)
        if tree != await git.line("rev-parse", f"{tip}^{{tree}}", cwd=at, marker=marker):
            tip = await _copied(git, at, one, tree, tip, marker)
    return PutOnBase(commit=tip if tip != onto else None)


async def _merged(
    git: Git, at: Path, tip: str, one: str, parent: str, marker: str
) -> tuple[str | None, tuple[str, ...]]:
    """The tree of `tip` with what `one` changes of its parent; or the paths in conflict.

    git before 2.40 takes no merge base: a commit with the tree of `tip` on top of the parent makes it the only one.
    """
    ours = await git.line("commit-tree", f"{tip}^{{tree}}", "-p", parent, "-m", "x", cwd=at, marker=marker)
    words = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, one)
    done = await git.attempt(*words, cwd=at, marker=marker, timeout_s=TRANSFER_S)
    parts = done.stdout.decode("utf-8", "replace").split("\0")
    if done.is_success:
        return parts[0].strip(), ()
    if done.exit_code != 1:
        raise WorkspaceError("The result could not be put on the base as it is now: git merge-tree failed.")
    paths = dict.fromkeys(clean(part) for part in parts[1:] if part)
    return None, tuple(paths)[:_MOST_PATHS]


async def _copied(git: Git, at: Path, one: str, tree: str, parent: str, marker: str) -> str:
    """The commit again, with another tree and parent; its author, its date and its message stay."""
    words = ("log", "--max-count=1", "--no-show-signature", "--date=raw", f"--format={_WHO}", one)
    shown = (await git.run(*words, cwd=at, marker=marker)).decode("utf-8", "surrogateescape")
    author, address, date, committer, committer_address, message = shown.split("\0", 5)
    env = {
        "GIT_AUTHOR_NAME": author,
        "GIT_AUTHOR_EMAIL": address,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": committer,
        "GIT_COMMITTER_EMAIL": committer_address,
        "GIT_COMMITTER_DATE": date,
    }
    made = await git.run(
        *("commit-tree", tree, "-p", parent, "-F", "-"),
        cwd=at,
        marker=marker,
        env=env,
        stdin=message.removesuffix("\n").encode("utf-8", "surrogateescape"),
    )
    return made.decode("ascii", "replace").strip()
