"""Which facts must reach Discord, as outbox rows; pure. Counterpart: `bot/live`, which delivers them.

The same row twice is one row: (run, kind, ref) is unique in the store, so the conductor and the projector may both ask.
"""

from ompycord.conductor.transcript import ref_of
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind, OutboxRow
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import FINAL, RunKind, RunState, SuspendReason

__all__ = ["CARD_WAIT_MS", "RESULT_WAIT_MS", "deliveries", "first_deliveries"]

CARD_WAIT_MS = 5_000
"""docs/contracts/external-runs.md, *Where it is shown*: the card comes at run.started or this long after the first
event."""

_PAUSED = frozenset({SuspendReason.BUDGET, SuspendReason.ACCOUNT, SuspendReason.INTERRUPTED, SuspendReason.PROVIDER})
"""A run that pauses for one of these needs a person."""
RESULT_WAIT_MS = 10_000
"""docs/contracts/events.md, *Gaps*: only the final answer waits for missing numbers, at most so long."""


def first_deliveries(
    run: RunId, *, channel: str, at: int, wait_ms: int = 0, follows: str | None = None
) -> tuple[OutboxRow, ...]:
    """Channel summary, thread and card of a new run. With `wait_ms` they may wait for run.started until then.

    A run that `follows` another is shown in that one's thread.
    """
    body = {"channel": channel, "not_before": at + wait_ms}
    thread = body if follows is None else {**body, "thread_of": follows}
    return (
        OutboxRow(run=run, kind=OutboxKind.SUMMARY, body=body, created_at=at),
        OutboxRow(run=run, kind=OutboxKind.THREAD, body=thread, created_at=at),
        OutboxRow(run=run, kind=OutboxKind.CARD, ref="1", body=body, created_at=at),
    )


def deliveries(run: RunId, body: ev.EventBody, *, kind: RunKind, channel: str | None, at: int) -> tuple[OutboxRow, ...]:
    """The deliveries that one fact requires. Without a channel a run is listed, not shown."""
    if channel is None:
        return ()
    place: dict[str, object] = {"channel": channel}
    match body:
        case ev.RunSubmitted(task=task):
            return first_deliveries(run, channel=channel, at=at, follows=task.follows)
        case ev.RunStateChanged(state=RunState.AWAITING_APPROVAL, previous=RunState.PLANNING, iteration=number):
            ref = str(Ref(RefKind.PLAN, str(number)))
            return (OutboxRow(run=run, kind=OutboxKind.QUESTION, ref=ref, body=place, created_at=at),)
        case ev.RunStateChanged(state=state) if state in FINAL and kind is RunKind.HOSTED:
            return (OutboxRow(run=run, kind=OutboxKind.RESULT, body=place, created_at=at),)
        case ev.RunFinished() | ev.RunFailed() | ev.RunCancelled() if kind is RunKind.EXTERNAL:
            wait = {**place, "not_before": at + RESULT_WAIT_MS}
            return (OutboxRow(run=run, kind=OutboxKind.RESULT, body=wait, created_at=at),)
        case ev.QuestionAsked() | ev.ApprovalRequested():
            return (OutboxRow(run=run, kind=OutboxKind.QUESTION, ref=str(ref_of(body)), body=place, created_at=at),)
        case ev.ArtifactAdded(sha256=str() as digest) if kind is RunKind.HOSTED:
            return (OutboxRow(run=run, kind=OutboxKind.FILE, ref=digest, body=place, created_at=at),)
        case _:
            return _notices(run, body, place, at)


def _notices(run: RunId, body: ev.EventBody, place: dict[str, object], at: int) -> tuple[OutboxRow, ...]:
    """That the run waits for a person, that a message was taken as an answer, that its agent learned something."""
    match body:
        case ev.RunStateChanged(reason=reason, iteration=number, cause=cause) if reason in _PAUSED or (
            reason is SuspendReason.HUMAN and cause == "guardian.noticed"
        ):
            ref = Ref(RefKind.SUSPENDED, str(number))
        case ev.MemoryProposed(item=item):
            ref = Ref(RefKind.LESSON, item)
        case ev.AnswerTyped(typed=typed, is_message=True):
            ref, place = Ref(RefKind.TYPED, typed), {**place, "reply": typed}
        case _:
            return ()
    return (OutboxRow(run=run, kind=OutboxKind.NOTICE, ref=str(ref), body=place, created_at=at),)
