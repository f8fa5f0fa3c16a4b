"""What the guardian's benchmark counts, and that generated loops are found and hard cases are left alone."""

import pytest

from bench.guardian import alarm_of, guardian, judge
from bench.rounds import Size
from bench.stuck_rules import is_stuck
from bench.trajectories import HONEST, LOOPS, Action, Talk, Trajectory, generate

WORK = list(generate(7, each=6))


@pytest.mark.parametrize("kind", LOOPS)
def test_every_generated_loop_is_found(kind: str) -> None:
    result = judge([one for one in WORK if one.kind == kind], alarm_of)
    assert (result["recall"], result["false_alarms"]) == (1.0, {})


@pytest.mark.parametrize("kind", HONEST)
def test_honest_work_that_resembles_a_loop_raises_no_alarm(kind: str) -> None:
    assert judge([one for one in WORK if one.kind == kind], alarm_of)["false_alarms"] == {}


def test_the_same_seed_makes_the_same_work_and_another_makes_other() -> None:
    assert list(generate(7, each=6)) == WORK
    assert list(generate(8, each=6)) != WORK


def test_an_alarm_before_a_loop_counts_as_a_false_one_and_as_a_miss() -> None:
    work = [Trajectory("loop", (Talk("a"),) * 5, loop_from=2), Trajectory("honest", (Talk("a"),) * 5)]
    counted = {at: judge(work, lambda entries, at=at: at) for at in (1, 4)}
    assert (counted[1]["precision"], counted[1]["recall"]) == (0.0, 0.0)
    assert (counted[4]["precision"], counted[4]["recall"], counted[4]["delay_steps_median"]) == (0.5, 1.0, 3)
    assert judge(work, lambda entries: None)["recall"] == 0.0


def test_the_rules_of_comparison_are_those_that_are_known() -> None:
    same, failing = Action("read", {"path": "a"}, "x"), Action("read", {"path": "a"}, "no", ok=False)
    other = Action("read", {"path": "b"}, "y")
    assert [is_stuck([same] * times) for times in (3, 4)] == [False, True]
    assert [is_stuck([failing] * times) for times in (2, 3)] == [False, True]
    assert [is_stuck([same, other] * times) for times in (2, 3)] == [False, True]
    assert [is_stuck([Talk("a")] * times) for times in (2, 3)] == [False, True]
    assert not is_stuck([Talk("a"), same, Talk("a"), same, Talk("a")])


@pytest.mark.shared
def test_the_benchmark_prints_what_it_promises_and_real_agents_raise_no_alarm() -> None:
    result = guardian(rounds=1, size=Size.SMALLEST)
    assert (result["precision"], result["recall"], result["false_alarms"]) == (1.0, 1.0, {})
    assert result["real_alarms"] == []
    assert result["real_steps"] > 10
    assert result["openhands"]["precision"] < result["precision"]
