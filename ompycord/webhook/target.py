"""What the sidecar needs of the store: several ports of the domain as one."""

from typing import Protocol

from ompycord.domain.ports import EventBacklog, EventLog, RunRecords

__all__ = ["EventTarget"]


class EventTarget(EventLog, RunRecords, EventBacklog, Protocol):
    """The ports for events, the projector's backlog, and runs."""
