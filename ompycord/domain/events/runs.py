"""Facts of the family `run.*`, and the ends of our own steps; `events.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ompycord.domain.base import Frozen, Line, Millis, Name, Text
from ompycord.domain.events.fields import Count, Url
from ompycord.domain.run import FailureClass, RunOutcome, RunState, SuspendReason
from ompycord.domain.task import Task

__all__ = [
    "BudgetRaised",
    "CancelRequested",
    "EffectFinished",
    "RunCancelled",
    "RunDequeued",
    "RunFailed",
    "RunFinished",
    "RunResumed",
    "RunStarted",
    "RunStateChanged",
    "RunStopped",
    "RunSubmitted",
]


class RunSubmitted(Frozen):
    """A person's task became a hosted run. Ours alone."""

    type: Literal["run.submitted"] = "run.submitted"
    task: Task


class RunDequeued(Frozen):
    """A waiting run got its turn. Ours alone."""

    type: Literal["run.dequeued"] = "run.dequeued"


class RunStarted(Frozen):
    """An agent began. For an external run it is the card's signal to appear."""

    type: Literal["run.started"] = "run.started"
    title: Annotated[str, StringConstraints(max_length=256)] | None = None
    prompt: Text | None = None
    agent: Name | None = None
    model: Name | None = None
    provider: Name | None = None
    repository: Name | None = None
    branch: Annotated[str, StringConstraints(max_length=256)] | None = None


class RunStateChanged(Frozen):
    """A transition that `advance` decided. Ours alone; the fold never decides again."""

    type: Literal["run.state"] = "run.state"
    state: RunState
    previous: RunState
    cause: Name
    """The type of the event that caused it."""
    iteration: Count = 1
    reason: SuspendReason | None = None
    resume_to: RunState | None = None
    wake_at: Millis | None = None
    message: Line | None = None
    failure: FailureClass | None = None
    outcome: RunOutcome | None = None
    """With COMPLETE: the run has no result, and why."""
    lanes: dict[str, Count] | None = None
    """With reason `lost`: the last number seen in each lane; any event beyond lifts the suspension."""


class RunFinished(Frozen):
    """The agent says that it is done. On a hosted run a claim; on an external run the end."""

    type: Literal["run.finished"] = "run.finished"
    summary: Text | None = None
    outcome: Literal["complete", "partial"] = "complete"
    url: Url | None = None


class RunFailed(Frozen):
    """The agent says that it failed."""

    type: Literal["run.failed"] = "run.failed"
    message: Text
    failure: FailureClass = FailureClass.REPAIRABLE


class RunCancelled(Frozen):
    """Somebody ended the run: a person here, or the owner of an external run."""

    type: Literal["run.cancelled"] = "run.cancelled"
    by: Name | None = None
    reason: Line | None = None


class RunStopped(Frozen):
    """The agent was halted: by a person, because nobody answered it for a day, or by its budget; nothing is lost."""

    type: Literal["run.stopped"] = "run.stopped"
    by: Name
    reason: Line | None = None
    cause: SuspendReason = SuspendReason.HUMAN
    """What the run waits for then."""


class RunResumed(Frozen):
    """A suspended run goes on, by a person's click or by our recovery."""

    type: Literal["run.resumed"] = "run.resumed"
    by: Name


class BudgetRaised(Frozen):
    """A person allowed the run to cost more."""

    type: Literal["budget.raised"] = "budget.raised"
    usd: Annotated[float, Field(gt=0, le=10_000)]
    """The new limit, all in all."""
    by: Name


class CancelRequested(Frozen):
    """A person wants an external run to end; its agent reads it in our answers. Ours alone."""

    type: Literal["run.cancel_requested"] = "run.cancel_requested"
    by: Name
    reason: Line | None = None


class EffectFinished(Frozen):
    """A step of ours ended; what `advance` decides on. Ours alone, never shown."""

    type: Literal["effect.finished"] = "effect.finished"
    key: Name
    """`<effect>:<iteration>`, as in the journal."""
    outcome: Literal["ok", "failed", "interrupted"]
    failure: FailureClass | None = None
    message: Line | None = None
    facts: dict[Name, Line | Count | StrictBool] = Field(default_factory=dict[str, str | int | bool])
