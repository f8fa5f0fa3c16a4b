"""How much one request may post, and how many events may wait; counterpart of `backlog.py` and `ingest.py`."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen

__all__ = ["EventLimits"]


class EventLimits(Frozen):
    """The options of the routes that take events; the section `webhook.events` of the settings."""

    event_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 256 * 1024
    """Largest body of one event."""
    batch_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 1024 * 1024
    """Largest body of a batch."""
    batch_events: Annotated[int, Field(ge=1, le=1000)] = 500
    """Most events in a batch, all of one run."""
    backlog: Annotated[int, Field(ge=1, le=1_000_000_000)] = 5000
    """Events that may wait for the projector before new ones are refused."""
