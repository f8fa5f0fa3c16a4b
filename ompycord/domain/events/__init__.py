"""Every fact about a run, one class per type, and the envelope in which it travels.

Counterpart of `fold.py`, which reads them.

The classes stand by family in `runs.py`, `work.py`, `checks.py`, `people.py`, `plans.py`, `models.py`, `preparing.py`,
`guard.py`, `publishing.py`, `pull_requests.py`, `overlaps.py`, `memory.py` and `guardian.py`, each with its senders;
users import them from here.
On the wire `data` holds the fields of a body without its `type`. Unknown types become `Opaque` and are shown as notes.
"""

import json
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import StringConstraints, ValidationError, field_validator

from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import (
    checks,
    guard,
    guardian,
    memory,
    models,
    overlaps,
    people,
    plans,
    preparing,
    publishing,
    pull_requests,
    runs,
    work,
)
from ompycord.domain.events.checks import *  # noqa: F403
from ompycord.domain.events.checks import CheckEventBody
from ompycord.domain.events.fields import OnlyOurs
from ompycord.domain.events.guard import *  # noqa: F403
from ompycord.domain.events.guard import GuardEventBody
from ompycord.domain.events.guardian import *  # noqa: F403
from ompycord.domain.events.guardian import GuardianEventBody
from ompycord.domain.events.memory import *  # noqa: F403
from ompycord.domain.events.memory import MemoryEventBody
from ompycord.domain.events.models import *  # noqa: F403
from ompycord.domain.events.models import ModelEventBody
from ompycord.domain.events.overlaps import *  # noqa: F403
from ompycord.domain.events.overlaps import OverlapEventBody
from ompycord.domain.events.people import *  # noqa: F403  # a family is handed on whole: its `__all__` says what it has
from ompycord.domain.events.people import PeopleEventBody
from ompycord.domain.events.plans import *  # noqa: F403
from ompycord.domain.events.plans import PlanEventBody
from ompycord.domain.events.preparing import *  # noqa: F403
from ompycord.domain.events.preparing import PreparingEventBody
from ompycord.domain.events.publishing import *  # noqa: F403
from ompycord.domain.events.publishing import PublishingEventBody
from ompycord.domain.events.pull_requests import *  # noqa: F403
from ompycord.domain.events.pull_requests import PullRequestEventBody
from ompycord.domain.events.runs import *  # noqa: F403
from ompycord.domain.events.runs import EffectFinished, RunEventBody, RunStateChanged, RunSubmitted
from ompycord.domain.events.work import *  # noqa: F403
from ompycord.domain.events.work import SessionEventBody, WorkEventBody
from ompycord.domain.ids import RunId, Source, Ulid

__all__ = [
    "AUTHORITY",
    "EVENT_TYPES",
    "FINAL_TYPES",
    "SCHEMA",
    "TRANSCRIPT_TYPES",
    "EventBody",
    "KnownBody",
    "Opaque",
    "RunEvent",
    "dump_data",
    "dump_json",
    "load_json",
    "parse_body",
]
__all__ += checks.__all__
__all__ += guard.__all__
__all__ += guardian.__all__
__all__ += memory.__all__
__all__ += models.__all__
__all__ += overlaps.__all__
__all__ += people.__all__
__all__ += plans.__all__
__all__ += preparing.__all__
__all__ += publishing.__all__
__all__ += pull_requests.__all__
__all__ += runs.__all__
__all__ += work.__all__

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
    RunEventBody
    | WorkEventBody
    | CheckEventBody
    | PeopleEventBody
    | SessionEventBody
    | GuardianEventBody
    | ModelEventBody
    | PreparingEventBody
    | GuardEventBody
    | PlanEventBody
    | PublishingEventBody
    | MemoryEventBody
    | PullRequestEventBody
    | OverlapEventBody
)
EventBody = KnownBody | Opaque

EVENT_TYPES: dict[str, type[KnownBody]] = {cls.model_fields["type"].default: cls for cls in KnownBody.__args__}
AUTHORITY: dict[str, frozenset[SourceKind]] = {name: cls.senders for name, cls in EVENT_TYPES.items()}
"""Which kinds of sources may record each type. A type that is not here is unknown and may come from an agent only."""
FINAL_TYPES = frozenset({"run.finished", "run.failed", "run.cancelled"})
"""The types that end a source's work; from other sources of a hosted run they are claims."""
_ONLY_OURS = {
    name: [one for one, info in cls.model_fields.items() if any(isinstance(mark, OnlyOurs) for mark in info.metadata)]
    for name, cls in EVENT_TYPES.items()
}
"""By type, the fields that only Ompycord fills in."""
TRANSCRIPT_TYPES = frozenset(
    {
        "prompt",
        "prompt.edited",
        "prompt.dropped",
        "inbox.acknowledged",
        "inbox.taken",
        "question.asked",
        "question.answered",
        "question.withdrawn",
        "guardian.noticed",
    }
    | {"answer.typed", "answer.edited", "answer.dropped", "approval.voted"}
    | {"approval.requested", "approval.granted", "approval.denied", "approval.withdrawn", "approval.voided"}
    | {"run.state", "run.rolled_back"}
)
"""What agents and people write to each other, and in which round; the rest of the log is what an agent does."""


def parse_body(type_: str, data: dict[str, Any]) -> EventBody:
    """The typed body of an event on the wire.

    Raises pydantic's ValidationError for a known type with a wrong shape, or with a field that only Ompycord fills in,
    or a type that is not a type's name.
    """
    cls = EVENT_TYPES.get(type_)
    if cls is None:
        return Opaque(type=type_, data=data)
    for name in ("type", *_ONLY_OURS[type_]):
        if name in data:
            raise ValidationError.from_exception_data(
                cls.__name__, [{"type": "extra_forbidden", "loc": (name,), "input": None}]
            )
    return cls.model_validate(data)


def dump_data(body: EventBody) -> dict[str, Any]:
    """`data` of the wire form: the fields that were set, without `type`.

    Round-trips through `parse_body`, but for fields that only Ompycord fills in (`OnlyOurs`).
    """
    if isinstance(body, Opaque):
        return body.data
    return body.model_dump(mode="json", exclude={"type"}, exclude_defaults=True)


def dump_json(body: KnownBody) -> str | None:
    """A body as JSON, its fields in the order of the class; None where a field is a map, whose order is its sender's.

    Raises ValueError for a lone surrogate. Three times as fast as by way of `dump_data`.
    """
    if isinstance(body, RunStateChanged | EffectFinished | RunSubmitted):
        return None
    return body.model_dump_json(exclude={"type"}, exclude_defaults=True)


def load_json(type_: str, text: str) -> EventBody:
    """A stored body; counterpart of `dump_json`. Raises ValueError where it is not a JSON object.

    An earlier version may have stored a type that it did not know, in any shape: such a body stays opaque.
    """
    cls = EVENT_TYPES.get(type_)
    try:
        return Opaque(type=type_, data=json.loads(text)) if cls is None else cls.model_validate_json(text)
    except ValidationError:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise
        return Opaque.model_construct(type=type_, data=cast("dict[str, Any]", data))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """A stored fact. `position` is the order of commits, for cursors only; the order within a run is (source, seq)."""

    run: RunId
    source: Source
    seq: int
    at: Millis
    """When it happened, according to its source."""
    body: EventBody
    id: Ulid | None = None
    position: int = 0
