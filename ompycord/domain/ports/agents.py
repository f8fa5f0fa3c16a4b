"""Ports of agents: their adapters, what they are started with, what reaches them and what they tell.

Implemented by agents; engines hand them their work. `ompycord.testing` holds a double of each.
"""

import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from pydantic import ConfigDict, Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    EventBody,
    Prompted,
    QuestionAnswered,
)
from ompycord.domain.ids import RunId
from ompycord.domain.ports.models import Models
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.domain.task import Task

__all__ = [
    "AgentAdapter",
    "AgentCapabilities",
    "AgentInput",
    "AgentJob",
    "AgentOutcome",
    "AgentPurpose",
    "AskSecret",
    "Emit",
    "Inbox",
    "Listener",
    "QueueingInbox",
]

AgentInput = Prompted | QuestionAnswered | ApprovalGranted | ApprovalDenied
"""What reaches an agent from people: a text, an answer, a decision. Facts of the log like all others."""


AskSecret = Callable[[str, str], Awaitable[str]]
"""Its name and why; what the agent is told. The run waits then, and its next start has it. Raises Refused."""


class Emit(Protocol):
    """Stores observations."""

    async def __call__(self, *bodies: EventBody) -> None:
        """Store these, in order and in one commit; returns when they are on disk."""
        ...


class Inbox(Protocol):
    """What people send to an agent while it runs, in order; each message is on disk before it arrives here.

    An adapter that resumes sessions acknowledges what its session has, so that the next start does not repeat it.
    """

    async def next(self) -> AgentInput:
        """The next message; waits for it without limit. For one reader at a time; cancelling the wait loses nothing."""
        ...

    async def acknowledge(self, texts: int) -> None:
        """Record that the agent's session has so many more texts for certain, in the order in which it got them.

        The job's prompt is the first text, each message from `next` another one. Raises StorageError.
        """
        ...


@runtime_checkable
class QueueingInbox(Inbox, Protocol):
    """An inbox that keeps messages for *next* until the agent's turn is over: until then people can change them."""

    def set_resting(self, *, is_resting: bool) -> None:
        """Whether the agent would act on a message for *next* at once; at first it would.

        Until it rests such a message stays in the queue, where people can still change it or take it back.
        """
        ...

    async def has_more(self) -> bool:
        """Whether there is something to hand out now."""
        ...


class AgentCapabilities(Frozen):
    """What an adapter can do; decides which buttons a card has."""

    can_steer: bool = False
    """Whether a message reaches the running agent; otherwise it means a restart."""
    can_resume: bool = False
    """Whether a session can continue after a restart."""
    asks: bool = False
    """Whether it can ask questions by itself (not only through MCP)."""
    approves: bool = False
    """Whether it asks for approval to act and waits for the decision."""
    simulated: bool = False
    """Whether it is the rehearsal, which the card then says."""


@runtime_checkable
class Listener(Protocol):
    """What one run's programs reach of us, while one step of it runs: an address on loopback that is theirs alone."""

    @property
    def port(self) -> int:
        """Its port, as the programs reach it on 127.0.0.1."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by which the programs find it."""
        ...

    @property
    def has_models(self) -> bool:
        """Whether models are asked there."""
        ...

    @property
    def dialects(self) -> Mapping[str, str]:
        """For each model that the agent's settings name, the dialect in which it is asked there."""
        ...

    @property
    def models(self) -> Models | None:
        """The models that Ompycord asks itself for this step; None where no provider is configured."""
        ...

    def watch_waits(self, waiting: Callable[[bool], None]) -> None:
        """Call `waiting` with True when a request of the programs waits here for a provider, with False after."""
        ...

    def adopted(self, listening: socket.socket) -> AbstractAsyncContextManager[None]:
        """While the block runs, serve on `listening` too: the socket of a program that has a network of its own.

        Its connections end with the block.
        """
        ...


AgentPurpose = Literal["work", "plan", "answer", "review"]
"""Why an agent is started. Only one that works may change its folder."""


class AgentJob(Frozen):
    """One start of an agent."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    run: RunId
    iteration: int
    task: Task
    spec: AgentSpec
    cwd: Path
    prompt: str
    purpose: AgentPurpose = "work"
    whole_prompt: str | None = None
    """With `session`: what follows the task where the agent does not know that session any more; None: `prompt`."""
    env: dict[str, str]
    """What the agent may know in addition to its allow-list: run id, sidecar address, its key."""
    session: str | None = None
    session_usd: float = 0.0
    """The cost of `session` that the agent has reported so far: many report totals and continue them."""
    files: Path | None = None
    """The folder of files that came with the task, to be read; None where none did."""
    services: tuple[ServiceSpec, ...] = ()
    """What is started beside it, empty."""
    ask_secret: AskSecret | None = Field(default=None, exclude=True)
    """Asks people for a secret, for an agent that has no tools of ours; None where nobody can be asked."""
    listener: Listener | None = Field(default=None, exclude=True)
    """What its programs reach of us without any other network; None where they have the network, or none at all."""


class AgentOutcome(Frozen):
    """How an agent ended. `claim`: it reports done (True) or failed (False), which is never more than a claim."""

    claim: bool
    message: str | None = None
    """The agent's own words with `EndedBy.AGENT`, else ours about its end."""
    failure: FailureClass | None = None
    is_partial: bool = False
    """With a claim of done: it says that a part of the task is left."""
    ended_by: EndedBy = EndedBy.AGENT
    until: Millis | None = None
    """When its provider takes requests again, where that refused and said so."""


class AgentAdapter(Protocol):
    """Speaks one agent protocol. When cancelled, `run` stops the agent (TERM, then KILL) before it returns."""

    capabilities: AgentCapabilities

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """Start the agent, emit what it does, pass on what arrives in the inbox, return how it ended.

        An adapter that can do nothing with messages leaves the inbox unread. Raises ProcessFailed when it cannot be
        started.
        """
        ...
