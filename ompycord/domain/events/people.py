"""What an agent asks of people and what they decide; `events.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ompycord.domain.authority import DECIDERS, OBSERVERS, ONLY_OMPYCORD, ONLY_PEOPLE
from ompycord.domain.base import Line, Name, Text
from ompycord.domain.events.fields import KnownEvent, OnlyOurs, OpaqueId, Path, RequestName
from ompycord.domain.risk.classes import ClassName
from ompycord.domain.secret_requests.rules import SecretName

__all__ = [
    "AnswerDropped",
    "AnswerEdited",
    "AnswerTyped",
    "ApprovalDenied",
    "ApprovalGranted",
    "ApprovalRequested",
    "ApprovalSkipped",
    "ApprovalUsed",
    "ApprovalVoided",
    "ApprovalVoted",
    "ApprovalWithdrawn",
    "PeopleEventBody",
    "QuestionAnswered",
    "QuestionAsked",
    "QuestionWithdrawn",
]

MOST_EDITS = 20
"""Files that one permission for edits can name."""


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
    secret: Annotated[SecretName | None, OnlyOurs()] = None
    """The variable in which its agent wants a secret. People give that another way; it is in no event."""


class QuestionAnswered(KnownEvent, senders=ONLY_PEOPLE):
    """A person's answer, pressed or typed. Only people give one."""

    type: Literal["question.answered"] = "question.answered"
    question: RequestName
    answer: Annotated[str, StringConstraints(max_length=4000)]
    by: Name


class QuestionWithdrawn(KnownEvent, senders=OBSERVERS):
    """The agent does not need the answer any more."""

    type: Literal["question.withdrawn"] = "question.withdrawn"
    question: RequestName
    reason: Line | None = None


class AnswerTyped(KnownEvent, senders=ONLY_PEOPLE):
    """A person typed an answer, which can be changed and withdrawn for some seconds and is then given."""

    type: Literal["answer.typed"] = "answer.typed"
    typed: OpaqueId
    """Its name: Discord's id of the message or command in which it was typed."""
    question: RequestName
    answer: Annotated[str, StringConstraints(max_length=4000)]
    by: Name
    person: OpaqueId
    """Who wrote it, by Discord id."""
    role: Literal["viewer", "runner", "approver", "admin"]
    """What that person was here at that moment: it is given with no more rights than that."""
    is_message: StrictBool = False
    """Whether it is a message in the run's thread; the bot then replies to it."""


class AnswerEdited(KnownEvent, senders=ONLY_PEOPLE):
    """A person changed a typed answer that still waits."""

    type: Literal["answer.edited"] = "answer.edited"
    typed: OpaqueId
    answer: Annotated[str, StringConstraints(max_length=4000)]


class AnswerDropped(KnownEvent, senders=DECIDERS):
    """A typed answer is not given: a person withdrew it, or it was no longer needed when its time had come."""

    type: Literal["answer.dropped"] = "answer.dropped"
    typed: OpaqueId
    reason: Literal["undone", "deleted", "changed", "closed", "no_role"]
    """`undone`: by *Undo*. `deleted`: with its message. `changed`: its message no longer is an answer. `closed`: the
    question no longer waits for one. `no_role`: whoever typed it may not answer any more."""


GrantScope = Literal["once", "run", "day"]
"""What a person allows: this once, for the run, or the same call in its repository and channel for a day."""


class ApprovalRequested(KnownEvent, senders=OBSERVERS):
    """The agent asks for approval before it acts; `call` and all behind it are for Ompycord alone to fill in."""

    type: Literal["approval.requested"] = "approval.requested"
    approval: RequestName
    title: Line
    command: Text | None = None
    """All that the agent wants to do, word for word."""
    risk: Name | None = None
    whole: StrictBool = True
    """False: `title` and `command` are only the beginning of it, so it can be denied and not allowed."""
    only_once: StrictBool = False
    """Whether it can be allowed once alone, since it is not known to be all of the call."""
    call: Annotated[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None, OnlyOurs()] = None
    """SHA-256 of the whole tool call that waits, where Ompycord read it: tool, kind and every argument."""
    edits: Annotated[Annotated[tuple[Path, ...], Field(max_length=MOST_EDITS)], OnlyOurs()] = ()
    """Files below the clone that the call edits, where it does nothing else; permission for the run is for these."""
    tool: Annotated[Name | None, OnlyOurs()] = None
    """The tool that edits; with `edits` only."""
    risk_class: Annotated[ClassName | None, OnlyOurs()] = None
    """How much harm it could do, where Ompycord read the call (docs/reference/risk-classes.md)."""
    because: Annotated[Line | None, OnlyOurs()] = None
    """Why it has this class."""
    shell: Annotated[Text | None, OnlyOurs()] = None
    """The command that a shell gets, as the agent wrote it."""
    meaning: Annotated[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None, OnlyOurs()] = None
    """SHA-256 of the files that say what a name in it means, such as a script of a package: it changes with them."""
    sources: Annotated[Annotated[tuple[Path, ...], Field(max_length=MOST_EDITS)], OnlyOurs()] = ()
    """These files, from the clone's root."""


class ApprovalVoted(KnownEvent, senders=ONLY_PEOPLE):
    """A person allowed it, and more people must: it is not granted yet."""

    type: Literal["approval.voted"] = "approval.voted"
    approval: RequestName
    by: Name
    person: OpaqueId
    """Who it was, by Discord id."""
    role: Literal["viewer", "runner", "approver", "admin"]
    """What that person was here at that moment."""
    shown: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the request that was shown: a vote counts for no other."""
    scope: GrantScope = "once"


class ApprovalSkipped(KnownEvent, senders=ONLY_OMPYCORD):
    """The agent acted without asking people: no one needs to decide on calls of this class. Ours alone."""

    type: Literal["approval.skipped"] = "approval.skipped"
    title: Line
    command: Text | None = None
    """All that the agent did, as an approval request has it."""
    risk_class: ClassName
    because: Line | None = None


class ApprovalGranted(KnownEvent, senders=ONLY_PEOPLE):
    """A person allowed it. Only a person's click makes it."""

    type: Literal["approval.granted"] = "approval.granted"
    approval: RequestName
    by: Name
    scope: GrantScope = "once"


class ApprovalDenied(KnownEvent, senders=ONLY_PEOPLE):
    """A person refused it. Only a person's click makes it."""

    type: Literal["approval.denied"] = "approval.denied"
    approval: RequestName
    by: Name
    reason: Line | None = None


class ApprovalUsed(KnownEvent, senders=ONLY_OMPYCORD):
    """The agent acted by a permission that a person gave for the whole run; nobody was asked again. Ours alone."""

    type: Literal["approval.used"] = "approval.used"
    approval: RequestName
    """The approval that was granted for the run."""
    title: Line
    command: Text | None = None
    """All that the agent did by it, as an approval request has it."""


class ApprovalVoided(KnownEvent, senders=ONLY_OMPYCORD):
    """A permission does not count any more: those who gave it may not give it now. Its agent has to ask again."""

    type: Literal["approval.voided"] = "approval.voided"
    approval: RequestName
    by: Name
    """Who had given it."""
    reason: Line


class ApprovalWithdrawn(KnownEvent, senders=OBSERVERS):
    """The agent does not wait for this approval any more."""

    type: Literal["approval.withdrawn"] = "approval.withdrawn"
    approval: RequestName
    reason: Line | None = None


PeopleEventBody = (
    QuestionAsked
    | QuestionAnswered
    | QuestionWithdrawn
    | AnswerTyped
    | AnswerEdited
    | AnswerDropped
    | ApprovalRequested
    | ApprovalGranted
    | ApprovalDenied
    | ApprovalVoted
    | ApprovalSkipped
    | ApprovalUsed
    | ApprovalVoided
    | ApprovalWithdrawn
)
