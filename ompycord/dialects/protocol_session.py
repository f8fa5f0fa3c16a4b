"""The base of every two-way dialect: a session with one agent, without I/O; its counterpart is `agents/converse.py`.

Lines of the agent and messages from people go in; events, frames to send and at last the outcome come out.
"""

from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Protocol, TypeVar, assert_never

from ompycord.dialects.frames import Frame
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalWithdrawn,
    EventBody,
    Note,
    Prompted,
    QuestionAnswered,
    QuestionWithdrawn,
)
from ompycord.domain.ports import AgentInput, AgentOutcome

__all__ = ["FileRequest", "ProtocolSession", "Reaction", "RequestHandler", "UnknownFrames", "dispatch", "withdrawn"]

A = TypeVar("A")
B = TypeVar("B")

_NOTED = 20


@dataclass(frozen=True, slots=True)
class FileRequest:
    """A file of its clone that the agent wants us to read or write. The caller confines it to the clone."""

    path: str
    granted: Callable[[str], Frame]
    """The frame that answers it; the text is what was read, empty for a write."""
    refused: Callable[[str], Frame]
    """The frame with the reason of a refusal."""
    content: str | None = None
    """What to write; None for a read."""
    line: int = 1
    """The first line to read."""
    limit: int = 0
    """Lines to read at most; 0 for all."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What follows from one input, in this order: store, send, serve, end."""

    events: tuple[EventBody, ...] = ()
    send: tuple[Frame, ...] = ()
    files: tuple[FileRequest, ...] = ()
    outcome: AgentOutcome | None = None
    """The agent has ended its work; nothing more is expected of it."""
    rests: bool | None = None
    """False: a turn of the agent begins. True: it is over, so that a message for *next* would start another at once.

    A session that never says it gets every message at once.
    """
    acknowledged: int = 0
    """How many more of the texts that were sent, the first prompt included, the session now has for certain."""
    is_turn_over: bool = False
    """A turn ended, however: none of its tools is under way any more."""

    def __add__(self, other: "Reaction") -> "Reaction":
        """Both, one after the other; the first outcome stands."""
        return Reaction(
            self.events + other.events,
            self.send + other.send,
            self.files + other.files,
            self.outcome or other.outcome,
            self.rests if other.rests is None else other.rests,
            self.acknowledged + other.acknowledged,
            self.is_turn_over or other.is_turn_over,
        )


class ProtocolSession(Protocol):
    """One session with one agent. Never raises for what the agent sends."""

    @property
    def awaits_person(self) -> bool:
        """Whether a question or an approval is open: then the agent waits for us."""
        ...

    @property
    def is_starting(self) -> bool:
        """Whether the agent has not answered the first frame yet."""
        ...

    def begin(self) -> Reaction:
        """The first frames."""
        ...

    def skips(self, line: str) -> bool:
        """Whether a line can be dropped without reading it whole."""
        ...

    def on_line(self, line: str, *, now_ms: int) -> Reaction:
        """Take one line of the agent's standard output. `now_ms` dates what is in the future."""
        ...

    def on_input(self, received: AgentInput) -> Reaction:
        """Take a message or a decision of a person."""
        ...

    def cut(self) -> tuple[EventBody, ...]:
        """What is known of a turn that ends now without its end: what it used so far. Nothing between turns."""
        ...

    def interrupt(self) -> Reaction:
        """The frames for an agent that is about to be stopped, before TERM and KILL."""
        ...


class RequestHandler(Protocol):
    """What an agent asks of people, as far as their decisions concern it."""

    def answered(self, received: QuestionAnswered) -> Reaction: ...
    def granted(self, received: ApprovalGranted) -> Reaction: ...
    def denied(self, received: ApprovalDenied) -> Reaction: ...


def dispatch(received: AgentInput, *, prompted: Callable[[Prompted], Reaction], handler: RequestHandler) -> Reaction:
    """Passes a person's message or decision to the handler of what it leads to."""
    match received:
        case Prompted():
            return prompted(received)
        case QuestionAnswered():
            return handler.answered(received)
        case ApprovalGranted():
            return handler.granted(received)
        case ApprovalDenied():
            return handler.denied(received)
        case _:
            assert_never(received)


def withdrawn(
    keys: Iterable[str], approvals: MutableMapping[str, A], questions: MutableMapping[str, B], *, reason: str
) -> tuple[EventBody, ...]:
    """Removes these requests from the two lists; the events that withdraw them."""
    events: list[EventBody] = []
    for key in keys:
        if approvals.pop(key, None) is not None:
            events.append(ApprovalWithdrawn(approval=key, reason=reason))
        elif questions.pop(key, None) is not None:
            events.append(QuestionWithdrawn(question=key, reason=reason))
    return tuple(events)


class UnknownFrames:
    """Frames that a dialect does not know: each kind gets one note by its name, at most twenty in all."""

    def __init__(self, *, agent: str) -> None:
        self._agent = agent
        self._seen: set[str] = set()

    def seen(self, kind: str) -> Reaction:
        """Note a frame of an unknown kind."""
        if kind in self._seen or len(self._seen) >= _NOTED:
            return Reaction()
        self._seen.add(kind)
        return Reaction((Note(text=f"{self._agent} sent something that this version does not know: {kind}."),))
