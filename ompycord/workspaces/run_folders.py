"""The folders of runs: where they are, what of them outlives the clone, and what still runs in them."""

from pathlib import Path

from ompycord.domain.ids import RunId, is_ulid
from ompycord.errors import WorkspaceError
from ompycord.processes import kill_strays
from ompycord.workspaces.folders import entries, is_real_folder, remove
from ompycord.workspaces.record import Folder, Record
from ompycord.workspaces.repositories import Repositories
from ompycord.workspaces.sessions import KeptSessions

__all__ = ["RunFolders", "git_marker"]


def git_marker(run: RunId) -> str:
    """Marks our own git, so that the end of an agent does not end it."""
    return f"{run}.git"


class RunFolders:
    """`<folder>/<run id>` of each run."""

    def __init__(self, folder: Path, *, repositories: Repositories, sessions: KeptSessions) -> None:
        self.folder = folder
        self._repositories = repositories
        self._sessions = sessions
        self._swept: set[RunId] = set()
        """Runs in which nothing of an earlier process of ours is left."""

    def path(self, run: RunId) -> Path:
        """Its folder. Raises WorkspaceError for a name that is no id."""
        if not is_ulid(run):
            raise WorkspaceError("A run's folder has the name of its id, which is a ULID.")
        return self.folder / run

    def place(self, run: RunId) -> tuple[Folder, Record | None]:
        """Its places and its record. Raises WorkspaceError."""
        return Folder.located(self.path(run))

    def recorded(self, run: RunId) -> tuple[Folder, Record]:
        """As `place`. Raises WorkspaceError where there is no record."""
        folder, record = self.place(run)
        if record is None:
            raise WorkspaceError("This run has no workspace. Start the run again.")
        return folder, record

    async def clear(self, folder: Folder, *, keeps_clone: bool = False) -> None:
        """Remove all that need not outlive the clone."""
        has_session = self._sessions.is_kept(folder)
        kept = {*((folder.home,) if has_session else ()), *((folder.clone,) if keeps_clone else ())}
        for place in dict.fromkeys((folder.path, folder.work)):
            for entry in entries(place):
                if entry not in kept and not Folder(place).is_kept(entry):
                    await remove(entry)

    async def forget(self, run: RunId, folder: Folder, record: Record | None) -> None:
        """Remove it whole. A folder that is not there holds nothing, and nothing was started in it."""
        if is_real_folder(folder.path):
            await self.end_strays_of_before(run)
        self._swept.add(run)
        if record is not None:
            await self._repositories.release_base(record, run)
        if folder.work != folder.path and is_real_folder(folder.work):
            await self.clear(Folder(folder.work))
        await remove(folder.path)

    async def end_strays(self, run: RunId) -> None:
        """Kill what an agent, a person's terminal or a crash left running: it would continue to write."""
        await kill_strays(run, git_marker(run))
        self._swept.add(run)

    async def end_strays_of_before(self, run: RunId) -> None:
        """Kill what an earlier process of ours left running.

        Each program of this one was looked after at its end, so all of the machine is looked at once for a run.
        """
        if run not in self._swept:
            await self.end_strays(run)
