"""What a clone holds that no result has: it is kept by a ref of the run's own repository before the clone goes.

Used where work is put back to an earlier result, and for clones that a crash left behind.
"""

from typing import Final

from ompycord.domain.events import LeftOut
from ompycord.domain.ids import RunId
from ompycord.errors import WorkspaceError
from ompycord.render.phrases import count
from ompycord.text import cut
from ompycord.workspaces.collect import Collector
from ompycord.workspaces.folders import is_real_folder
from ompycord.workspaces.git import Git
from ompycord.workspaces.guarding.granted import FindGranted
from ompycord.workspaces.record import LEFT, Folder, Record
from ompycord.workspaces.run_folders import git_marker

__all__ = ["Uncollected"]

_WHAT: Final = 300


class Uncollected:
    """The clone of one run."""

    def __init__(self, git: Git, collector: Collector, folder: Folder, run: RunId) -> None:
        self._git = git
        self._collector = collector
        self._folder = folder
        self._run = run
        self._marker = git_marker(run)

    async def keep(self, record: Record, granted: FindGranted | None) -> tuple[LeftOut, ...]:
        """Name it, each piece with its ref, or with why it is not kept. The result stays what it was.

        May be repeated after a crash at any point: the same is found under the same ref. Raises WorkspaceError.
        """
        if not is_real_folder(self._folder.clone):
            return ()
        before = record.result.commit if record.result is not None else None
        words = f"What no result of Ompycord run {self._run} has."
        try:
            found = await self._collector.collect(
                self._folder, record, message=words, co_author=None, run=self._run, granted=granted
            )
            beside = [await self._left(piece) for piece in found.left_out]
        except WorkspaceError as error:  # also what holds a secret: nobody may read that in a ref
            return (LeftOut(what=cut(f"what the agent changed since is gone. {error}".rstrip("."), _WHAT)),)
        finally:
            await self._collector.back_to(self._folder, record, before, self._marker)
        tree = None if found.commit is None else await self._tree(found.commit)
        if found.commit is None or tree == await self._tree(before or record.base_commit):
            return tuple(beside)
        what = f"what the agent changed since ({count(found.total, 'file')} in all)"
        kept = await self._kept_before(tree or "")
        ref = kept or f"{LEFT}{found.commit}"
        if kept is None:
            await self.point(ref, found.commit)
        return (LeftOut(what=what, ref=ref), *beside)

    async def _kept_before(self, tree: str) -> str | None:
        """The ref under which the same files were kept: a commit of another second has another name."""
        words = ("for-each-ref", "--format=%(tree) %(refname)", LEFT)
        listed = await self._git.line(*words, cwd=self._folder.result, marker=self._marker)
        return next((line.split(" ")[1] for line in listed.splitlines() if line.startswith(f"{tree} ")), None)

    async def point(self, ref: str, commit: str) -> None:
        """Have a ref of `result.git` name the commit."""
        await self._git.run("update-ref", ref, commit, cwd=self._folder.result, marker=self._marker)

    async def _left(self, piece: LeftOut) -> LeftOut:
        """The same under a ref that the next collection does not take away."""
        commit = await self._git.commit_of(piece.ref, cwd=self._folder.result) if piece.ref else None
        if commit is None:
            return piece
        await self.point(f"{LEFT}{commit}", commit)
        return piece.model_copy(update={"ref": f"{LEFT}{commit}"})

    async def _tree(self, commit: str) -> str:
        return await self._git.line("rev-parse", f"{commit}^{{tree}}", cwd=self._folder.result, marker=self._marker)
