"""A run on a real git repository whose agent is a table of files, up to the end of its checks.

Clone, collecting, comparison and checks are the product's own; so is the fold that decides what is verified.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ompycord.checks.local import LocalChecks
from ompycord.conductor import Bus, Inboxes
from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog
from ompycord.domain.effects import StepOrder, effect_key
from ompycord.domain.events import EffectFinished, EventBody, RunEvent
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import OMPYCORD, RunId, new_ulid
from ompycord.domain.repository import CheckSpec, RepositorySpec
from ompycord.domain.run import RunState
from ompycord.domain.task import Task
from ompycord.engines import StepContext
from ompycord.engines.steps import STEPS
from ompycord.store import SqliteStore
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces
from tests.support.patience import patient
from tests.support.trees import Change, Content, Executable, Link

__all__ = ["VerifiedRun", "make_repository", "put_files"]


def put_files(folder: Path, change: Change) -> None:
    """The files of a table, written over what is there."""
    for name, content in change.items():
        path = folder / name
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir() and content is not None:
            raise ValueError(f"{name} is a folder; take its files out first")
        if content is None:
            if path.parent != folder and path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            _put(path, content)


def _put(path: Path, content: Content) -> None:
    match content:
        case Link(to):
            path.symlink_to(to)
        case Executable(text):
            path.write_text(text)
            path.chmod(0o755)
        case str():
            path.write_text(content)
        case bytes():
            path.write_bytes(content)


def make_repository(path: Path, files: Change) -> None:
    """A git repository with one commit of the files on `main`."""
    path.mkdir(parents=True)
    put_files(path, files)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    for words in (("init", "-q", "-b", "main"), ("add", "--all", "--force"), (*who, "commit", "-q", "-m", "base")):
        subprocess.run(("git", *words), cwd=path, check=True, timeout=patient(30), capture_output=True)


class VerifiedRun:
    """One run. `await change(…)`, then `await verify()`."""

    def __init__(self, folder: Path, store: SqliteStore, checks: Sequence[CheckSpec]) -> None:
        path = os.environ["PATH"]
        launcher, git = UnconfinedLauncher(path=path), Git(path=path)
        self.run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
        self.repository = RepositorySpec(name="shop", path=folder / "shop", checks=tuple(checks))
        self.workspaces = GitWorkspaces(
            folder=folder / "runs", repositories=folder / "caches", git=git, launcher=launcher
        )
        self.task = Task(
            id=new_ulid(now_ms=0, entropy=os.urandom(10)),
            prompt="Fix it",
            title="Fix it",
            repositories=("shop",),
            agent="script",
        )
        self.facts: list[EventBody] = []
        self.context = StepContext(
            catalog=Catalog(repositories=(self.repository,), agents=()),
            workspaces=self.workspaces,
            takeovers=self.workspaces,
            results=self.workspaces,
            adapters={},
            checks=LocalChecks(launcher=launcher),
            check_history=store,
            level="none",
            observe=self._record,
            record=self._record,
            secrets=self._secrets,
            inboxes=Inboxes(history=store, bus=Bus(), record=self._record),
            session=store.session,
        )

    async def _record(self, run: RunId, *bodies: EventBody) -> None:
        self.facts += bodies

    async def _secrets(self, run: RunId) -> dict[str, str]:
        return {}

    async def change(self, change: Change) -> Path:
        """Prepare the clone and make the change in it, as an agent would; the clone."""
        clone = (await self.workspaces.prepare(self.run, self.repository, base=None)).path
        put_files(clone, change)
        return clone

    async def step(self, effect: fx.Effect) -> EffectFinished:
        """Do one step of the engine."""
        order = StepOrder(run=self.run, key=effect_key(effect), effect=effect, task=self.task.id, attempt=1)
        return await STEPS[type(effect)](order, self.task, self.context)

    async def verify(self) -> StatusSnapshot:
        """Collect, check, and what is true of the run once its result is published."""
        await self.step(fx.Collect(iteration=1))
        self.ended = await self.step(fx.RunChecks(iteration=1))
        return self.snapshot()

    def snapshot(self) -> StatusSnapshot:
        """The snapshot of the run as it ends."""
        end = ev.RunStateChanged(state=RunState.COMPLETE, previous=RunState.PUBLISHING, cause="effect.finished")
        bodies = (ev.RunSubmitted(task=self.task), *self.facts, end)
        events = (
            RunEvent(run=self.run, source=OMPYCORD, seq=seq, at=seq, body=body)
            for seq, body in enumerate(bodies, start=1)
        )
        return fold(self.run, events).snapshot()
