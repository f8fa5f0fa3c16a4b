"""What a person's terminal in a run's clone reaches of us; the running process opens it for as long as that is there.

Counterpart of `app/takeover.py`, which asks for it while it holds the clone's lock.
"""

import asyncio
from pathlib import Path
from typing import Any, Final

from ompycord.app.control import Operation
from ompycord.app.terminal.reports import find_run
from ompycord.domain.base import Frozen
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import Clock, RunRecords
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import RunRecord
from ompycord.errors import RefusedInWords, StartError
from ompycord.http.run_listeners import RunListeners
from ompycord.workspaces.record import Folder
from ompycord.workspaces.takeover_lock import is_locked

__all__ = ["TERMINAL_WAY", "OpenedWay", "TerminalWays"]

TERMINAL_WAY: Final = "runs.terminal_way"
_POLL_S: Final = 1.0


class OpenedWay(Frozen):
    """Where the terminal's programs are served. Its variables have the run's token."""

    port: int
    """On this machine."""
    inside_port: int
    """As the programs reach it."""
    environment: dict[str, str]
    has_models: bool
    dialects: dict[str, str]


class TerminalWays:
    """One for all terminals; `run` is a service of the process."""

    def __init__(
        self, *, listeners: RunListeners, store: RunRecords, catalog: Catalog, folder: Path, clock: Clock
    ) -> None:
        """`folder` has the workspaces."""
        self._listeners = listeners
        self._store = store
        self._catalog = catalog
        self._folder = folder
        self._clock = clock
        self._group: asyncio.TaskGroup | None = None
        self.open = 0
        """Ways that are open."""

    def operations(self) -> dict[str, Operation]:
        """The operation by the name that the control socket uses; its answer has the run's token."""
        return {TERMINAL_WAY: self._open}

    async def run(self) -> None:
        """Until it is cancelled; then every way ends."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await asyncio.Event().wait()
            finally:
                self._group = None

    async def _open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        record = await find_run(self._store, str(arguments.get("run") or "") or None)
        spec = next((one for one in self._catalog.agents if one.name == record.agent), None)
        if spec is None or self._group is None:
            raise RefusedInWords(f"Run {short_id(record.id)} has no agent in the settings, so nothing is served to it.")
        if not await asyncio.to_thread(self._is_taken_over, record):
            raise RefusedInWords(f"No terminal works in the clone of run {short_id(record.id)}.")
        opened: asyncio.Future[OpenedWay] = asyncio.get_running_loop().create_future()
        self.open += 1
        serving = self._group.create_task(self._served(record, spec, opened))
        serving.add_done_callback(self._closed)
        return (await opened).model_dump(mode="json")

    async def _served(self, record: RunRecord, spec: AgentSpec, opened: "asyncio.Future[OpenedWay]") -> None:
        """A way that cannot be opened is told to who asked for it; the others and the process go on."""
        try:
            await self._serve(record, spec, opened)
        except (StartError, OSError) as error:
            if not opened.done():
                opened.set_exception(RefusedInWords(f"Nothing is served to the terminal: {error}"))

    async def _serve(self, record: RunRecord, spec: AgentSpec, opened: "asyncio.Future[OpenedWay]") -> None:
        """Serves it until the terminal has let go of the clone."""
        async with self._listeners.open_for_terminal(RunId(record.id), spec) as (port, listener):
            way = OpenedWay(
                port=port,
                inside_port=listener.port,
                environment=dict(listener.environment),
                has_models=listener.has_models,
                dialects=dict(listener.dialects),
            )
            opened.set_result(way)
            while await asyncio.to_thread(self._is_taken_over, record):
                await self._clock.sleep(_POLL_S)

    def _closed(self, serving: "asyncio.Task[None]") -> None:
        self.open -= 1

    def _is_taken_over(self, record: RunRecord) -> bool:
        return is_locked(Folder(self._folder / record.id))
