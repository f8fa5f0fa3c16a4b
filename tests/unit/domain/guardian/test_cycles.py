"""When steps are a loop, and what resembles one and is none."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.domain.events import CallPrints, ToolFinished
from ompycord.domain.guardian.fingerprints import ToolStep, call_prints, step_of
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.verdicts import LoopVerdict
from ompycord.domain.guardian.waiting import is_test, is_waiting
from ompycord.domain.guardian.watcher import StepWatcher

OPTIONS = GuardianOptions()
MINUTE_MS = 60_000


def step(action: str, result: str = "same", *, ok: bool = True, at: int = 0, tree: str | None = None) -> ToolStep:
    body = ToolFinished(tool="bash", title=action, ok=ok, prints=call_prints("bash", action, result))
    return step_of(body, at, number=1, tree=tree)


def judged(steps: Sequence[ToolStep], options: GuardianOptions = OPTIONS) -> list[LoopVerdict | None]:
    watcher = StepWatcher(options)
    return [watcher.step(one) for one in steps]


def alarm_at(steps: Sequence[ToolStep], options: GuardianOptions = OPTIONS) -> int | None:
    """How many steps were taken when the first alarm came."""
    return next((number for number, found in enumerate(judged(steps, options), start=1) if found), None)


def test_the_same_step_with_the_same_result_is_a_loop_the_fourth_time() -> None:
    found = judged([step("make", f"failed after {seconds} s", ok=False) for seconds in range(4)])
    assert found[:3] == [None, None, None]
    assert found[3] == LoopVerdict(
        "repeat", "`bash: make` was used 4 times in a row and failed the same way every time.", 4
    )


def test_a_step_that_failed_is_another_than_one_that_worked() -> None:
    assert alarm_at([step("make", ok=True), step("make", ok=False)] * 2) is None


def test_another_result_is_progress() -> None:
    assert alarm_at([step("make", f"{number} errors", ok=False) for number in range(20)]) is None


@pytest.mark.parametrize("period", [2, 3, 4, 5, 6])
def test_a_cycle_is_a_loop_the_third_time(period: int) -> None:
    unit = [step(f"step {number}") for number in range(period)]
    assert alarm_at(unit * 5) == 3 * period
    found = judged(unit * 3)[-1]
    assert found is not None
    assert found.kind == "cycle"
    assert found.evidence.startswith(f"The same {period} steps were taken 3 times in a row")


def test_seven_steps_are_no_cycle() -> None:
    assert alarm_at([step(f"step {number}") for number in range(7)] * 5) is None


@pytest.mark.parametrize(
    "command", ["sleep 5; tail log", "gh run view 12", "kubectl get pods", "cd x && sleep 9", "ps aux"]
)
def test_waiting_with_the_same_output_is_bounded_by_the_clock_and_not_by_count(command: str) -> None:
    polls = [step(command, at=20_000 * number) for number in range(60)]
    at = alarm_at(polls)
    assert at == 15 * 3 + 1
    found = judged(polls)[at - 1]
    assert found is not None
    assert found.evidence == f"`bash: {command}` was looked at 46 times in 15 minutes and nothing changed."


def test_waiting_whose_output_changes_is_progress_even_where_only_a_time_changes() -> None:
    polls = [step("sleep 60; tail log", f"10:{number:02}:00 compiling", at=number * MINUTE_MS) for number in range(60)]
    assert alarm_at(polls) is None


def test_two_polls_far_apart_are_no_loop() -> None:
    assert alarm_at([step("sleep 900", at=at * 16 * MINUTE_MS) for at in range(2)]) is None


def test_a_test_may_be_run_again_to_see_whether_it_is_flaky() -> None:
    assert alarm_at([step("python -m pytest -q tests/test_a.py", "1 passed") for _ in range(20)]) == OPTIONS.max_reruns


def test_two_tests_in_turn_are_reruns_too() -> None:
    unit = [step("pytest a.py", "1 passed"), step("pytest b.py", "1 passed")]
    assert alarm_at(unit * 20) == 2 * OPTIONS.max_reruns


def test_a_shorter_cycle_that_is_allowed_is_not_found_as_a_longer_one() -> None:
    assert alarm_at([step("go test ./...", "ok") for _ in range(OPTIONS.max_reruns - 1)]) is None


def test_edits_of_one_file_of_which_only_the_path_is_known_are_never_the_same() -> None:
    edits = [ToolFinished(tool="edit", title="a.py", added=1, removed=1) for _ in range(30)]
    assert alarm_at([step_of(body, 0, number=number) for number, body in enumerate(edits)]) is None


def test_a_step_without_a_title_and_without_hashes_is_like_no_other() -> None:
    steps = [step_of(ToolFinished(tool="bash", detail="ok"), 0, number=number) for number in range(30)]
    assert alarm_at(steps) is None


def test_steps_whose_result_nobody_reports_are_a_loop_only_much_later() -> None:
    steps = [step_of(ToolFinished(tool="look", title="a.py"), 0, number=number) for number in range(30)]
    assert alarm_at(steps) == OPTIONS.max_unknown


def test_words_are_compared_where_there_are_no_hashes() -> None:
    body = ToolFinished(tool="bash", title="make", ok=False, detail="no rule to make target")
    assert alarm_at([step_of(body, 0, number=number) for number in range(9)]) == OPTIONS.max_repeats


def test_files_that_go_back_and_forth_are_a_loop_although_the_commands_differ() -> None:
    trees = ["a", "a", "b", "b", "a", "b", "b"]
    steps = [step(f"command {number}", tree=tree) for number, tree in enumerate(trees)]
    found = judged(steps)
    assert found[:5] == [None] * 5
    assert found[5] is not None
    assert (found[5].kind, found[5].length) == ("files_alternate", 6)


def test_files_that_return_once_are_no_loop() -> None:
    assert alarm_at([step(f"command {tree} {n}", tree=tree) for n, tree in enumerate("abacad")]) is None


def test_thresholds_are_those_of_the_options() -> None:
    options = GuardianOptions(max_repeats=2, max_cycles=2, max_reruns=3, waiting_minutes=1)
    assert alarm_at([step("make")] * 9, options) == 2
    assert alarm_at([step("a"), step("b")] * 9, options) == 4
    assert alarm_at([step("pytest")] * 9, options) == 3
    assert alarm_at([step("sleep 9", at=30_000 * number) for number in range(9)], options) == 3


def test_someone_who_steps_in_starts_the_count_again() -> None:
    watcher = StepWatcher(OPTIONS)
    assert [watcher.step(step("make")) for _ in range(3)] == [None] * 3
    watcher.forget_steps()
    assert [watcher.step(step("make")) is not None for _ in range(4)] == [False, False, False, True]


@given(st.lists(st.sampled_from("abcdef"), max_size=60))
def test_steps_that_always_have_another_result_are_never_a_loop(actions: list[str]) -> None:
    assert alarm_at([step(action, f"{number} left") for number, action in enumerate(actions)]) is None


@given(
    st.lists(st.integers(0, 1000).map(lambda number: f"before {number}"), unique=True, max_size=20),
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6),
)
def test_any_cycle_at_the_end_is_found_within_its_bound(before: list[str], unit: list[str]) -> None:
    steps = [step(action) for action in (*before, *unit * 10)]
    at = alarm_at(steps)
    assert at is not None
    most = max(OPTIONS.max_repeats, OPTIONS.max_cycles * len(unit))
    assert at <= len(before) + most


@pytest.mark.parametrize(
    "command",
    ["pytest", "python -m pytest -q x", "uv run pytest", "CI=1 npm test", "cargo test --all", "go test ./...",
     "make check", "cd a && python3 -m unittest", "npx vitest run", "./gradlew test", "tox -e py311", "sudo pytest"],
)  # fmt: skip
def test_a_command_that_runs_tests_is_known(command: str) -> None:
    assert is_test(command)


@pytest.mark.parametrize("command", ["cat tests/test_a.py", "git commit -m 'pytest'", "rm -r tests", "echo go test"])
def test_a_command_that_names_tests_runs_none(command: str) -> None:
    assert not is_test(command)


@pytest.mark.parametrize("tool", ["BashOutput", "wait_answer", "mcp__ompycord__wait_answer", "TaskOutput", "watcher"])
def test_a_tool_that_waits_is_known_by_its_name(tool: str) -> None:
    assert is_waiting(tool, "")


@pytest.mark.parametrize("command", ["make", "cat sleep.py", "git log --tail", "psql -c select", "python wait.py"])
def test_other_commands_do_not_wait(command: str) -> None:
    assert not is_waiting("bash", command)


def test_hashes_differ_by_tool_arguments_result_and_output() -> None:
    known = call_prints("bash", "make", "took 3 s")
    assert call_prints("bash", "make", "took 4 s") == CallPrints(
        action=known.action, result=known.result, output=call_prints("bash", "make", "took 4 s").output
    )
    assert known.output != call_prints("bash", "make", "took 4 s").output
    assert known.action not in {call_prints("sh", "make", "").action, call_prints("bash", "make all", "").action}
