"""The state machine as its table says: the paths of each mode, crashes, people, and what may never happen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.effects import effect_key
from ompycord.domain.lifecycle import MAX_INTERRUPTIONS, TABLE, WORKING, advance
from ompycord.domain.run import FINAL, EndedBy, FailureClass, Machine, RunOutcome, RunState, SuspendReason
from ompycord.domain.stages import STAGES
from ompycord.domain.task import Mode
from tests.support.examples import examples

S = RunState


def ended(key: str, outcome: str = "ok", **facts: str | int | bool) -> ev.EffectFinished:
    return ev.EffectFinished.model_validate({"key": key, "outcome": outcome, "facts": facts})


def walk(machine: Machine, *bodies: ev.EventBody) -> tuple[list[RunState], Machine, list[str]]:
    """The states passed through, the machine at the end, and every effect asked for."""
    states, keys = [machine.state], list[str]()
    for body in bodies:
        decision = advance(machine, body)
        machine = decision.machine
        keys += [effect_key(effect) for effect in decision.effects]
        states += [event.state for event in decision.events]
    return states, machine, keys


def test_standard_ends_complete_only_through_checks() -> None:
    states, machine, keys = walk(
        Machine(mode=Mode.STANDARD),
        ev.RunDequeued(),
        ended("prepare:1"),
        ended("build:1", claim=True),
        ended("collect:1"),
        ended("checks:1", passed=True),
        ended("publish:1"),
    )
    assert states == [S.QUEUED, S.PRECHECK, S.BUILDING, S.BUILDING, S.VERIFYING, S.PUBLISHING, S.COMPLETE]
    assert keys == ["prepare:1", "build:1", "collect:1", "checks:1", "publish:1", "cleanup:1"]
    assert machine.failure is None


def test_fast_asks_for_no_checks() -> None:
    _, machine, keys = walk(
        Machine(mode=Mode.FAST, state=S.BUILDING), ended("build:1", claim=True), ended("collect:1"), ended("publish:1")
    )
    assert machine.state is S.COMPLETE
    assert "checks:1" not in keys


@pytest.mark.parametrize("mode", Mode)
def test_in_every_mode_a_result_that_changes_nothing_ends_the_run_without_checks_and_without_a_branch(
    mode: Mode,
) -> None:
    states, machine, keys = walk(
        Machine(mode=mode, state=S.BUILDING), ended("build:1", claim=True), ended("collect:1", changed=0)
    )
    assert states == [S.BUILDING, S.BUILDING, S.COMPLETE]
    assert keys == ["collect:1", "cleanup:1"]
    assert (machine.outcome, machine.message) == (RunOutcome.NO_CHANGES, "The agent changed nothing in the repository.")


def test_what_the_last_round_changed_counts_from_the_base_and_not_from_the_round_before() -> None:
    again = ev.Prompted(text="Undo that.", by="Ada", when="restart")
    first = (ended("build:1", claim=True), ended("collect:1", changed=2), again, ended("build:2", claim=True))
    _, kept, _ = walk(Machine(state=S.BUILDING), *first, ended("collect:2", changed=2))
    assert (kept.state, kept.outcome) == (S.VERIFYING, None)
    _, undone, _ = walk(Machine(state=S.BUILDING), *first, ended("collect:2", changed=0))
    assert (undone.state, undone.outcome) == (S.COMPLETE, RunOutcome.NO_CHANGES)


def test_an_agent_that_says_it_failed_and_changed_nothing_has_failed() -> None:
    states, machine, _ = walk(
        Machine(state=S.BUILDING),
        ended("build:1", claim=False),
        ended("collect:1", changed=0),
        ended("publish:1", changed=0),
    )
    assert (states[-1], machine.outcome) == (S.FAILED, None)


def test_an_empty_result_that_an_earlier_version_let_through_to_its_checks_is_without_changes_too() -> None:
    later = (ended("checks:1", passed=True), ended("publish:1", changed=0))
    _, machine, _ = walk(Machine(state=S.VERIFYING, claim=True), *later)
    assert (machine.state, machine.outcome) == (S.COMPLETE, RunOutcome.NO_CHANGES)
    assert walk(Machine(state=S.VERIFYING, claim=True), ended("checks:1", passed=False), later[1])[1].state is S.FAILED


def test_failing_checks_fail_the_run_and_keep_its_branch() -> None:
    states, machine, keys = walk(
        Machine(state=S.VERIFYING, claim=True), ended("checks:1", passed=False), ended("publish:1")
    )
    assert states[-2:] == [S.PUBLISHING, S.FAILED]
    assert keys == ["publish:1", "cleanup:1"]
    assert machine.failure is FailureClass.VERIFY


RED = ended("checks:1", passed=False, tree="one")
REPAIRABLE_RUN = Machine(state=S.VERIFYING, claim=True, max_rounds=3)


def test_a_red_verification_goes_back_to_the_agent_and_what_it_repaired_is_verified_again() -> None:
    states, machine, keys = walk(
        REPAIRABLE_RUN,
        RED,
        ended("repair:2", claim=True),
        ended("recollect:2", changed=1, tree="two"),
        ended("checks:2", passed=True, tree="two"),
        ended("publish:2"),
    )
    assert states == [
        S.VERIFYING, S.REPAIRING, S.REPAIRING, S.VERIFYING, S.PUBLISHING, S.COMPLETE,
    ]  # fmt: skip
    assert keys == ["repair:2", "recollect:2", "checks:2", "publish:2", "cleanup:2"]
    assert (machine.round, machine.failure) == (2, None)


def test_out_of_rounds_a_red_run_fails_with_its_branch_kept() -> None:
    bodies: list[ev.EventBody] = []
    for number in (1, 2, 3):
        red = ended(f"checks:{number}", passed=False, tree=str(number))
        again = number + 1
        repaired = ended(f"repair:{again}", claim=True), ended(f"recollect:{again}", changed=1, tree=str(again))
        bodies += [red, *(repaired if number < 3 else ())]
    states, machine, keys = walk(REPAIRABLE_RUN, *bodies, ended("publish:3"))
    assert states.count(S.REPAIRING) == 4
    assert keys[-2:] == ["publish:3", "cleanup:3"]
    assert (machine.state, machine.failure, machine.round) == (S.FAILED, FailureClass.VERIFY, 3)


def test_a_round_that_changed_nothing_counts_and_its_verdict_stands() -> None:
    verdict = RED.model_copy(update={"message": "unit: 2 of 4 fail."})
    states, machine, keys = walk(
        REPAIRABLE_RUN,
        verdict,
        ended("repair:2", claim=True),
        ended("recollect:2", changed=1, tree="one"),
        ended("repair:3", claim=True),
        ended("recollect:3", changed=1, tree="one"),
        ended("publish:3"),
    )
    assert S.VERIFYING not in states[1:]
    assert keys == ["repair:2", "recollect:2", "repair:3", "recollect:3", "publish:3", "cleanup:3"]
    assert (machine.state, machine.failure) == (S.FAILED, FailureClass.VERIFY)
    assert (machine.message, machine.outcome) == ("unit: 2 of 4 fail.", None)


def test_a_repair_that_takes_everything_back_leaves_nothing_changed() -> None:
    undone = ended("recollect:2", changed=0, tree="base")
    _, machine, _ = walk(REPAIRABLE_RUN, RED, ended("repair:2", claim=True), undone)
    assert (machine.state, machine.outcome) == (S.COMPLETE, RunOutcome.NO_CHANGES)


def test_an_agent_that_gives_up_in_a_repair_has_failed_with_its_branch_kept() -> None:
    gives_up = (ended("repair:2", claim=False), ended("recollect:2", changed=1, tree="two"), ended("publish:2"))
    _, machine, keys = walk(REPAIRABLE_RUN, RED, *gives_up)
    assert (machine.state, machine.failure) == (S.FAILED, FailureClass.REPAIRABLE)
    assert keys[-2:] == ["publish:2", "cleanup:2"]


def test_an_agent_that_cannot_be_started_again_fails_the_run_and_keeps_what_there_is() -> None:
    broken = ended("repair:2", "failed").model_copy(
        update={"failure": FailureClass.ENV, "message": "Its program is gone."}
    )
    _, machine, keys = walk(REPAIRABLE_RUN, RED, broken, ended("publish:2"))
    assert (machine.state, machine.failure, machine.message) == (S.FAILED, FailureClass.ENV, "Its program is gone.")
    assert "publish:2" in keys


def test_a_repair_that_a_crash_cut_short_goes_on_in_the_same_clone() -> None:
    red = advance(REPAIRABLE_RUN, RED).machine
    for session in (True, False):
        again = advance(red, ended("repair:2", "interrupted", session=session))
        assert [effect_key(effect) for effect in again.effects] == ["repair:3"]
        assert (again.machine.state, again.machine.round) == (S.REPAIRING, 2)


def test_a_message_too_late_for_a_repair_starts_it_once_more_in_the_same_round() -> None:
    red = advance(REPAIRABLE_RUN, RED).machine
    again = advance(red, ended("repair:2", claim=True, unheard=True)).machine
    assert (again.state, again.round, again.checks, again.claim) == (S.REPAIRING, 2, False, None)


def test_what_a_person_says_is_work_of_its_own_with_all_its_rounds() -> None:
    red = advance(REPAIRABLE_RUN, RED).machine
    told = advance(red, AGAIN).machine
    assert (told.state, told.round, told.max_rounds) == (S.BUILDING, 1, 3)


def test_a_run_that_an_earlier_version_began_is_not_repaired() -> None:
    assert walk(Machine(state=S.VERIFYING, claim=True), RED)[1].state is S.PUBLISHING


def test_a_provider_that_refuses_in_a_repair_suspends_it_and_resumes_the_repair() -> None:
    red = advance(REPAIRABLE_RUN, RED).machine
    refused = build_ended(FailureClass.TRANSIENT, EndedBy.PROVIDER).model_copy(update={"key": "repair:2"})
    waits = advance(red, refused).machine
    assert (waits.state, waits.resume_to) == (S.SUSPENDED, S.REPAIRING)
    back = advance(waits, ev.RunResumed(by="Ada"))
    assert [effect_key(effect) for effect in back.effects] == ["repair:3"]
    assert (back.machine.round, back.machine.checks) == (2, False)


def circling(level: str) -> ev.GuardianNoticed:
    return ev.GuardianNoticed.model_validate({"level": level, "kind": "repeat", "evidence": "The same.", "length": 4})


def test_an_agent_that_goes_in_circles_in_a_repair_is_treated_as_one_that_builds_and_keeps_its_round() -> None:
    red = advance(REPAIRABLE_RUN, RED).machine
    again = advance(red, circling("escalate"))
    assert [effect_key(effect) for effect in again.effects] == ["stop:2", "repair:3"]
    assert (again.machine.state, again.machine.round, again.machine.checks) == (S.REPAIRING, 2, False)
    asked = advance(red, circling("ask")).machine
    assert (asked.state, asked.resume_to) == (S.SUSPENDED, S.REPAIRING)
    for body, machine in ((circling("stop"), red), (ev.RunGivenUp(by="Ada"), asked)):
        ended_ = walk(machine, body, ended("recollect:3", changed=1, tree="two"), ended("publish:3"))
        assert (ended_[1].state, ended_[1].failure) == (S.FAILED, FailureClass.LOOP)
        assert "recollect:3" in ended_[2]


def test_checks_that_prove_nothing_do_not_fail_the_run() -> None:
    _, machine, _ = walk(Machine(state=S.VERIFYING, claim=True), ended("checks:1"), ended("publish:1"))
    assert (machine.state, machine.checks) == (S.COMPLETE, None)


def test_an_agent_that_says_it_failed_fails_without_checks_and_keeps_its_branch() -> None:
    states, machine, keys = walk(
        Machine(state=S.BUILDING), ended("build:1", claim=False), ended("collect:1"), ended("publish:1")
    )
    assert states[-1] is S.FAILED
    assert keys == ["collect:1", "publish:1", "cleanup:1"]
    assert machine.claim is False


LATER = 1_795_266_000_000


def build_ended(failure: FailureClass, by: EndedBy, **facts: str | int | bool) -> ev.EffectFinished:
    known = {"claim": False, "ended_by": by, **facts}
    return ev.EffectFinished(key="build:1", outcome="ok", failure=failure, message="The reason.", facts=known)


def test_a_provider_that_refuses_for_now_suspends_the_run_until_its_time_and_resumes_its_agent() -> None:
    refused = advance(Machine(state=S.BUILDING), build_ended(FailureClass.TRANSIENT, EndedBy.PROVIDER, until=LATER))
    assert refused.effects == ()
    assert refused.machine.reason is SuspendReason.PROVIDER
    event = refused.events[0]
    assert (event.state, event.wake_at, event.ended_by, event.message) == (
        S.SUSPENDED, LATER, EndedBy.PROVIDER, "The reason.",
    )  # fmt: skip
    resumed = advance(refused.machine, ev.RunResumed(by="Ada"))
    assert [effect_key(effect) for effect in resumed.effects] == ["build:2"]
    assert (resumed.machine.wake_at, resumed.machine.ended_by) == (None, None)
    assert resumed.events[0].wake_at is None


@pytest.mark.parametrize(
    ("failure", "by", "reason"),
    [
        (FailureClass.TRANSIENT, EndedBy.PROVIDER, SuspendReason.PROVIDER),
        (FailureClass.TRANSIENT, EndedBy.CLOCK, SuspendReason.INTERRUPTED),
        (FailureClass.TRANSIENT, EndedBy.TURN, SuspendReason.INTERRUPTED),
        (FailureClass.TRANSIENT, EndedBy.AGENT, None),
        (FailureClass.LOST, EndedBy.EXIT, SuspendReason.INTERRUPTED),
        (FailureClass.ENV, EndedBy.PROVIDER, None),
        (FailureClass.REPAIRABLE, EndedBy.CLOCK, None),
        (FailureClass.REPAIRABLE, EndedBy.EXIT, None),
    ],
)
def test_what_may_pass_waits_and_what_cannot_fails_with_who_ended_it(
    failure: FailureClass, by: EndedBy, reason: SuspendReason | None
) -> None:
    first = advance(Machine(state=S.BUILDING), build_ended(failure, by))
    assert first.machine.reason is reason
    assert (first.machine.state is S.SUSPENDED) is (reason is not None)
    if reason is None:
        failed = walk(first.machine, ended("collect:1"), ended("publish:1"))[1]
        last = advance(walk(first.machine, ended("collect:1"))[1], ended("publish:1")).events[0]
        assert (failed.state, last.ended_by, last.failure, last.message) == (S.FAILED, by, failure, "The reason.")


def test_what_broke_a_bound_has_failed_at_once_with_who_ended_it() -> None:
    first = advance(Machine(state=S.BUILDING), build_ended(FailureClass.POLICY, EndedBy.LIMITS))
    last = first.events[0]
    assert (last.state, last.ended_by, last.failure, last.message) == (
        S.FAILED, EndedBy.LIMITS, FailureClass.POLICY, "The reason.",
    )  # fmt: skip
    assert [effect_key(effect) for effect in first.effects] == ["cleanup:1"]


def test_what_people_wrote_waits_with_the_run_while_a_provider_refuses() -> None:
    refused = advance(Machine(state=S.BUILDING), build_ended(FailureClass.TRANSIENT, EndedBy.PROVIDER, unheard=True))
    assert (refused.machine.reason, refused.effects) == (SuspendReason.PROVIDER, ())


def test_a_claim_of_a_part_is_partly_done_unless_checks_failed_or_nothing_changed() -> None:
    claim = ended("build:1", claim=True, partial=True)
    after = (claim, ended("collect:1", changed=2), ended("checks:1", passed=True), ended("publish:1"))
    states, machine, keys = walk(Machine(state=S.BUILDING), *after)
    assert (states[-1], machine.failure, keys[-1]) == (S.PARTIAL, None, "cleanup:1")
    red = (*after[:2], ended("checks:1", passed=False), after[3])
    assert walk(Machine(state=S.BUILDING), *red)[1].state is S.FAILED
    assert walk(Machine(state=S.BUILDING), claim, ended("collect:1", changed=0))[1].outcome is RunOutcome.NO_CHANGES


def test_what_an_earlier_start_claimed_in_part_is_forgotten_by_the_next() -> None:
    again = (ended("build:1", claim=True, partial=True), AGAIN, ended("build:2", claim=True), ended("collect:2"))
    machine = walk(Machine(state=S.BUILDING), *again, ended("checks:2", passed=True), ended("publish:2"))[1]
    assert machine.state is S.COMPLETE


def test_a_cancelled_run_was_ended_by_a_person() -> None:
    assert advance(Machine(state=S.BUILDING), ev.RunCancelled(by="Ada")).events[0].ended_by is EndedBy.PERSON


def test_a_crash_in_the_agent_begins_again_in_a_fresh_clone_and_gives_up_after_three_times() -> None:
    machine, kinds = Machine(state=S.BUILDING), list[str]()
    for _ in range(MAX_INTERRUPTIONS):
        decision = advance(machine, ended(f"build:{machine.iteration}", "interrupted"))
        kinds += [effect_key(effect) for effect in decision.effects]
        machine = advance(decision.machine, ended(f"prepare:{decision.machine.iteration}")).machine
    assert kinds == ["prepare:2", "prepare:3", "prepare:4"]
    assert machine.state is S.BUILDING
    lost = advance(machine, ended(f"build:{machine.iteration}", "interrupted")).machine
    assert (lost.state, lost.reason, lost.resume_to) == (S.SUSPENDED, SuspendReason.INTERRUPTED, S.PRECHECK)


def test_a_step_of_an_earlier_iteration_changes_nothing() -> None:
    machine = Machine(state=S.BUILDING, iteration=2)
    assert not advance(machine, ended("build:1", claim=True)).is_change


@pytest.mark.parametrize("state", [S.QUEUED, S.PRECHECK, S.BUILDING, S.VERIFYING, S.REPAIRING, S.PUBLISHING])
def test_a_stopped_run_goes_on_where_it_was(state: RunState) -> None:
    stopped = advance(Machine(state=state), ev.RunStopped(by="Ada"))
    assert stopped.machine.state is S.SUSPENDED
    assert stopped.machine.reason is SuspendReason.HUMAN
    assert any(isinstance(effect, fx.StopAgent) for effect in stopped.effects) == (state is not S.QUEUED)
    resumed = advance(stopped.machine, ev.RunResumed(by="Ada"))
    assert resumed.machine.state is state
    assert resumed.machine.iteration == stopped.machine.iteration + 1
    assert not any(isinstance(effect, fx.PrepareWorkspace) for effect in resumed.effects) or state is S.PRECHECK


@pytest.mark.parametrize("state", [S.QUEUED, *WORKING, S.SUSPENDED])
def test_every_open_state_can_be_cancelled(state: RunState) -> None:
    decision = advance(Machine(state=state, resume_to=S.BUILDING), ev.RunCancelled(by="Ada", reason="wrong branch"))
    assert decision.machine.state is S.CANCELLED
    assert decision.machine.message == "Cancelled by Ada: wrong branch"


AGAIN = ev.Prompted(text="Mind the docs.", by="Ada", when="restart")


@pytest.mark.parametrize("state", [S.BUILDING, S.VERIFYING, S.REPAIRING, S.REVIEWING])
def test_a_run_told_to_begin_again_halts_what_it_does_and_starts_its_agent_in_the_same_clone(state: RunState) -> None:
    states, machine, keys = walk(Machine(state=state, iteration=3, claim=True, checks=False), AGAIN)
    assert (states[-1], keys) == (S.BUILDING, ["stop:3", "build:4"])
    assert (machine.claim, machine.checks, machine.iteration) == (None, None, 4)


def test_what_was_said_at_the_end_of_an_agents_work_starts_it_once_more() -> None:
    states, machine, keys = walk(Machine(state=S.BUILDING), ended("build:1", claim=True, unheard=True))
    assert (states[-1], keys, machine.claim) == (S.BUILDING, ["build:2"], None)
    assert walk(machine, ended("build:2", claim=True))[2] == ["collect:2"]


@pytest.mark.parametrize("state", [S.VERIFYING, S.PUBLISHING])
def test_a_run_stopped_after_its_agent_goes_back_to_it_with_what_was_said(state: RunState) -> None:
    said = AGAIN.model_copy(update={"when": "next"})
    _, machine, keys = walk(
        Machine(state=state, claim=False), ev.RunStopped(by="Ada"), said, said, ev.RunResumed(by="Ada")
    )
    assert (machine.state, keys, machine.claim) == (S.BUILDING, ["stop:1", "build:2"], None)


@pytest.mark.parametrize(
    "state", sorted(set(RunState) - {S.BUILDING, S.VERIFYING, S.REPAIRING, S.REVIEWING, S.SUSPENDED})
)
def test_elsewhere_what_is_said_moves_nothing(state: RunState) -> None:
    assert not advance(Machine(state=state), AGAIN).is_change


def test_an_agent_at_work_goes_on_when_something_is_said_to_it() -> None:
    assert not advance(Machine(state=S.BUILDING), AGAIN.model_copy(update={"when": "now"})).is_change


KEYS = st.sampled_from([f"{stage.name}:{n}" for stage in STAGES for n in range(1, 5)])
BODIES = st.one_of(
    st.builds(
        ended,
        KEYS,
        st.sampled_from(["ok", "failed", "interrupted"]),
        claim=st.booleans(),
        passed=st.booleans(),
        tree=st.sampled_from(["one", "two"]),
        unheard=st.booleans(),
        changed=st.integers(0, 2),
    ),
    st.builds(ev.Prompted, text=st.just("x"), when=st.sampled_from(["now", "next", "restart"])),
    st.just(ev.RunDequeued()),
    st.just(ev.RunStopped(by="Ada")),
    st.just(ev.RunResumed(by="Ada")),
    st.just(ev.RunCancelled(by="Ada")),
    st.just(ev.RunFinished(summary="I am done")),
    st.just(ev.Opaque(type="x.y", data={})),
)


@pytest.mark.examples
@settings(max_examples=examples(400), deadline=None)
@given(mode=st.sampled_from(Mode), bodies=st.lists(BODIES, max_size=40))
def test_whatever_happens_final_states_absorb_and_no_effect_key_comes_twice(
    mode: Mode, bodies: list[ev.EventBody]
) -> None:
    machine, asked = Machine(mode=mode, max_rounds=3), set[str]()
    for body in bodies:
        decision = advance(machine, body)
        if machine.state in FINAL and decision.is_change:  # published after all
            is_late = (machine.state, decision.machine.failure) in {(S.PARTIAL, None), (S.PARTIAL, FailureClass.ENV)}
            assert is_late
            assert decision.effects == ()
        for effect in decision.effects:
            assert effect_key(effect) not in asked
            asked.add(effect_key(effect))
        assert all(event.previous is machine.state for event in decision.events)
        machine = decision.machine
        assert machine.round <= machine.max_rounds
        assert (machine.state is S.SUSPENDED) == (machine.resume_to is not None)


STEP_OF = {S.PRECHECK: "prepare", S.VERIFYING: "checks", S.PUBLISHING: "publish"}


@st.composite
def next_body(draw: st.DrawFn, machine: Machine) -> ev.EventBody:
    """Mostly the end of the step that the run is at, so that walks come to an end; else anything."""
    if machine.state is S.QUEUED or draw(st.integers(0, 5)) == 0:
        return draw(BODIES | st.just(ev.RunDequeued()))
    step = STEP_OF.get(machine.state, "build" if machine.claim is None else "collect")
    if machine.state is S.REPAIRING:
        step = "repair" if machine.claim is None else "recollect"
    facts = {"claim": draw(st.booleans()), "passed": draw(st.booleans()), "changed": draw(st.integers(0, 2))}
    return ended(f"{step}:{machine.iteration}", draw(st.sampled_from(["ok", "ok", "ok", "failed"])), **facts)


@pytest.mark.examples
@settings(max_examples=examples(400), deadline=None)
@given(mode=st.sampled_from(Mode), data=st.data())
def test_a_run_is_without_changes_exactly_where_what_completed_it_changed_nothing(
    mode: Mode, data: st.DataObject
) -> None:
    machine = Machine(mode=mode, state=S.BUILDING, max_rounds=2)
    for _ in range(16):
        body = data.draw(next_body(machine))
        before, (machine, effects, events) = machine, advance(machine, body)
        is_empty = isinstance(body, ev.EffectFinished) and body.facts["changed"] == 0
        for event in events:
            assert (event.outcome is RunOutcome.NO_CHANGES) == (event.state is S.COMPLETE and is_empty)
            assert event.state is not S.COMPLETE or machine.claim is not False
        is_taken = isinstance(body, ev.EffectFinished) and body.key.startswith(("collect:", "recollect:"))
        if is_empty and is_taken and before is not machine and machine.state in {S.VERIFYING, S.PUBLISHING}:
            assert machine.claim is False
            assert not any(isinstance(effect, fx.RunChecks) for effect in effects)


def test_an_agents_word_never_moves_a_run() -> None:
    for state in RunState:
        for word in (ev.RunFinished(), ev.RunFailed(message="x"), ev.CheckFinished(check="pytest", status="passed")):
            assert not advance(Machine(state=state), word).is_change


def test_every_row_can_be_reached_and_is_explained() -> None:
    assert all(rule.why and rule.states for rule in TABLE)
    late = [rule for rule in TABLE if set(rule.states) & FINAL]
    assert {(rule.on, rule.to) for rule in late} == {
        ("publication.requested", S.PARTIAL),
        ("publication.requested", S.COMPLETE),
        ("pull_request.ready_requested", S.COMPLETE),
        ("effect.finished", S.COMPLETE),
        ("effect.finished", S.PARTIAL),
    }, "only its publication can be done again, once a run has ended"


# -- publication -------------------------------------------------------------------------------------------------------

STILL_DOWN = ev.EffectFinished(key="publish:2", outcome="failed", message="Still down.", failure=FailureClass.ENV)
UNPUBLISHED = Machine(state=S.PARTIAL, failure=FailureClass.ENV, message="No pull request.", claim=True)


def test_a_publication_that_failed_is_tried_again_alone_and_then_the_run_is_complete() -> None:
    asked = advance(UNPUBLISHED, ev.PublicationRequested(by="Ada"))
    assert (asked.machine.state, asked.events) == (S.PARTIAL, ()), "it ended when it ended"
    assert [effect_key(effect) for effect in asked.effects] == ["publish:2"]
    failed = advance(asked.machine, STILL_DOWN)
    assert (failed.machine.state, failed.machine.message, failed.effects) == (S.PARTIAL, "Still down.", ())
    again = advance(failed.machine, ev.PublicationRequested(by="Ada")).machine
    done = advance(again, ended("publish:3", "ok"))
    assert (done.machine.state, done.machine.failure, done.effects) == (S.COMPLETE, None, ())
    assert [(event.previous, event.state) for event in done.events] == [(S.PARTIAL, S.COMPLETE)]


@pytest.mark.parametrize(
    "machine",
    [
        Machine(state=S.PARTIAL, failure=FailureClass.POLICY),
        Machine(state=S.PARTIAL, is_partial=True),
        Machine(state=S.FAILED, failure=FailureClass.ENV),
        Machine(state=S.CANCELLED),
    ],
    ids=["left beside", "a part", "failed", "cancelled"],
)
def test_nothing_else_that_has_ended_is_published_again(machine: Machine) -> None:
    assert not advance(machine, ev.PublicationRequested(by="Ada")).is_change


def test_a_result_that_is_a_part_stays_one_when_it_is_published_after_all() -> None:
    part = UNPUBLISHED.model_copy(update={"is_partial": True})
    asked = advance(part, ev.PublicationRequested(by="Ada")).machine
    assert not advance(asked, ended("publish:2", "ok")).is_change


def test_a_base_that_moved_is_followed_once_and_what_fails_there_is_not_repaired() -> None:
    machine = Machine(state=S.PUBLISHING, mode=Mode.STANDARD, claim=True, checks=True, max_rounds=3)
    moved = advance(machine, ended("publish:1", "ok", onto="c" * 40))
    assert [effect_key(effect) for effect in moved.effects] == ["rebase:1"]
    put = advance(moved.machine, ended("rebase:1", "ok", commit="d" * 40))
    assert (put.machine.state, [effect_key(one) for one in put.effects]) == (S.VERIFYING, ["checks:2"])
    red = advance(put.machine, ended("checks:2", "ok", passed=False))
    assert (red.machine.state, red.machine.failure) == (S.PUBLISHING, FailureClass.VERIFY)
    assert (red.machine.message or "").startswith("On the base as it is now: ")
    green = advance(put.machine, ended("checks:2", "ok", passed=True)).machine
    again = advance(green, ended("publish:2", "ok", onto="e" * 40))
    assert again.machine.state is S.COMPLETE, "once: what moved since is said"


@pytest.mark.parametrize("outcome", ["ok", "failed"])
def test_a_result_that_stays_where_it_started_is_published_all_the_same(outcome: str) -> None:
    machine = Machine(state=S.PUBLISHING, mode=Mode.STANDARD, claim=True, checks=True)
    moved = advance(machine, ended("publish:1", "ok", onto="c" * 40)).machine
    kept = advance(moved, ended("rebase:1", outcome))
    assert (kept.machine.state, [effect_key(one) for one in kept.effects]) == (S.PUBLISHING, ["publish:2"])


# -- preparation -------------------------------------------------------------------------------------------------------


def test_dependencies_are_made_between_the_clone_and_the_agent_and_rounds_only_become_fewer() -> None:
    machine = Machine(state=RunState.PRECHECK, max_rounds=3)
    prepared = advance(machine, ev.EffectFinished(key="prepare:1", outcome="ok", facts={"setup": 2, "max_rounds": 2}))
    assert (prepared.machine.state, prepared.machine.max_rounds) == (RunState.PRECHECK, 2)
    assert [fx.effect_key(effect) for effect in prepared.effects] == ["setup:1"]
    ready = advance(prepared.machine, ev.EffectFinished(key="setup:1", outcome="ok"))
    assert ready.machine.state is RunState.BUILDING
    assert [fx.effect_key(effect) for effect in ready.effects] == ["build:1"]
    widened = advance(machine, ev.EffectFinished(key="prepare:1", outcome="ok", facts={"max_rounds": 9}))
    assert (widened.machine.state, widened.machine.max_rounds) == (RunState.BUILDING, 3)


def test_a_set_up_that_failed_ends_the_run_and_starts_no_agent() -> None:
    machine = Machine(state=RunState.PRECHECK)
    failed = ev.EffectFinished(key="setup:1", outcome="failed", failure=FailureClass.ENV, message="No package.")
    ended = advance(machine, failed)
    assert (ended.machine.state, ended.machine.failure) == (RunState.FAILED, FailureClass.ENV)
    assert [fx.effect_key(effect) for effect in ended.effects] == ["cleanup:1"]
