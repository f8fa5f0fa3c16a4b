"""What the sidecar needs of the store: several ports of the domain as one."""

from typing import Protocol

from ompycord.domain.ports import Decisions, EventBacklog, EventLog, RunRecords

__all__ = ["EventTarget"]


class EventTarget(EventLog, RunRecords, Decisions, EventBacklog, Protocol):
    """The ports for events, the projector's backlog, runs, and what we record of them ourselves."""
