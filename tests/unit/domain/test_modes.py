"""What the modes full and ask add to a run's life: a plan that a person decides on, a review, an answer."""

import pytest

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.effects import effect_key
from ompycord.domain.events import EventBody
from ompycord.domain.lifecycle import advance
from ompycord.domain.run import FailureClass, Machine, RunOutcome, RunState, SuspendReason
from ompycord.domain.task import Mode

S = RunState
PLAN, OTHER = "a" * 64, "b" * 64


def ended(key: str, outcome: str = "ok", *, failure: FailureClass | None = None, **facts: object) -> EventBody:
    return ev.EffectFinished.model_validate(
        {"key": key, "outcome": outcome, "facts": facts, "failure": failure, "message": f"{key} ended"}
    )


def walk(machine: Machine, *bodies: EventBody) -> tuple[Machine, list[str]]:
    """The machine after these, and the keys of all that was done."""
    keys: list[str] = []
    for body in bodies:
        outcome = advance(machine, body)
        machine = outcome.machine
        keys += [effect_key(effect) for effect in outcome.effects]
    return machine, keys


FULL = Machine(state=S.QUEUED, mode=Mode.FULL, max_rounds=3)
PLANNED = (ev.RunDequeued(), ended("prepare:1"), ended("plan:1", claim=True, plan=PLAN))
APPROVED = (*PLANNED, ev.PlanApproved(plan=PLAN, by="Ada"))


def test_a_full_run_is_planned_approved_built_checked_reviewed_and_published() -> None:
    machine, keys = walk(
        FULL,
        *APPROVED,
        ended("build:2", claim=True),
        ended("collect:2", changed=2),
        ended("checks:2", passed=True, tree="t"),
        ended("review:3", claim=True, blocking=0),
        ended("publish:3", branch="b"),
    )
    assert (machine.state, machine.checks, machine.is_review_open) == (S.COMPLETE, True, False)
    assert keys == [
        *("prepare:1", "plan:1", "build:2", "collect:2", "checks:2", "review:3", "publish:3", "cleanup:3"),
    ]


def test_a_valid_plan_waits_for_a_person_and_holds_nothing() -> None:
    machine, keys = walk(FULL, *PLANNED)
    assert (machine.state, machine.plan, keys[-1]) == (S.AWAITING_APPROVAL, PLAN, "plan:1")


def test_where_nobody_needs_to_approve_the_work_begins_by_any_valid_plan() -> None:
    machine, keys = walk(FULL, *PLANNED[:2], ended("plan:1", claim=True, plan=PLAN, asks=False))
    assert (machine.state, keys[-1]) == (S.BUILDING, "build:2")


@pytest.mark.parametrize("asks", [True, False])
def test_a_crash_in_the_work_takes_no_plan_back(asks: bool) -> None:
    """The clone is made again, and the agent works by the same plan; nobody decides twice."""
    plan = (*PLANNED[:2], ended("plan:1", claim=True, plan=PLAN, asks=asks))
    approved = (ev.PlanApproved(plan=PLAN, by="Ada"),) if asks else ()
    machine, keys = walk(FULL, *plan, *approved, ended("build:2", "interrupted"), ended("prepare:3"))
    assert (machine.state, machine.plan, keys[-2:]) == (S.BUILDING, PLAN, ["prepare:3", "build:3"])


def test_a_plan_that_is_sent_back_is_followed_no_more() -> None:
    machine, keys = walk(FULL, *PLANNED, ev.PlanChanged(plan=PLAN, words="In capitals.", by="Ada"))
    assert (machine.follows_plan, keys[-1]) == (False, "plan:2")


def test_a_plan_is_corrected_at_most_twice() -> None:
    machine, keys = walk(FULL, *PLANNED[:2], ended("plan:1", claim=True), ended("plan:2", claim=True))
    assert (machine.state, keys[-2:], machine.tries) == (S.PLANNING, ["plan:2", "plan:3"], 2)
    good, _ = walk(machine, ended("plan:3", claim=True, plan=PLAN))
    assert (good.state, good.tries) == (S.AWAITING_APPROVAL, 0)
    bad, keys = walk(machine, ended("plan:3", claim=True))
    assert (bad.state, bad.failure, bad.message, keys) == (
        *(S.FAILED, FailureClass.PLAN, "No valid plan was made: plan:3 ended", ["cleanup:3"]),
    )


def test_a_planner_without_a_key_is_not_asked_again() -> None:
    machine, _ = walk(FULL, *PLANNED[:2], ended("plan:1", claim=False, failure=FailureClass.ENV))
    assert (machine.state, machine.failure) == (S.FAILED, FailureClass.ENV)


def test_a_plan_that_is_to_be_different_goes_back_with_all_its_tries() -> None:
    machine, keys = walk(FULL, *PLANNED, ev.PlanChanged(plan=PLAN, by="Ada", words="smaller"))
    assert (machine.state, machine.plan, machine.tries, keys[-1]) == (S.PLANNING, None, 0, "plan:2")


def test_a_rejected_plan_cancels_the_run() -> None:
    machine, keys = walk(FULL, *PLANNED, ev.PlanRejected(plan=PLAN, by="Ada", reason="too big"))
    assert (machine.state, machine.message, keys[-1]) == (S.CANCELLED, "Ada rejected the plan: too big", "cleanup:1")


@pytest.mark.parametrize(
    "body",
    [
        ev.PlanApproved(plan=OTHER, by="Ada"),
        ev.PlanChanged(plan=OTHER, by="Ada", words="smaller"),
        ev.PlanRejected(plan=OTHER, by="Ada"),
        ev.Prompted(text="yes, approve it", by="Ada", when="next"),
        ev.Prompted(text="approve", by="Ada", when="restart"),
        ev.ApprovalGranted(approval="1", by="Ada"),
    ],
    ids=lambda body: body.type,
)
def test_a_decision_about_another_plan_and_whatever_is_typed_decide_nothing(body: EventBody) -> None:
    machine, _ = walk(FULL, *PLANNED)
    assert not advance(machine, body).is_change


def test_after_a_day_the_run_waits_and_a_decision_or_a_resume_continues_it() -> None:
    machine, _ = walk(FULL, *PLANNED, ev.RunStopped(by="Ompycord", reason="Paused."))
    assert (machine.state, machine.reason, machine.resume_to) == (
        *(S.SUSPENDED, SuspendReason.HUMAN, S.AWAITING_APPROVAL),
    )
    approved, keys = walk(machine, ev.PlanApproved(plan=PLAN, by="Ada"))
    assert (approved.state, approved.reason, approved.resume_to, keys) == (S.BUILDING, None, None, ["build:2"])
    resumed, keys = walk(machine, ev.RunResumed(by="Ada"))
    assert (resumed.state, resumed.plan, keys) == (S.AWAITING_APPROVAL, PLAN, [])
    assert walk(resumed, ev.PlanApproved(plan=PLAN, by="Ada"))[0].state is S.BUILDING


def test_a_run_whose_plan_waits_is_cancelled_without_an_agent_to_stop() -> None:
    machine, keys = walk(FULL, *PLANNED, ev.RunCancelled(by="Ada"))
    assert (machine.state, keys[-1]) == (S.CANCELLED, "cleanup:1")


BUILT = (*APPROVED, ended("build:2", claim=True), ended("collect:2", changed=2))
REVIEWING = (*BUILT, ended("checks:2", passed=True, tree="t"))


def test_blocking_findings_go_to_the_agent_and_what_it_repaired_is_checked_and_reviewed_again() -> None:
    machine, keys = walk(FULL, *REVIEWING, ended("review:3", claim=True, blocking=2))
    assert (machine.state, machine.round, machine.verdict, keys[-1]) == (S.REPAIRING, 2, "review:3 ended", "repair:4")
    machine, keys = walk(
        machine,
        ended("repair:4", claim=True),
        ended("recollect:4", changed=2, tree="u"),
        ended("checks:4", passed=True, tree="u"),
        ended("review:5", claim=True, blocking=0),
    )
    assert (machine.state, machine.is_review_open, keys[-1]) == (S.PUBLISHING, False, "publish:5")


def test_out_of_rounds_the_result_is_published_with_its_findings_open() -> None:
    last = FULL.model_copy(update={"max_rounds": 1})
    machine, _ = walk(last, *REVIEWING, ended("review:3", claim=True, blocking=2), ended("publish:3", branch="b"))
    assert (machine.state, machine.is_review_open, machine.failure) == (S.COMPLETE, True, None)
    assert machine.message == "review:3 ended"


def test_findings_that_the_agent_does_nothing_about_do_not_make_green_checks_red() -> None:
    two = FULL.model_copy(update={"max_rounds": 2})
    machine, _ = walk(
        two,
        *REVIEWING,
        ended("review:3", claim=True, blocking=1),
        ended("repair:4", claim=True),
        ended("recollect:4", changed=2, tree="t"),
        ended("publish:4", branch="b"),
    )
    assert (machine.state, machine.checks, machine.is_review_open) == (S.COMPLETE, True, True)


def test_a_review_is_corrected_at_most_twice_and_its_absence_fails_nothing() -> None:
    again = [ended(f"review:{number}", claim=True) for number in (3, 4, 5)]
    machine, keys = walk(FULL, *REVIEWING, *again[:2])
    assert (machine.state, keys[-2:]) == (S.REVIEWING, ["review:4", "review:5"])
    machine, keys = walk(machine, again[2])
    assert (machine.state, machine.checks, machine.message, keys) == (
        *(S.PUBLISHING, True, "No review: review:5 ended", ["publish:5"]),
    )


def test_red_checks_are_repaired_before_anybody_reads_the_result() -> None:
    machine, keys = walk(FULL, *BUILT, ended("checks:2", passed=False, tree="t"))
    assert (machine.state, keys[-1]) == (S.REPAIRING, "repair:3")


def test_no_other_mode_has_a_plan_or_a_review() -> None:
    for mode in (Mode.FAST, Mode.STANDARD):
        machine, keys = walk(Machine(state=S.QUEUED, mode=mode), ev.RunDequeued(), ended("prepare:1"))
        assert (machine.state, keys[-1]) == (S.BUILDING, "build:1")
    checked = Machine(state=S.VERIFYING, mode=Mode.STANDARD, claim=True)
    assert walk(checked, ended("checks:1", passed=True))[1] == ["publish:1"]


ASK = Machine(state=S.QUEUED, mode=Mode.ASK)
ASKED = (ev.RunDequeued(), ended("prepare:1"))


def test_a_run_that_is_asked_ends_answered_and_publishes_nothing() -> None:
    machine, keys = walk(ASK, *ASKED, ended("answer:1", claim=True), ended("links:1"))
    assert (machine.state, machine.outcome) == (S.COMPLETE, RunOutcome.ANSWERED)
    assert keys == ["prepare:1", "answer:1", "links:1", "cleanup:1"]


def test_an_agent_that_gives_no_answer_has_failed() -> None:
    machine, _ = walk(ASK, *ASKED, ended("answer:1", claim=False, failure=FailureClass.REPAIRABLE))
    assert (machine.state, machine.failure) == (S.FAILED, FailureClass.REPAIRABLE)


def test_a_stopped_answer_is_asked_again_and_never_built() -> None:
    machine, keys = walk(ASK, *ASKED, ev.RunStopped(by="Ada"), ev.RunResumed(by="Ada"))
    assert (machine.state, keys[-2:]) == (S.BUILDING, ["stop:1", "answer:2"])
    said = ev.Prompted(text="Only the cart.", by="Ada", when="restart")
    assert walk(machine, said)[1] == ["stop:2", "answer:3"]


@pytest.mark.parametrize(
    ("mode", "state", "effect", "end"),
    [
        (Mode.FULL, S.PLANNING, fx.PlanAgent, S.FAILED),
        (Mode.ASK, S.BUILDING, fx.AnswerQuestion, S.FAILED),
        (Mode.FULL, S.REVIEWING, fx.ReviewResult, S.PUBLISHING),
    ],
)
def test_an_agent_that_only_reads_and_goes_in_circles_is_treated_as_every_other(
    mode: Mode, state: RunState, effect: type[fx.Effect], end: RunState
) -> None:
    machine = Machine(state=state, mode=mode, claim=True if state is S.REVIEWING else None, checks=True)

    def noticed(level: str) -> EventBody:
        seen = {"level": level, "kind": "repeat", "evidence": "Again.", "length": 4}
        return ev.GuardianNoticed.model_validate(seen)

    again = advance(machine, noticed("escalate"))
    assert [type(one) for one in again.effects] == [fx.StopAgent, effect]
    asked = advance(machine, noticed("ask")).machine
    assert (asked.state, asked.reason) == (S.SUSPENDED, SuspendReason.HUMAN)
    assert advance(machine, noticed("stop")).machine.state is end
    given_up = advance(asked, ev.RunGivenUp(by="Ada")).machine
    assert (given_up.state, given_up.failure) == (end, None if end is S.PUBLISHING else FailureClass.LOOP)
