"""What an agent that repairs reads: the facts, in their order, and never more than fits."""

from ompycord.dialects.prompts.repair_text import REPAIR, repair_text
from ompycord.domain.events import ChangedFile, FailedTest
from ompycord.domain.folds.repair import RepairFacts, RepairRound

FACTS = RepairFacts(
    round=2,
    max_rounds=3,
    verdict="unit: 1 of 4 fail.",
    failing=("test_total",),
    failed=1,
    errors=(FailedTest(test="test_total", error="Traceback\nAssertionError: 2 != 3"),),
    attempts=(RepairRound(round=1, words="I fixed it.", files=(ChangedFile(path="cart.py", added=1, removed=2),)),),
)


def text(facts: RepairFacts = FACTS) -> str:
    return "\n\n".join(repair_text(facts))


def test_the_text_begins_with_the_verdict_and_has_each_fact_once() -> None:
    made = text()
    assert made.startswith(f"{REPAIR} (round 2 of 3): unit: 1 of 4 fail.")
    for words in ("- test_total", "> AssertionError: 2 != 3", "- cart.py +1 −2", "Round 1:\n> I fixed it."):
        assert made.count(words) == 1


def test_a_round_without_a_change_is_named() -> None:
    attempt = FACTS.attempts[0].model_copy(update={"is_unchanged": True})
    assert "You changed nothing in the last round" in text(FACTS.model_copy(update={"attempts": (attempt,)}))
    assert "You changed nothing" not in text()


def test_whatever_checks_print_the_text_is_bounded_and_keeps_its_beginning_and_its_end() -> None:
    long = FailedTest(test="x" * 500, error="e\n" * 4000)
    huge = FACTS.model_copy(update={"errors": (long,) * 10, "failing": ("y" * 500,) * 100, "failed": 5000})
    made = text(huge)
    assert len(made) <= 16_200
    assert made.startswith(REPAIR)
    assert made.endswith(text().rpartition("\n\n")[2])


def test_of_a_long_error_the_end_is_told_where_its_reason_stands() -> None:
    error = "\n".join(["frame"] * 2000 + ["ValueError: the reason"])
    made = text(FACTS.model_copy(update={"errors": (FailedTest(test="t", error=error[-8000:]),)}))
    assert "> ValueError: the reason" in made
