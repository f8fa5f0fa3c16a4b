"""What must reach a destination, Discord or a webhook of the settings, in one vocabulary for both.

A delivery to Discord is a row of the outbox (`records.OutboxRow`, converted by `discord_delivery`); a delivery to a
webhook is made by `conductor/deliveries`, kept by the `NotificationQueue` and sent by `notify/`.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import SCHEMA, Opaque, RunEvent
from ompycord.domain.ids import DISCORD, Destination, RunId
from ompycord.domain.records import OutboxKind, OutboxRow

__all__ = [
    "DISCORD",
    "EVENT_TOPICS",
    "Delivery",
    "DeliveryFilter",
    "DeliveryHead",
    "DeliveryStatus",
    "Destination",
    "DestinationState",
    "Notification",
    "StoredDelivery",
    "StreamedEvent",
    "Topic",
    "discord_delivery",
    "streamed",
    "topic_of",
]


class Topic(StrEnum):
    """What a delivery is about. The first four are the families of events that a webhook can take."""

    RUN = "run"
    QUESTION = "question"
    APPROVAL = "approval"
    CHECK = "check"
    FILE = "file"
    NOTICE = "notice"
    ALERT = "alert"
    """About Ompycord itself, and of no run (`domain/alerting/notice.py`)."""


EVENT_TOPICS: Final = frozenset({Topic.RUN, Topic.QUESTION, Topic.APPROVAL, Topic.CHECK})
"""The first word of an event's type is its topic, where it is one of these."""

_DISCORD_TOPICS: Final = {
    OutboxKind.SUMMARY: Topic.RUN,
    OutboxKind.THREAD: Topic.RUN,
    OutboxKind.CARD: Topic.RUN,
    OutboxKind.RESULT: Topic.RUN,
    OutboxKind.QUESTION: Topic.QUESTION,
    OutboxKind.FILE: Topic.FILE,
    OutboxKind.NOTICE: Topic.NOTICE,
}


class Delivery(Frozen):
    """Something that must reach a destination at least once."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
    """The same on each try, and when its cause is processed again: receivers recognize repetitions by it."""
    destination: Destination
    topic: Topic
    run: RunId | None = None
    """Deliveries of one run reach a destination in order; None: it belongs to no run."""
    content: dict[str, Any]
    not_before: Millis = 0
    """When it is tried first; 0: at once."""
    created_at: Millis


class DeliveryStatus(StrEnum):
    """The state of a delivery. `dead` is a dead letter: it is not tried again until an operator asks for it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class StoredDelivery(Frozen):
    """A delivery as the queue keeps it."""

    delivery: Delivery
    seq: int
    """Counts a run's deliveries to one destination from 1, without gaps, so a receiver notices one that it missed."""
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    next_at: Millis
    """When it is tried next."""
    done_at: Millis | None = None
    error: str | None = None
    """Why the last try failed."""


class DeliveryFilter(Frozen):
    """Which deliveries of the queue, oldest first. A field that is not set matches all."""

    ids: tuple[str, ...] | None = None
    destination: Destination | None = None
    statuses: frozenset[DeliveryStatus] = frozenset({DeliveryStatus.PENDING, DeliveryStatus.DEAD})
    limit: Annotated[int, Field(ge=1)] | None = 100
    """None: all."""


class DestinationState(Frozen):
    """How far the deliveries to a destination have come."""

    destination: Destination
    pending: int
    dead: int
    oldest_at: Millis | None = None
    """When the oldest pending one was made."""


class StreamedEvent(Frozen):
    """One event of a stream; its position is the `id` to resume from."""

    position: int
    run: RunId
    source: str
    seq: int
    id: str | None
    at: datetime
    type: str
    data: dict[str, Any]


class DeliveryHead(Frozen):
    """Which delivery this is."""

    id: str
    """The `webhook-id`."""
    destination: Destination
    topic: Topic
    seq: int
    """Counts this run's deliveries to this destination from 1; a missing number is a delivery that was given up."""


class Notification(StreamedEvent):
    """What a webhook of the settings is sent: an event as the event streams show it, and which delivery it is."""

    schema_: Literal["ompycord/event@1"] = Field(default=SCHEMA, alias="schema")
    delivery: DeliveryHead


def streamed(event: RunEvent) -> StreamedEvent:
    """An event as other programs see it."""
    body = event.body
    data = body.data if isinstance(body, Opaque) else body.model_dump(mode="json", exclude={"type"}, exclude_none=True)
    return StreamedEvent(
        position=event.position,
        run=event.run,
        source=event.source,
        seq=event.seq,
        id=event.id,
        at=datetime.fromtimestamp(event.at / 1000, UTC),
        type=body.type,
        data=data,
    )


def topic_of(event_type: str) -> Topic | None:
    """What an event is about; None where no destination is notified of it."""
    family = event_type.partition(".")[0]
    return Topic(family) if family in EVENT_TOPICS else None


def discord_delivery(row: OutboxRow) -> Delivery:
    """A row of the outbox as a delivery to Discord; its content holds the kind, the ref and the body of the row."""
    return Delivery(
        id=f"{DISCORD}-{row.id}",
        destination=DISCORD,
        topic=_DISCORD_TOPICS[row.kind],
        run=row.run,
        content={"kind": row.kind, "ref": row.ref, **row.body},
        not_before=row.body.get("not_before", 0),
        created_at=row.created_at,
    )
