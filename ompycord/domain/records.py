"""The rows that cross the store's port: what arrives, what is pending, what was decided.

Counterpart of the first migration.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple, TypeVar

from pydantic import Field

from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Frozen, Millis, Name
from ompycord.domain.effects import Effect
from ompycord.domain.events import EventBody
from ompycord.domain.ids import RunId, Source, Ulid
from ompycord.domain.run import Machine

__all__ = [
    "CLIENT_SCOPES",
    "Board",
    "CheckedEvents",
    "Commit",
    "Committed",
    "DamagedEvents",
    "Decision",
    "Draft",
    "EffectRow",
    "EffectStatus",
    "EffectUpdate",
    "KeyRecord",
    "KeysEnd",
    "NewEvent",
    "OutboxKind",
    "OutboxRow",
    "OutboxStatus",
    "Post",
    "Receipt",
    "RunPlaced",
    "Scope",
    "Surface",
    "Transition",
]

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before it is stored. Without `seq` the store numbers it within its source.

    Like `Post` and `Receipt` it is no model: it is made of values that were validated, thousands a second.
    """

    run: RunId
    source: Source
    kind: SourceKind
    at: Millis
    body: EventBody
    seq: int | None = None
    id: Ulid


class Post(NamedTuple):
    """One event of a sending key, authenticated and validated, before it is stored (stage 1).

    A tuple, since one is made for every event: a frozen dataclass takes three times as long.
    """

    key_id: str
    kind: SourceKind
    name: str
    """1 to 128 characters: what the sender calls the run.

    It is the ULID of a run key's run, else a name of the sender's own, mapped by (key, name).
    """
    may_create: bool
    """Whether this key may begin a new external run (scope `runs:create`)."""
    source: Source
    at: Millis
    body: EventBody
    event_id: Ulid
    new_run: Ulid
    """The id for the run if this event is its first."""
    body_hash: bytes
    """SHA-256 of what was signed or sent, by which a repetition is distinguished from a conflict."""
    seq: int | None = None
    webhook_id: str | None = None
    """Idempotency key, unique per key; None for a bearer post without one."""

    def with_body(self, body: EventBody) -> "Post":
        """The same post of another fact."""
        return self._replace(body=body)

    channel: str | None = None
    """Where a run of this key is shown."""
    owner: str | None = None
    """The owner of the key: the requester of the runs that it starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an acknowledgement may report: the fact is on disk at `position`."""

    run: RunId
    position: int
    duplicate: bool = False
    """The same event was stored before: nothing was stored again."""
    replayed: bool = False
    """The same webhook-id was stored before: the first answer is repeated."""
    cancel_requested: bool = False


class DamagedEvents(NamedTuple):
    """Events of the log that are not what was stored."""

    run: RunId
    """Whose they are; of events that are gone, whose the next one is."""
    first: int
    last: int
    """Their positions, both included."""
    is_missing: bool
    """Whether they are missing, or something else is in their place."""


class CheckedEvents(NamedTuple):
    """A part of the log, compared with what was stored."""

    upto: int
    """The position of the last event that was read."""
    is_end: bool
    damaged: tuple[DamagedEvents, ...]


class Transition(Frozen):
    """A hosted run's row after a decision; refused with VersionConflict when the row moved since it was read."""

    run: RunId
    expect_version: int
    machine: Machine


class EffectStatus(StrEnum):
    """The journal's column: intent, do, done (docs/contracts/runs.md, *Journal*)."""

    PENDING = "pending"
    STARTED = "started"
    DONE = "done"


class EffectRow(Frozen):
    """One line of the journal."""

    run: RunId
    key: Name
    effect: Effect
    status: EffectStatus = EffectStatus.PENDING
    attempts: int = 0
    created_at: Millis
    started_at: Millis | None = None
    finished_at: Millis | None = None
    outcome: str | None = None


class EffectUpdate(Frozen):
    """A step forward in the journal."""

    run: RunId
    key: Name
    status: EffectStatus
    """STARTED starts another lease of the run: its `lease_epoch` grows."""
    at: Millis
    outcome: str | None = None
    epoch: int | None = None
    """The lease under which the step was done; raises StaleResult under another lease. None: not checked."""


class OutboxKind(StrEnum):
    """What must reach Discord at least once, and is shown exactly once (docs/contracts/cards.md, *Exactly once*)."""

    SUMMARY = "summary"
    THREAD = "thread"
    CARD = "card"
    QUESTION = "question"
    FILE = "file"
    RESULT = "result"
    NOTICE = "notice"


class OutboxStatus(StrEnum):
    """How far a delivery has come. `failed` is permanent and has a reason; everything else ends as done."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class OutboxRow(Frozen):
    """A delivery; (run, kind, ref) is unique."""

    id: int = 0
    """Given by the store."""
    nonce: str = ""
    """25 random characters, given by the store: the message's nonce at each try, and no other message's."""
    run: RunId
    kind: OutboxKind
    ref: Annotated[str, Field(max_length=128)] = ""
    """The question's ref, the card's number; empty where a run has just one."""
    body: dict[str, Any] = Field(default_factory=dict[str, Any])
    status: OutboxStatus = OutboxStatus.PENDING
    attempts: int = 0
    created_at: Millis
    done_at: Millis | None = None
    error: str | None = None


class Surface(Frozen):
    """A message or thread of ours in Discord, and what it last showed."""

    run: RunId
    kind: OutboxKind
    ref: str = ""
    channel: str
    message: str | None = None
    """None for a thread, whose id is `channel`."""
    shown_hash: str | None = None
    """SHA-256 of the last payload that Discord took."""
    shown_position: int = 0
    posted_at: Millis
    edited_at: Millis | None = None


class Board(Frozen):
    """The one message of a channel that lists all open runs, and what it last showed."""

    channel: str
    message: str
    shown_hash: str | None = None
    """SHA-256 of the last payload that Discord took."""
    posted_at: Millis


class Draft(Frozen):
    """What a person typed, kept before it is processed; unique on the run it becomes."""

    id: Ulid
    person: str
    guild: str
    channel: str
    body: dict[str, Any]
    created_at: Millis
    run: Ulid | None = None
    """The run it became."""


class Decision(Frozen):
    """A person's decision. (run, kind, ref) is unique, so a second click finds the first decision."""

    id: Ulid
    run: RunId
    kind: Name
    """`question`, `typed`, `answer`, `approval`, `vote`, `cancel`, `stop`, `resume`, `retry`, `submit`."""
    ref: str = ""
    action: Annotated[str, Field(max_length=4000)]
    by: str
    by_name: str
    at: Millis


class Scope(StrEnum):
    """What a key may do (docs/contracts/authentication.md, *Keys*)."""

    EVENTS_WRITE = "events:write"
    RUNS_CREATE = "runs:create"
    RUNS_READ = "runs:read"
    STATUS_READ = "status:read"
    METRICS_READ = "metrics:read"
    TRIGGERS_FIRE = "triggers:fire"
    MCP = "mcp"


CLIENT_SCOPES: Final = frozenset(Scope) - {Scope.MCP}
"""What a key that a person makes can be for: the tools of MCP are for the keys of runs."""


class KeyRecord(Frozen):
    """A sending key. A bearer key is stored as its SHA-256; an HMAC secret is a file of the data folder."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
    name: Annotated[str, Field(max_length=100)]
    kind: Annotated[str, Field(pattern="^(bearer|hmac)$")]
    sha256: str | None = None
    scopes: frozenset[Scope]
    run: RunId | None = None
    """The hosted run for which this key speaks and with which it ends."""
    channel: str | None = None
    owner: str | None = None
    """The person who owns the key, by Discord id: its runs notify no one else."""
    created_at: Millis
    expires_at: Millis | None = None
    revoked_at: Millis | None = None


class RunPlaced(Frozen):
    """A run that was shown nowhere is shown there from now on; one that has a place keeps it."""

    run: RunId
    guild: str
    channel: str


class KeysEnd(Frozen):
    """The keys of a run end 10 minutes after the commit that holds this."""

    run: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """All that one decision changes, applied in one BEGIN IMMEDIATE transaction or not at all.

    Each record is one kind of write, and the feature that owns it says how it is applied:

    - `Draft`: inserted, or its `run` set once.
    - `Task`: inserted unless it is there.
    - `RunRecord`: a new row. A run whose id is there already makes the whole commit a no-op (see `Committed.fresh`).
    - `Transition`: a hosted run's row, guarded by its version.
    - `RunPlaced`: where a run is shown, unless it is shown somewhere.
    - `Decision`: inserted, and a link of the audit; one that was made before makes the whole commit a no-op.
    - `NewEvent`: appended to the log.
    - `EffectRow`, `EffectUpdate`: the journal, forward only and under the run's lease.
    - `OutboxRow`: inserted unless (run, kind, ref) is there.
    - `KeyRecord`, `KeysEnd`: a key put, a run's keys ended.
    - `ModelRequestOpened`, `ModelRequestMetered`, `ModelRequestSettled`, `ModelBreaker`: the ledger of requests to
      models (`ports/model_ledger.py`).
    - `MemoryAddition`: inserted; one whose words are in its place already makes the whole commit a no-op.
    - `MemoryChange`: an item of the memory, guarded by the state that was read.
    - `BudgetWarning`: inserted; one that was given before makes the whole commit a no-op.
    - `CallDecision`: inserted.
    """

    writes: tuple[Frozen | NewEvent, ...]
    """Applied kind by kind, in the order of this list; those of one kind in the order in which they stand here."""

    def of(self, record: type[R]) -> tuple[R, ...]:
        """The writes of one kind, in their order."""
        return tuple(write for write in self.writes if isinstance(write, record))


class Committed(Frozen):
    """What became of a commit. Not fresh: the same thing had been done before, and nothing was written."""

    fresh: bool = True
    positions: tuple[int, ...] = ()
    earlier: Decision | None = None
    """The earlier decision, where another was already made."""
