"""Questions, typed answers and approvals of a run as a snapshot shows them, and what an approval covers."""

import hashlib
from typing import Final, Literal, NamedTuple

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import ApprovalRequested
from ompycord.domain.risk.classes import ClassName, RiskClass, RiskFinding
from ompycord.domain.risk.classify import classify_command

__all__ = [
    "PUBLICATION",
    "Approval",
    "ApprovalVote",
    "Question",
    "RunPermission",
    "TypedAnswer",
    "is_same_request",
    "permission_of",
    "risk_of",
    "shown_hash",
]


PUBLICATION: Final = "publish-"
"""How the name of a request begins by which Ompycord itself asks whether it may publish."""


class Question(Frozen):
    """A question to people and what became of it."""

    ref: str
    text: str
    options: tuple[str, ...] = ()
    free_text: bool = True
    secret: str | None = None
    """The name of the secret for which it asks, which no answer holds."""
    asked_at: Millis
    status: Literal["open", "answered", "withdrawn"] = "open"
    answer: str | None = None
    by: str | None = None
    reason: str | None = None
    """Why it was withdrawn."""
    closed_at: Millis | None = None


class TypedAnswer(Frozen):
    """An answer that a person typed, which is given once its time has come, unless it is withdrawn before."""

    typed: str
    """Its name: Discord's id of the message or command."""
    question: str
    answer: str
    by: str
    person: str
    at: Millis
    is_message: bool = False
    dropped: Literal["undone", "deleted", "changed", "closed", "no_role"] | None = None
    """Why it is not given."""


class ApprovalVote(Frozen):
    """A person who allowed something on which more people must decide."""

    person: str
    by: str
    role: Literal["viewer", "runner", "approver", "admin"]
    shown: str
    scope: Literal["once", "run", "day"] = "once"
    at: Millis


class Approval(Frozen):
    """A request for approval and what became of it."""

    ref: str
    title: str
    command: str | None = None
    risk: str | None = None
    whole: bool = True
    """Whether all of it can be shown; if not, it can only be denied."""
    only_once: bool = False
    """Whether it cannot be allowed for the run."""
    call: str | None = None
    """SHA-256 of the tool call, where Ompycord read it."""
    edits: tuple[str, ...] = ()
    tool: str | None = None
    risk_class: ClassName | None = None
    """How much harm it could do; None where Ompycord did not read the call."""
    because: str | None = None
    shell: str | None = None
    meaning: str | None = None
    sources: tuple[str, ...] = ()
    votes: tuple[ApprovalVote, ...] = ()
    """Who allowed it while more people must, oldest first."""
    asked_at: Millis
    status: Literal["open", "granted", "denied", "withdrawn"] = "open"
    scope: Literal["once", "run", "day"] | None = None
    by: str | None = None
    reason: str | None = None
    """Why it was denied or withdrawn."""
    closed_at: Millis | None = None
    uses: int = 0
    """How often the agent acted by it without asking again, where it was granted for the run."""

    @property
    def is_publication(self) -> bool:
        """Whether Ompycord asks it, before a result leaves this machine; agents cannot fill in `call`."""
        return self.call is not None and self.ref.startswith(PUBLICATION)


class RunPermission(NamedTuple):
    """What *Allow for this run* covers: the same call, or edits of the same files by the same tool; nothing else."""

    call: tuple[str, str | None, str | None, str | None] | None
    """Title, command, risk and the hash of the call. None for edits, whose texts differ."""
    edits: tuple[str, ...] = ()
    tool: str | None = None
    means: tuple[str | None, str | None] = (None, None)
    """The risk class, and the hash of the files that say what a name in it means."""


def permission_of(request: Approval | ApprovalRequested) -> RunPermission | None:
    """What approval of this for the run would cover; None where a person does not see all of it.

    The only place that decides it, for agents of every kind.
    """
    if not request.whole or request.only_once:
        return None
    means = request.risk_class, request.meaning
    if request.edits:
        return RunPermission(None, tuple(sorted(set(request.edits))), request.tool, means)
    return RunPermission((request.title, request.command, request.risk, request.call), means=means)


def is_same_request(first: Approval | ApprovalRequested, second: Approval | ApprovalRequested) -> bool:
    """Whether a person reads the same in both, and both are about the same call."""
    return _request_fields(first) == _request_fields(second)


def shown_hash(request: Approval | ApprovalRequested) -> str:
    """SHA-256 of all that a person decides on: a vote counts for this alone."""
    return hashlib.sha256(repr(_request_fields(request)).encode("utf-8", "surrogatepass")).hexdigest()


def risk_of(request: Approval | ApprovalRequested) -> RiskFinding:
    """The class of a request. What an agent says in words alone is at least a program, whatever it says."""
    if request.risk_class is not None:
        return RiskFinding(RiskClass.named(request.risk_class), request.because or "it was read so")
    finding = classify_command(request.command or request.title)
    return finding.at_least(RiskClass.RUN, "its agent says so, and Ompycord did not see the call")


def _request_fields(request: Approval | ApprovalRequested) -> tuple[object, ...]:
    words = request.title, request.command, request.risk, request.whole, request.only_once
    return (*words, request.call, request.edits, request.tool, request.risk_class, request.meaning)
