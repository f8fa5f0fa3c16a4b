"""Where a recorded run is run again: a data folder of its own, with a copy of the repository as it was at the start.

Nothing of it reaches the real repository, a forge, a webhook or Discord; it is removed when the run is over.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ompycord.app.data_folder import DataFolder
from ompycord.app.replaying.operations import RecordedRun
from ompycord.app.terminal.headless import NO_SERVER
from ompycord.domain.ports.trees import TreeEntry
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.task import TaskRequest
from ompycord.errors import RefusedInWords, WorkspaceError
from ompycord.settings import Settings
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.record import Folder
from ompycord.workspaces.repositories import Repositories

__all__ = ["Ground", "Tree", "repository_of", "request_of"]

Tree = Mapping[str, TreeEntry]
_FIELDS: Final = 3


def repository_of(settings: Settings, recorded: RecordedRun) -> RepositorySpec:
    """The run's repository as it is configured now. Raises RefusedInWords where there is none."""
    found = settings.repositories.get(recorded.task.repository)
    if found is None:
        raise RefusedInWords(f"{recorded.task.repository} is not under repositories of ompycord.yml any more.")
    return found


class Ground:
    """Made below `folder`."""

    def __init__(self, folder: Path, *, git: Git, former: DataFolder, repository: RepositorySpec) -> None:
        self.data = DataFolder(folder / "data")
        self._git = git
        self._former = former
        self._spec = repository
        self._copy = folder / f"{repository.name}.git"

    async def prepare(self, recorded: RecordedRun, base: str) -> None:
        """Copy the repository, with the base where the run finds it, and the task's files. Raises RefusedInWords."""
        repositories = Repositories(folder=self._former.path / "repositories", git=self._git)
        try:
            source = await repositories.source(self._spec)
            words = ("clone", "--quiet", "--bare", "--", str(source.git_folder), str(self._copy))
            await self._git.run(*words, cwd=self._copy.parent, timeout_s=TRANSFER_S)
            branch = recorded.task.branch or self._spec.base
            await self._git.run("update-ref", f"refs/heads/{branch}", f"{base}^{{commit}}", cwd=self._copy)
        except WorkspaceError as error:
            words = f"The commit {base[:12]} from which the run started is not in {self._spec.name} any more: {error}"
            raise RefusedInWords(words) from None
        for file in recorded.task.files:
            place = Path("artifacts", file.sha256[:2], file.sha256)
            (self.data.path / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._former.path / place, self.data.path / place)

    def settings(self, settings: Settings, *, models: str) -> Settings:
        """The settings with the tape, at the address `models`, in place of every provider, and with no way out."""
        repository = self._spec.model_copy(
            update={"path": self._copy, "address": None, "channel": None, "forge": None, "two_person": False}
        )
        providers = {
            name: spec.model_copy(update={"base_url": f"{models}/{name}", "key_files": ()})
            for name, spec in settings.providers.items()
        }
        return settings.model_copy(
            update={
                "data_dir": self.data.path,
                "discord": settings.discord.model_copy(update={"token": None, "guilds": (NO_SERVER,)}),
                "webhook": settings.webhook.model_copy(update={"port": 0}),
                "notify": settings.notify.model_copy(update={"webhooks": ()}),
                "repositories": {repository.name: repository},
                "providers": providers,
                "log": settings.log.model_copy(update={"file": None}),
                "tapes": settings.tapes.model_copy(update={"record": False}),
            }
        )

    async def former_result(self, recorded: RecordedRun, base: str) -> Tree | None:
        """The files of the recorded run's result; None where they are not kept."""
        if not recorded.has_result:
            return None
        kept = Folder(self._former.path / "workspaces" / recorded.id).result
        return await self._tree_in((self._copy, kept), recorded.commit or base)

    async def new_result(self, again: RecordedRun, base: str) -> Tree | None:
        """The files of the result that there is now; None where nothing was collected."""
        if not again.has_result:
            return None
        kept = Folder(self.data.path / "workspaces" / again.id).result
        return await self._tree_in((self._copy, kept), again.commit or base)

    async def _tree_in(self, places: tuple[Path, ...], commit: str) -> Tree | None:
        for place in places:
            if not place.is_dir():
                continue
            found = await self._git.attempt("ls-tree", "-r", "-z", "--full-tree", commit, cwd=place)
            if found.is_success:
                return dict(map(_entry, filter(None, found.stdout.decode("utf-8", "surrogateescape").split("\0"))))
        return None


def _entry(line: str) -> tuple[str, TreeEntry]:
    head, _, path = line.partition("\t")
    mode, _, blob = head.split(" ", _FIELDS - 1)
    return path, TreeEntry(mode, blob)


def request_of(recorded: RecordedRun) -> TaskRequest:
    """The task, to be asked again; nothing of it is recorded."""
    task = recorded.task
    if task.follows is not None:
        raise RefusedInWords(
            f"Run {recorded.run} follows another one, in its agent's session, which is on no tape. Play the first one."
        )
    given = {**task.typed(), "files": task.files, "record": False}
    return TaskRequest.model_validate(given)
