"""All sources of a run into one `StatusSnapshot`; counterpart of `source_state.py`.

Its time grows with what is shown, not with the log.

A single value is the last one written by (at, source, seq), lists are sorted by (at, source, seq), usage is summed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import (
    Approval,
    Artifact,
    Check,
    Gap,
    ProviderWait,
    Question,
    StatusSnapshot,
    ToolCall,
    Usage,
    Verification,
)
from ompycord.domain.folds.source_state import LATEST, Closing, SourceState, Stamped
from ompycord.domain.ids import OMPYCORD, RunId, Source
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import FINAL, FailureClass, RunKind, RunState, SuspendReason
from ompycord.domain.task import Origin, Task

__all__ = ["merge"]

TOOLS_SHOWN = 8
GAPS_SHOWN = 10

V = TypeVar("V")
SourceStates = Mapping[Source, SourceState]


class Placed(NamedTuple):
    """The place of a value among all sources. (source, seq) is unique.

    Sorts as docs/contracts/events.md, *Order*.
    """

    at: int
    source: Source
    seq: int


class _State(NamedTuple):
    state: RunState
    transition: ev.RunStateChanged | None = None
    """The transition that led to this state, where Ompycord decided it."""
    failure: FailureClass | None = None
    ended_at: int | None = None


def merge(run: RunId, source_states: SourceStates) -> StatusSnapshot:
    """The snapshot of the sources, of which there is at least one."""
    ours = source_states.get(OMPYCORD, SourceState())
    task = ours.submitted[2].task if ours.submitted else None
    checks = _checks(source_states, ours)
    now = _hosted_state(ours) if task else _external_state(source_states, ours, checks)
    changed = now.transition
    text = {name: _scalar(source_states, name) for name in _DECIDED}
    shown: dict[str, Any] = {name: _scalar(source_states, name) for name in _SHOWN}
    # What we collected and published of a hosted run is known; until then the agent's statement is shown.
    known = {OMPYCORD: ours} if task and ours.files else source_states
    files = _newest(known, lambda source_state: source_state.files)
    outcome = changed.outcome if changed else None
    gaps = [gap for source in sorted(source_states) for gap in _gaps(source, source_states[source])]
    return StatusSnapshot(
        run=run,
        kind=RunKind.HOSTED if task else RunKind.EXTERNAL,
        state=now.state,
        previous=changed.previous if changed else None,
        reason=changed.reason if changed else None,
        resume_to=changed.resume_to if changed else None,
        wake_at=changed.wake_at if changed else None,
        iteration=changed.iteration if changed else 1,
        title=(task.title if task else text["title"]) or "",
        prompt=(task.prompt if task else text["prompt"]) or "",
        repository=task.repository if task else text["repository"],
        agent=task.agent if task else text["agent"],
        mode=task.mode if task else None,
        branch=_scalar(known, "branch"),
        commit=_scalar(known, "commit") if outcome is None else None,  # an earlier start's, if any
        budget_usd=_budget(ours, task),
        done_when=task.done_when if task else None,
        origin=task.origin if task else Origin(),
        message=changed.message if changed else None,
        summary=text["summary"] if outcome is None else _last_summary(source_states),
        failure=now.failure,
        outcome=outcome,
        plan=_plan(source_states),
        tools=_tools(source_states),
        tool_count=sum(source_state.tool_count for source_state in source_states.values()),
        usage=_usage(source_states),
        files=files.files if files else (),
        files_total=(files.total or len(files.files)) if files else 0,
        checks=checks,
        verification=_verification(now.state, checks, has_result=task is not None and outcome is None),
        questions=_questions(source_states),
        approvals=_approvals(source_states),
        provider_wait=None if now.state in FINAL else _provider_wait(source_states),
        artifacts=_artifacts(source_states),
        notes=tuple(note for _, note in _all(source_states, lambda source_state: source_state.notes))[-5:],
        cancel_requested=any(source_state.cancel_requested for source_state in source_states.values()),
        gaps=tuple(gaps[:GAPS_SHOWN]),
        gap_count=len(gaps),
        created_at=min(source_state.first_at for source_state in source_states.values()),
        started_at=min(
            (source_state.started[1] for source_state in source_states.values() if source_state.started), default=None
        ),
        last_event_at=max(source_state.last_at for source_state in source_states.values()),
        ended_at=now.ended_at,
        **shown,
    )


_WORDS = ("last_words", "summary")
_DECIDED = ("title", "prompt", "repository", "agent", "summary")
"""Latest texts that are shown only where nothing else is known."""
_TEXTS = {name for marked in LATEST.values() for name, _, _ in marked}
_SHOWN = sorted(_TEXTS - {*_DECIDED, "branch", "commit"})
"""Latest texts that are the snapshot's as they are."""
if not StatusSnapshot.model_fields.keys() >= _TEXTS:
    raise AssertionError(f"the snapshot has no place for {_TEXTS - StatusSnapshot.model_fields.keys()}")


def _last_summary(source_states: SourceStates) -> str | None:
    """The summary that the last start of the agent gave at its end.

    None where messages came after it; then those are the latest.
    """

    def last(source_state: SourceState) -> Stamped[tuple[str, str]] | None:
        notes = [
            (*source_state.scalars[name][:2], (name, source_state.scalars[name][2]))
            for name in _WORDS
            if name in source_state.scalars
        ]
        return max(notes, default=None)

    newest = _newest(source_states, last)
    return newest[1] if newest is not None and newest[0] == "summary" else None


def _plan(source_states: SourceStates) -> tuple[ev.Phase, ...]:
    newest = _newest(source_states, lambda source_state: source_state.plan)
    return newest.phases if newest else ()


def _budget(ours: SourceState, task: Task | None) -> float | None:
    """The budget that people set last: when they asked for the run, or later."""
    if ours.budget is not None:
        return ours.budget[2].usd
    return task.budget_usd if task else None


def _newest(source_states: SourceStates, pick: Callable[[SourceState], Stamped[V] | None]) -> V | None:
    best: tuple[Placed, V] | None = None
    for source, source_state in source_states.items():
        entry = pick(source_state)
        if entry is not None:
            placed = Placed(entry[1], source, entry[0])
            if best is None or placed > best[0]:
                best = placed, entry[2]
    return None if best is None else best[1]


def _scalar(source_states: SourceStates, name: str) -> str | None:
    return _newest(source_states, lambda source_state: source_state.scalars.get(name))


def _all(
    source_states: SourceStates, pick: Callable[[SourceState], Mapping[int, Stamped[V]]]
) -> list[tuple[Placed, V]]:
    placed = [
        (Placed(at, source, seq), value)
        for source, source_state in source_states.items()
        for seq, at, value in pick(source_state).values()
    ]
    return sorted(placed, key=lambda entry: entry[0])


def _named(
    source_states: SourceStates, pick: Callable[[SourceState], Mapping[str, Stamped[V]]]
) -> dict[str, tuple[Placed, V]]:
    """The newest value of each name over all sources."""
    result: dict[str, tuple[Placed, V]] = {}
    for source, source_state in source_states.items():
        for name, (seq, at, value) in pick(source_state).items():
            placed = Placed(at, source, seq)
            if name not in result or placed > result[name][0]:
                result[name] = placed, value
    return result


# -- state ------------------------------------------------------------------------------------------------------------


def _hosted_state(ours: SourceState) -> _State:
    if ours.state is None:
        return _State(RunState.QUEUED)
    _, at, changed = ours.state
    return _State(changed.state, changed, changed.failure, at if changed.state in FINAL else None)


def _external_state(source_states: SourceStates, ours: SourceState, checks: tuple[Check, ...]) -> _State:
    """The state that the final events give: per source the first by seq, then the earliest by (at, source).

    `lost` is lifted by any later event.
    """
    finals = [(source_state.final[1], source) for source, source_state in source_states.items() if source_state.final]
    if finals:
        at, source = min(finals)
        final = source_states[source].final
        assert final is not None
        return _ended(final[2], at)
    if ours.state and ours.state[2].reason is SuspendReason.LOST:
        known = ours.state[2].lanes or {}
        if all(
            source_state.last_seq <= known.get(source, 0)
            for source, source_state in source_states.items()
            if source != OMPYCORD
        ):
            return _State(RunState.SUSPENDED, ours.state[2])
    running = any(check.status == "running" for check in checks)
    return _State(RunState.VERIFYING if running else RunState.BUILDING)


def _ended(body: ev.RunFinished | ev.RunFailed | ev.RunCancelled, at: int) -> _State:
    match body:
        case ev.RunFinished():
            return _State(RunState.COMPLETE if body.outcome == "complete" else RunState.PARTIAL, ended_at=at)
        case ev.RunFailed():
            return _State(RunState.FAILED, failure=body.failure, ended_at=at)
        case ev.RunCancelled():
            return _State(RunState.CANCELLED, failure=FailureClass.CANCELLED, ended_at=at)


def _verification(state: RunState, checks: tuple[Check, ...], *, has_result: bool) -> Verification:
    """What our checks prove. `has_result`: the run is hosted and changed something; if not, they saw only the base."""
    evidence = [check for check in checks if check.ours and check.status != "running"]
    if any(check.status in {"failed", "timeout"} for check in evidence):
        return Verification.FAILED
    if state not in FINAL:
        return Verification.PENDING
    # Only our own checks count: what an agent reports of checks of its own neither helps nor hinders.
    ours = [check for check in checks if check.ours]
    passed = has_result and evidence and len(evidence) == len(ours) and all(c.status == "passed" for c in evidence)
    return Verification.VERIFIED if passed and state is RunState.COMPLETE else Verification.UNVERIFIED


# -- what is shown ----------------------------------------------------------------------------------------------------


def _tools(source_states: SourceStates) -> tuple[ToolCall, ...]:
    """Starts joined to ends by (source, call); each stands where its last event does."""
    calls: dict[tuple[Source, str], tuple[Placed, ToolCall]] = {}
    for placed, start in _all(source_states, lambda source_state: source_state.tools_started):
        key = (placed.source, start.call or f"#{placed.seq}")
        calls[key] = placed, ToolCall(tool=start.tool, title=start.title, at=placed.at)
    for placed, end in _all(source_states, lambda source_state: source_state.tools_finished):
        key = (placed.source, end.call or f"#{placed.seq}")
        begun = calls.get(key)
        done = ToolCall(
            tool=end.tool,
            title=end.title or (begun[1].title if begun else None),
            status="ok" if end.ok else "failed",
            detail=end.detail,
            added=end.added,
            removed=end.removed,
            at=placed.at,
        )
        calls[key] = placed, done
    for source, source_state in source_states.items():
        if source_state.progress and (source, source_state.progress[2].call) in calls:
            placed, call = calls[source, source_state.progress[2].call]
            if call.status == "running":
                calls[source, source_state.progress[2].call] = (
                    placed,
                    call.model_copy(update={"detail": source_state.progress[2].text}),
                )
    ordered = sorted(calls.values(), key=lambda entry: entry[0])
    return tuple(call for _, call in ordered[-TOOLS_SHOWN:])


def _usage(source_states: SourceStates) -> Usage:
    every = source_states.values()
    priced = any(source_state.priced for source_state in every)
    return Usage(
        input=sum(source_state.input for source_state in every),
        output=sum(source_state.output for source_state in every),
        cache_read=sum(source_state.cache_read for source_state in every),
        cache_write=sum(source_state.cache_write for source_state in every),
        cost_usd=sum(source_state.cost_micro_usd for source_state in every) / 1_000_000 if priced else None,
        cost_complete=not any(source_state.unpriced for source_state in every),
    )


def _checks(source_states: SourceStates, ours: SourceState) -> tuple[Check, ...]:
    """Our checks of this round, then those that others report. An agent's report never replaces our own check."""
    result: list[Check] = []
    for is_ours in (True, False):
        part = {s: source_state for s, source_state in source_states.items() if (s == OMPYCORD) is is_ours}
        started = _named(part, lambda source_state: source_state.checks_started)
        finished = _named(part, lambda source_state: source_state.checks_finished)
        for name in started.keys() | finished.keys():
            begun, ended = started.get(name), finished.get(name)
            placed = max(entry[0] for entry in (begun, ended) if entry is not None)
            if is_ours and placed.seq < ours.building_seq:
                continue
            over = ended is not None and (begun is None or ended[0] > begun[0])
            result.append(
                Check(
                    name=name,
                    status=ended[1].status if ended and over else "running",
                    ours=is_ours,
                    result=ended[1] if ended and over else None,
                    at=begun[0].at if begun else placed.at,
                )
            )
    return tuple(sorted(result, key=lambda check: (not check.ours, check.at, check.name)))


def _questions(source_states: SourceStates) -> tuple[Question, ...]:
    closings = _named(source_states, lambda source_state: source_state.closings)
    result: list[tuple[Placed, Question]] = []
    for ref, (placed, request) in _named(source_states, lambda source_state: source_state.questions).items():
        question = Question(
            ref=ref, text=request.text, options=request.options, free_text=request.free_text, asked_at=placed.at
        )
        closing = _closing(closings, Ref(RefKind.QUESTION, ref), placed)
        if closing is not None:
            at, body = closing
            update = {
                "status": "answered" if isinstance(body, ev.QuestionAnswered) else "withdrawn",
                "answer": body.answer if isinstance(body, ev.QuestionAnswered) else None,
                "by": body.by if isinstance(body, ev.QuestionAnswered) else None,
                "closed_at": at,
            }
            question = question.model_copy(update=update)
        result.append((placed, question))
    return tuple(question for _, question in sorted(result, key=lambda entry: entry[0]))


def _closing(closings: Mapping[str, tuple[Placed, Closing]], ref: Ref, request: Placed) -> tuple[int, Closing] | None:
    """A person's decision counts whatever came around it; a withdrawal only until the same is asked again."""
    decided, withdrawn = closings.get(str(ref)), closings.get(str(ref.withdrawal))
    if decided is not None:
        return decided[0].at, decided[1]
    if withdrawn is not None and withdrawn[0] > request:
        return withdrawn[0].at, withdrawn[1]
    return None


def _approvals(source_states: SourceStates) -> tuple[Approval, ...]:
    closings = _named(source_states, lambda source_state: source_state.closings)
    result: list[tuple[Placed, Approval]] = []
    for ref, (placed, request) in _named(source_states, lambda source_state: source_state.approvals).items():
        approval = Approval(
            ref=ref, title=request.title, command=request.command, risk=request.risk, asked_at=placed.at
        )
        closing = _closing(closings, Ref(RefKind.APPROVAL, ref), placed)
        if closing is not None:
            approval = approval.model_copy(update={"closed_at": closing[0], **_decided(closing[1])})
        result.append((placed, approval))
    return tuple(approval for _, approval in sorted(result, key=lambda entry: entry[0]))


def _decided(body: Closing) -> dict[str, object]:
    match body:
        case ev.ApprovalGranted():
            return {"status": "granted", "scope": body.scope, "by": body.by}
        case ev.ApprovalDenied():
            return {"status": "denied", "by": body.by, "reason": body.reason}
        case _:
            return {"status": "withdrawn"}


def _provider_wait(source_states: SourceStates) -> ProviderWait | None:
    """The provider limit in force.

    A source with a newer event no longer waits: agents do not always report the end.
    """
    waits: list[tuple[Placed, ev.RetryLimited]] = []
    for source, source_state in source_states.items():
        if (
            source_state.retry
            and isinstance(source_state.retry[2], ev.RetryLimited)
            and source_state.last_seq == source_state.retry[0]
        ):
            waits.append((Placed(source_state.retry[1], source, source_state.retry[0]), source_state.retry[2]))
    if not waits:
        return None
    placed, wait = max(waits, key=lambda entry: entry[0])
    return ProviderWait(since=placed.at, message=wait.message, attempt=wait.attempt, of=wait.of, until=wait.until)


def _artifacts(source_states: SourceStates) -> tuple[Artifact, ...]:
    return tuple(
        Artifact(name=body.name, kind=body.kind, size=body.size, sha256=body.sha256, url=body.url)
        for _, body in _all(source_states, lambda source_state: source_state.artifacts)
    )


def _gaps(source: Source, source_state: SourceState) -> Iterator[Gap]:
    expected = 1
    for first, last in source_state.seen:
        if first > expected:
            yield Gap(source=source, first=expected, last=first - 1)
        expected = last + 1
