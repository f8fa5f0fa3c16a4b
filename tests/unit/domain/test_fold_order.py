"""Arrival order never matters: shuffled, duplicated, dropped and refilled, from several sources.

The snapshot is the same.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.domain import events as ev
from ompycord.domain.events import AUTHORITY
from ompycord.domain.folds.fold import RunFold, fold
from ompycord.domain.folds.latest import LATEST
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.folds.source_state import RANGES_KEPT, SourceState
from ompycord.domain.guardian.escalation import LEVELS
from ompycord.domain.guardian.verdicts import LOOP_KINDS
from ompycord.domain.ids import AGENT_SOURCE, OMPYCORD, RunId, Source
from ompycord.domain.memory.items import MemoryKind, NewMemory
from ompycord.domain.reports.findings import ReviewFinding, ReviewReport
from ompycord.domain.reports.plan import Plan, PlannedFile, PlanStep
from ompycord.domain.reports.refinement import DraftPlan, Refinement
from ompycord.domain.reports.task_passes import TaskPasses
from ompycord.domain.run import FailureClass, RunOutcome, RunState, SuspendReason
from ompycord.domain.task import Task

RUN = RunId("01JD0000000000000000000000")
TASK = Task(
    id="01JD0000000000000000000001", prompt="Fix the total", title="Fix the total", repositories=("shop",), agent="omp"
)
SOURCES = (OMPYCORD, AGENT_SOURCE, Source("key:a"), Source("key:a/ci"))

name = st.sampled_from(["edit", "pytest", "ruff", "a b", "é"])
ref = st.sampled_from(["q1", "q2", "q3"])
words = st.text(max_size=12)
count = st.integers(0, 1000)
maybe = st.none() | words
state = st.sampled_from(RunState)
source_numbers = st.none() | st.dictionaries(st.sampled_from(SOURCES[1:]), st.integers(0, 12), max_size=2)

PLAN = Plan(summary="Do it.", steps=(PlanStep(title="one"),), files=(PlannedFile(path="a.py", change="modify"),))
PASSES = [Refinement(drafts=(DraftPlan(by=by, plan=PLAN),)) for by in ("one", "two")]
TASK_PASSES = [
    TaskPasses(draft="x", draft_by=by, critique=ReviewReport(summary="y"), critic=by, final="z", final_by=by)
    for by in ("one", "two")
]
HASHES = st.sampled_from(["0" * 64, "1" * 64])
OVERLAPS = st.builds(
    ev.OverlappingWork,
    work=st.builds(ev.OtherWork, pull_request=st.integers(1, 3)),
    files=st.just(("a.py",)),
    conflicts=st.sampled_from(((), ("a.py",))),
    branch=st.none() | st.just("ompycord/x"),
)

BODIES: dict[str, st.SearchStrategy[ev.EventBody]] = {
    "run.submitted": st.just(ev.RunSubmitted(task=TASK)),
    "run.dequeued": st.just(ev.RunDequeued()),
    "run.started": st.builds(ev.RunStarted, title=maybe, prompt=maybe, agent=st.none() | name, model=st.none() | name),
    "run.state": st.builds(
        ev.RunStateChanged,
        state=state, previous=state, cause=name, reason=st.none() | st.sampled_from(SuspendReason),
        lanes=source_numbers,
        message=maybe, iteration=count, outcome=st.none() | st.sampled_from(RunOutcome),
    ),
    "run.finished": st.builds(ev.RunFinished, summary=maybe, outcome=st.sampled_from(["complete", "partial"])),
    "run.failed": st.builds(ev.RunFailed, message=words, failure=st.sampled_from(FailureClass)),
    "run.cancelled": st.builds(ev.RunCancelled, reason=maybe),
    "run.stopped": st.just(ev.RunStopped(by="Ada")),
    "run.resumed": st.just(ev.RunResumed(by="Ada")),
    "run.pause_requested": st.just(ev.PauseRequested(by="Ada")),
    "run.rolled_back": st.just(ev.RunRolledBack(by="Ada", round=1, commit="a" * 40)),
    "run.cancel_requested": st.just(ev.CancelRequested(by="Ada")),
    "effect.finished": st.builds(
        ev.EffectFinished, key=st.sampled_from(["build:1", "publish:1"]), outcome=st.just("ok")
    ),
    "prompt": st.builds(ev.Prompted, text=words, when=st.sampled_from(["now", "next", "restart"])),
    "prompt.edited": st.just(ev.PromptEdited(prompt="01JD0000000000000000000002", text="x", by="Ada")),
    "run.followed": st.builds(ev.RunFollowed, run=st.sampled_from([RUN, TASK.id]), by=st.just("Ada")),
    "run.given_up": st.just(ev.RunGivenUp(by="Ada")),
    "result.guarded": st.builds(
        ev.ResultGuarded,
        findings=st.sampled_from(((), (ev.GuardFinding(rule="syntax", path="a.py", line=2, detail="no"),))),
        total=st.integers(0, 3),
        not_checked=st.sampled_from(((), ("a.md",))),
        files=st.integers(0, 9),
    ),
    "pull_request.opened": st.builds(
        ev.PullRequestOpened,
        number=st.integers(1, 3),
        url=st.just("https://forge.example/a/b/pull/1"),
        draft=st.booleans(),
        comment=st.none() | st.integers(1, 3),
    ),
    "publication.requested": st.just(ev.PublicationRequested(by="Ada")),
    "pull_request.ready_requested": st.builds(ev.ReadyRequested, by=name, commit=st.sampled_from(["c", "d"])),
    "base.moved": st.builds(
        ev.BaseMoved,
        result=st.just("c"),
        onto=st.just("e"),
        ahead=st.integers(1, 3),
        commit=st.none() | st.just("d"),
        conflicts=st.sampled_from(((), ("a.py",))),
    ),
    "overlaps.found": st.builds(ev.OverlapsFound, others=st.lists(OVERLAPS, max_size=2).map(tuple)),
    "overlap.dismissed": st.builds(
        ev.OverlapDismissed, by=st.just("Ada"), others=st.lists(OVERLAPS, min_size=1, max_size=2).map(tuple)
    ),
    "pull_request.seen": st.builds(
        ev.PullRequestSeen,
        number=st.integers(1, 3),
        url=st.just("https://forge.example/a/b/pull/1"),
        state=st.sampled_from(["open", "merged", "closed"]),
        ci=st.sampled_from(["none", "green", "red"]),
        threads=st.integers(0, 3),
    ),
    "guardian.noticed": st.builds(
        ev.GuardianNoticed,
        level=st.sampled_from(LEVELS),
        kind=st.sampled_from(LOOP_KINDS),
        evidence=st.just("again and again"),
        length=st.just(4),
        to_agent=maybe,
    ),
    "budget.raised": st.builds(ev.BudgetRaised, usd=st.floats(0.01, 9), by=st.just("Ada")),
    "prompt.dropped": st.just(ev.PromptDropped(prompt="01JD0000000000000000000002", by="Ada")),
    "inbox.taken": st.just(ev.InboxTaken(said=("p:01JD0000000000000000000002",))),
    "inbox.acknowledged": st.just(ev.InboxAcknowledged(said=("p:01JD0000000000000000000002",), session="s")),
    "message": st.builds(ev.Message, text=words),
    "note": st.builds(ev.Note, text=words),
    "tool.started": st.builds(ev.ToolStarted, tool=name, title=maybe, call=st.none() | ref),
    "tool.progress": st.builds(ev.ToolProgress, call=ref, text=words),
    "tool.finished": st.builds(
        ev.ToolFinished, tool=name, call=st.none() | ref, ok=st.booleans(), added=st.none() | count),
    "plan.updated": st.builds(ev.PlanUpdated, phases=st.lists(st.builds(ev.Phase, title=words), max_size=3).map(tuple)),
    "usage.updated": st.builds(
        ev.UsageUpdated, input=count, output=count, cost_usd=st.none() | st.floats(0, 9), model=st.none() | name,
        at_least=st.booleans(), exactness=st.sampled_from([None, "exact", "estimated"]),
    ),
    "models.opened": st.builds(
        ev.ModelsOpened, by=st.sampled_from(["gateway", "key", "agent"]), network=st.sampled_from(["port", "open"])
    ),
    "work.left_out": st.builds(
        ev.WorkLeftOut, items=st.lists(st.builds(ev.LeftOut, what=words, ref=maybe), max_size=2).map(tuple)
    ),
    "files.changed": st.builds(
        ev.FilesChanged,
        files=st.lists(st.builds(ev.ChangedFile, path=name, added=count), max_size=3).map(tuple), branch=maybe,
    ),
    "check.started": st.builds(ev.CheckStarted, check=name),
    "check.finished": st.builds(ev.CheckFinished, check=name, status=st.sampled_from(["passed", "failed", "missing"])),
    "check.errors": st.builds(
        ev.ChecksErred, check=name,
        tests=st.lists(st.builds(ev.FailedTest, test=name, error=words), max_size=3).map(tuple),
    ),
    "check.proved": st.builds(
        ev.CheckProved, check=name, with_base=st.sampled_from(["same", "passed", "failed"]), lost_total=count
    ),
    "evidence.accepted": st.builds(ev.EvidenceAccepted, by=name, commit=name, changes=count),
    "evidence.changed": st.builds(
        ev.EvidenceChanged, total=st.none() | count,
        changes=st.lists(st.builds(ev.ChangedEvidence, path=name, what=st.just("test_removed")), min_size=1, max_size=3)
        .map(tuple),
    ),
    "precheck.finished": st.builds(
        ev.PrecheckFinished,
        lines=st.lists(st.builds(ev.PrecheckLine, name=name, status=st.just("fail"), text=words), max_size=2)
        .map(tuple),
    ),
    "setup.started": st.builds(ev.SetupStarted, step=name, number=count, of=count),
    "setup.finished": st.builds(ev.SetupFinished, status=st.sampled_from(["ready", "failed"]), step=st.none() | name),
    "services.ready": st.builds(
        ev.ServicesReady, services=st.tuples(st.builds(ev.ServiceShown, name=name)), duration_ms=count
    ),
    "service.failed": st.builds(ev.ServiceFailed, service=name, detail=words),
    "question.asked": st.builds(ev.QuestionAsked, question=ref, text=name),
    "question.answered": st.builds(ev.QuestionAnswered, question=ref, answer=words, by=name),
    "question.withdrawn": st.builds(ev.QuestionWithdrawn, question=ref),
    "answer.typed": st.builds(
        ev.AnswerTyped, typed=ref, question=ref, answer=words, by=name, person=ref, role=st.just("runner")
    ),
    "answer.edited": st.builds(ev.AnswerEdited, typed=ref, answer=words),
    "answer.dropped": st.builds(ev.AnswerDropped, typed=ref, reason=st.sampled_from(["undone", "deleted", "closed"])),
    "approval.requested": st.builds(ev.ApprovalRequested, approval=ref, title=words),
    "approval.granted": st.builds(ev.ApprovalGranted, approval=ref, by=name),
    "approval.denied": st.builds(ev.ApprovalDenied, approval=ref, by=name),
    "approval.voided": st.builds(ev.ApprovalVoided, approval=ref, by=name, reason=words),
    "approval.used": st.builds(ev.ApprovalUsed, approval=ref, title=words, command=maybe),
    "approval.voted": st.builds(
        ev.ApprovalVoted, approval=ref, by=name, person=ref, role=st.just("admin"), shown=st.just("0" * 64)
    ),
    "approval.skipped": st.builds(ev.ApprovalSkipped, title=words, command=maybe, risk_class=st.just("read")),
    "approval.withdrawn": st.builds(ev.ApprovalWithdrawn, approval=ref, reason=maybe),
    "retry.limited": st.builds(ev.RetryLimited, message=maybe, attempt=st.none() | count),
    "retry.cleared": st.just(ev.RetryCleared()),
    "session.opened": st.builds(ev.SessionOpened, session=ref, model=st.none() | name),
    "artifact.added": st.builds(ev.ArtifactAdded, name=name),
    "plan.proposed": st.builds(
        ev.PlanProposed, number=count, plan=st.just(PLAN), hash=HASHES, by=name, asks=st.booleans(),
    ),
    "plan.refined": st.sampled_from([ev.PlanRefined(passes=one) for one in PASSES]),
    "task.refined": st.sampled_from([ev.TaskRefined(passes=one) for one in TASK_PASSES]),
    "prompt.used": st.builds(ev.PromptUsed, template=st.just("t"), hash=st.just("0" * 16), model=st.just("m-1")),
    "plan.refused": st.just(ev.PlanRefused(faults=("It names no file.",))),
    "plan.approved": st.builds(ev.PlanApproved, plan=HASHES, by=name),
    "plan.changed": st.builds(ev.PlanChanged, plan=HASHES, by=name, words=st.just("smaller")),
    "plan.rejected": st.builds(ev.PlanRejected, plan=HASHES, by=name, reason=maybe),
    "review.finished": st.builds(
        ev.ReviewFinished, by=name, summary=words,
        findings=st.just((ReviewFinding(severity="blocking", title="x", why="y"),)),
    ),
    "review.refused": st.just(ev.ReviewRefused(faults=("It is no JSON.",))),
    "ask.answered": st.builds(ev.AskAnswered, text=words, commit=name, changed_total=count),
    "ask.checked": st.builds(
        ev.AskChecked, struck=count, links=st.just((ev.AnswerLink(start=0, end=1, path="a", line=1, fault="gone"),)),
    ),
    "memory.recalled": st.builds(
        ev.MemoryRecalled, withheld=st.booleans(),
        items=st.just((ev.RecalledRef(item=TASK.id, kind=MemoryKind.LESSON, why="same file"),)),
    ),
    "memory.proposed": st.builds(
        ev.MemoryProposed, item=st.sampled_from([RUN, TASK.id]),
        what=st.builds(NewMemory, kind=st.just(MemoryKind.LESSON), title=st.just("x"), body=words),
    ),
    "memory.decided": st.builds(
        ev.MemoryDecided, item=st.sampled_from([RUN, TASK.id]), by=name, decision=st.sampled_from(["kept", "dropped"])
    ),
    "x.unknown": st.builds(ev.Opaque, type=st.just("x.unknown"), data=st.just({"a": 1})),
}  # fmt: skip


def test_every_event_type_takes_part() -> None:
    assert BODIES.keys() - {"x.unknown"} == ev.EVENT_TYPES.keys() == AUTHORITY.keys()


@pytest.mark.parametrize("cls", [cls for cls, texts in LATEST.items() if texts])
def test_what_is_kept_as_the_latest_is_a_text_and_has_a_place_in_the_snapshot(cls: type[ev.KnownBody]) -> None:
    fields, places = (model.model_json_schema()["properties"] for model in (cls, StatusSnapshot))
    for name, field, _ in LATEST[cls]:
        for shape in (fields[field], places[name]):
            assert {one["type"] for one in shape.get("anyOf", [shape])} - {"null"} == {"string"}


def test_a_text_that_is_marked_is_in_the_snapshot_and_only_so_long_as_it_says() -> None:
    said = [ev.RunStarted(model="small"), ev.Message(text="x" * 3000), ev.UsageUpdated(model="large")]
    log = [ev.RunEvent(run=RUN, source=SOURCES[1], seq=n, at=n, body=body) for n, body in enumerate(said, 1)]
    snapshot = fold(RUN, log).snapshot()
    assert (snapshot.model, snapshot.last_words) == ("large", "x" * 2000)


@st.composite
def logs(draw: st.DrawFn) -> list[ev.RunEvent]:
    """Several lanes, each numbered from 1, with clocks that disagree and go backwards."""
    result: list[ev.RunEvent] = []
    for source in draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=4, unique=True)):
        size = draw(st.integers(1, 30 if source == SOURCES[1] else 12))
        for seq in range(1, size + 1):
            body = draw(st.one_of(*BODIES.values()))
            result.append(ev.RunEvent(run=RUN, source=source, seq=seq, at=draw(st.integers(1, 20)), body=body))
    return result


@given(log=logs(), data=st.data())
def test_the_same_set_of_events_gives_the_same_snapshot(log: list[ev.RunEvent], data: st.DataObject) -> None:
    expected = fold(RUN, log)

    shuffled = data.draw(st.permutations(log))
    assert fold(RUN, shuffled).snapshot() == expected.snapshot()

    repeated = data.draw(st.permutations([*log, *data.draw(st.lists(st.sampled_from(log), max_size=20))]))
    assert fold(RUN, repeated).snapshot() == expected.snapshot()

    dropped = set(data.draw(st.lists(st.integers(0, len(log) - 1), max_size=8)))
    late = fold(RUN, [event for index, event in enumerate(log) if index not in dropped])
    restored = RunFold.load(late.dump())
    assert restored == late
    for index in sorted(dropped, reverse=True):
        assert restored.add(log[index])
    assert restored.snapshot() == expected.snapshot()


@given(log=logs())
def test_a_run_without_changes_is_not_verified_whatever_else_was_said(log: list[ev.RunEvent]) -> None:
    end = ev.RunStateChanged(
        state=RunState.COMPLETE, previous=RunState.BUILDING, cause="x", outcome=RunOutcome.NO_CHANGES
    )
    ours = (ev.RunSubmitted(task=TASK), ev.CheckFinished(check="unit", status="passed"), end)
    last = [ev.RunEvent(run=RUN, source=OMPYCORD, seq=n, at=n, body=body) for n, body in enumerate(ours, 100)]
    snapshot = fold(RUN, [*log, *last]).snapshot()
    assert (snapshot.state, snapshot.outcome) == (RunState.COMPLETE, RunOutcome.NO_CHANGES)
    assert snapshot.verification in {Verification.UNVERIFIED, Verification.FAILED}


@given(log=logs(), data=st.data())
def test_what_is_missing_is_named_until_it_comes(log: list[ev.RunEvent], data: st.DataObject) -> None:
    source_state = [event for event in log if event.source == log[0].source]
    missing = set(data.draw(st.lists(st.integers(1, len(source_state)), max_size=4)))
    partial = fold(RUN, [event for event in source_state if event.seq not in missing])
    if not partial.source_states:
        return
    named = {n for gap in partial.snapshot().gaps for n in range(gap.first, gap.last + 1)}
    last = max((event.seq for event in source_state if event.seq not in missing), default=0)
    assert named == {seq for seq in missing if seq < last}
    for event in source_state:
        partial.add(event)
    assert partial.snapshot().gaps == ()


def decided(*bodies: ev.EventBody) -> tuple[str, ...]:
    """What became of each request, after these in our lane; the agent asked at 10."""
    folded = fold(
        RUN,
        [
            ev.RunEvent(
                run=RUN, source=AGENT_SOURCE, seq=1, at=10, body=ev.ApprovalRequested(approval="a1", title="rm")
            ),
            ev.RunEvent(
                run=RUN, source=AGENT_SOURCE, seq=2, at=10, body=ev.QuestionAsked(question="q1", text="Which?")
            ),
            *(ev.RunEvent(run=RUN, source=OMPYCORD, seq=n, at=10 + n, body=body) for n, body in enumerate(bodies, 1)),
        ],
    ).snapshot()
    return (*(a.status for a in folded.approvals), *(q.status for q in folded.questions))


def test_a_withdrawal_never_hides_what_a_person_decided() -> None:
    granted, gone = ev.ApprovalGranted(approval="a1", by="Ada"), ev.ApprovalWithdrawn(approval="a1")
    answered, over = ev.QuestionAnswered(question="q1", answer="left", by="Ada"), ev.QuestionWithdrawn(question="q1")
    assert decided(granted, gone, answered, over) == ("granted", "answered")
    assert decided(gone, granted, over, answered) == ("granted", "answered")
    assert decided(gone, over) == ("withdrawn", "withdrawn")


def test_a_request_that_is_made_again_is_open_again() -> None:
    again = ev.ApprovalRequested(approval="a1", title="rm")
    assert decided(ev.ApprovalWithdrawn(approval="a1"), again)[0] == "open"


def test_more_decisions_than_are_shown_leave_none_open() -> None:
    bodies: list[ev.EventBody] = []
    for n in range(100):
        bodies += [ev.QuestionAsked(question=f"q{n}", text="?"), ev.ApprovalRequested(approval=f"a{n}", title="rm")]
        bodies += [
            ev.QuestionAnswered(question=f"q{n}", answer="", by="Ada"),
            ev.ApprovalDenied(approval=f"a{n}", by="Ada"),
        ]
    events = [ev.RunEvent(run=RUN, source=OMPYCORD, seq=n, at=n, body=body) for n, body in enumerate(bodies, 1)]
    assert not fold(RUN, events).snapshot().needs_person


def test_numbers_that_are_no_count_do_not_make_a_fold_grow_with_its_log() -> None:
    source_state = SourceState()
    for number in range(5000):
        assert source_state.add(1_700_000_000_000 + 1000 * number, number, ev.UsageUpdated(input=1))
    assert len(source_state.seen) == RANGES_KEPT
    assert source_state.input == 5000
    assert source_state.last_seq == 1_700_000_000_000 + 1000 * 4999
    assert not source_state.add(1_700_000_000_000, 0, ev.UsageUpdated(input=1))
