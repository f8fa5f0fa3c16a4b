"""The state of one source of a run, as a function of the *set* of its events; `fold.py` merges the sources.

Every operation commutes and is applied once per number: registers keep the highest `seq`, ends the lowest, lists the N
highest, sums add. So arrival order cannot matter, and an event out of order costs what one in order does.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ompycord.domain import events as ev
from ompycord.domain.folds.latest import LATEST
from ompycord.domain.folds.overlaps import OVERLAP_EVENTS, OverlapsState
from ompycord.domain.folds.publishing import PUBLISHING_EVENTS, PublishingState
from ompycord.domain.folds.reports import REPORT_EVENTS, ReportsState
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import RunState

__all__ = ["RANGES_KEPT", "Closing", "SourceState", "Stamped"]

V = TypeVar("V")
K = TypeVar("K", bound=str | int)

Stamped = tuple[int, int, V]
"""(seq, at, value)"""

TOOLS_KEPT = 12
NOTES_KEPT = 5
ARTIFACTS_KEPT = 20
NAMED_KEPT = 100
FOLLOWED_KEPT = 20
RANGES_KEPT = 1000
"""Gaps that are kept for a source; within this limit the order of arrival does not matter.

Numbers that are no count, such as times, would each leave a gap, and a fold would cost as much as its log.
"""
TYPED_KEPT = 20
"""Typed answers that are kept: those whose replies people still look at."""
CLOSINGS_KEPT = 4 * NAMED_KEPT
"""Decisions and withdrawals kept for each question and approval; with fewer, a decided one would open again."""


Final = ev.RunFinished | ev.RunFailed | ev.RunCancelled
Closing = (
    ev.QuestionAnswered
    | ev.QuestionWithdrawn
    | ev.ApprovalGranted
    | ev.ApprovalDenied
    | ev.ApprovalWithdrawn
    | ev.ApprovalVoided
)


@dataclass(slots=True)
class SourceState:
    """What is kept of one source. Mutable on purpose: the projector folds thousands of events a second.

    Nothing outside `domain` writes to it.
    """

    seen: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Sorted, disjoint, non-adjacent ranges of numbers, both ends inclusive."""
    first_at: int = 0
    last_at: int = 0
    scalars: dict[str, Stamped[str]] = field(default_factory=dict[str, Stamped[str]])
    submitted: Stamped[ev.RunSubmitted] | None = None
    state: Stamped[ev.RunStateChanged] | None = None
    round_seq: int = 0
    """The last transition into BUILDING or VERIFYING; checks before it are of an earlier round."""
    started: Stamped[None] | None = None
    final: Stamped[Final] | None = None
    plan: Stamped[ev.PlanUpdated] | None = None
    files: Stamped[ev.FilesChanged] | None = None
    left_out: Stamped[ev.WorkLeftOut] | None = None
    evidence: Stamped[ev.EvidenceChanged] | None = None
    guarded: Stamped[ev.ResultGuarded] | None = None
    recalled: Stamped[ev.MemoryRecalled] | None = None
    refined: Stamped[ev.TaskRefined] | None = None
    proposed: dict[str, Stamped[ev.MemoryProposed]] = field(default_factory=dict[str, Stamped[ev.MemoryProposed]])
    memory_decided: dict[str, Stamped[ev.MemoryDecided]] = field(default_factory=dict[str, Stamped[ev.MemoryDecided]])
    pull_request_seen: Stamped[ev.PullRequestSeen] | None = None
    retry: Stamped[ev.RetryLimited | ev.RetryCleared] | None = None
    cancel_requested: Stamped[None] | None = None
    budget: Stamped[ev.BudgetRaised] | None = None
    loop: Stamped[ev.GuardianNoticed] | None = None
    stepped_in: int = 0
    """The number of the last event by which a person told the run how to go on."""
    followed: dict[str, Stamped[None]] = field(default_factory=dict[str, Stamped[None]])
    """The runs that follow this one."""
    tool_count: int = 0
    tools_started: dict[int, Stamped[ev.ToolStarted]] = field(default_factory=dict[int, Stamped[ev.ToolStarted]])
    tools_finished: dict[int, Stamped[ev.ToolFinished]] = field(default_factory=dict[int, Stamped[ev.ToolFinished]])
    progress: Stamped[ev.ToolProgress] | None = None
    notes: dict[int, Stamped[str]] = field(default_factory=dict[int, Stamped[str]])
    artifacts: dict[int, Stamped[ev.ArtifactAdded]] = field(default_factory=dict[int, Stamped[ev.ArtifactAdded]])
    checks_started: dict[str, Stamped[None]] = field(default_factory=dict[str, Stamped[None]])
    checks_finished: dict[str, Stamped[ev.CheckFinished]] = field(default_factory=dict[str, Stamped[ev.CheckFinished]])
    checks_proved: dict[str, Stamped[ev.CheckProved]] = field(default_factory=dict[str, Stamped[ev.CheckProved]])
    accepted: Stamped[ev.EvidenceAccepted] | None = None
    precheck: Stamped[ev.PrecheckFinished] | None = None
    setup: Stamped[ev.SetupStarted | ev.SetupFinished] | None = None
    services: Stamped[ev.ServicesReady | ev.ServiceFailed] | None = None
    questions: dict[str, Stamped[ev.QuestionAsked]] = field(default_factory=dict[str, Stamped[ev.QuestionAsked]])
    approvals: dict[str, Stamped[ev.ApprovalRequested]] = field(
        default_factory=dict[str, Stamped[ev.ApprovalRequested]]
    )
    closings: dict[str, Stamped[Closing]] = field(default_factory=dict[str, Stamped[Closing]])
    """By `q:<ref>` or `a:<ref>`; a withdrawal by `wq:<ref>` or `wa:<ref>`, so that it never hides a decision."""
    typed: dict[str, Stamped[ev.AnswerTyped]] = field(default_factory=dict[str, Stamped[ev.AnswerTyped]])
    typed_edits: dict[str, Stamped[ev.AnswerEdited]] = field(default_factory=dict[str, Stamped[ev.AnswerEdited]])
    typed_drops: dict[str, Stamped[ev.AnswerDropped]] = field(default_factory=dict[str, Stamped[ev.AnswerDropped]])
    votes: dict[str, Stamped[ev.ApprovalVoted]] = field(default_factory=dict[str, Stamped[ev.ApprovalVoted]])
    """By person and approval."""
    uses: dict[str, int] = field(default_factory=dict[str, int])
    """How often each approval for the run was used; as many names as people granted."""
    reports: ReportsState = field(default_factory=ReportsState)
    publishing: PublishingState = field(default_factory=PublishingState)
    overlaps: OverlapsState = field(default_factory=OverlapsState)
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_nano_usd: int = 0
    """Whole billionths of a dollar, as in the ledger of model requests: integer sums commute, floats do not."""
    priced: int = 0
    unpriced: int = 0
    cut: int = 0
    """Reports of usage that say that there was more."""
    metered: int = 0
    estimated: int = 0
    """Requests to models that we metered, and those of them whose usage is reckoned."""
    opened: Stamped[ev.ModelsOpened] | None = None
    was_pointed: bool = False
    """Whether a start of the agent asked models by us; `was_left` whether one asked them itself."""
    was_left: bool = False

    @property
    def last_seq(self) -> int:
        """The highest number seen, 0 for none."""
        return self.seen[-1][1] if self.seen else 0

    def add(self, seq: int, at: int, body: ev.EventBody) -> bool:
        """Take one event; False when its number was there already."""
        if not self._mark(seq):
            return False
        self.first_at = at if not self.first_at else min(self.first_at, at)
        self.last_at = max(self.last_at, at)
        for name, field_, most in LATEST[type(body)]:
            self._keep_latest(name, seq, at, getattr(body, field_), most)
        apply = _APPLY.get(type(body))
        if apply is not None:
            apply(self, seq, at, body)
        return True

    def _mark(self, seq: int) -> bool:
        seen = self.seen
        if seen and seq == seen[-1][1] + 1:  # in order: the usual case
            seen[-1] = (seen[-1][0], seq)
            return True
        index = bisect_right(seen, (seq, 2**63))
        if index and seen[index - 1][1] >= seq:
            return False
        joins_left = index > 0 and seen[index - 1][1] == seq - 1
        joins_right = index < len(seen) and seen[index][0] == seq + 1
        first = seen[index - 1][0] if joins_left else seq
        last = seen[index][1] if joins_right else seq
        seen[index - joins_left : index + joins_right] = [(first, last)]
        if len(seen) > RANGES_KEPT:  # the oldest gap is given up: its events are stored when they come, and not shown
            seen[:2] = [(seen[0][0], seen[1][1])]
        return True

    def _keep_latest(self, name: str, seq: int, at: int, value: str | None, most: int | None) -> None:
        """Keep the value with the highest number; None changes nothing."""
        if value is not None and (name not in self.scalars or seq > self.scalars[name][0]):
            self.scalars[name] = (seq, at, value[:most])


_ROUND_BEGINS = frozenset({RunState.BUILDING, RunState.VERIFYING})


def _later(old: Stamped[V] | None, seq: int, at: int, value: V) -> Stamped[V]:
    return old if old is not None and old[0] > seq else (seq, at, value)


def _earlier(old: Stamped[V] | None, seq: int, at: int, value: V) -> Stamped[V]:
    return old if old is not None and old[0] < seq else (seq, at, value)


def _keep(table: dict[K, Stamped[V]], key: K, entry: Stamped[V], limit: int) -> None:
    """Keep the newest value per key, and the `limit` newest keys.

    Commutes: an evicted key has `limit` newer ones, which only grow newer.
    """
    old = table.get(key)
    if old is not None and old[0] > entry[0]:
        return
    table[key] = entry
    if len(table) > limit:
        del table[min(table, key=lambda k: table[k][0])]


def _state(source_state: SourceState, seq: int, at: int, body: ev.RunStateChanged) -> None:
    source_state.state = _later(source_state.state, seq, at, body)
    if body.state in _ROUND_BEGINS:
        source_state.round_seq = max(source_state.round_seq, seq)


def _started(source_state: SourceState, seq: int, at: int, body: ev.RunStarted) -> None:
    source_state.started = _earlier(source_state.started, seq, at, None)


def _cancel_requested(source_state: SourceState, seq: int, at: int, body: ev.CancelRequested) -> None:
    source_state.cancel_requested = _later(source_state.cancel_requested, seq, at, None)


def _stepped_in(
    source_state: SourceState,
    seq: int,
    at: int,
    body: ev.Prompted | ev.RunResumed | ev.RunRolledBack | ev.QuestionAnswered,
) -> None:
    source_state.stepped_in = max(source_state.stepped_in, seq)
    if isinstance(body, ev.QuestionAnswered):
        _closed(source_state, seq, at, body)


def _followed(source_state: SourceState, seq: int, at: int, body: ev.RunFollowed) -> None:
    _keep(source_state.followed, body.run, (seq, at, None), FOLLOWED_KEPT)


def _note(source_state: SourceState, seq: int, at: int, body: ev.Note) -> None:
    _keep(source_state.notes, seq, (seq, at, body.text[:500]), NOTES_KEPT)


def _opaque(source_state: SourceState, seq: int, at: int, body: ev.Opaque) -> None:
    _keep(source_state.notes, seq, (seq, at, body.type), NOTES_KEPT)


def _tool_started(source_state: SourceState, seq: int, at: int, body: ev.ToolStarted) -> None:
    source_state.tool_count += 1
    _keep(source_state.tools_started, seq, (seq, at, body), TOOLS_KEPT)


def _tool_finished(source_state: SourceState, seq: int, at: int, body: ev.ToolFinished) -> None:
    source_state.tool_count += body.call is None
    _keep(source_state.tools_finished, seq, (seq, at, body), TOOLS_KEPT)


def _usage(source_state: SourceState, seq: int, at: int, body: ev.UsageUpdated) -> None:
    source_state.input += body.input
    source_state.output += body.output
    source_state.cache_read += body.cache_read
    source_state.cache_write += body.cache_write
    source_state.cut += body.at_least
    source_state.metered += body.exactness is not None
    source_state.estimated += body.exactness == "estimated"
    if body.cost_usd is None:
        source_state.unpriced += 1
    else:
        source_state.priced += 1
        source_state.cost_nano_usd += round(body.cost_usd * 1_000_000_000)


def _models_opened(source_state: SourceState, seq: int, at: int, body: ev.ModelsOpened) -> None:
    source_state.opened = _later(source_state.opened, seq, at, body)
    source_state.was_pointed = source_state.was_pointed or body.by == "gateway"
    source_state.was_left = source_state.was_left or body.by != "gateway"


def _check_started(source_state: SourceState, seq: int, at: int, body: ev.CheckStarted) -> None:
    _keep(source_state.checks_started, body.check, (seq, at, None), NAMED_KEPT)


def _closed(source_state: SourceState, seq: int, at: int, body: Closing) -> None:
    is_question = isinstance(body, ev.QuestionAnswered | ev.QuestionWithdrawn)
    ref = Ref(RefKind.QUESTION, body.question) if is_question else Ref(RefKind.APPROVAL, body.approval)
    if isinstance(body, ev.QuestionWithdrawn | ev.ApprovalWithdrawn):
        ref = ref.withdrawal
    _keep(source_state.closings, str(ref), (seq, at, body), CLOSINGS_KEPT)


def _approval_voted(source_state: SourceState, seq: int, at: int, body: ev.ApprovalVoted) -> None:
    _keep(source_state.votes, f"{body.person} {body.approval}", (seq, at, body), NAMED_KEPT)


def _approval_used(source_state: SourceState, seq: int, at: int, body: ev.ApprovalUsed) -> None:
    source_state.uses[body.approval] = source_state.uses.get(body.approval, 0) + 1


def _artifact(source_state: SourceState, seq: int, at: int, body: ev.ArtifactAdded) -> None:
    _keep(source_state.artifacts, seq, (seq, at, body), ARTIFACTS_KEPT)


Apply = Callable[[SourceState, int, int, Any], None]
"""Takes an event into the state: its number, its time, its body."""


def _latest(name: str) -> Apply:
    """Keep the last event whole in the field of this name."""

    def apply(source_state: SourceState, seq: int, at: int, body: Any) -> None:
        setattr(source_state, name, _later(getattr(source_state, name), seq, at, body))

    return apply


def _earliest(name: str) -> Apply:
    """Keep the first event whole in the field of this name."""

    def apply(source_state: SourceState, seq: int, at: int, body: Any) -> None:
        setattr(source_state, name, _earlier(getattr(source_state, name), seq, at, body))

    return apply


def _latest_by(table: str, key: str, most: int = NAMED_KEPT) -> Apply:
    """Keep the last event for each value of its field `key` in the table of this name; the `most` newest stay."""

    def apply(source_state: SourceState, seq: int, at: int, body: Any) -> None:
        _keep(getattr(source_state, table), getattr(body, key), (seq, at, body), most)

    return apply


def _part(name: str) -> Apply:
    """Hand the event on to the part of the state of this name."""

    def apply(source_state: SourceState, seq: int, at: int, body: Any) -> None:
        getattr(source_state, name).add(seq, at, body)

    return apply


_APPLY: dict[type[Any], Apply] = {
    ev.RunStarted: _started,
    ev.RunStateChanged: _state,
    ev.CancelRequested: _cancel_requested,
    ev.RunFollowed: _followed,
    ev.Prompted: _stepped_in,
    ev.RunResumed: _stepped_in,
    ev.RunRolledBack: _stepped_in,
    ev.Note: _note,
    ev.ToolStarted: _tool_started,
    ev.ToolFinished: _tool_finished,
    ev.UsageUpdated: _usage,
    ev.ModelsOpened: _models_opened,
    ev.CheckStarted: _check_started,
    ev.QuestionAnswered: _stepped_in,
    ev.QuestionWithdrawn: _closed,
    ev.ApprovalGranted: _closed,
    ev.ApprovalDenied: _closed,
    ev.ApprovalVoided: _closed,
    ev.ApprovalWithdrawn: _closed,
    ev.ApprovalUsed: _approval_used,
    ev.ApprovalVoted: _approval_voted,
    ev.ArtifactAdded: _artifact,
    ev.Opaque: _opaque,
    ev.BudgetRaised: _latest("budget"),
    ev.GuardianNoticed: _latest("loop"),
    ev.ToolProgress: _latest("progress"),
    ev.PlanUpdated: _latest("plan"),
    ev.FilesChanged: _latest("files"),
    ev.WorkLeftOut: _latest("left_out"),
    ev.EvidenceChanged: _latest("evidence"),
    ev.ResultGuarded: _latest("guarded"),
    ev.PullRequestSeen: _latest("pull_request_seen"),
    ev.PrecheckFinished: _latest("precheck"),
    ev.SetupStarted: _latest("setup"),
    ev.SetupFinished: _latest("setup"),
    ev.ServicesReady: _latest("services"),
    ev.ServiceFailed: _latest("services"),
    ev.RetryLimited: _latest("retry"),
    ev.RetryCleared: _latest("retry"),
    ev.MemoryRecalled: _earliest("recalled"),
    ev.TaskRefined: _earliest("refined"),
    ev.MemoryProposed: _latest_by("proposed", "item"),
    ev.MemoryDecided: _latest_by("memory_decided", "item"),
    ev.RunSubmitted: _earliest("submitted"),
    ev.RunFinished: _earliest("final"),
    ev.RunFailed: _earliest("final"),
    ev.RunCancelled: _earliest("final"),
    ev.EvidenceAccepted: _earliest("accepted"),
    ev.CheckFinished: _latest_by("checks_finished", "check"),
    ev.CheckProved: _latest_by("checks_proved", "check"),
    ev.QuestionAsked: _latest_by("questions", "question"),
    ev.ApprovalRequested: _latest_by("approvals", "approval"),
    ev.AnswerTyped: _latest_by("typed", "typed", TYPED_KEPT),
    ev.AnswerEdited: _latest_by("typed_edits", "typed", TYPED_KEPT),
    ev.AnswerDropped: _latest_by("typed_drops", "typed", TYPED_KEPT),
    **dict.fromkeys(REPORT_EVENTS, _part("reports")),
    **dict.fromkeys(PUBLISHING_EVENTS, _part("publishing")),
    **dict.fromkeys(OVERLAP_EVENTS, _part("overlaps")),
}
"""What is done with an event by its type, beyond its latest texts and its count, which every type has."""
