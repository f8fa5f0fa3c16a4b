"""Ports: what the conductor and the edges need of the world, as Protocols; implemented by store, workspaces, agents, checks.

`ompycord.testing` holds a double of each, kept honest by the same contract tests.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import (
    EventBody,
    RunEvent,
)
from ompycord.domain.fold import RunFold
from ompycord.domain.ids import RunId
from ompycord.domain.person_settings import PersonSettings
from ompycord.domain.ports_work import (
    AgentAdapter,
    AgentCapabilities,
    AgentInput,
    AgentJob,
    AgentOutcome,
    Checks,
    Collected,
    Emit,
    Engine,
    Inbox,
    Prepared,
    Published,
    Workspaces,
)
from ompycord.domain.records import (
    Board,
    Commit,
    Committed,
    Decision,
    Draft,
    EffectRow,
    KeyRecord,
    OutboxKind,
    OutboxRow,
    Post,
    Receipt,
    Surface,
)
from ompycord.domain.run import RunKind, RunRecord, RunState
from ompycord.domain.task import Task
from ompycord.errors import BadEvent

__all__ = [
    "AgentAdapter",
    "AgentCapabilities",
    "AgentInput",
    "AgentJob",
    "AgentOutcome",
    "Checks",
    "Clock",
    "Collected",
    "DumpedFold",
    "Emit",
    "Engine",
    "Ids",
    "Inbox",
    "Prepared",
    "Published",
    "RunFilter",
    "Store",
    "Workspaces",
]


class Clock(Protocol):
    """Time, so that tests own it."""

    def now_ms(self) -> Millis:
        """Wall clock, milliseconds since the epoch, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that only grow, for durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait at least so long."""
        ...


class Ids(Protocol):
    """New identifiers."""

    def ulid(self) -> str:
        """A ULID that sorts after those made in earlier milliseconds."""
        ...

    def token(self) -> str:
        """43 url-safe random characters."""
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
        """Made by the projector, which takes turns with others on the loop."""
        return cls(fold.run, fold.position, fold.dump())


class Store(Protocol):
    """The only way to the database. Every method that writes has committed when it returns; StorageError when it cannot."""

    # Stage 1: observations.
    async def append(self, posts: Sequence[Post], *, together: bool = False) -> list[Receipt | BadEvent]:
        """Store a batch by group commit; each post is judged alone: IdConflict, SequenceConflict, RunFinal, UnknownRun.

        `together`: all or nothing. Then the first refusal ends the list, its index is its place, and nothing is stored;
        a webhook-id, which stands on the last post, stands for all of them.
        """
        ...

    async def observe(self, run: RunId, bodies: Sequence[EventBody], *, at: Millis) -> int:
        """A local adapter's events in the lane `agent`, numbered by the store; the last position."""
        ...

    # Decisions.
    async def commit(self, commit: Commit) -> Committed:
        """Apply all of it in one transaction. VersionConflict when a transition's row has moved."""
        ...

    async def save_draft(self, draft: Draft) -> None:
        """Keep what a person typed; the same id again replaces its body, never its run."""
        ...

    # Stage 2: the projector.
    async def cursor(self, name: str) -> int:
        """The last position that this reader has taken in; 0 at first."""
        ...

    async def events_after(self, position: int, *, limit: int) -> list[RunEvent]:
        """The log in commit order."""
        ...

    async def events_of(self, run: RunId) -> list[RunEvent]:
        """One run's log by position."""
        ...

    async def transcript(self, run: RunId, *, after: int) -> list[RunEvent]:
        """What a run's agents and people said to each other after a position, in order (`events.TRANSCRIPT_TYPES`)."""
        ...

    async def session(self, run: RunId) -> str | None:
        """The session that the run's agent opened last in the clone that it has now; None where it opened none."""
        ...

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        """Cached folds; a run without one of this fold version is refolded from its events up to the projector's cursor."""
        ...

    async def project(
        self,
        name: str,
        *,
        upto: int,
        folds: Sequence[DumpedFold],
        states: Mapping[RunId, tuple[RunState, Millis | None]],
        outbox: Sequence[OutboxRow],
    ) -> None:
        """Folds, the state column of external runs, outbox rows and the cursor in one transaction."""
        ...

    async def backlog(self) -> int:
        """Events that the projector has not taken in."""
        ...

    # Reading.
    async def run(self, run: RunId) -> RunRecord | None: ...
    async def runs_by_id(self, runs: Sequence[RunId]) -> dict[RunId, RunRecord]:
        """Those of them that exist."""
        ...

    async def runs(self, which: RunFilter) -> list[RunRecord]: ...
    async def run_of_surface(self, channel_or_message: str) -> RunRecord | None:
        """The run whose thread, card or mirror this Discord id is."""
        ...

    async def task(self, task: str) -> Task | None: ...
    async def draft(self, draft: str) -> Draft | None: ...
    async def decision(self, run: RunId, kind: str, ref: str) -> Decision | None: ...
    async def open_effects(self) -> list[EffectRow]:
        """Pending and started ones, oldest first."""
        ...

    # Deliveries.
    async def outbox(self, *, limit: int = 500) -> list[OutboxRow]:
        """Pending rows, oldest first."""
        ...

    async def delivered(self, row: OutboxRow, surface: Surface | None, *, at: Millis) -> None:
        """Mark done and remember where it went, in one transaction."""
        ...

    async def undelivered(self, row: OutboxRow, *, error: str, final: bool) -> None:
        """One more try failed; final: there will be no other."""
        ...

    async def surfaces(self, run: RunId) -> list[Surface]: ...
    async def surface(self, run: RunId, kind: OutboxKind, ref: str = "") -> Surface | None: ...
    async def shown(self, surface: Surface) -> None:
        """An edit went through: remember what the message shows now."""
        ...

    async def stale_cards(self) -> list[RunId]:
        """Runs whose card shows less than the projector knows."""
        ...

    async def boards(self) -> list[Board]:
        """Every board that was posted, by channel."""
        ...

    async def save_board(self, board: Board) -> None:
        """It stands there and shows that; a channel has one."""
        ...

    async def drop_board(self, channel: str) -> None:
        """It is gone. Idempotent."""
        ...

    # People.
    async def person_settings(self, person: str) -> PersonSettings:
        """What somebody chose; the defaults where they never did."""
        ...

    async def save_person_settings(self, person: str, settings: PersonSettings, *, at: Millis) -> None: ...

    # Keys.
    async def keys(self) -> list[KeyRecord]:
        """All that are not revoked, without those of runs that are over.

        Held in memory by the sidecar, so failed authentication costs no database access.
        """
        ...

    async def audit(self, *, actor: str, action: str, subject: str, detail: Mapping[str, str], at: Millis) -> None:
        """One more link of the hash chain."""
        ...
