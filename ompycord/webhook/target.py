"""What the sidecar needs of the store: ports of the domain, together."""

from typing import Protocol

from ompycord.domain.ports import EventBacklog, EventLog, RunRecords

__all__ = ["EventTarget"]


class EventTarget(EventLog, RunRecords, EventBacklog, Protocol):
    """Where events go, how far the projector is behind, and which runs there are."""
