"""What an agent wants to be remembered, as the snapshot shows it; made by `lessons.py`."""

from typing import Literal

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import Ulid
from ompycord.domain.memory.items import NewMemory

__all__ = ["ProposedLesson"]


class ProposedLesson(Frozen):
    """A proposal, and what a person decided about it."""

    item: Ulid
    what: NewMemory
    asked_at: Millis
    status: Literal["open", "kept", "edited", "dropped"] = "open"
    by: str | None = None
    closed_at: Millis | None = None
