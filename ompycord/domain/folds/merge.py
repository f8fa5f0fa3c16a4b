"""All sources of a run into one `StatusSnapshot`; counterpart of `source_state.py`.

Its time grows with what is shown, not with the log. A single value is the last one written by (at, source, seq), lists
are sorted by (at, source, seq), usage is summed: `sources.py` reads them so. States and the requests to people have
modules of their own.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from ompycord.domain import events as ev
from ompycord.domain.folds.latest import LATEST
from ompycord.domain.folds.lessons import lessons_of
from ompycord.domain.folds.reports import Proposal
from ompycord.domain.folds.requests import approvals, questions, typed_answers
from ompycord.domain.folds.snapshot import (
    Artifact,
    Check,
    Gap,
    LoopNotice,
    ModelAccess,
    ProviderWait,
    StatusSnapshot,
    ToolCall,
    Usage,
)
from ompycord.domain.folds.source_state import NOTES_KEPT, SourceState, Stamped
from ompycord.domain.folds.sources import Placed, SourceStates, in_order, newest, newest_by_name, scalar
from ompycord.domain.folds.states import external_state, hosted_state, verification
from ompycord.domain.ids import OMPYCORD, RunId, Source
from ompycord.domain.run import FINAL, RunKind, RunState
from ompycord.domain.task import Mode, Task

__all__ = ["merge"]

TOOLS_SHOWN = 8
GAPS_SHOWN = 10


def merge(run: RunId, source_states: SourceStates) -> StatusSnapshot:
    """The snapshot of the sources, of which there is at least one."""
    ours = source_states.get(OMPYCORD, SourceState())
    task = ours.submitted[2].task if ours.submitted else None
    checks = _checks(source_states, ours)
    now = hosted_state(ours) if task else external_state(source_states, ours, checks)
    text = {name: scalar(source_states, name) for name in _DECIDED}
    shown: dict[str, Any] = {name: scalar(source_states, name) for name in _SHOWN}
    shown |= {name: getattr(now.transition, name) for name in _OF_TRANSITION} if now.transition else {}
    shown |= {name: getattr(task, name) for name in _OF_TASK} if task else {}
    shown |= {name: kept[2] for name, field in _OF_OURS.items() if (kept := getattr(ours, field)) is not None}
    # What we collected and published of a hosted run is known; until then the agent's statement is shown.
    known = {OMPYCORD: ours} if task and ours.files else source_states
    outcome = now.transition.outcome if now.transition else None
    commit = scalar(known, "commit")
    gaps = [gap for source in sorted(source_states) for gap in _gaps(source, source_states[source])]
    return StatusSnapshot(
        run=run,
        kind=RunKind.HOSTED if task else RunKind.EXTERNAL,
        state=now.state,
        title=(task.title if task else text["title"]) or "",
        prompt=(task.prompt if task else text["prompt"]) or "",
        repository=task.repository if task else text["repository"],
        agent=task.agent if task else text["agent"],
        branch=scalar(known, "branch"),
        commit=commit if outcome is None else None,  # an earlier start's, if any
        budget_usd=_budget(ours, task),
        summary=text["summary"] if outcome is None else _last_summary(source_states),
        failure=now.failure,
        plan=_plan(source_states),
        proposals=_proposals(ours),
        answer=ours.reports.answer(),
        tools=_tools(source_states),
        tool_count=sum(source_state.tool_count for source_state in source_states.values()),
        usage=_usage(source_states),
        models=ModelAccess(**ours.opened[2].model_dump(exclude={"type"})) if ours.opened else None,
        left_out=ours.left_out[2].items if ours.left_out else (),
        checks=checks,
        pull_request_now=_pull_request_now(ours),
        precheck=ours.precheck[2].lines if ours.precheck else (),
        lessons=lessons_of(ours),
        questions=questions(source_states),
        typed_answers=typed_answers(source_states),
        approvals=approvals(source_states),
        provider_wait=None if now.state in FINAL else _provider_wait(source_states),
        loop=_loop(ours),
        artifacts=_artifacts(source_states),
        notes=_notes(source_states),
        cancel_requested=any(source_state.cancel_requested for source_state in source_states.values()),
        followed_by=_followed_by(ours),
        gaps=tuple(gaps[:GAPS_SHOWN]),
        gap_count=len(gaps),
        ended_at=now.ended_at,
        **_files_fields(known),
        **_evidence_fields(ours, now.state, checks, task, commit, has_result=task is not None and outcome is None),
        **_times(source_states),
        **ours.publishing.fields(commit),
        **ours.overlaps.fields(now.transition.reason if now.transition else None),
        **shown,
    )


_OF_TRANSITION = (
    "previous", "reason", "resume_to", "wake_at", "iteration", "round", "max_rounds", "message", "ended_by", "outcome",
)  # fmt: skip
"""What the snapshot takes from the last transition as it is."""
_OF_TASK = ("mode", "done_when", "origin", "issue", "follows")
"""What it takes from the task as it is."""
_OF_OURS = {
    "guard": "guarded",
    "recalled": "recalled",
    "refined": "refined",
    "setup": "setup",
    "services": "services",
}
"""What it takes from our own last event of a kind, and the field of the source's state that keeps that."""


def _evidence_fields(
    ours: SourceState,
    state: RunState,
    checks: tuple[Check, ...],
    task: Task | None,
    commit: str | None,
    *,
    has_result: bool,
) -> dict[str, Any]:
    """What stands behind the mark of a result, and the mark."""
    evidence, accepted, review = _evidence(ours), _accepted(ours, commit), ours.reports.review_since(ours.round_seq)
    changes = evidence.changes if evidence else ()
    return {
        "review": review,
        "evidence": changes,
        "evidence_total": (evidence.total or len(changes)) if evidence else 0,
        "accepted_by": accepted.by if accepted else None,
        "verification": verification(
            state,
            checks,
            has_result=has_result,
            is_whole=ours.left_out is None or not ours.left_out[2].items,
            changes=changes,
            is_accepted=accepted is not None,
            is_reviewed=task is None or task.mode is not Mode.FULL or (review is not None and not _is_blocked(review)),
        ),
    }


def _files_fields(known: SourceStates) -> dict[str, Any]:
    found = newest(known, lambda source_state: source_state.files)
    return {"files": found.files, "files_total": found.total or len(found.files)} if found else {}


def _pull_request_now(ours: SourceState) -> ev.PullRequestSeen | None:
    """As the forge showed it last: from its opening on, so that a first look which finds it so changes no message."""
    if ours.pull_request_seen is not None:
        return ours.pull_request_seen[2]
    opened = ours.publishing.pull_request
    if opened is None:
        return None
    return ev.PullRequestSeen(number=opened.number, url=opened.url, state="open", draft=opened.draft)


def _times(source_states: SourceStates) -> dict[str, Any]:
    states = source_states.values()
    return {
        "created_at": min(state.first_at for state in states),
        "started_at": min((state.started[1] for state in states if state.started), default=None),
        "last_event_at": max(state.last_at for state in states),
    }


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

    found = newest(source_states, last)
    return found[1] if found is not None and found[0] == "summary" else None


def _plan(source_states: SourceStates) -> tuple[ev.Phase, ...]:
    found = newest(source_states, lambda source_state: source_state.plan)
    return found.phases if found else ()


def _budget(ours: SourceState, task: Task | None) -> float | None:
    """The budget that people set last: when they asked for the run, or later."""
    if ours.budget is not None:
        return ours.budget[2].usd
    return task.budget_usd if task else None


def _followed_by(ours: SourceState) -> tuple[str, ...]:
    """In the order in which they were started; the log's numbers, since ids are made before anything is stored."""
    return tuple(sorted(ours.followed, key=lambda run: ours.followed[run][0]))


def _loop(ours: SourceState) -> LoopNotice | None:
    """What was noticed last, unless a person has stepped in since."""
    if ours.loop is None or ours.loop[0] < ours.stepped_in:
        return None
    _, at, body = ours.loop
    delivered = body.to_agent is not None
    return LoopNotice(level=body.level, kind=body.kind, evidence=body.evidence, is_delivered=delivered, at=at)


def _evidence(ours: SourceState) -> ev.EvidenceChanged | None:
    """What this round changed of the tests and checks; what an earlier one did, it may have put back."""
    if ours.evidence is None or ours.evidence[0] < ours.round_seq:
        return None
    return ours.evidence[2]


# -- what is shown ----------------------------------------------------------------------------------------------------


def _tools(source_states: SourceStates) -> tuple[ToolCall, ...]:
    """Starts joined to ends by (source, call); each stands where its last event does."""
    calls: dict[tuple[Source, str], tuple[Placed, ToolCall]] = {}
    for placed, start in in_order(source_states, lambda source_state: source_state.tools_started):
        key = (placed.source, start.call or f"#{placed.seq}")
        calls[key] = placed, ToolCall(tool=start.tool, title=start.title, at=placed.at)
    for placed, end in in_order(source_states, lambda source_state: source_state.tools_finished):
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
    """What was used. Where we metered it ourselves, what an agent claims of it is only kept beside it."""
    ours = source_states.get(OMPYCORD, SourceState())
    is_metered = bool(ours.was_pointed or ours.priced or ours.unpriced)
    theirs = [one for source, one in source_states.items() if source != OMPYCORD]
    every = [ours] if is_metered else theirs
    priced = ours.was_pointed or any(one.priced for one in every)
    return Usage(
        input=sum(one.input for one in every),
        output=sum(one.output for one in every),
        cache_read=sum(one.cache_read for one in every),
        cache_write=sum(one.cache_write for one in every),
        cost_usd=_usd(every) if priced and not _is_unpriced(ours) else None,
        cost_complete=not any(one.unpriced for one in every) and not (is_metered and ours.was_left),
        tokens_complete=not any(one.cut for one in every) and not (is_metered and ours.was_left),
        requests=ours.metered,
        estimated=ours.estimated,
        claimed_usd=_usd(theirs) if is_metered and any(one.priced for one in theirs) else None,
    )


def _is_unpriced(ours: SourceState) -> bool:
    """Whether we metered, and no request had a price."""
    return bool(ours.unpriced) and not ours.priced


def _usd(source_states: Iterable[SourceState]) -> float:
    return sum(one.cost_nano_usd for one in source_states) / 1_000_000_000


def _checks(source_states: SourceStates, ours: SourceState) -> tuple[Check, ...]:
    """Our checks of this round, then those that others report. An agent's report never replaces our own check."""
    result: list[Check] = []
    for is_ours in (True, False):
        part = {s: source_state for s, source_state in source_states.items() if (s == OMPYCORD) is is_ours}
        started = newest_by_name(part, lambda source_state: source_state.checks_started)
        finished = newest_by_name(part, lambda source_state: source_state.checks_finished)
        for name in started.keys() | finished.keys():
            begun, ended = started.get(name), finished.get(name)
            placed = max(entry[0] for entry in (begun, ended) if entry is not None)
            if is_ours and placed.seq < ours.round_seq:
                continue
            over = ended is not None and (begun is None or ended[0] > begun[0])
            result.append(
                Check(
                    name=name,
                    status=ended[1].status if ended and over else "running",
                    ours=is_ours,
                    result=ended[1] if ended and over else None,
                    proof=_proof(ours, name) if is_ours and over else None,
                    at=begun[0].at if begun else placed.at,
                )
            )
    return tuple(sorted(result, key=lambda check: (not check.ours, check.at, check.name)))


def _proof(ours: SourceState, check: str) -> ev.CheckProved | None:
    found = ours.checks_proved.get(check)
    return None if found is None or found[0] < ours.round_seq else found[2]


def _proposals(ours: SourceState) -> tuple[Proposal, ...]:
    """The last plans; one that waits is asked since the run began to wait, also after a pause."""
    found = ours.reports.proposals()
    if not found or ours.state is None or ours.state[2].state is not RunState.AWAITING_APPROVAL:
        return found
    return (*found[:-1], found[-1].model_copy(update={"asked_at": ours.state[1]}))


def _is_blocked(review: ev.ReviewFinished) -> bool:
    return any(finding.is_blocking for finding in review.findings)


def _accepted(ours: SourceState, commit: str | None) -> ev.EvidenceAccepted | None:
    """Who accepted the result as it is; another one is not accepted with it."""
    if ours.accepted is None or ours.accepted[2].commit != commit:
        return None
    return ours.accepted[2]


def _provider_wait(source_states: SourceStates) -> ProviderWait | None:
    """The provider limit in force.

    An agent with a newer event no longer waits: agents do not always report the end. The model gateway does.
    """
    waits: list[tuple[Placed, ev.RetryLimited]] = []
    for source, source_state in source_states.items():
        if (
            source_state.retry
            and isinstance(source_state.retry[2], ev.RetryLimited)
            and (source == OMPYCORD or source_state.last_seq == source_state.retry[0])
        ):
            waits.append((Placed(source_state.retry[1], source, source_state.retry[0]), source_state.retry[2]))
    if not waits:
        return None
    placed, wait = max(waits, key=lambda entry: entry[0])
    return ProviderWait(since=placed.at, message=wait.message, attempt=wait.attempt, of=wait.of, until=wait.until)


def _notes(source_states: SourceStates) -> tuple[str, ...]:
    """The latest, each once: a step that was interrupted says its own again."""
    newest = (note for _, note in reversed(in_order(source_states, lambda source_state: source_state.notes)))
    return tuple(reversed(list(dict.fromkeys(newest))[:NOTES_KEPT]))


def _artifacts(source_states: SourceStates) -> tuple[Artifact, ...]:
    return tuple(
        Artifact(name=body.name, kind=body.kind, size=body.size, sha256=body.sha256, url=body.url)
        for _, body in in_order(source_states, lambda source_state: source_state.artifacts)
    )


def _gaps(source: Source, source_state: SourceState) -> Iterator[Gap]:
    expected = 1
    for first, last in source_state.seen:
        if first > expected:
            yield Gap(source=source, first=expected, last=first - 1)
        expected = last + 1
