"""What is known of a recorded run, for who plays it again; works in the running process and without one."""

from typing import Any, Final, Protocol

from pydantic import TypeAdapter

from ompycord.app.control import Operation
from ompycord.app.terminal.reports import find_run
from ompycord.domain.base import Frozen
from ompycord.domain.events import FilesChanged
from ompycord.domain.events.people import ApprovalDenied, ApprovalGranted, QuestionAnswered
from ompycord.domain.events.plans import PlanApproved, PlanChanged, PlanRejected
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunHistory, RunRecords, Tasks
from ompycord.domain.task import Task
from ompycord.errors import RefusedInWords

__all__ = ["DECISIONS", "TAPED_RUN", "RecordedRun", "TapeOperations"]

TAPED_RUN: Final = "runs.taped"
_Decision = ApprovalDenied | ApprovalGranted | QuestionAnswered | PlanApproved | PlanChanged | PlanRejected
_DECIDED: Final = (ApprovalDenied, ApprovalGranted, QuestionAnswered, PlanApproved, PlanChanged, PlanRejected)
DECISIONS: Final = TypeAdapter[tuple[_Decision, ...]](tuple[_Decision, ...])


class RecordedRun(Frozen):
    """A run as its log has it."""

    run: str
    id: RunId
    task: Task
    commit: str | None = None
    """The commit of its result; None where nothing was changed."""
    has_result: bool = False
    """Whether a result was collected, of no change too."""
    decisions: tuple[_Decision, ...] = ()
    """What people decided, in order."""


class TapedRuns(RunRecords, Tasks, Protocol):
    """Rows of runs and what they were asked."""


class TapeOperations:
    """Tells recorded runs."""

    def __init__(self, *, store: TapedRuns, history: RunHistory) -> None:
        self._store = store
        self._history = history

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {TAPED_RUN: self._taped}

    async def _taped(self, arguments: dict[str, Any]) -> dict[str, Any]:
        which = str(arguments.get("run") or "")
        record = await find_run(self._store, which)
        task = None if record.task is None else await self._store.task(record.task)
        if task is None:
            raise RefusedInWords(f"The task of run {short_id(record.id)} is not kept here, so it cannot be run again.")
        bodies = [event.body for event in await self._history.events_of(RunId(record.id))]
        changed = [body for body in bodies if isinstance(body, FilesChanged)]
        found = RecordedRun(
            run=short_id(record.id),
            id=RunId(record.id),
            task=task,
            commit=changed[-1].commit if changed else None,
            has_result=bool(changed),
            decisions=tuple(body for body in bodies if isinstance(body, _DECIDED)),
        )
        return found.model_dump(mode="json")
