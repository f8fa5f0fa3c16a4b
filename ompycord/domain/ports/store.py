"""Ports of the database, one per need of a caller and at most 8 methods each; implemented by `store`, without a double.

Every method that writes has committed when it returns. Every method raises StorageError when the database cannot
answer; one that writes raises it as NotStored or DiskRefuses where it is certain that nothing was stored. A caller
names the ports that it uses; where it needs several of them, it names their union in its own module, without methods of
its own.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.component_state import ComponentState
from ompycord.domain.deliveries import Delivery
from ompycord.domain.events import EventBody, RunEvent, RunFailed, RunFinished
from ompycord.domain.folds.fold import RunFold
from ompycord.domain.ids import RunId
from ompycord.domain.records import (
    CheckedEvents,
    Commit,
    Committed,
    Decision,
    Draft,
    EffectRow,
    OutboxRow,
    Post,
    Receipt,
)
from ompycord.domain.results import PrepareResult
from ompycord.domain.run import RunKind, RunRecord, RunState
from ompycord.domain.task import Task
from ompycord.errors import BadEvent

__all__ = [
    "Commits",
    "ComponentStates",
    "Decisions",
    "Drafts",
    "DumpedFold",
    "EventBacklog",
    "EventLog",
    "Folds",
    "Journal",
    "Observations",
    "Projection",
    "RunChains",
    "RunFilter",
    "RunHistory",
    "RunRecords",
    "RunsById",
    "StoreHealth",
    "StoreSizes",
    "StoredLog",
    "StoredSizes",
    "Tasks",
    "Watcher",
]


class Watcher(Protocol):
    """Who reads the store again once something was stored."""

    def stored(self) -> None:
        """Something was stored. Called on the loop, after the commit; returns at once, raises nothing."""
        ...


class Commits(Protocol):
    """What this process commits. Rows that another program wrote are not announced."""

    def watched_by(self, watcher: Watcher) -> AbstractContextManager[None]:
        """The block in which `watcher` is told after each transaction that was committed."""
        ...


class RunFilter(Frozen):
    """Which runs to list, newest first."""

    states: frozenset[RunState] | None = None
    is_open: bool | None = None
    kind: RunKind | None = None
    updated_before: Millis | None = None
    guild: str | None = None
    requester: str | None = None
    repository: str | None = None
    ending: str | None = None
    """The last characters of the id, as people type them."""
    limit: int = 25


class DumpedFold(NamedTuple):
    """A fold as the cache keeps it."""

    run: RunId
    position: int
    dump: bytes

    @classmethod
    def of(cls, fold: RunFold) -> "DumpedFold":
        """The dump of a fold, made step by step by the projector, which shares the event loop."""
        return cls(fold.run, fold.position, fold.dump())


# -- the log -----------------------------------------------------------------------------------------------------------


class EventLog(Protocol):
    """Where the facts of senders go."""

    async def append(self, posts: Sequence[Post], *, together: bool = False) -> list[Receipt | BadEvent]:
        """Store a batch by group commit and return an answer to each post, in order; each is judged alone.

        A refusal is returned, not raised: IdConflict, SequenceConflict, RunFinal, UnknownRun. `together`: all or
        nothing. Then the first refusal ends the list, its index is its place, and nothing is stored; a webhook-id,
        which stands on the last post, stands for all of them.
        """
        ...


class Observations(Protocol):
    """Where the facts of this process's adapters go."""

    async def observe(self, run: RunId, bodies: Sequence[EventBody], *, at: Millis) -> int:
        """Store what a local adapter saw at `at`, under the source `agent` and numbered by the store.

        Returns the last position, 0 where `bodies` is empty. Raises UnknownRun.
        """
        ...


class EventBacklog(Protocol):
    """How far the projector is behind the log."""

    async def backlog(self) -> int:
        """The number of events that the projector has not taken in."""
        ...


class RunHistory(Protocol):
    """What one run's log contains, read from its events and not from its fold."""

    async def events_of(self, run: RunId) -> list[RunEvent]:
        """The run's whole log by position; empty for an unknown run."""
        ...

    async def transcript(self, run: RunId, *, after: int) -> list[RunEvent]:
        """What the run's agents and people wrote to each other after a position, in order.

        The types are `events.TRANSCRIPT_TYPES`.
        """
        ...

    async def session(self, run: RunId) -> str | None:
        """The session that the run's agent opened last in the clone that it has now; None where it opened none."""
        ...

    async def models_of(self, agent: str) -> tuple[str, ...]:
        """The models that an agent, by its name, offered in its latest session that said so; empty where none did."""
        ...

    async def prepared(self, run: RunId) -> PrepareResult | None:
        """What was told of the clone that the run has now, or had at its end; None where it never had one."""
        ...

    async def claim(self, run: RunId) -> RunFinished | RunFailed | None:
        """What the run's agent reported last of its end since its latest start; None where it reported nothing."""
        ...

    async def session_usd(self, run: RunId, session: str) -> float:
        """What this session has cost so far in dollars, as the agents of the run's chain reported it.

        0 where they never did.
        """
        ...


# -- runs --------------------------------------------------------------------------------------------------------------


class RunRecords(Protocol):
    """The rows of runs, as their last commit left them."""

    async def run(self, run: RunId) -> RunRecord | None:
        """One run by its id; None where there is none."""
        ...

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        """The runs that match all of the filter's conditions, newest first, at most `which.limit`."""
        ...


class RunsById(Protocol):
    """The rows of several runs, read at once."""

    async def runs_by_id(self, runs: Sequence[RunId]) -> dict[RunId, RunRecord]:
        """The rows of those runs that exist."""
        ...


class RunChains(Protocol):
    """Runs that follow one another."""

    async def chain(self, first: RunId) -> list[RunRecord]:
        """The run `first` and all of its chain of follow-ups, newest first; empty where there is no such run."""
        ...


class Tasks(Protocol):
    """What people asked for."""

    async def task(self, task: str) -> Task | None:
        """One task by its id; None where there is none."""
        ...


class Folds(Protocol):
    """What is true of runs, as far as the projector has read."""

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        """The folds of those runs that exist.

        A run whose cached fold is missing or of another fold version is folded from its events up to the projector's
        cursor. Raises StorageError; ArchiveUnreadable where the file with the events of one cannot be read.
        """
        ...


class Projection(Protocol):
    """What the projector alone reads and writes."""

    async def cursor(self, name: str) -> int:
        """The last position that this reader has taken in; 0 at first."""
        ...

    async def events_after(self, position: int, *, limit: int) -> list[RunEvent]:
        """At most `limit` events of all runs after a position, in commit order."""
        ...

    async def project(
        self,
        name: str,
        *,
        upto: int,
        folds: Sequence[DumpedFold],
        states: Mapping[RunId, tuple[RunState, Millis | None]],
        outbox: Sequence[OutboxRow],
        notifications: Sequence[Delivery] = (),
    ) -> None:
        """Store folds, states and ends of external runs, outbox rows, deliveries to webhooks and the cursor of `name`.

        All of it is stored in one transaction. `upto` is the position of the last event that was taken in. Doing it
        again changes nothing.
        """
        ...


class StoredLog(Protocol):
    """The log as it is stored."""

    async def check_events(self, after: int, *, limit: int) -> CheckedEvents:
        """Compare at most `limit` events after a position with the hashes that were stored with them."""
        ...


# -- decisions ---------------------------------------------------------------------------------------------------------


class Decisions(Protocol):
    """What is decided about runs, and what was decided before."""

    async def commit(self, commit: Commit) -> Committed:
        """Apply all of it in one transaction, or nothing.

        Raises VersionConflict when a transition's row has moved, StaleResult when a step's lease is over, UnknownRun,
        SequenceConflict.
        """
        ...

    async def decision(self, run: RunId, kind: str, ref: str) -> Decision | None:
        """The decision that was made on this request; None while there is none."""
        ...


class Drafts(Protocol):
    """What people typed."""

    async def draft(self, draft: str) -> Draft | None:
        """One draft by its id; None where there is none."""
        ...

    async def save_draft(self, draft: Draft) -> None:
        """Keep what a person typed; saving the same id again replaces its body, never its run."""
        ...


class ComponentStates(Protocol):
    """What shown buttons and forms mean."""

    async def component_state(self, state: str) -> ComponentState | None:
        """The state with this id; None where there is none or it has expired."""
        ...

    async def save_component_state(self, state: ComponentState) -> None:
        """Keep what a component that is shown now means, and forget those that have expired."""
        ...


class Journal(Protocol):
    """The effects that have no end yet."""

    async def open_effects(self) -> list[EffectRow]:
        """Pending and started ones, oldest first."""
        ...


# -- the database itself -----------------------------------------------------------------------------------------------


class StoreHealth(Protocol):
    """Whether the database accepts writes."""

    @property
    def read_only(self) -> str | None:
        """Why nothing is written for now, in one sentence; None while writes are possible."""
        ...

    @property
    def transactions(self) -> int:
        """The number of write transactions begun since the start."""
        ...

    async def is_writable(self) -> bool:
        """Whether a row can be committed now; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class StoredSizes:
    """What the database's file holds."""

    bytes: int = 0
    free_bytes: int = 0
    """The part of it that deleted rows left, and that new ones take."""
    memory_items: Mapping[str, int] = field(default_factory=dict[str, int])
    """What is remembered, by status."""


class StoreSizes(Protocol):
    """How large the database is."""

    async def stored_sizes(self) -> StoredSizes:
        """As it is now."""
        ...
