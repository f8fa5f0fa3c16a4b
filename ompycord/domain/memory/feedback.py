"""What people think of a run's result; counterpart of `ports/feedback.py`."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import Ulid

__all__ = ["FEEDBACK_LENGTH", "Feedback", "FeedbackVerdict"]

FEEDBACK_LENGTH = 1000


class FeedbackVerdict(StrEnum):
    """What a person thinks of a result."""

    GOOD = "good"
    """It can be taken as it is."""
    EDIT = "edit"
    """It can be taken after a person changed something."""
    BAD = "bad"
    """It cannot be taken."""

    @property
    def emoji(self) -> str:
        """The reaction that means it."""
        return {"good": "👍", "edit": "✏️", "bad": "👎"}[self.value]


class Feedback(Frozen):
    """One person's verdict on one run. Another one takes its place; every one is kept as history."""

    run: Ulid
    person: str
    person_name: str
    verdict: FeedbackVerdict
    words: Annotated[str, StringConstraints(max_length=FEEDBACK_LENGTH)] = ""
    at: Millis
