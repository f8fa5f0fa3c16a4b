"""Every fact about a run, one class a type, and the envelope they travel in; counterpart of `fold.py`, which reads them.

On the wire `data` holds the fields of a body without its `type`. Unknown types become `Opaque` and are shown as notes.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints, TypeAdapter, ValidationError, field_validator

from ompycord.domain.base import Frozen, Line, Millis, Name, Text
from ompycord.domain.ids import RunId, Source, Ulid
from ompycord.domain.run import FailureClass, RunState, SuspendReason
from ompycord.domain.task import Task

__all__ = [
    "EVENT_TYPES",
    "FINAL_TYPES",
    "SCHEMA",
    "TALK_TYPES",
    "EventBody",
    "KnownBody",
    "Opaque",
    "RunEvent",
    "dump_data",
    "parse_body",
]

SCHEMA = "ompycord/event@1"

Count = Annotated[int, Field(ge=0, le=2**53, strict=True)]
Ref = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Url = Annotated[str, StringConstraints(min_length=8, max_length=2048, pattern=r"^https?://")]

# -- run.* ------------------------------------------------------------------------------------------------------------


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
    """The agent was halted, by a person or because nobody answered it for a day; nothing is lost."""

    type: Literal["run.stopped"] = "run.stopped"
    by: Name
    reason: Line | None = None


class RunResumed(Frozen):
    """A suspended run goes on, by a person's click or by our recovery."""

    type: Literal["run.resumed"] = "run.resumed"
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


# -- talk, tools, plan, usage -----------------------------------------------------------------------------------------


class Prompted(Frozen):
    """Something was said to the agent."""

    type: Literal["prompt"] = "prompt"
    text: Text
    by: Name | None = None
    when: Literal["now", "next", "restart"] = "next"
    """Interrupt what it does, wait for the end of its step, or halt it and begin again with this."""


class PromptDropped(Frozen):
    """A person took back what was said, before the agent had it; what was taken first stays said."""

    type: Literal["prompt.dropped"] = "prompt.dropped"
    prompt: Ulid
    """The id of the `prompt` event."""
    by: Name


class InboxTaken(Frozen):
    """The agent that runs now has this: what it was told at its start, or is handed next. Ours alone, never shown."""

    type: Literal["inbox.taken"] = "inbox.taken"
    said: Annotated[tuple[Ref, ...], Field(max_length=1000)]
    """`p:<id of a prompt event>`, `q:<question>`, `a:<approval>`."""


class Message(Frozen):
    """Something the agent said."""

    type: Literal["message"] = "message"
    text: Text


class Note(Frozen):
    """A remark for people; never changes a state."""

    type: Literal["note"] = "note"
    text: Text


class ToolStarted(Frozen):
    """The agent began to use a tool."""

    type: Literal["tool.started"] = "tool.started"
    tool: Name
    title: Line | None = None
    call: Ref | None = None
    """Joins started, progress and finished; without it a start and an end stand alone."""


class ToolProgress(Frozen):
    """A tool goes on; shown only while it runs."""

    type: Literal["tool.progress"] = "tool.progress"
    call: Ref
    text: Line


class ToolFinished(Frozen):
    """A tool ended. Sufficient by itself: `tool` and `title` are repeated, because starts may be dropped."""

    type: Literal["tool.finished"] = "tool.finished"
    tool: Name
    title: Line | None = None
    call: Ref | None = None
    ok: StrictBool = True
    detail: Line | None = None
    added: Count | None = None
    removed: Count | None = None


class Step(Frozen):
    """One line of a plan's checklist."""

    title: Line
    status: Literal["pending", "active", "done", "failed", "skipped"] = "pending"


class Phase(Frozen):
    """One phase of a plan."""

    title: Line
    status: Literal["pending", "active", "done", "failed", "skipped"] = "pending"
    steps: Annotated[tuple[Step, ...], Field(max_length=50)] = ()


class PlanUpdated(Frozen):
    """The whole plan, replacing what was there."""

    type: Literal["plan.updated"] = "plan.updated"
    phases: Annotated[tuple[Phase, ...], Field(max_length=25)]


class UsageUpdated(Frozen):
    """Tokens and cost since the last such event of the lane: deltas, summed (CONTRACTS: fold)."""

    type: Literal["usage.updated"] = "usage.updated"
    input: Count = 0
    output: Count = 0
    cache_read: Count = 0
    cache_write: Count = 0
    cost_usd: Annotated[float, Field(ge=0, le=1e6, strict=True)] | None = None
    """None is *unknown*, never zero."""
    model: Name | None = None
    provider: Name | None = None


class ChangedFile(Frozen):
    """One path of a diff. `added` and `removed` are lines; None for a binary file."""

    path: Path
    status: Literal["added", "modified", "deleted", "renamed"] = "modified"
    added: Count | None = None
    removed: Count | None = None


class FilesChanged(Frozen):
    """What the run has changed so far, replacing what was there."""

    type: Literal["files.changed"] = "files.changed"
    files: Annotated[tuple[ChangedFile, ...], Field(max_length=500)]
    total: Count | None = None
    """When more changed than are listed."""
    branch: Annotated[str, StringConstraints(max_length=256)] | None = None
    commit: Annotated[str, StringConstraints(max_length=64)] | None = None


# -- checks -----------------------------------------------------------------------------------------------------------


class CheckStarted(Frozen):
    """A verification step began. In our lane: one that we run."""

    type: Literal["check.started"] = "check.started"
    check: Name


class CheckFinished(Frozen):
    """A verification step ended, timed and parsed by whoever says so."""

    type: Literal["check.finished"] = "check.finished"
    check: Name
    status: Literal["passed", "failed", "error", "timeout", "missing"]
    """`missing`: the tool is not installed, no failure of the code; `error`: it ran but proved nothing."""
    passed: Count | None = None
    failed: Count | None = None
    skipped: Count | None = None
    duration_ms: Count | None = None
    detail: Line | None = None
    failing: Annotated[tuple[Line, ...], Field(max_length=20)] = ()


# -- people -----------------------------------------------------------------------------------------------------------


class QuestionAsked(Frozen):
    """The agent wants to know something; a person answers with a button or a form."""

    type: Literal["question.asked"] = "question.asked"
    question: Ref
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    options: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=80)], ...], Field(max_length=20)
    ] = ()
    free_text: StrictBool = True
    """Whether an answer of one's own is allowed besides the options."""


class QuestionAnswered(Frozen):
    """A person's answer. Only a person's click makes it."""

    type: Literal["question.answered"] = "question.answered"
    question: Ref
    answer: Annotated[str, StringConstraints(max_length=4000)]
    by: Name


class QuestionWithdrawn(Frozen):
    """Nobody needs the answer any more."""

    type: Literal["question.withdrawn"] = "question.withdrawn"
    question: Ref
    reason: Line | None = None


class ApprovalRequested(Frozen):
    """The agent wants leave to act."""

    type: Literal["approval.requested"] = "approval.requested"
    approval: Ref
    title: Line
    command: Text | None = None
    risk: Name | None = None


class ApprovalGranted(Frozen):
    """A person allowed it. Only a person's click makes it."""

    type: Literal["approval.granted"] = "approval.granted"
    approval: Ref
    by: Name
    scope: Literal["once", "run"] = "once"


class ApprovalDenied(Frozen):
    """A person refused it. Only a person's click makes it."""

    type: Literal["approval.denied"] = "approval.denied"
    approval: Ref
    by: Name
    reason: Line | None = None


class ApprovalWithdrawn(Frozen):
    """Nobody waits for leave any more."""

    type: Literal["approval.withdrawn"] = "approval.withdrawn"
    approval: Ref
    reason: Line | None = None


# -- provider, session, artifacts -------------------------------------------------------------------------------------


class RetryLimited(Frozen):
    """The model provider refuses for now; work so far is kept."""

    type: Literal["retry.limited"] = "retry.limited"
    message: Line | None = None
    attempt: Count | None = None
    of: Count | None = None
    until: Millis | None = None


class RetryCleared(Frozen):
    """The provider answers again."""

    type: Literal["retry.cleared"] = "retry.cleared"


class SessionOpened(Frozen):
    """The agent's own session, for resuming and take-over."""

    type: Literal["session.opened"] = "session.opened"
    session: Ref
    agent: Name | None = None
    model: Name | None = None
    provider: Name | None = None


class ArtifactAdded(Frozen):
    """Something worth keeping: a log, a diff, a picture. Ours are stored by content; others are only named."""

    type: Literal["artifact.added"] = "artifact.added"
    name: Name
    kind: Name = "file"
    size: Count | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    url: Url | None = None


class Opaque(Frozen):
    """An event of a type that this version does not know, kept as it came (at most 4 KiB) and shown as a note."""

    type: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,3}$", max_length=64)]
    data: dict[str, Any]

    @field_validator("type")
    @classmethod
    def _unknown(cls, value: str) -> str:
        if value in EVENT_TYPES:
            raise ValueError("a known type has its own shape")
        return value


KnownBody = (
    RunSubmitted
    | RunDequeued
    | RunStarted
    | RunStateChanged
    | RunFinished
    | RunFailed
    | RunCancelled
    | RunStopped
    | RunResumed
    | CancelRequested
    | EffectFinished
    | Prompted
    | PromptDropped
    | InboxTaken
    | Message
    | Note
    | ToolStarted
    | ToolProgress
    | ToolFinished
    | PlanUpdated
    | UsageUpdated
    | FilesChanged
    | CheckStarted
    | CheckFinished
    | QuestionAsked
    | QuestionAnswered
    | QuestionWithdrawn
    | ApprovalRequested
    | ApprovalGranted
    | ApprovalDenied
    | ApprovalWithdrawn
    | RetryLimited
    | RetryCleared
    | SessionOpened
    | ArtifactAdded
)
EventBody = KnownBody | Opaque

_KNOWN: TypeAdapter[KnownBody] = TypeAdapter(Annotated[KnownBody, Field(discriminator="type")])
EVENT_TYPES: dict[str, type[KnownBody]] = {cls.model_fields["type"].default: cls for cls in KnownBody.__args__}
FINAL_TYPES = frozenset({"run.finished", "run.failed", "run.cancelled"})
"""The types that end a lane; in a hosted run's foreign lanes they are claims."""
TALK_TYPES = frozenset(
    {"prompt", "prompt.dropped", "inbox.taken", "question.asked", "question.answered", "question.withdrawn"}
    | {"approval.requested", "approval.granted", "approval.denied", "approval.withdrawn"}
)
"""What agents and people say to each other; the rest of the log is what an agent does."""


def parse_body(type_: str, data: dict[str, Any]) -> EventBody:
    """The typed body of an event on the wire.

    Raises pydantic's ValidationError for a known type with a wrong shape, or a type that is not a type's name.
    """
    cls = EVENT_TYPES.get(type_)
    if cls is None:
        return Opaque(type=type_, data=data)
    if "type" in data:
        raise ValidationError.from_exception_data(
            cls.__name__, [{"type": "extra_forbidden", "loc": ("type",), "input": None}]
        )
    return cls.model_validate(data)


def dump_data(body: EventBody) -> dict[str, Any]:
    """`data` of the wire form: what was set, without `type`. Round-trips through `parse_body`."""
    if isinstance(body, Opaque):
        return body.data
    return body.model_dump(mode="json", exclude={"type"}, exclude_defaults=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """A stored fact. `position` is commit order, for cursors only; order within a run is (source, seq)."""

    run: RunId
    source: Source
    seq: int
    at: Millis
    """When it happened, as its source says."""
    body: EventBody
    id: Ulid | None = None
    position: int = 0
