"""All lanes of a run into one `StatusSnapshot`; counterpart of `lane.py`. Costs the size of what is shown, not of the log.

Scalars: the last writer by (at, source, seq). Lists by (at, source, seq). Usage summed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from ompycord.domain import events as ev
from ompycord.domain.ids import OMPYCORD, RunId, Source
from ompycord.domain.lane import Closing, Lane, Stamped
from ompycord.domain.run import FINAL, FailureClass, RunKind, RunState, SuspendReason
from ompycord.domain.snapshot import (
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
from ompycord.domain.task import Origin, Task

__all__ = ["merge"]

TOOLS_SHOWN = 8
GAPS_SHOWN = 10

V = TypeVar("V")
Lanes = Mapping[Source, Lane]


class Placed(NamedTuple):
    """Where a value stands among all lanes; sorts as docs/contracts/events.md, *Order*. Source and seq are unique."""

    at: int
    source: Source
    seq: int


class _State(NamedTuple):
    state: RunState
    transition: ev.RunStateChanged | None = None
    """Our own word on it, if it is ours."""
    failure: FailureClass | None = None
    ended_at: int | None = None


def merge(run: RunId, lanes: Lanes) -> StatusSnapshot:
    """The snapshot of at least one lane."""
    ours = lanes.get(OMPYCORD, Lane())
    task = ours.submitted[2].task if ours.submitted else None
    checks = _checks(lanes, ours)
    now = _hosted_state(ours) if task else _external_state(lanes, ours, checks)
    changed = now.transition
    text = {name: _scalar(lanes, name) for name in _SCALARS}
    # What we harvested and published of a hosted run is known; until then the agent's word is shown.
    known = {OMPYCORD: ours} if task and ours.files else lanes
    files = _newest(known, lambda lane: lane.files)
    gaps = [gap for source in sorted(lanes) for gap in _gaps(source, lanes[source])]
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
        commit=_scalar(known, "commit"),
        model=text["model"],
        provider=text["provider"],
        session=text["session"],
        budget_usd=_budget(ours, task),
        done_when=task.done_when if task else None,
        origin=task.origin if task else Origin(),
        message=changed.message if changed else None,
        last_words=text["last_words"],
        summary=text["summary"],
        failure=now.failure,
        plan=_plan(lanes),
        tools=_tools(lanes),
        tool_count=sum(lane.tool_count for lane in lanes.values()),
        usage=_usage(lanes),
        files=files.files if files else (),
        files_total=(files.total or len(files.files)) if files else 0,
        checks=checks,
        verification=_verification(now.state, checks, hosted=task is not None),
        questions=_questions(lanes),
        approvals=_approvals(lanes),
        provider_wait=None if now.state in FINAL else _provider_wait(lanes),
        artifacts=_artifacts(lanes),
        notes=tuple(note for _, note in _all(lanes, lambda lane: lane.notes))[-5:],
        url=text["url"],
        cancel_requested=any(lane.cancel_requested for lane in lanes.values()),
        gaps=tuple(gaps[:GAPS_SHOWN]),
        gap_count=len(gaps),
        created_at=min(lane.first_at for lane in lanes.values()),
        started_at=min((lane.started[1] for lane in lanes.values() if lane.started), default=None),
        last_event_at=max(lane.last_at for lane in lanes.values()),
        ended_at=now.ended_at,
    )


_SCALARS = (
    "title", "prompt", "repository", "agent", "model", "provider", "session", "last_words", "summary", "url",
)  # fmt: skip


def _plan(lanes: Lanes) -> tuple[ev.Phase, ...]:
    newest = _newest(lanes, lambda lane: lane.plan)
    return newest.phases if newest else ()


def _budget(ours: Lane, task: Task | None) -> float | None:
    """What people said last of it: when they asked for the run, or since."""
    if ours.budget is not None:
        return ours.budget[2].usd
    return task.budget_usd if task else None


def _newest(lanes: Lanes, pick: Callable[[Lane], Stamped[V] | None]) -> V | None:
    best: tuple[Placed, V] | None = None
    for source, lane in lanes.items():
        entry = pick(lane)
        if entry is not None:
            placed = Placed(entry[1], source, entry[0])
            if best is None or placed > best[0]:
                best = placed, entry[2]
    return None if best is None else best[1]


def _scalar(lanes: Lanes, name: str) -> str | None:
    return _newest(lanes, lambda lane: lane.scalars.get(name))


def _all(lanes: Lanes, pick: Callable[[Lane], Mapping[int, Stamped[V]]]) -> list[tuple[Placed, V]]:
    placed = [
        (Placed(at, source, seq), value) for source, lane in lanes.items() for seq, at, value in pick(lane).values()
    ]
    return sorted(placed, key=lambda entry: entry[0])


def _named(lanes: Lanes, pick: Callable[[Lane], Mapping[str, Stamped[V]]]) -> dict[str, tuple[Placed, V]]:
    """The newest value of each name over all lanes."""
    result: dict[str, tuple[Placed, V]] = {}
    for source, lane in lanes.items():
        for name, (seq, at, value) in pick(lane).items():
            placed = Placed(at, source, seq)
            if name not in result or placed > result[name][0]:
                result[name] = placed, value
    return result


# -- state ------------------------------------------------------------------------------------------------------------


def _hosted_state(ours: Lane) -> _State:
    if ours.state is None:
        return _State(RunState.QUEUED)
    _, at, changed = ours.state
    return _State(changed.state, changed, changed.failure, at if changed.state in FINAL else None)


def _external_state(lanes: Lanes, ours: Lane, checks: tuple[Check, ...]) -> _State:
    """Per lane the first final event by seq, then the earliest by (at, source) wins; `lost` is lifted by a later word."""
    finals = [(lane.final[1], source) for source, lane in lanes.items() if lane.final]
    if finals:
        at, source = min(finals)
        final = lanes[source].final
        assert final is not None
        return _ended(final[2], at)
    if ours.state and ours.state[2].reason is SuspendReason.LOST:
        known = ours.state[2].lanes or {}
        if all(lane.last_seq <= known.get(source, 0) for source, lane in lanes.items() if source != OMPYCORD):
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


def _verification(state: RunState, checks: tuple[Check, ...], *, hosted: bool) -> Verification:
    evidence = [check for check in checks if check.ours and check.status != "running"]
    if any(check.status in {"failed", "timeout"} for check in evidence):
        return Verification.FAILED
    if state not in FINAL:
        return Verification.PENDING
    # All of ours and nothing but ours: what an agent says of checks of its own neither helps nor hinders.
    asked = [check for check in checks if check.ours]
    passed = hosted and evidence and len(evidence) == len(asked) and all(c.status == "passed" for c in evidence)
    return Verification.VERIFIED if passed and state is RunState.COMPLETE else Verification.UNVERIFIED


# -- what is shown ----------------------------------------------------------------------------------------------------


def _tools(lanes: Lanes) -> tuple[ToolCall, ...]:
    """Starts joined to ends by (source, call); each stands where it was heard of last."""
    calls: dict[tuple[Source, str], tuple[Placed, ToolCall]] = {}
    for placed, start in _all(lanes, lambda lane: lane.tools_started):
        key = (placed.source, start.call or f"#{placed.seq}")
        calls[key] = placed, ToolCall(tool=start.tool, title=start.title, at=placed.at)
    for placed, end in _all(lanes, lambda lane: lane.tools_finished):
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
    for source, lane in lanes.items():
        if lane.progress and (source, lane.progress[2].call) in calls:
            placed, call = calls[source, lane.progress[2].call]
            if call.status == "running":
                calls[source, lane.progress[2].call] = placed, call.model_copy(update={"detail": lane.progress[2].text})
    ordered = sorted(calls.values(), key=lambda entry: entry[0])
    return tuple(call for _, call in ordered[-TOOLS_SHOWN:])


def _usage(lanes: Lanes) -> Usage:
    every = lanes.values()
    priced = any(lane.priced for lane in every)
    return Usage(
        input=sum(lane.input for lane in every),
        output=sum(lane.output for lane in every),
        cache_read=sum(lane.cache_read for lane in every),
        cache_write=sum(lane.cache_write for lane in every),
        cost_usd=sum(lane.cost_micro_usd for lane in every) / 1_000_000 if priced else None,
        cost_complete=not any(lane.unpriced for lane in every),
    )


def _checks(lanes: Lanes, ours: Lane) -> tuple[Check, ...]:
    """Ours of this round, then what others say of theirs. An agent's word never stands in for our own check."""
    result: list[Check] = []
    for is_ours in (True, False):
        part = {s: lane for s, lane in lanes.items() if (s == OMPYCORD) is is_ours}
        started = _named(part, lambda lane: lane.checks_started)
        finished = _named(part, lambda lane: lane.checks_finished)
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


def _questions(lanes: Lanes) -> tuple[Question, ...]:
    closings = _named(lanes, lambda lane: lane.closings)
    result: list[tuple[Placed, Question]] = []
    for ref, (placed, asked) in _named(lanes, lambda lane: lane.questions).items():
        question = Question(
            ref=ref, text=asked.text, options=asked.options, free_text=asked.free_text, asked_at=placed.at
        )
        closing = _closing(closings, f"q:{ref}", placed)
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


def _closing(closings: Mapping[str, tuple[Placed, Closing]], key: str, asked: Placed) -> tuple[int, Closing] | None:
    """A person's decision counts whatever came around it; a withdrawal only until the same is asked again."""
    decided, withdrawn = closings.get(key), closings.get(f"w{key}")
    if decided is not None:
        return decided[0].at, decided[1]
    if withdrawn is not None and withdrawn[0] > asked:
        return withdrawn[0].at, withdrawn[1]
    return None


def _approvals(lanes: Lanes) -> tuple[Approval, ...]:
    closings = _named(lanes, lambda lane: lane.closings)
    result: list[tuple[Placed, Approval]] = []
    for ref, (placed, asked) in _named(lanes, lambda lane: lane.approvals).items():
        approval = Approval(ref=ref, title=asked.title, command=asked.command, risk=asked.risk, asked_at=placed.at)
        closing = _closing(closings, f"a:{ref}", placed)
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


def _provider_wait(lanes: Lanes) -> ProviderWait | None:
    """A lane that has said anything new since is no longer waiting: agents do not always say that it is over."""
    waits: list[tuple[Placed, ev.RetryLimited]] = []
    for source, lane in lanes.items():
        if lane.retry and isinstance(lane.retry[2], ev.RetryLimited) and lane.last_seq == lane.retry[0]:
            waits.append((Placed(lane.retry[1], source, lane.retry[0]), lane.retry[2]))
    if not waits:
        return None
    placed, wait = max(waits, key=lambda entry: entry[0])
    return ProviderWait(since=placed.at, message=wait.message, attempt=wait.attempt, of=wait.of, until=wait.until)


def _artifacts(lanes: Lanes) -> tuple[Artifact, ...]:
    return tuple(
        Artifact(name=body.name, kind=body.kind, size=body.size, sha256=body.sha256, url=body.url)
        for _, body in _all(lanes, lambda lane: lane.artifacts)
    )


def _gaps(source: Source, lane: Lane) -> Iterator[Gap]:
    expected = 1
    for first, last in lane.seen:
        if first > expected:
            yield Gap(source=source, first=expected, last=first - 1)
        expected = last + 1
