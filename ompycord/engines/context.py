"""What a step may use of the process that performs it: one `StepContext` per engine.

A step gets it as an argument and closes over nothing else; `tests/contract/test_steps.py` does each step in a process
of its own. Cancellation of the step is the order to stop: what it started is ended before it returns.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from ompycord.conductor import Inboxes
from ompycord.domain.base import Millis
from ompycord.domain.catalog import Catalog
from ompycord.domain.events import RunFailed, RunFinished
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.folds.repair import RepairFacts
from ompycord.domain.ids import RunId, Ulid
from ompycord.domain.ports import AgentAdapter, CheckHistory, Checks, Listener, WorkResults, Workspaces
from ompycord.domain.repository import AgentSpec, ConfinementLevel, RepositorySpec
from ompycord.domain.results import PrepareResult
from ompycord.domain.task import Task, TaskFile
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


async def _no_cost(run: RunId, session: str) -> float:
    """Where no cost is kept."""
    return 0.0


async def _no_former(run: RunId) -> Former | None:
    """Where no run follows another."""
    return None


async def _no_prepared(run: RunId) -> PrepareResult | None:
    """Where no log is kept."""
    return None


async def _no_repair(run: RunId) -> RepairFacts | None:
    """Where no log is kept."""
    return None


def _at_once() -> Millis:
    return 0


@asynccontextmanager
async def _no_listener(run: RunId, spec: AgentSpec) -> AsyncGenerator[Listener | None]:
    """Where nothing is served for a run alone."""
    yield None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """The engine's side of every step."""

    catalog: Catalog
    workspaces: Workspaces
    results: WorkResults
    adapters: Mapping[str, AgentAdapter]
    """By an agent's kind."""
    checks: Checks
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
    """Variables for the run's agent: its run, the sidecar's address, a key of its own."""
    listeners: Callable[[RunId, AgentSpec], AbstractAsyncContextManager[Listener | None]] = _no_listener
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
