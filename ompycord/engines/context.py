"""What a step may use of the process that performs it: one `StepContext` per engine.

A step gets it as an argument and closes over nothing else; `tests/contract/test_steps.py` does each step in a process
of its own. Cancellation of the step is the order to stop: what it started is ended before it returns.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from ompycord.conductor import Inboxes
from ompycord.conductor.pull_requests.review_room import ReviewRoom
from ompycord.domain.base import Millis
from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.domain.configuration.own_models import RefiningSpec
from ompycord.domain.configuration.repository_file import REPOSITORY_FILE, Configured, FileFault
from ompycord.domain.configuration.setup import User
from ompycord.domain.events import PrecheckLine, RunFailed, RunFinished
from ompycord.domain.folds.checkpoints import PutBack
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.folds.planning import PlanningFacts
from ompycord.domain.folds.repair import RepairFacts
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId, Ulid
from ompycord.domain.ports import (
    AgentAdapter,
    BaseMoves,
    BaseThere,
    CheckHistory,
    Checks,
    Listener,
    ProxyListener,
    RunServices,
    SetUps,
    Takeovers,
    WorkResults,
    Workspaces,
)
from ompycord.domain.ports.memory import RecallForRuns
from ompycord.domain.repository import AgentSpec, ConfinementLevel, RepositorySpec
from ompycord.domain.results import PrepareResult
from ompycord.domain.task import Task, TaskFile
from ompycord.engines.publication import Proposals
from ompycord.errors import Refused, WorkspaceError
from ompycord.render.refusals import Audience, refusal_words

__all__ = ["Emit", "StepContext"]

Emit = Callable[..., Awaitable[None]]
"""`await emit(run, *bodies)`: store facts; returns when they are on disk.

Raises NotStored while the database refuses.
"""


FindGranted = Callable[[str], str | None]
"""The name of the granted secret that stands in a text, None where none does."""


async def _no_task(task: Ulid) -> Task | None:
    return None


async def _no_file(file: TaskFile) -> bytes | None:
    """Where no files are kept."""
    return None


async def _no_co_author(person: str) -> str | None:
    """Where no person is known."""
    return None


async def _nothing_granted(agent: str) -> FindGranted | None:
    """Where no agent is given a secret."""
    return None


async def _no_claim(run: RunId) -> RunFinished | RunFailed | None:
    """Where agents report nothing by our tools."""
    return None


async def _no_words(run: RunId) -> tuple[str, ...]:
    """Where no agent asks for a secret."""
    return ()


async def _no_cost(run: RunId, session: str) -> float:
    """Where no cost is kept."""
    return 0.0


async def _no_former(run: RunId) -> Former | None:
    """Where no run follows another."""
    return None


async def _no_prepared(run: RunId) -> PrepareResult | None:
    """Where no log is kept."""
    return None


async def _no_roll_back(run: RunId) -> PutBack | None:
    """Where no log is kept."""
    return None


async def _no_repair(run: RunId) -> RepairFacts | None:
    """Where no log is kept."""
    return None


async def _nothing_to_see(run: RunId, task: Task, former: Former | None) -> Sequence[PrecheckLine]:
    """Where nothing is looked at before a run."""
    return ()


def _by_operator_alone(repository: RepositorySpec, raw: bytes | None) -> tuple[Configured, tuple[FileFault, ...]]:
    """Where no repository has a file of its own."""
    return Configured(repository=repository), ()


def _always_can(spec: AgentSpec) -> bool:
    """Where nothing is looked at."""
    return True


async def _no_planning(run: RunId) -> PlanningFacts:
    """Where no log is kept."""
    return PlanningFacts()


async def _no_snapshot(run: RunId) -> StatusSnapshot | None:
    """Where no log is kept."""
    return None


def _at_once() -> Millis:
    return 0


@asynccontextmanager
async def _no_listener(
    run: RunId, spec: AgentSpec, attached: tuple[AttachedSecret, ...] = ()
) -> AsyncGenerator[Listener | None]:
    """Where nothing is served for a run alone."""
    yield None


@asynccontextmanager
async def _no_proxy(
    run: RunId, hosts: Sequence[str], user: User, attached: tuple[AttachedSecret, ...]
) -> AsyncGenerator[ProxyListener]:
    """Where nothing leads to hosts."""
    raise WorkspaceError("Nothing leads to hosts here, so set-up cannot run.")
    yield  # pyright: ignore[reportUnreachable]  # makes it a generator


OpensProxy = Callable[
    [RunId, Sequence[str], User, tuple[AttachedSecret, ...]], AbstractAsyncContextManager[ProxyListener]
]


class OpensListener(Protocol):
    """Opens one for an agent; requests by its proxy get secrets by the rules `attached`."""

    def __call__(
        self, run: RunId, spec: AgentSpec, attached: tuple[AttachedSecret, ...] = (), /
    ) -> AbstractAsyncContextManager[Listener | None]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """The engine's side of every step."""

    catalog: Catalog
    workspaces: Workspaces
    takeovers: Takeovers
    results: WorkResults
    adapters: Mapping[str, AgentAdapter]
    """By an agent's kind."""
    checks: Checks
    set_ups: SetUps | None = None
    """Where dependencies are made ready; None where nothing does."""
    services: RunServices | None = None
    """Where services are tried before the agent starts; None where nothing starts them."""
    proxies: OpensProxy = _no_proxy
    """A way to these hosts alone, while the block runs, on which programs of this kind get secrets by these rules."""
    redact: Callable[[str], str] = str
    """Takes the secrets of this process out of a text."""
    check_history: CheckHistory
    """What earlier runs of checks showed."""
    level: ConfinementLevel
    """How well this machine confines an agent."""
    remedy: str = ""
    """What raises the level, as a sentence; empty where nothing does."""
    observe: Emit
    """Facts from the agent, as its own source."""
    record: Emit
    """Facts of ours."""
    secrets: Callable[[RunId], Awaitable[dict[str, str]]]
    """Variables for the run's agent: its run, the sidecar's address, a key of its own, secrets that people gave it.

    Asked once for each start: what people gave is for one.
    """
    ask_secret: Callable[[RunId, str, str], Awaitable[str]] | None = None
    """Asks people for a secret that a run's agent needs, by its name and why; None where no one is asked."""
    about_secrets: Callable[[RunId], Awaitable[tuple[str, ...]]] = _no_words
    """What its agent is told about the secrets for which it asked, a sentence each."""
    listeners: OpensListener = _no_listener
    """What the programs of a run's agent reach of us without any other network, while the block runs."""
    inboxes: Inboxes
    """What people write to an agent while it runs."""
    task: Callable[[Ulid], Awaitable[Task | None]] = _no_task
    """A task by its id; None where it has expired."""
    session: Callable[[RunId], Awaitable[str | None]]
    """The session that the run's agent opened last in the clone that it has now.

    Asked only for agents that can resume one.
    """
    session_usd: Callable[[RunId, str], Awaitable[float]] = _no_cost
    """US dollars that the run's agent has reported for this session."""
    claim: Callable[[RunId], Awaitable[RunFinished | RunFailed | None]] = _no_claim
    """What the run's agent reported of its end since its latest start; None where it reported nothing."""
    former: Callable[[RunId], Awaitable[Former | None]] = _no_former
    """What the runs before a follow-up left; None for a run that follows none."""
    prepared: Callable[[RunId], Awaitable[PrepareResult | None]] = _no_prepared
    """What was told of the clone that the run has now."""
    repair: Callable[[RunId], Awaitable[RepairFacts | None]] = _no_repair
    """What the last verification found; None where the run's agent repairs nothing."""
    rolled_back: Callable[[RunId], Awaitable[PutBack | None]] = _no_roll_back
    """The last time that a person put the run back to an earlier round; None where none did."""
    review_room: ReviewRoom | None = None
    """Where runs wait while too many pull requests are unread; None where none are opened."""
    proposals: Proposals | None = None
    """What makes pull requests of results; None where nothing reaches a forge."""
    can_run: Callable[[AgentSpec], bool] = _always_can
    """Whether an agent can be started here: its program is there, and it is confined as its settings want."""
    moves: BaseMoves | None = None
    """What puts results on a base that has moved; None where nothing does."""
    precheck: Callable[[RunId, Task, Former | None], Awaitable[Sequence[PrecheckLine]]] = _nothing_to_see
    """What a run needs, looked at before it has a clone: every line, also those that are right."""
    configure: Callable[[RepositorySpec, bytes | None], tuple[Configured, tuple[FileFault, ...]]] = _by_operator_alone
    """A repository narrowed by its own file, and what is wrong with that."""
    planning: Callable[[RunId], Awaitable[PlanningFacts]] = _no_planning
    """What was planned and refused so far, and the plan by which the work is done."""
    snapshot: Callable[[RunId], Awaitable[StatusSnapshot | None]] = _no_snapshot
    """The run as its log tells now."""
    memory: RecallForRuns | None = None
    """What is remembered of earlier work; None where nothing is."""
    refining: RefiningSpec = field(default_factory=RefiningSpec)
    """How a task is refined where a person wants it."""
    now_ms: Callable[[], Millis] = _at_once
    """The time, of which the age of a kept session is counted."""
    file: Callable[[TaskFile], Awaitable[bytes | None]] = _no_file
    """A file that came with the task; None where it has expired."""
    granted: Callable[[str], Awaitable[FindGranted | None]] = _nothing_granted
    """What finds the secrets that an agent was given in a text, by their names; None where it was given none."""
    granted_keys: Callable[[str], Awaitable[FindGranted | None]] = _nothing_granted
    """The same without the other words of the files it was granted, which its own session may have too."""
    co_author: Callable[[str], Awaitable[str | None]] = _no_co_author
    """The requester's identity for commits, `Name <address>`; None where they chose none."""

    def repository(self, task: Task) -> RepositorySpec:
        """The task's repository. Raises WorkspaceError where configuration changed since the task was taken."""
        try:
            return self.catalog.repository(task.repository)
        except Refused as error:
            raise WorkspaceError(refusal_words(error, Audience.DISCORD)) from error

    async def moved_base(self, run: RunId, task: Task) -> BaseThere | None:
        """The base of its forge, where that has moved and the result is not proposed there yet. Raises ForgeFailed."""
        if self.proposals is None or self.moves is None:
            return None
        former = await self.former(run) if task.follows is not None else None
        prepared = await self.prepared(run)
        base = (former.first_base if former is not None else None) or (prepared.base if prepared is not None else None)
        branch = (former.branch if former is not None else None) or (prepared.branch if prepared is not None else None)
        collected = await self.results.result(run)
        commit = collected.commit if collected is not None else None
        if base is None or branch is None or commit is None:
            return None
        there = await self.proposals.base_of(run, self.repository(task), task, branch, commit, base)
        return there if there is not None and there.ahead else None

    async def configured(self, run: RunId, task: Task) -> Configured:
        """The task's repository as this run uses it, with the file of its base.

        Raises WorkspaceError for a file with a fault: it is another one than that which was looked at before the run.
        """
        repository = self.repository(task)
        found, faults = self.configure(repository, await self.results.base_file(run, REPOSITORY_FILE))
        if faults:
            raise WorkspaceError(f"{REPOSITORY_FILE} of the base: {faults[0].key}: {faults[0].text}. {faults[0].fix}.")
        return found
