"""The port of what people think of results; `store/features/memory/feedback.py` implements it."""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.memory.feedback import Feedback

__all__ = ["FeedbackRows"]


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
