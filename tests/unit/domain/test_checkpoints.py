"""Between rounds: a run pauses before the next one where a person asked, and goes back to an earlier one."""

import pytest

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.folds.checkpoints import checkpoints_of, roll_back_of
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.lifecycle import advance
from ompycord.domain.results import CheckResult, facts_of
from ompycord.domain.run import Machine, RunState, SuspendReason
from ompycord.domain.task import Mode

RUN = RunId("01HZZZZZZZZZZZZZZZZZZZZZZZ")
FIRST, SECOND = "a" * 40, "b" * 40


def verifying(**more: object) -> Machine:
    return Machine(state=RunState.VERIFYING, max_rounds=3).model_copy(update=more)


def red(machine: Machine) -> ev.EffectFinished:
    facts = facts_of(CheckResult(passed=False, tree="t"))
    return ev.EffectFinished(key=f"checks:{machine.iteration}", outcome="ok", message="unit failed.", facts=facts)


def test_what_was_asked_to_pause_waits_for_a_person_in_place_of_its_next_round() -> None:
    asked = advance(verifying(), ev.PauseRequested(by="Ada")).machine
    assert (asked.state, asked.message) == (RunState.VERIFYING, "Pauses before round 2, as Ada asked.")
    outcome = advance(asked, red(asked))
    paused = outcome.machine
    assert (paused.state, paused.reason, paused.round) == (RunState.SUSPENDED, SuspendReason.HUMAN, 2)
    assert not outcome.effects
    assert outcome.events[0].resume_to is RunState.REPAIRING
    assert paused.message == "Paused before round 2, as Ada asked. unit failed."
    resumed = advance(paused, ev.RunResumed(by="Ada"))
    assert isinstance(resumed.effects[0], fx.RepairAgent)
    after = resumed.machine.model_copy(update={"state": RunState.VERIFYING})
    assert advance(after, red(after)).machine.state is RunState.REPAIRING, "it pauses once"


def test_a_run_that_ends_does_not_pause() -> None:
    asked = advance(verifying(), ev.PauseRequested(by="Ada")).machine
    green = ev.EffectFinished(key="checks:1", outcome="ok", facts=facts_of(CheckResult(passed=True)))
    assert advance(asked, green).machine.state is RunState.PUBLISHING


@pytest.mark.parametrize(
    "machine",
    [
        verifying(round=3),
        verifying(mode=Mode.FAST),
        verifying(state=RunState.PUBLISHING),
        verifying(state=RunState.QUEUED),
    ],
)
def test_where_no_round_can_follow_nothing_pauses(machine: Machine) -> None:
    assert not advance(machine, ev.PauseRequested(by="Ada")).is_change


def suspended(**more: object) -> Machine:
    known = {"state": RunState.SUSPENDED, "resume_to": RunState.REPAIRING, "round": 3, "checks": False, "iteration": 4}
    return verifying(**{**known, **more})


def test_a_run_goes_back_by_a_fresh_clone_and_counts_its_rounds_from_there() -> None:
    outcome = advance(suspended(), ev.RunRolledBack(by="Ada", round=1, commit=FIRST))
    after = outcome.machine
    assert (after.state, after.round, after.iteration, after.checks) == (RunState.BUILDING, 2, 5, None)
    assert outcome.effects == (fx.RollBack(iteration=5),)
    assert outcome.events[0].message == "Ada put the work back to how it stood after round 1."
    put_back = advance(after, ev.EffectFinished(key="rollback:5", outcome="ok"))
    assert put_back.effects == (fx.RunAgent(iteration=5),)
    failed = advance(after, ev.EffectFinished(key="rollback:5", outcome="failed", message="It is no longer kept."))
    assert (failed.machine.state, failed.machine.message) == (RunState.SUSPENDED, "It is no longer kept.")


def test_back_to_the_last_round_there_is_one_round_more() -> None:
    after = advance(suspended(), ev.RunRolledBack(by="Ada", round=3, commit=FIRST)).machine
    assert (after.round, after.max_rounds) == (4, 4)


@pytest.mark.parametrize(
    "machine",
    [
        suspended(resume_to=RunState.PRECHECK),
        suspended(resume_to=RunState.PLANNING),
        suspended(mode=Mode.ASK, resume_to=RunState.BUILDING),
        verifying(),
    ],
)
def test_a_run_without_a_result_does_not_go_back(machine: Machine) -> None:
    assert not advance(machine, ev.RunRolledBack(by="Ada", round=1, commit=FIRST)).is_change


def log(*bodies: ev.EventBody) -> list[ev.RunEvent]:
    return [ev.RunEvent(run=RUN, source=OMPYCORD, seq=n, at=n, body=body) for n, body in enumerate(bodies, start=1)]


def moved(state: RunState, iteration: int, number: int) -> ev.RunStateChanged:
    return ev.RunStateChanged(
        state=state, previous=RunState.VERIFYING, cause="effect.finished", iteration=iteration, round=number
    )


def made(commit: str, files: int) -> ev.FilesChanged:
    return ev.FilesChanged(files=(), total=files, commit=commit)


TWO_ROUNDS = (
    moved(RunState.BUILDING, 1, 1),
    made(FIRST, 2),
    ev.CheckFinished(check="unit", status="failed"),
    moved(RunState.REPAIRING, 2, 2),
    made(SECOND, 3),
    ev.CheckFinished(check="unit", status="failed"),
)
BACK = ev.RunRolledBack(by="Ada", round=1, commit=FIRST)


def test_each_round_with_a_result_is_a_checkpoint() -> None:
    found = checkpoints_of(log(*TWO_ROUNDS))
    assert [(one.round, one.commit, one.files, one.checks) for one in found] == [
        (1, FIRST, 2, ("unit failed",)),
        (2, SECOND, 3, ("unit failed",)),
    ]


def test_what_was_left_is_known_and_is_no_checkpoint_any_more() -> None:
    events = log(*TWO_ROUNDS, BACK, moved(RunState.BUILDING, 3, 2))
    assert [one.round for one in checkpoints_of(events)] == [1]
    back = roll_back_of(events)
    assert back is not None
    assert (back.by, back.to.round, [one.commit for one in back.left]) == ("Ada", 1, [SECOND])
    assert roll_back_of(log(*TWO_ROUNDS)) is None
