"""Ports of the work on a repository: agents, their clones, checks, the engine.

Implemented by agents, workspaces, checks and engines. `ompycord.testing` holds a double of each.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from pydantic import ConfigDict, Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ChangedFile,
    EffectFinished,
    EventBody,
    LeftOut,
    Prompted,
    QuestionAnswered,
    ResultGuarded,
)
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId
from ompycord.domain.ports.guard import GuardRules
from ompycord.domain.ports.trees import ResultTrees, TreeEntry
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.domain.task import Task

__all__ = [
    "AgentAdapter",
    "AgentCapabilities",
    "AgentInput",
    "AgentJob",
    "AgentOutcome",
    "AgentPurpose",
    "Branches",
    "Collected",
    "Emit",
    "Engine",
    "Inbox",
    "Listener",
    "Prepared",
    "Published",
    "QueueingInbox",
    "ReadingCopy",
    "WorkResults",
    "Workspaces",
]

AgentInput = Prompted | QuestionAnswered | ApprovalGranted | ApprovalDenied
"""What reaches an agent from people: a text, an answer, a decision. Facts of the log like all others."""


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


class Prepared(Frozen):
    """A clone that is ready."""

    path: Path
    base_commit: str
    base_branch: str
    session: str | None = None
    """The session of a run before it whose HOME is this one's now; None where none was kept."""


class Collected(Frozen):
    """What a run made. `commit` is None when it changed nothing."""

    commit: str | None
    files: tuple[ChangedFile, ...]
    total: int
    diff: Path | None
    """The whole diff as a file."""
    left_out: tuple[LeftOut, ...] = ()
    """What the agent left that is not in the result."""
    taken: str = ""
    """What the result was taken from where that is not what the agent had checked out; else empty."""
    guarded: ResultGuarded | None = None
    """What the guard says. With findings all else is the result before this one."""


class Published(Frozen):
    """Where the result is published."""

    branch: str | None
    """None when there was nothing to publish."""
    commit: str | None = None


class ReadingCopy(Protocol):
    """A throw-away copy of a result, or of the base, for an agent that only reads."""

    @property
    def path(self) -> Path:
        """Its folder, with a `.git` of its own: one commit, no remote."""
        ...

    @property
    def commit(self) -> str:
        """The commit whose files it holds."""
        ...

    async def changes(self) -> tuple[str, ...]:
        """The paths at which it differs from what it was, sorted; `.git` where something was committed there.

        Read file by file by ourselves: no program is started in it. Raises WorkspaceError.
        """
        ...


class Branches(Protocol):
    """The branches of repositories."""

    async def tip(self, repository: RepositorySpec, branch: str) -> str | None:
        """The commit at which a branch stands, as far as it is known here; None where there is none.

        Raises WorkspaceError.
        """
        ...


class Workspaces(Branches, Protocol):
    """The clones of runs. The host's git never runs inside an agent's folder. Every method raises WorkspaceError."""

    async def prepare(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        base: str | None,
        former: Former | None = None,
        branch: str | None = None,
    ) -> Prepared:
        """Make a fresh clone of `base` (None: the repository's own) on `branch` and return it. Idempotent.

        An earlier clone of this run is discarded first. With `former` the run follows up others: where they have a
        branch, the clone is of its tip, and the newest of their sessions that is still kept is this run's HOME.
        """
        ...

    async def workspace(self, run: RunId) -> Prepared | None:
        """The run's clone; None where it has none."""
        ...

    async def write_file(self, run: RunId, name: str, data: bytes) -> Path:
        """Put a file that came with the task beside the run's clone, readable for its agent; the folder it is in.

        Idempotent.
        """
        ...

    async def is_taken_over(self, run: RunId) -> bool:
        """Whether a person works in the run's clone at a terminal now."""
        ...

    async def set_aside(self, run: RunId, why: str) -> str:
        """Keep the run's clone as it is, also from `discard`, since nothing of it may be collected.

        Returns where it is, as a sentence for people. Idempotent.
        """
        ...

    async def keep_session(
        self, run: RunId, *, grants: Sequence[Path], granted: Callable[[str], str | None] | None, at: Millis
    ) -> bool:
        """Keep the HOME of the run's agent for follow-ups, without what it was granted; whether it is kept.

        `grants` are files of the user's own, `granted` names the secret that stands in a text. Idempotent.
        """
        ...

    async def discard(self, run: RunId) -> None:
        """Remove the run's clone, unless it was set aside. Idempotent; the result stays, and a session that is kept."""
        ...


class WorkResults(Protocol):
    """What runs made, taken out of their clones: collected, checked out, published.

    Every method raises WorkspaceError.
    """

    async def collect(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        message: str,
        co_author: str | None = None,
        granted: Callable[[str], str | None] | None = None,
        rules: GuardRules | None = None,
    ) -> Collected:
        """Commit what is there (inside), bundle it, fetch the bundle with fsck, list the changes. Idempotent.

        `message` is the commit's. `co_author` (`Name <address>`) stands on the last commit, also where the agent made
        that one. `granted` gives the name of the granted secret that stands in a text, None where none does. Raises
        ResultWithheld where one stands in what would be published: in a file, a name or a message of a commit.
        What breaks one of the `rules` is not taken, and the result before it stays.
        """
        ...

    async def result(self, run: RunId) -> Collected | None:
        """What was collected last, as long as it is kept; None before."""
        ...

    async def trees(self, run: RunId) -> ResultTrees:
        """The trees of the base and of what was collected (of the base twice where nothing was).

        The base of a follow-up is that of the first run on its branch. Raises WorkspaceError where that is gone.
        """
        ...

    async def base_file(self, run: RunId, path: str) -> bytes | None:
        """A file of the base, as `trees` has it; None where there is none."""
        ...

    def checkout(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        with_git: bool = False,
        tree: Mapping[str, TreeEntry] | None = None,
    ) -> AbstractAsyncContextManager[Path]:
        """A throw-away checkout of what was collected (or of the base), for one check; its folder.

        `tree`: it holds these files instead, all of which the base or the result has.
        `with_git`: it has a small `.git` of its own, with one commit and no remote.
        """
        ...

    def copy(self, run: RunId, repository: RepositorySpec) -> AbstractAsyncContextManager[ReadingCopy]:
        """A throw-away copy of what was collected (or of the base), for one start of an agent that only reads.

        Whatever is changed in it is dropped with it.
        """
        ...

    async def publish(self, run: RunId, repository: RepositorySpec, *, branch: str) -> Published:
        """Put the collected commit on a branch of the repository. Idempotent; never the base branch.

        A follow-up moves the branch from which it started, unless others moved it since.
        """
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


class Engine(Protocol):
    """Where effects run: in this process, or on worker machines."""

    async def perform(self, order: StepOrder) -> EffectFinished:
        """Do one step and return how it ended. Idempotent, except for `build`. Cancellation stops what it started.

        Raises OmpycordError for what could not be done: StorageError where it must be tried again, any other error is
        the step's failure.
        """
        ...

    async def kill_strays(self, run: RunId) -> None:
        """Kill what an earlier process of ours left running for this run."""
        ...
