"""Where a run stands, from all its sources: its state, and what its checks prove; counterpart of `merge.py`."""

from collections.abc import Sequence
from typing import NamedTuple

from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import Check, Verification
from ompycord.domain.folds.source_state import SourceState
from ompycord.domain.folds.sources import SourceStates
from ompycord.domain.ids import OMPYCORD
from ompycord.domain.run import FINAL, FailureClass, RunState, SuspendReason

__all__ = ["FoldedState", "external_state", "hosted_state", "unproved", "verification"]


class FoldedState(NamedTuple):
    """A state and what led to it."""

    state: RunState
    transition: ev.RunStateChanged | None = None
    """The transition that led to this state, where Ompycord decided it."""
    failure: FailureClass | None = None
    ended_at: int | None = None


def hosted_state(ours: SourceState) -> FoldedState:
    """The state that Ompycord decided last."""
    if ours.state is None:
        return FoldedState(RunState.QUEUED)
    _, at, changed = ours.state
    return FoldedState(changed.state, changed, changed.failure, at if changed.state in FINAL else None)


def external_state(source_states: SourceStates, ours: SourceState, checks: tuple[Check, ...]) -> FoldedState:
    """The state that the final events give: per source the first by seq, then the earliest by (at, source).

    `lost` is lifted by any later event.
    """
    finals = [(source_state.final[1], source) for source, source_state in source_states.items() if source_state.final]
    if finals:
        at, source = min(finals)
        final = source_states[source].final
        assert final is not None
        request = ours.cancel_requested
        return _ended(final[2], at, was_cancelled=request is not None and request[1] <= at)
    if ours.state and ours.state[2].reason is SuspendReason.LOST:
        known = ours.state[2].lanes or {}
        if all(
            source_state.last_seq <= known.get(source, 0)
            for source, source_state in source_states.items()
            if source != OMPYCORD
        ):
            return FoldedState(RunState.SUSPENDED, ours.state[2])
    running = any(check.status == "running" for check in checks)
    return FoldedState(RunState.VERIFYING if running else RunState.BUILDING)


def _ended(body: ev.RunFinished | ev.RunFailed | ev.RunCancelled, at: int, *, was_cancelled: bool) -> FoldedState:
    """The state by which an external run ended.

    A bare end, such as that of a pushed session, claims no work: after people cancelled the run it is theirs.
    """
    match body:
        case ev.RunFinished() if was_cancelled and body == ev.RunFinished():
            return FoldedState(RunState.CANCELLED, failure=FailureClass.CANCELLED, ended_at=at)
        case ev.RunFinished():
            return FoldedState(RunState.COMPLETE if body.outcome == "complete" else RunState.PARTIAL, ended_at=at)
        case ev.RunFailed():
            return FoldedState(RunState.FAILED, failure=body.failure, ended_at=at)
        case ev.RunCancelled():
            return FoldedState(RunState.CANCELLED, failure=FailureClass.CANCELLED, ended_at=at)


def verification(
    state: RunState,
    checks: tuple[Check, ...],
    *,
    has_result: bool,
    is_whole: bool,
    changes: Sequence[ev.ChangedEvidence],
    is_accepted: bool,
    is_reviewed: bool = True,
) -> Verification:
    """What our checks prove.

    `has_result`: the run is hosted and changed something; if not, they saw only the base. `is_whole`: the result has
    all of the agent's work; if not, they did not see the rest. `changes` of tests and checks cost the proof, except
    where the checks passed with what the base has there, or a person accepted them. `is_reviewed`: the mode needs no
    review, or one found nothing that must be repaired.
    """
    evidence = [check for check in checks if check.ours and check.status != "running"]
    if any(check.status in {"failed", "timeout"} and not check.is_old_red for check in evidence):
        return Verification.FAILED
    if state not in FINAL:
        return Verification.PENDING
    # Only our own checks count: what an agent reports of checks of its own neither helps nor hinders.
    ours = [check for check in checks if check.ours]
    is_proved = evidence and len(evidence) == len(ours) and all(check.status == "passed" for check in evidence)
    stands = is_accepted or not unproved(changes, evidence)
    passed = has_result and is_whole and is_proved and stands and is_reviewed and all(map(_is_honest, evidence))
    return Verification.VERIFIED if passed and state is RunState.COMPLETE else Verification.UNVERIFIED


def _is_honest(check: Check) -> bool:
    return check.proof is None or check.proof.is_honest


def unproved(changes: Sequence[ev.ChangedEvidence], checks: Sequence[Check]) -> bool:
    """Whether the checks leave open what a result changed of the tests and of what defines them."""
    if any(not change.put_back for change in changes):
        return True
    if changes and any(check.proof is None for check in checks):
        return True
    return any(not check.proof.is_whole for check in checks if check.proof is not None)
