"""One set-up after the other for each name: makes the place, runs its steps confined, keeps and provides the result."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.configuration.setup import SetupStep
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Listener
from ompycord.domain.ports.setup import SetUpEnd
from ompycord.errors import ProcessFailed, WorkspaceError
from ompycord.processes import Clocks, ProcessResult, ProcessSpec, ResourceLimits
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.processes.spec import Outcome
from ompycord.text import clean, cut
from ompycord.workspaces.alternates import fill
from ompycord.workspaces.folders import remove
from ompycord.workspaces.git import Git
from ompycord.workspaces.preparing.kept import Made, SetUpFolder, filled_in, input_of, name_of, prune
from ompycord.workspaces.preparing.provided import excluding, provide
from ompycord.workspaces.record import Folder, Record
from ompycord.workspaces.trees import commit_of_tree, trees_of

__all__ = ["KeptSetUps"]

_TERM_S: Final = 5.0
_TAIL_LINES: Final = 60
_TAIL_LINE: Final = 300
_DETAIL: Final = 300


class KeptSetUps:
    """Set-ups in `<folder>/<name>`; the base of a run is read from its own folder."""

    def __init__(
        self, *, folder: Path, runs: Path, git: Git, launcher: Launcher, most: int, now_ms: Callable[[], Millis]
    ) -> None:
        """`most` set-ups of each repository are kept beside those that runs use."""
        self._folder = folder
        self._runs = runs
        self._git = git
        self._launcher = launcher
        self._most = most
        self._now_ms = now_ms
        self._making: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def open(
        self, run: RunId, repository: str, steps: Sequence[SetupStep], secrets: Sequence[str]
    ) -> AsyncGenerator["_Place"]:
        """See the port."""
        folder, record = Folder.located(self._runs / run)
        if record is None:
            raise WorkspaceError("This run has no workspace. Start the run again.")
        base = record.first_base or record.base_commit
        marker = f"{run}.git"
        trees = await trees_of(self._git, folder.result, base=base, result=base, marker=marker)
        files = input_of(tuple(steps), dict(trees.base))
        name = name_of(repository, tuple(steps), files, tuple(secrets))
        async with self._making.setdefault(name, asyncio.Lock()):
            place = SetUpFolder(self._folder / name)
            made = await asyncio.to_thread(place.made)
            if made is None:
                await remove(place.path)
                await asyncio.to_thread(_make, place)
                commit = await commit_of_tree(self._git, folder.result, base, files, marker=marker)
                await fill(self._git, place.tree, commit, git_folder=folder.result, marker=marker)
            yield _Place(
                run=run,
                run_folder=folder,
                record=record,
                place=place,
                made=made,
                launcher=self._launcher,
                plan=Made(
                    repository=repository,
                    places=tuple(dict.fromkeys(keep for step in steps for keep in step.keeps)),
                    variables=_variables(steps, place),
                    at=self._now_ms(),
                ),
                secrets=tuple(secrets),
            )
            if made is None:
                busy = [name for name, lock in self._making.items() if lock.locked()]
                await prune(self._folder, self._runs, most=self._most, busy=busy)


class _Place:
    """Implements `SetUpPlace`."""

    def __init__(
        self,
        *,
        run: RunId,
        run_folder: Folder,
        record: Record,
        place: SetUpFolder,
        made: Made | None,
        launcher: Launcher,
        plan: Made,
        secrets: tuple[str, ...],
    ) -> None:
        self._run = run
        self._run_folder = run_folder
        self._record = record
        self._place = place
        self._made = made
        self._launcher = launcher
        self._plan = plan
        self._secrets = secrets
        self._variables: dict[str, str] = {}

    @property
    def is_kept(self) -> bool:
        """See the port."""
        return self._made is not None

    async def perform(self, step: SetupStep, listener: Listener) -> SetUpEnd:
        """See the port."""
        self._variables |= _variables([step], self._place)
        limits = ResourceLimits(
            processes=step.max_processes, memory_mib=step.max_memory_mib, disk_mib=step.max_disk_mib
        )
        layout = Layout(self._place.tree, listener=listener, variables=self._secrets, resource_limits=limits)
        spec = ProcessSpec(
            argv=tuple(filled_in(word, self._place) for word in step.command),
            env={**listener.environment, **self._variables, "CI": "1"},
            cwd=self._place.tree,
            marker=self._run,
        )
        clocks = Clocks(wall_s=step.timeout_s, idle_s=step.timeout_s, term_s=_TERM_S)
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        try:
            async with self._launcher.start(spec, layout, clocks=clocks) as process:
                async for line in process.lines():
                    tail.append(cut(clean(line.text), _TAIL_LINE))
                result = await process.wait()
        except ProcessFailed as error:
            return SetUpEnd(status="missing", detail=cut(str(error), _DETAIL))
        return _end(step, result, tuple(tail))

    async def keep(self) -> None:
        """See the port."""
        try:
            await asyncio.to_thread(self._place.strip, self._plan.places)
            size = await asyncio.to_thread(self._place.size)
        except OSError as error:
            raise WorkspaceError(f"What set-up made cannot be kept: {error.strerror}.") from error
        self._made = self._plan.model_copy(update={"size": size})

    async def provide(self) -> str:
        """See the port."""
        made = (self._made or self._plan).model_copy(update={"at": self._plan.at})
        await asyncio.to_thread(self._place.write, made)
        provided = self._place.provided(made)
        try:
            await asyncio.to_thread(self._exclude, excluding(provided))
            await asyncio.to_thread(provide, self._run_folder.clone, provided)
        except OSError as error:
            raise WorkspaceError(f"What set-up made has no place in the clone: {error.strerror}.") from error
        await self._run_folder.write(self._record.model_copy(update={"setup": provided}))
        return self._place.name

    def _exclude(self, lines: str) -> None:
        for file in (self._run_folder.exclude, self._run_folder.clone / ".git/info/exclude"):
            had = file.read_bytes() if file.exists() else b""
            if lines.encode() not in had:
                file.write_bytes(had + (b"" if had.endswith(b"\n") or not had else b"\n") + lines.encode())


def _make(place: SetUpFolder) -> None:
    place.tree.mkdir(mode=0o700, parents=True)
    place.own.mkdir(mode=0o700)


def _variables(steps: Sequence[SetupStep], place: SetUpFolder) -> dict[str, str]:
    return {name: filled_in(text, place) for step in steps for name, text in step.variables.items()}


def _end(step: SetupStep, result: ProcessResult, tail: tuple[str, ...]) -> SetUpEnd:
    if result.outcome in {Outcome.WALL_TIMEOUT, Outcome.IDLE_TIMEOUT}:
        return SetUpEnd(status="timeout", detail=f"it ran longer than {step.timeout_s:g} s", tail=tail)
    if result.over_limit is not None:
        return SetUpEnd(status="failed", detail=f"it {result.over_limit}", tail=tail)
    if result.outcome is not Outcome.EXITED or result.exit_code is None:
        return SetUpEnd(status="failed", detail=f"it was ended by signal {result.signal}", tail=tail)
    if result.exit_code:
        return SetUpEnd(status="failed", detail=f"it ended with exit code {result.exit_code}", tail=tail)
    return SetUpEnd(status="done", tail=tail)
