"""Words without deeds, and rounds of checks that lead nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.domain.guardian import messages
from ompycord.domain.guardian.escalation import LEVELS, message_to_agent, next_level
from ompycord.domain.guardian.messages import AgentMessage
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.rounds import CheckRound, find_stuck_rounds
from ompycord.domain.guardian.verdicts import LoopVerdict
from ompycord.domain.guardian.watcher import StepWatcher
from tests.unit.domain.guardian.test_cycles import step

OPTIONS = GuardianOptions()
LONG = "I will now read the file again and think about what the total of the cart has to be " * 4


def similarity(first: str, second: str) -> float:
    return messages.similarity(AgentMessage.of(first), AgentMessage.of(second))


def said(*texts: str) -> list[LoopVerdict | None]:
    watcher = StepWatcher(OPTIONS)
    return [watcher.message(text) for text in texts]


def test_nearly_the_same_message_three_times_is_a_loop() -> None:
    found = said(f"{LONG} one", f"{LONG} two", f"{LONG} three")
    assert found[:2] == [None, None]
    assert found[2] is not None
    assert (found[2].kind, found[2].length) == ("messages", 3)
    assert found[2].evidence.startswith(
        "It wrote nearly the same message 3 times and did nothing in between: `I will now"
    )


def test_a_step_in_between_is_progress() -> None:
    watcher = StepWatcher(OPTIONS)
    for number in range(9):
        assert watcher.message(LONG) is None
        assert watcher.message(LONG) is None
        assert watcher.step(step(f"step {number}")) is None


def test_different_messages_and_short_lines_of_a_program_are_no_loop() -> None:
    assert (
        said(*(f"Chapter {number}: {' '.join(f'w{number}{at}' for at in range(30))}" for number in range(9)))
        == [None] * 9
    )
    assert said(*["Downloading crates ..."] * 9) == [None] * 9


def test_similarity_is_a_share_of_word_triples() -> None:
    assert similarity("a b c d", "A  b, c d!") == pytest.approx(1.0)
    assert similarity("a b c d", "a b c e") == pytest.approx(1 / 3)
    assert similarity("a b c", "x y z") == 0


@given(st.text(max_size=200), st.text(max_size=200))
def test_similarity_is_symmetric_and_a_share(first: str, second: str) -> None:
    assert similarity(first, second) == similarity(second, first)
    assert 0 <= similarity(first, second) <= 1
    assert similarity(first, first) == 1


def failing(tree: str | None, *names: str, error: str = "AssertionError") -> CheckRound:
    return CheckRound(tree, frozenset(names), error)


def judged(*rounds: CheckRound) -> list[str | None]:
    return [
        None if (found := find_stuck_rounds(rounds[: at + 1], OPTIONS)) is None else found.kind
        for at in range(len(rounds))
    ]


def test_three_rounds_with_nothing_different_are_a_loop() -> None:
    rounds = [failing("t", "test_a", error=f"at 0x7f001122{number}{number} after {number} s") for number in (1, 2, 3)]
    assert judged(*rounds) == [None, None, "same_round"]


def test_another_error_or_another_test_is_another_round() -> None:
    one, other = failing("t", "test_a", error="KeyError: 'x'"), failing("t", "test_a", error="TypeError")
    assert judged(one, one, other) == [None] * 3
    assert judged(one, one, failing("t", "test_b", error="KeyError: 'x'")) == [None] * 3


def test_files_that_are_as_in_an_earlier_round_are_a_loop_at_once() -> None:
    assert judged(failing("t1", "a"), failing("t2", "b"), failing("t1", "a")) == [None, None, "files_return"]


def test_files_that_are_not_known_are_never_the_same() -> None:
    assert judged(*[failing(None, "a")] * 3) == [None] * 3


def test_four_rounds_in_which_no_fewer_tests_fail_than_before_are_a_loop() -> None:
    rounds = [failing(f"t{number}", *"abc"[: 3 - number % 2]) for number in range(8)]
    # 3, 2, then no fewer than 2 for four rounds
    assert judged(*rounds) == [None] * 5 + ["no_gain"] * 3
    found = find_stuck_rounds(rounds[:6], OPTIONS)
    assert found is not None
    assert found.evidence == "In the last 4 rounds no fewer tests failed than the 2 of before: 3, 2, 3, 2."


def test_failures_beyond_those_that_are_named_count() -> None:
    rounds = [CheckRound(f"t{number}", frozenset({"a"}), "E", count=90 - number) for number in range(12)]
    assert judged(*rounds) == [None] * 12


@given(st.integers(1, 40).flatmap(lambda most: st.lists(st.integers(1, most), unique=True, max_size=most)))
def test_rounds_that_always_get_better_are_never_a_loop(counts: list[int]) -> None:
    rounds = [CheckRound(f"t{count}", frozenset({"a"}), "E", count) for count in sorted(counts, reverse=True)]
    assert judged(*rounds) == [None] * len(rounds)


def test_what_follows_gets_stronger_and_stays_at_the_end() -> None:
    assert next_level(None) == "nudge"
    assert [next_level(level) for level in LEVELS] == ["escalate", "ask", "stop", "stop"]


def test_an_agent_reads_the_evidence_while_it_may_still_change_its_way() -> None:
    verdict = LoopVerdict("repeat", "`bash: make` was used 4 times in a row.", 4)
    for level in ("nudge", "escalate"):
        assert verdict.evidence in (message_to_agent(verdict, level) or "")
    assert (message_to_agent(verdict, "ask"), message_to_agent(verdict, "stop")) == (None, None)
