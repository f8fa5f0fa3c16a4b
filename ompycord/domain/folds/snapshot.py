"""`StatusSnapshot`: all that may be shown of a run; made by `fold.py`, read by every renderer."""

from enum import StrEnum
from typing import Literal

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import (
    ApprovalRequested,
    BaseMoved,
    ChangedEvidence,
    ChangedFile,
    CheckFinished,
    CheckProved,
    LeftOut,
    MemoryRecalled,
    Metering,
    NetworkReach,
    OtherWork,
    OverlappingWork,
    Phase,
    PrecheckLine,
    PullRequestOpened,
    PullRequestSeen,
    ResultGuarded,
    ReviewFinished,
    ServiceFailed,
    ServicesReady,
    SetupFinished,
    SetupStarted,
    TaskRefined,
)
from ompycord.domain.folds.overlaps import Overlap
from ompycord.domain.folds.proposed_lesson import ProposedLesson
from ompycord.domain.folds.reports import CheckedAnswer, Proposal
from ompycord.domain.folds.shown_requests import (
    Approval,
    Question,
    RunPermission,
    TypedAnswer,
    is_same_request,
    permission_of,
)
from ompycord.domain.guardian.escalation import EscalationLevel
from ompycord.domain.guardian.verdicts import LoopKind
from ompycord.domain.ids import RunId, Source, Ulid
from ompycord.domain.run import FINAL, UNPUBLISHED, EndedBy, FailureClass, RunKind, RunOutcome, RunState, SuspendReason
from ompycord.domain.task import IssueSource, Mode, Origin

__all__ = [
    "Approval",
    "Artifact",
    "Check",
    "Gap",
    "LoopNotice",
    "ModelAccess",
    "ProviderWait",
    "Question",
    "RunPermission",
    "StatusSnapshot",
    "ToolCall",
    "TypedAnswer",
    "Usage",
    "Verification",
    "is_same_request",
    "permission_of",
]


class Verification(StrEnum):
    """Claims do not count: `verified` means that a run changed something and its checks passed.

    We timed and parsed them. They passed with the base's own tests and definitions too, or a person accepted what the
    run changed of these.
    """

    PENDING = "pending"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"


class ToolCall(Frozen):
    """One use of a tool, latest last in the snapshot."""

    tool: str
    title: str | None = None
    status: Literal["running", "ok", "failed"] = "running"
    detail: str | None = None
    added: int | None = None
    removed: int | None = None
    at: Millis


class Usage(Frozen):
    """Tokens that Ompycord metered; where it metered none, those that all sources claim.

    `cost_usd` is None while no source stated one; `cost_complete` says whether all did. Without `tokens_complete` there
    were more: a turn was cut before its agent told what it took.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_usd: float | None = None
    cost_complete: bool = True
    tokens_complete: bool = True
    requests: int = 0
    """Requests to models that Ompycord metered; `estimated` of them are reckoned, the others as the provider states."""
    estimated: int = 0
    claimed_usd: float | None = None
    """What the agent claims, beside what was metered; None where it claims nothing or nothing was metered."""


class ModelAccess(Frozen):
    """Who asks models for the run's agent, and what that reaches, as of its latest start."""

    by: Metering
    network: NetworkReach
    recorded: bool = False
    """Whether what it asks is kept on the run's tape."""


class Check(Frozen):
    """A verification step and its last result."""

    name: str
    status: Literal["running", "passed", "failed", "error", "timeout", "missing"]
    ours: bool
    """Whether we ran it; only such a check counts as evidence."""
    result: CheckFinished | None = None
    proof: CheckProved | None = None
    """What other runs of it showed; None of one that we did not run, or that an earlier version ran."""
    at: Millis

    @property
    def is_old_red(self) -> bool:
        """Whether it is red, and nothing fails in it that passed on the base."""
        return self.status in {"failed", "timeout"} and self.proof is not None and self.proof.only_old


class ProviderWait(Frozen):
    """The model provider refuses for now."""

    since: Millis
    message: str | None = None
    attempt: int | None = None
    of: int | None = None
    until: Millis | None = None


class LoopNotice(Frozen):
    """The agent goes in circles, and what was done about it; until a person steps in."""

    level: EscalationLevel
    kind: LoopKind
    evidence: str
    """What was seen, in one sentence that quotes the agent."""
    is_delivered: bool
    """Whether the agent was given something to read about it."""
    at: Millis


class Artifact(Frozen):
    """Something kept or linked."""

    name: str
    kind: str
    size: int | None = None
    sha256: str | None = None
    url: str | None = None


class Gap(Frozen):
    """Numbers of a source that did not come yet: first to last, inclusive."""

    source: Source
    first: int
    last: int


class StatusSnapshot(Frozen):
    """The fold of a run's events. The same set of events gives the same snapshot, in whatever order they came."""

    run: RunId
    kind: RunKind
    state: RunState
    previous: RunState | None = None
    reason: SuspendReason | None = None
    resume_to: RunState | None = None
    wake_at: Millis | None = None
    iteration: int = 1
    round: int = 1
    """Counts rounds of work and verification."""
    max_rounds: int = 1
    title: str = ""
    prompt: str = ""
    repository: str | None = None
    agent: str | None = None
    mode: Mode | None = None
    branch: str | None = None
    commit: str | None = None
    model: str | None = None
    provider: str | None = None
    session: str | None = None
    budget_usd: float | None = None
    done_when: str | None = None
    origin: Origin = Origin()
    message: str | None = None
    """One true sentence about the state, from the last transition."""
    last_words: str | None = None
    """The agent's latest message."""
    summary: str | None = None
    """What the agent stated at its end; a claim."""
    failure: FailureClass | None = None
    ended_by: EndedBy | None = None
    """Who ended the agent of a hosted run that did not claim done. None from an earlier version, too."""
    outcome: RunOutcome | None = None
    """Why a completed hosted run has no result."""
    plan: tuple[Phase, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    """Mode full: the last valid plans, oldest first; a person decides on the last one."""
    review: ReviewFinished | None = None
    """Mode full: what another agent found in the result that was verified last."""
    answer: CheckedAnswer | None = None
    """Mode ask: what the agent answered."""
    tools: tuple[ToolCall, ...] = ()
    tool_count: int = 0
    usage: Usage = Usage()
    models: ModelAccess | None = None
    """None before an agent started, and where an earlier version started it."""
    files: tuple[ChangedFile, ...] = ()
    files_total: int = 0
    left_out: tuple[LeftOut, ...] = ()
    """What the agent left that is not in the result."""
    guard: ResultGuarded | None = None
    """What the guard said of the last result that was collected."""
    checks: tuple[Check, ...] = ()
    evidence: tuple[ChangedEvidence, ...] = ()
    """What this round changed of existing tests and of what defines the checks."""
    evidence_total: int = 0
    accepted_by: str | None = None
    """Who accepted what was changed of tests and checks."""
    verification: Verification = Verification.PENDING
    precheck: tuple[PrecheckLine, ...] = ()
    """What stands in the way of this start of the run, or takes something from it."""
    recalled: MemoryRecalled | None = None
    """What its agent was given of earlier work; None before, and where nothing is recalled here."""
    refined: TaskRefined | None = None
    """The passes by which the task was refined before its agent began; None where it was not."""
    lessons: tuple[ProposedLesson, ...] = ()
    """What its agent wants to be remembered, oldest first."""
    setup: SetupStarted | SetupFinished | None = None
    """How far the set-up of its dependencies is; None where there is none."""
    services: ServicesReady | ServiceFailed | None = None
    """The services that its checks and its agent have, or the one that did not get ready."""
    questions: tuple[Question, ...] = ()
    typed_answers: tuple[TypedAnswer, ...] = ()
    """The latest that people typed, oldest first; those to closed questions too."""
    approvals: tuple[Approval, ...] = ()
    provider_wait: ProviderWait | None = None
    loop: LoopNotice | None = None
    """Why Ompycord stepped in last, where no person has stepped in since."""
    artifacts: tuple[Artifact, ...] = ()
    notes: tuple[str, ...] = ()
    url: str | None = None
    pull_request: PullRequestOpened | None = None
    """Where the result is proposed; `url` is what the agent named."""
    pull_request_now: PullRequestSeen | None = None
    """What became of the chain's pull request since."""
    base_moved: BaseMoved | None = None
    """What became of the result where the base had moved on its forge before it was published."""
    ready_by: str | None = None
    """Who had the draft of this result ask for review."""
    publishes_again: bool = False
    """Whether the run has ended and its result is published again now."""
    overlaps: tuple[Overlap, ...] = ()
    """Other work of the repository that changes the same files as the last result; conflicts first."""
    overlaps_total: int = 0
    awaits: OtherWork | None = None
    """The other work for whose end it waits; None where it does not."""
    cancel_requested: bool = False
    issue: IssueSource | None = None
    """The issue of a forge from which its task was made."""
    follows: Ulid | None = None
    """The run with whose result this one goes on."""
    followed_by: tuple[Ulid, ...] = ()
    """Runs that go on with the result of this one, the oldest first."""
    gaps: tuple[Gap, ...] = ()
    gap_count: int = 0
    created_at: Millis
    started_at: Millis | None = None
    last_event_at: Millis
    ended_at: Millis | None = None

    @property
    def is_final(self) -> bool:
        """Whether the run has ended permanently."""
        return self.state in FINAL

    @property
    def is_circling(self) -> bool:
        """Whether it was stopped because it goes in circles, and a person decides what becomes of it."""
        is_stopped = self.state is RunState.SUSPENDED and self.reason is SuspendReason.HUMAN
        return is_stopped and self.loop is not None and self.loop.level == "ask"

    @property
    def to_accept(self) -> int:
        """How many changes of tests and checks a person may accept, so that the run is verified; 0 for none.

        Only where all else is proved: every check passed, and nothing hid a failing test or passed by chance.
        """
        ours = [check for check in self.checks if check.ours]
        is_open = self.verification is Verification.UNVERIFIED and self.state is RunState.COMPLETE
        if not is_open or not ours or self.left_out or self.commit is None or self.outcome is not None:
            return 0
        proofs = [check.proof for check in ours if check.status == "passed" and check.proof is not None]
        if len(proofs) < len(ours) or not all(proof.is_honest for proof in proofs):
            return 0
        lost = max(proof.lost_total for proof in proofs)
        return len({change.path for change in self.evidence}) or lost or sum(not proof.is_whole for proof in proofs)

    @property
    def is_unpublished(self) -> bool:
        """Whether the run's work is done and only its publication failed, so that this alone can be tried again."""
        return self.state is RunState.PARTIAL and self.failure in UNPUBLISHED and not self.publishes_again

    @property
    def waits_for_ready(self) -> bool:
        """Whether a person may have its draft ask for review: its result is verified."""
        is_draft = self.pull_request is not None and self.pull_request.draft
        is_proved = self.state is RunState.COMPLETE and self.verification is Verification.VERIFIED
        return is_draft and is_proved and self.commit is not None and not self.publishes_again

    @property
    def open_overlaps(self) -> tuple[OverlappingWork, ...]:
        """The other work about which a person may still say what to do: while the run has not published its result."""
        is_over = self.is_final or self.awaits is not None
        return () if is_over else tuple(one.other for one in self.overlaps if not one.is_decided)

    @property
    def open_questions(self) -> tuple[Question, ...]:
        return tuple(q for q in self.questions if q.status == "open")

    def question(self, ref: str) -> Question | None:
        """The question of this name."""
        return next((one for one in self.questions if one.ref == ref), None)

    @property
    def waiting_answers(self) -> tuple[TypedAnswer, ...]:
        """The typed answers that are still to be given."""
        open_ = {question.ref for question in self.open_questions} if not self.is_final else frozenset[str]()
        return tuple(one for one in self.typed_answers if one.dropped is None and one.question in open_)

    @property
    def open_approvals(self) -> tuple[Approval, ...]:
        return tuple(a for a in self.approvals if a.status == "open")

    def permission_for(self, wanted: ApprovalRequested) -> Approval | None:
        """The newest approval for the run that covers this."""
        permission = permission_of(wanted)
        granted = (one for one in reversed(self.approvals) if one.status == "granted" and one.scope == "run")
        return next((one for one in granted if permission is not None and permission_of(one) == permission), None)

    def open_request_for(self, wanted: ApprovalRequested) -> Approval | None:
        """The newest request for exactly this that people have not decided."""
        return next((one for one in reversed(self.open_approvals) if is_same_request(one, wanted)), None)

    @property
    def proposal(self) -> Proposal | None:
        """The last valid plan."""
        return self.proposals[-1] if self.proposals else None

    @property
    def open_proposal(self) -> Proposal | None:
        """The plan on which a person may decide now: it waits, also where no one decided in a day."""
        waits = RunState.AWAITING_APPROVAL in {self.state, self.resume_to}
        is_open = self.proposal is not None and self.proposal.status == "open"
        return self.proposal if waits and is_open and not self.is_final else None

    @property
    def needs_person(self) -> bool:
        """Shown over the state: the run waits for a person, whatever its state."""
        waits = self.open_questions or self.open_approvals or self.state is RunState.AWAITING_APPROVAL
        return bool(waits) and not self.is_final
