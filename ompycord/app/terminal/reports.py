"""`ompycord report`: the story of a run, read from the store; works in the running process and without one."""

from typing import Annotated, Any, Protocol

from pydantic import Field, ValidationError

from ompycord.app.control import Operation
from ompycord.conductor import Snapshots
from ompycord.domain.base import Frozen
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter, RunHistory, RunRecords
from ompycord.domain.run import RunRecord
from ompycord.errors import RefusedInWords
from ompycord.render.render_context import RenderContext
from ompycord.render.stories.story import story_of

__all__ = ["REPORT", "RunReports", "WhichReport", "find_run"]

REPORT = "runs.report"


class WhichReport(Frozen):
    """A run by its id or the end of it; left out, the last one."""

    run: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{4,26}$")] | None = None


async def find_run(store: RunRecords, which: str | None) -> RunRecord:
    """The run whose id ends so, or the newest. Raises Refused."""
    found = await store.runs(RunFilter(ending=which, limit=2))
    if not found:
        missing = f"There is no run {which.lower()}." if which else "There is no run yet."
        raise RefusedInWords(f"{missing} `ompycord runs --all` lists them.")
    if which and len(found) > 1:
        raise RefusedInWords(f"Several runs end in {which.lower()}: give more characters.")
    return found[0]


class StoredRuns(RunRecords, Protocol):
    """Rows of runs."""


class RunReports:
    """Tells runs."""

    def __init__(self, *, store: StoredRuns, history: RunHistory, snapshots: Snapshots) -> None:
        self._store = store
        self._history = history
        self._snapshots = snapshots

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses; it takes secrets out of the answers."""
        return {REPORT: self._report}

    async def _report(self, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            request = WhichReport.model_validate(arguments)
        except ValidationError:
            raise RefusedInWords("A run is named by the last characters of its id, four or more.") from None
        record = await find_run(self._store, request.run)
        loaded = await self._snapshots.load(record)
        if loaded.snapshot is None:
            raise RefusedInWords("Nothing is known of this run yet. Try again in a moment.")
        events = await self._history.events_of(RunId(record.id))
        context = RenderContext(run_name=record.external_name, is_rehearsal=record.agent == "rehearsal")
        return story_of(loaded.snapshot, events, context, redact=_as_it_is).model_dump(mode="json", by_alias=True)


def _as_it_is(text: str) -> str:
    return text
