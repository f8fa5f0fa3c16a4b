"""What an agent asks of people and what they decide; `events.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ompycord.domain.authority import OBSERVERS, ONLY_PEOPLE
from ompycord.domain.base import Line, Name, Text
from ompycord.domain.events.fields import KnownEvent, RequestName

__all__ = [
    "ApprovalDenied",
    "ApprovalGranted",
    "ApprovalRequested",
    "ApprovalWithdrawn",
    "PeopleEventBody",
    "QuestionAnswered",
    "QuestionAsked",
    "QuestionWithdrawn",
]


class QuestionAsked(KnownEvent, senders=OBSERVERS):
    """The agent wants to know something; a person answers with a button or a form."""

    type: Literal["question.asked"] = "question.asked"
    question: RequestName
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    options: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=80)], ...], Field(max_length=20)
    ] = ()
    free_text: StrictBool = True
    """Whether an answer that is not one of the options is allowed too."""


class QuestionAnswered(KnownEvent, senders=ONLY_PEOPLE):
    """A person's answer. Only a person's click makes it."""

    type: Literal["question.answered"] = "question.answered"
    question: RequestName
    answer: Annotated[str, StringConstraints(max_length=4000)]
    by: Name


class QuestionWithdrawn(KnownEvent, senders=OBSERVERS):
    """The agent does not need the answer any more."""

    type: Literal["question.withdrawn"] = "question.withdrawn"
    question: RequestName
    reason: Line | None = None


class ApprovalRequested(KnownEvent, senders=OBSERVERS):
    """The agent asks for approval before it acts."""

    type: Literal["approval.requested"] = "approval.requested"
    approval: RequestName
    title: Line
    command: Text | None = None
    risk: Name | None = None


class ApprovalGranted(KnownEvent, senders=ONLY_PEOPLE):
    """A person allowed it. Only a person's click makes it."""

    type: Literal["approval.granted"] = "approval.granted"
    approval: RequestName
    by: Name
    scope: Literal["once", "run"] = "once"


class ApprovalDenied(KnownEvent, senders=ONLY_PEOPLE):
    """A person refused it. Only a person's click makes it."""

    type: Literal["approval.denied"] = "approval.denied"
    approval: RequestName
    by: Name
    reason: Line | None = None


class ApprovalWithdrawn(KnownEvent, senders=OBSERVERS):
    """The agent does not wait for this approval any more."""

    type: Literal["approval.withdrawn"] = "approval.withdrawn"
    approval: RequestName
    reason: Line | None = None


PeopleEventBody = (
    QuestionAsked
    | QuestionAnswered
    | QuestionWithdrawn
    | ApprovalRequested
    | ApprovalGranted
    | ApprovalDenied
    | ApprovalWithdrawn
)
