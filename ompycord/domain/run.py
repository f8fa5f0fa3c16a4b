"""A run's states, failure classes and row; counterpart of the `runs` table and of `lifecycle.py`, which moves them."""

from enum import StrEnum

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import Ulid
from ompycord.domain.task import Mode

__all__ = [
    "FINAL",
    "UNPUBLISHED",
    "EndedBy",
    "FailureClass",
    "Machine",
    "RunKind",
    "RunOutcome",
    "RunRecord",
    "RunState",
    "SuspendReason",
]


class RunState(StrEnum):
    """Where a run stands. The last four are final."""

    QUEUED = "QUEUED"
    PRECHECK = "PRECHECK"
    PLANNING = "PLANNING"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    BUILDING = "BUILDING"
    VERIFYING = "VERIFYING"
    REPAIRING = "REPAIRING"
    REVIEWING = "REVIEWING"
    PUBLISHING = "PUBLISHING"
    SUSPENDED = "SUSPENDED"
    COMPLETE = "COMPLETE"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


FINAL = frozenset({RunState.COMPLETE, RunState.PARTIAL, RunState.FAILED, RunState.CANCELLED})


class SuspendReason(StrEnum):
    """Why a run waits; SUSPENDED is the recoverable error."""

    HUMAN = "human"
    LOST = "lost"
    BUDGET = "budget"
    ACCOUNT = "account"
    """A budget that it shares with other runs is used up."""
    PROVIDER = "provider"
    DISK = "disk"
    INTERRUPTED = "interrupted"
    WAITING = "waiting"
    """It waits for a person, and its agent was stopped to make room; it goes on by itself once it is answered."""
    OVERLAP = "overlap"
    """A person has it wait for other work that changes the same files; it goes on by itself once that is over."""


class FailureClass(StrEnum):
    """What kind of failure ended a step; each has a policy in `lifecycle.py` and words in `render`."""

    TRANSIENT = "TRANSIENT"
    REPAIRABLE = "REPAIRABLE"
    SUSPEND = "SUSPEND"
    POLICY = "POLICY"
    ENV = "ENV"
    INTERNAL = "INTERNAL"
    CANCELLED = "CANCELLED"
    LOST = "LOST"
    VERIFY = "VERIFY"
    """Checks stayed red until no round was left."""
    LOOP = "LOOP"
    """The agent went in circles."""
    PLAN = "PLAN"
    """No valid plan was made."""


UNPUBLISHED = frozenset({FailureClass.ENV, FailureClass.INTERNAL})
"""What ends a run as PARTIAL although all of its work is done: its publication failed, and can be tried again alone."""


class EndedBy(StrEnum):
    """Who ended one start of an agent. Only with AGENT are the words about the end the agent's own."""

    AGENT = "agent"
    """It reported its end itself: done, done in part, or failed."""
    TURN = "turn"
    """Its protocol ended the turn for a reason of its own: a limit of the model, a cancelled turn."""
    EXIT = "exit"
    """Its program ended, by an exit code or a signal, without a report that counts."""
    CLOCK = "clock"
    """One of our clocks."""
    LIMITS = "limits"
    """Our limits of what it may use or write."""
    PROVIDER = "provider"
    """The provider of its model, which refused."""
    PERSON = "person"
    """A person, who cancelled the run or gave it up."""
    GUARDIAN = "guardian"
    """Ompycord, because it went in circles."""


class RunOutcome(StrEnum):
    """Why a run that is COMPLETE has no result; such a run is never verified."""

    NO_CHANGES = "no_changes"
    """Its agent ended well, and the whole result equals the base."""
    ANSWERED = "answered"
    """Mode ask: it is an answer, and nothing was to change."""


class RunKind(StrEnum):
    """Hosted: we drive it. External: its agent runs elsewhere and posts its events."""

    HOSTED = "hosted"
    EXTERNAL = "external"


class Machine(Frozen):
    """All that `lifecycle.advance` knows of a hosted run; stored with the run, guarded by `RunRecord.version`."""

    state: RunState = RunState.QUEUED
    mode: Mode = Mode.STANDARD
    iteration: int = 1
    """Counts agent starts; part of every effect key."""
    round: int = 1
    """Counts rounds of work and verification."""
    max_rounds: int = 1
    """How many rounds it may take; a run that an earlier version began has one."""
    pause_by: str | None = None
    """Who wants it to wait before its next round."""
    verdict: str | None = None
    """The sentence of the verification that the agent repairs."""
    tree: str | None = None
    """Which result was verified last (`ResultTrees.name`)."""
    interruptions: int = 0
    """How often a crash interrupted a step since the last one that ended."""
    reason: SuspendReason | None = None
    resume_to: RunState | None = None
    claim: bool | None = None
    """What the agent claimed: done (True), failed (False), nothing yet (None)."""
    is_partial: bool = False
    """Whether the agent that claims done says that it is only a part of the task."""
    ended_by: EndedBy | None = None
    """Who ended the last start of the agent, where that was no claim of done."""
    wake_at: Millis | None = None
    """When what a suspended run waits for is over, where its provider said so."""
    tries: int = 0
    """Plans, or reviews, that were refused since the last valid one."""
    plan: str | None = None
    """The hash of the last valid plan."""
    follows_plan: bool = False
    """Whether the work follows that plan: a person approved it, or none decides here."""
    is_review_open: bool = False
    """Whether the review of the last result found something that must be repaired."""
    checks: bool | None = None
    """Whether the last round of checks passed; None when none ran."""
    is_rebased: bool = False
    """Whether the last result was to go on a base that has moved: once, and its agent repairs nothing then."""
    failure: FailureClass | None = None
    outcome: RunOutcome | None = None
    """Set with COMPLETE where there is no result."""
    message: str | None = None
    """One true sentence about the last decision, for the final answer."""


class RunRecord(Frozen):
    """The row of a run. `machine` is None for an external run: its state is the fold."""

    id: Ulid
    kind: RunKind
    task: Ulid | None
    key_id: str | None = None
    """The key that owns an external run."""
    external_name: str | None = None
    guild: str | None = None
    channel: str | None = None
    requester: str | None = None
    repository: str | None = None
    agent: str | None = None
    chain: Ulid | None = None
    """The first run of the chain of follow-ups to which it belongs; None for a run that follows none."""
    state: RunState = RunState.QUEUED
    """The state for queries; the projector keeps it for an external run."""
    machine: Machine | None = None
    version: int = 0
    """Guards transitions: a commit names the version it read."""
    lease_epoch: int = 0
    created_at: Millis
    updated_at: Millis
    ended_at: Millis | None = None

    @property
    def first(self) -> Ulid:
        """The first run of its chain: itself where it follows none. At most one run of a chain works at a time."""
        return self.chain or self.id

    @property
    def outcome(self) -> RunOutcome | None:
        """Why a hosted run that is COMPLETE has no result; None for every other run."""
        return self.machine.outcome if self.machine else None
