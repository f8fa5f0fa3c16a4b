"""Every fact about a run, one class a type, and the envelope they travel in.

Counterpart of `fold.py`, which reads them.

The classes stand by family in `events_run.py`, `events_work.py` and `events_people.py`; users import them from here.
On the wire `data` holds the fields of a body without its `type`. Unknown types become `Opaque` and are shown as notes.
"""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, field_validator

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events.people import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    ApprovalWithdrawn,
    QuestionAnswered,
    QuestionAsked,
    QuestionWithdrawn,
)
from ompycord.domain.events.runs import (
    BudgetRaised,
    CancelRequested,
    EffectFinished,
    RunCancelled,
    RunDequeued,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunStateChanged,
    RunStopped,
    RunSubmitted,
)
from ompycord.domain.events.work import (
    ArtifactAdded,
    ChangedFile,
    CheckFinished,
    CheckStarted,
    FilesChanged,
    InboxTaken,
    Message,
    Note,
    Phase,
    PlanUpdated,
    PromptDropped,
    Prompted,
    PromptEdited,
    RetryCleared,
    RetryLimited,
    SessionOpened,
    Step,
    ToolFinished,
    ToolProgress,
    ToolStarted,
    UsageUpdated,
)
from ompycord.domain.ids import RunId, Source, Ulid

__all__ = [
    "EVENT_TYPES",
    "FINAL_TYPES",
    "SCHEMA",
    "TRANSCRIPT_TYPES",
    "ApprovalDenied",
    "ApprovalGranted",
    "ApprovalRequested",
    "ApprovalWithdrawn",
    "ArtifactAdded",
    "BudgetRaised",
    "CancelRequested",
    "ChangedFile",
    "CheckFinished",
    "CheckStarted",
    "EffectFinished",
    "EventBody",
    "FilesChanged",
    "InboxTaken",
    "KnownBody",
    "Message",
    "Note",
    "Opaque",
    "Phase",
    "PlanUpdated",
    "PromptDropped",
    "PromptEdited",
    "Prompted",
    "QuestionAnswered",
    "QuestionAsked",
    "QuestionWithdrawn",
    "RetryCleared",
    "RetryLimited",
    "RunCancelled",
    "RunDequeued",
    "RunEvent",
    "RunFailed",
    "RunFinished",
    "RunResumed",
    "RunStarted",
    "RunStateChanged",
    "RunStopped",
    "RunSubmitted",
    "SessionOpened",
    "Step",
    "ToolFinished",
    "ToolProgress",
    "ToolStarted",
    "UsageUpdated",
    "dump_data",
    "dump_json",
    "load_json",
    "parse_body",
]

SCHEMA = "ompycord/event@1"


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
    | BudgetRaised
    | CancelRequested
    | EffectFinished
    | Prompted
    | PromptDropped
    | PromptEdited
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
TRANSCRIPT_TYPES = frozenset(
    {
        "prompt",
        "prompt.edited",
        "prompt.dropped",
        "inbox.taken",
        "question.asked",
        "question.answered",
        "question.withdrawn",
    }
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


def dump_json(body: KnownBody) -> str | None:
    """The same as one text, fields in the order of the class; None where a field maps, whose order is its sender's.

    Raises ValueError for a lone surrogate. Three times as fast as by way of `dump_data`.
    """
    if isinstance(body, RunStateChanged | EffectFinished | RunSubmitted):
        return None
    return body.model_dump_json(exclude={"type"}, exclude_defaults=True)


def load_json(type_: str, text: str) -> EventBody:
    """A stored body; counterpart of `dump_json`. Raises ValueError where it is none."""
    cls = EVENT_TYPES.get(type_)
    return Opaque(type=type_, data=json.loads(text)) if cls is None else cls.model_validate_json(text)


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
