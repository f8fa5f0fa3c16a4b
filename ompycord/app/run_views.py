"""`ompycord runs`: runs as operators list and read them.

Counterpart of `cli/runs.py`. It works here or in the running process.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, ValidationError

from ompycord.app.control import Operation
from ompycord.conductor import Snapshots, run_views
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunFilter, RunHistory, RunRecords, Tasks
from ompycord.domain.run import RunRecord
from ompycord.errors import RefusedInWords
from ompycord.render.run_view import RunView

__all__ = ["ListRuns", "RunViewStore", "RunViews", "WhichRun"]

MOST = 100
MOST_EVENTS = 1000


class ListRuns(Frozen):
    """Which runs, newest first."""

    which: Literal["open", "all"] = "open"
    repository: str | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 25


class WhichRun(Frozen):
    """A run by its id or the end of it, as people see it."""

    run: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{4,26}$")]


class RunViewStore(RunRecords, Tasks, Protocol):
    """Rows of runs, and what was asked for."""


class RunViews:
    """Reads runs from the store."""

    def __init__(self, *, store: RunViewStore, history: RunHistory, snapshots: Snapshots) -> None:
        self._store = store
        self._history = history
        self._snapshots = snapshots

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {"runs.list": self._list, "runs.show": self._show, "runs.takeover": self._takeover}

    async def _list(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            request = ListRuns.model_validate(arguments)
        except ValidationError:
            raise RefusedInWords("Ask for `open` or `all` runs, at most 100.") from None
        wanted = RunFilter(
            is_open=True if request.which == "open" else None, repository=request.repository, limit=request.limit
        )
        return await self._views(await self._store.runs(wanted))

    async def _which(self, arguments: dict[str, Any]) -> RunRecord:
        try:
            request = WhichRun.model_validate(arguments)
        except ValidationError:
            raise RefusedInWords(
                "A run is named by the last characters of its id, four or more: `ompycord runs`."
            ) from None
        found = await self._store.runs(RunFilter(ending=request.run, limit=2))
        if not found:
            raise RefusedInWords(f"There is no run {request.run.lower()}. `ompycord runs --all` lists them.")
        if len(found) > 1:
            raise RefusedInWords(f"Several runs end in {request.run.lower()}: give more characters.")
        return found[0]

    async def _takeover(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """What a person needs to know to work in the run's clone."""
        run = await self._which(arguments)
        loaded = await self._snapshots.load(run)
        task = None if run.task is None else await self._store.task(run.task)
        return {
            **(await self._views([run]))[0],
            "chosen_model": None if task is None else task.model,
            "session": await self._history.session(loaded.run),
            "branch": loaded.branch,
        }

    async def _views(self, runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
        return [_view(run, view) for run, view in zip(runs, await run_views(runs, self._snapshots), strict=True)]

    async def _show(self, arguments: dict[str, Any]) -> dict[str, Any]:
        run = await self._which(arguments)
        events = await self._history.events_of(RunId(run.id))
        task = None if run.task is None else await self._store.task(run.task)
        return {
            **(await self._views([run]))[0],
            "prompt": None if task is None else task.prompt,
            "events": [
                {"at": _time(event.at), "source": event.source, "type": event.body.type}
                for event in events[-MOST_EVENTS:]
            ],
            "events_total": len(events),
        }


def _view(run: RunRecord, view: RunView) -> dict[str, Any]:
    """What other programs see, its short id, and why a run that is COMPLETE has no result."""
    found = {name: _text(value) for name, value in view}
    return {"run": short_id(run.id), **found, "outcome": None if run.outcome is None else run.outcome.value}


def _text(value: object) -> object:
    """A value as text: times as ISO 8601 with milliseconds, others unchanged."""
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value


def _time(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
