"""Ports of what people think of results: the rows (`store/features/memory/`), and their use (`memory/`)."""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.access import Person
from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.memory.feedback import Feedback, FeedbackVerdict
from ompycord.domain.memory.items import FoundItem, MemoryPlace

__all__ = ["FeedbackRows", "TeamOpinions"]


class FeedbackRows(Protocol):
    """Current verdicts and their history."""

    async def put(self, feedback: Feedback) -> Feedback | None:
        """Store a person's verdict in place of an earlier one, which is returned. Raises StorageError."""
        ...

    async def of_run(self, run: RunId) -> Sequence[Feedback]:
        """The current verdicts on a run, the oldest first."""
        ...

    async def history(self, run: RunId) -> Sequence[Feedback]:
        """Every verdict that was given on a run, the oldest first."""
        ...

    async def since(self, at: Millis) -> Sequence[Feedback]:
        """The current verdicts that were given since then, the oldest first."""
        ...


class TeamOpinions(Protocol):
    """What people think of results, and what follows for the memory. Each method raises StorageError."""

    async def give(self, run: RunId, person: Person, verdict: FeedbackVerdict, words: str = "") -> Feedback | None:
        """Store what a person thinks of a run's result; their earlier verdict on it."""
        ...

    async def of_run(self, run: RunId) -> Sequence[Feedback]:
        """The current verdicts on a run, the oldest first."""
        ...

    async def since(self, at: Millis) -> Sequence[Feedback]:
        """The current verdicts that were given since then, the oldest first."""
        ...

    async def to_retire(self, place: MemoryPlace) -> tuple[FoundItem, ...]:
        """Items of this place that harmed three times or more, and more often than they helped."""
        ...
