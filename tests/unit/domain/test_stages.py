"""The stages as records: what a crash, people and limits do to a run holds for each of them.

Made from the record alone.
"""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.effects import Effect, effect_key
from ompycord.domain.lifecycle import TABLE, WORKING, advance
from ompycord.domain.results import BuildResult, CheckResult, CollectResult, PublishResult, StageResult, facts_of
from ompycord.domain.run import FINAL, FailureClass, Machine, RunState, SuspendReason
from ompycord.domain.stages import (
    BUILD,
    CLEAN_UP,
    COLLECT,
    HALT,
    PREPARE,
    PUBLISH,
    STAGES,
    AnyStage,
    agent_names,
    agent_states,
    heavy_names,
    repeatable_names,
    stages_of,
)
from ompycord.domain.task import Mode
from ompycord.domain.transitions.guards import MAX_INTERRUPTIONS
from ompycord.engines.steps import STEPS
from ompycord.render.cards.headlines import WORDS

each_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


def machine_in(stage: AnyStage) -> Machine:
    """A run in this stage, in the first mode of which it is part."""
    return Machine(state=stage.state, mode=next(mode for mode in (Mode.STANDARD, *Mode) if mode in stage.modes))


def test_every_step_has_one_stage_and_one_function() -> None:
    kinds = [stage.effect for stage in STAGES]
    assert len(set(kinds)) == len(kinds)
    assert {*kinds, fx.CleanUp} == set(STEPS)
    assert {*STEPS, fx.StopAgent} == set(get_args(Effect))
    names = [stage.name for stage in STAGES]
    assert names == [
        *("prepare", "setup", "plan", "answer", "links", "build", "collect", "checks", "repair", "recollect"),
        *("review", "rollback", "rebase", "publish"),
    ]
    assert (HALT, CLEAN_UP) == ("stop", "cleanup")


def test_what_is_repeated_and_counted_is_what_the_stages_say() -> None:
    assert repeatable_names() == {
        *("prepare", "setup", "links", "collect", "recollect", "rollback", "rebase", "publish", "cleanup", "stop"),
    }
    assert heavy_names() == {"prepare", "setup", "plan", "answer", "build", "repair", "review", "rollback"}
    assert agent_names() == {"plan", "answer", "build", "repair", "review"}
    assert agent_states() == {RunState.PLANNING, RunState.BUILDING, RunState.REPAIRING, RunState.REVIEWING}


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        (Mode.FAST, ["prepare", "setup", "build", "collect", "rollback", "rebase", "publish"]),
        (
            Mode.STANDARD,
            ["prepare", "setup", "build", "collect", "checks", "repair", "recollect", "rollback", "rebase", "publish"],
        ),
        (Mode.ASK, ["prepare", "setup", "answer", "links"]),
        (
            Mode.FULL,
            [
                "prepare",
                "setup",
                "plan",
                "build",
                "collect",
                "checks",
                "repair",
                "recollect",
                "review",
                "rollback",
                "rebase",
                "publish",
            ],
        ),
    ],
)
def test_each_mode_has_its_stages(mode: Mode, names: list[str]) -> None:
    assert [stage.name for stage in stages_of(mode)] == names


@each_stage
def test_a_stage_that_a_crash_cut_short_is_done_again_and_waits_for_a_person_after_three_times(stage: AnyStage) -> None:
    machine = machine_in(stage)
    again = advance(machine, ev.EffectFinished(key=stage.key(1), outcome="interrupted"))
    assert again.machine.interruptions == 1
    assert [effect_key(effect) for effect in again.effects] == [("prepare:2" if stage is BUILD else stage.key(2))]
    worn = machine.model_copy(update={"interruptions": MAX_INTERRUPTIONS})
    lost = advance(worn, ev.EffectFinished(key=stage.key(1), outcome="interrupted"))
    assert (lost.machine.state, lost.machine.reason) == (RunState.SUSPENDED, SuspendReason.INTERRUPTED)
    assert lost.machine.resume_to is (RunState.PRECHECK if stage is BUILD else stage.state)
    assert lost.effects == ()


def test_an_agent_that_ended_is_not_started_over_because_collecting_was_cut_short() -> None:
    worn = Machine(state=COLLECT.state, claim=True, interruptions=MAX_INTERRUPTIONS)
    lost = advance(worn, ev.EffectFinished(key=COLLECT.key(1), outcome="interrupted")).machine
    back = advance(lost, ev.RunResumed(by="Ada"))
    assert [type(effect) for effect in back.effects] == [
        fx.RunAgent
    ]  # in the clone as it stands: it holds the only copy


@each_stage
def test_in_each_stage_people_stop_resume_and_cancel(stage: AnyStage) -> None:
    stopped = advance(machine_in(stage), ev.RunStopped(by="Ada"))
    assert stopped.machine.state is RunState.SUSPENDED
    assert [type(effect) for effect in stopped.effects] == [fx.StopAgent]
    resumed = advance(stopped.machine, ev.RunResumed(by="Ada"))
    assert resumed.machine.state is stage.state
    entry = next(
        one for one in STAGES if one.state is stage.state and one.is_entry and stopped.machine.mode in one.modes
    )
    assert [type(effect) for effect in resumed.effects] == [entry.effect]
    cancelled = advance(Machine(state=stage.state), ev.RunCancelled(by="Ada"))
    assert cancelled.machine.state is RunState.CANCELLED
    assert [type(effect) for effect in cancelled.effects] == [fx.StopAgent, fx.CleanUp]


@each_stage
def test_every_end_of_a_stage_leads_somewhere(stage: AnyStage) -> None:
    for outcome in ("ok", "failed", "interrupted"):
        body = ev.EffectFinished.model_validate({"key": stage.key(1), "outcome": outcome})
        assert advance(machine_in(stage), body).is_change


def test_every_state_is_in_a_rule_and_on_the_drawing() -> None:
    assert set(WORKING) == {stage.state for stage in STAGES}
    used = {state for rule in TABLE for state in (*rule.states, rule.to)}
    assert used == set(RunState)
    waits = {RunState.QUEUED, RunState.AWAITING_APPROVAL, RunState.SUSPENDED}
    assert {*WORKING, *waits, *FINAL} == set(RunState)


def test_every_state_of_a_stage_has_a_word_on_the_card() -> None:
    assert set(WORDS) == {*WORKING, RunState.AWAITING_APPROVAL}


RESULTS: st.SearchStrategy[StageResult] = st.one_of(
    st.builds(BuildResult, claim=st.booleans(), unheard=st.booleans(), session=st.booleans()),
    st.builds(CollectResult, changed=st.integers(0, 2**31)),
    st.builds(CheckResult, passed=st.booleans()),
    st.builds(PublishResult, branch=st.text(max_size=50), changed=st.none() | st.integers(0, 9)),
)


@given(RESULTS)
def test_a_result_comes_out_of_the_log_as_it_went_in(result: StageResult) -> None:
    body = ev.EffectFinished(key="x:1", outcome="ok", facts=facts_of(result))
    stored = ev.EffectFinished.model_validate_json(body.model_dump_json())
    assert type(result).model_validate(stored.facts) == result


@pytest.mark.parametrize("failure", [None, *FailureClass])
@pytest.mark.parametrize(
    ("stage", "end"),
    [(PREPARE, RunState.FAILED), (BUILD, RunState.FAILED), (PUBLISH, RunState.PARTIAL)],
    ids=lambda value: value.name if not isinstance(value, RunState) else "",
)
def test_a_step_that_failed_ends_the_run_with_its_own_class_and_sentence(
    stage: AnyStage, end: RunState, failure: FailureClass | None
) -> None:
    """Without a class of its own it is a defect of ours."""
    failed = ev.EffectFinished(key=stage.key(1), outcome="failed", failure=failure, message="The reason.")
    decision = advance(Machine(state=stage.state), failed)
    machine = decision.machine
    assert (machine.state, machine.message) == (end, "The reason.")
    assert machine.failure is (failure or FailureClass.INTERNAL)
    assert [effect_key(effect) for effect in decision.effects] == ["cleanup:1"]


@pytest.mark.parametrize(
    "failure", [None, *(one for one in FailureClass if one not in {FailureClass.LOST, FailureClass.POLICY})]
)
@pytest.mark.parametrize("claim", [True, False])
def test_an_agent_that_claims_to_have_failed_keeps_its_class_and_one_that_is_done_has_none(
    *, claim: bool, failure: FailureClass | None
) -> None:
    """What was lost or broke a bound is told apart before that, and no claim."""
    facts = facts_of(BuildResult(claim=claim))
    ended = ev.EffectFinished(key=BUILD.key(1), outcome="ok", failure=failure, message="Its words.", facts=facts)
    machine = advance(Machine(state=BUILD.state), ended).machine
    assert (machine.state, machine.message) == (RunState.BUILDING, "Its words.")
    assert machine.failure is (None if claim else failure or FailureClass.REPAIRABLE)
