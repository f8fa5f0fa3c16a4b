"""Facts of the family `run.*`, and the ends of our own steps; `events.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ompycord.domain.authority import AGENT_KINDS, DECIDERS, OBSERVERS, ONLY_OMPYCORD, ONLY_PEOPLE, SourceKind
from ompycord.domain.base import Line, Millis, Name, Text
from ompycord.domain.events.fields import Count, KnownEvent, Latest, Url
from ompycord.domain.events.overlaps import OtherWork
from ompycord.domain.ids import Ulid
from ompycord.domain.run import EndedBy, FailureClass, RunOutcome, RunState, SuspendReason
from ompycord.domain.task import Budget, Task

__all__ = [
    "BudgetRaised",
    "CancelRequested",
    "EffectFinished",
    "PauseRequested",
    "RunCancelled",
    "RunDequeued",
    "RunEventBody",
    "RunFailed",
    "RunFinished",
    "RunFollowed",
    "RunResumed",
    "RunRolledBack",
    "RunStarted",
    "RunStateChanged",
    "RunStopped",
    "RunSubmitted",
]


class RunSubmitted(KnownEvent, senders=ONLY_PEOPLE):
    """A person's task became a hosted run. Ours alone."""

    type: Literal["run.submitted"] = "run.submitted"
    task: Task


class RunDequeued(KnownEvent, senders=ONLY_OMPYCORD):
    """A waiting run got its turn. Ours alone."""

    type: Literal["run.dequeued"] = "run.dequeued"


class RunStarted(KnownEvent, senders=OBSERVERS):
    """An agent began. For an external run it is the card's signal to appear."""

    type: Literal["run.started"] = "run.started"
    title: Annotated[Annotated[str, StringConstraints(max_length=256)] | None, Latest()] = None
    prompt: Annotated[Text | None, Latest()] = None
    agent: Annotated[Name | None, Latest()] = None
    model: Annotated[Name | None, Latest()] = None
    provider: Annotated[Name | None, Latest()] = None
    repository: Annotated[Name | None, Latest()] = None
    branch: Annotated[Annotated[str, StringConstraints(max_length=256)] | None, Latest()] = None


class RunStateChanged(KnownEvent, senders=ONLY_OMPYCORD):
    """A transition that `advance` decided. Ours alone; the fold never decides again."""

    type: Literal["run.state"] = "run.state"
    state: RunState
    previous: RunState
    cause: Name
    """The type of the event that caused it."""
    iteration: Count = 1
    round: Count = 1
    """Counts rounds of work and verification."""
    max_rounds: Count = 1
    """How many rounds the run may take."""
    reason: SuspendReason | None = None
    resume_to: RunState | None = None
    wake_at: Millis | None = None
    message: Line | None = None
    failure: FailureClass | None = None
    ended_by: EndedBy | None = None
    """Who ended the run's agent; left out where it claimed done. An earlier version never said it."""
    outcome: RunOutcome | None = None
    """With COMPLETE: the run has no result, and why."""
    lanes: dict[str, Count] | None = None
    """With reason `lost`: the last number seen of each source; any event beyond lifts the suspension."""


class RunFinished(KnownEvent, senders=AGENT_KINDS):
    """The agent reports that it is done. On a hosted run a claim; on an external run the end."""

    type: Literal["run.finished"] = "run.finished"
    summary: Annotated[Text | None, Latest()] = None
    outcome: Literal["complete", "partial"] = "complete"
    url: Annotated[Url | None, Latest()] = None


class RunFailed(KnownEvent, senders=AGENT_KINDS):
    """The agent reports that it failed."""

    type: Literal["run.failed"] = "run.failed"
    message: Annotated[Text, Latest("summary")]
    failure: FailureClass = FailureClass.REPAIRABLE


class RunCancelled(KnownEvent, senders=ONLY_PEOPLE | {SourceKind.EXTERNAL}):
    """The run was cancelled: by a person here, or by the owner of an external run."""

    type: Literal["run.cancelled"] = "run.cancelled"
    by: Name | None = None
    reason: Line | None = None


class RunStopped(KnownEvent, senders=DECIDERS):
    """The agent was stopped: by a person, because no one answered it for a day, or by its budget; nothing is lost."""

    type: Literal["run.stopped"] = "run.stopped"
    by: Name
    reason: Line | None = None
    cause: SuspendReason = SuspendReason.HUMAN
    """What the run waits for then."""
    awaits: OtherWork | None = None
    """The other work at whose end it goes on by itself."""


class RunResumed(KnownEvent, senders=DECIDERS):
    """A suspended run continues, by a person's click or by our recovery."""

    type: Literal["run.resumed"] = "run.resumed"
    by: Name


class PauseRequested(KnownEvent, senders=ONLY_PEOPLE):
    """A person wants the run to wait before its next round, to look at what there is."""

    type: Literal["run.pause_requested"] = "run.pause_requested"
    by: Name


class RunRolledBack(KnownEvent, senders=ONLY_PEOPLE):
    """A suspended run continues from the result of an earlier round. What came after is kept beside it."""

    type: Literal["run.rolled_back"] = "run.rolled_back"
    by: Name
    round: Count
    commit: Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
    """The result of that round."""


class BudgetRaised(KnownEvent, senders=ONLY_PEOPLE):
    """A person allowed the run to cost more."""

    type: Literal["budget.raised"] = "budget.raised"
    usd: Budget
    """The new limit, all in all."""
    by: Name


class CancelRequested(KnownEvent, senders=ONLY_PEOPLE):
    """A person wants an external run to end; its agent reads it in our answers. Ours alone."""

    type: Literal["run.cancel_requested"] = "run.cancel_requested"
    by: Name
    reason: Line | None = None


class RunFollowed(KnownEvent, senders=ONLY_PEOPLE):
    """A person started another run that goes on with the result of this one. Ours alone."""

    type: Literal["run.followed"] = "run.followed"
    run: Ulid
    """The run that follows this one."""
    by: Name


class EffectFinished(KnownEvent, senders=ONLY_OMPYCORD):
    """A step of ours ended; what `advance` decides on. Ours alone, never shown."""

    type: Literal["effect.finished"] = "effect.finished"
    key: Name
    """`<effect>:<iteration>`, as in the journal."""
    outcome: Literal["ok", "failed", "interrupted"]
    failure: FailureClass | None = None
    message: Line | None = None
    facts: dict[Name, Line | Count | StrictBool] = Field(default_factory=dict[str, str | int | bool])


RunEventBody = (
    RunSubmitted
    | RunDequeued
    | RunStarted
    | RunStateChanged
    | RunFinished
    | RunFailed
    | RunCancelled
    | RunStopped
    | RunResumed
    | PauseRequested
    | RunRolledBack
    | BudgetRaised
    | CancelRequested
    | RunFollowed
    | EffectFinished
)
