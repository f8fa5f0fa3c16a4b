"""What an agent that repairs is told, read from a log: what failed and what was tried."""

from collections.abc import Sequence

from ompycord.domain import events as ev
from ompycord.domain.folds.repair import RepairFacts, repair_facts
from ompycord.domain.ids import AGENT_SOURCE, OMPYCORD, RunId
from ompycord.domain.run import RunState

RUN = RunId("01K00000000000000000000000")
S = RunState


def moved(to: RunState, before: RunState, *, round_: int = 1, message: str | None = None) -> ev.RunStateChanged:
    return ev.RunStateChanged(
        state=to, previous=before, cause="effect.finished", round=round_, max_rounds=3, message=message
    )


def said(text: str) -> ev.RunFinished:
    return ev.RunFinished(summary=text)


def facts(*bodies: ev.EventBody | Sequence[ev.EventBody]) -> RepairFacts | None:
    flat = [body for part in bodies for body in (part if isinstance(part, Sequence) else (part,))]
    return repair_facts(
        ev.RunEvent(run=RUN, source=AGENT_SOURCE if isinstance(body, ev.RunFinished | ev.Message) else OMPYCORD,
                    seq=seq, at=seq, body=body)
        for seq, body in enumerate(flat, 1)
    )  # fmt: skip


def red(*failing: str, check: str = "unit") -> list[ev.EventBody]:
    errors = tuple(ev.FailedTest(test=name, error=f"{name} broke") for name in failing)
    finished = ev.CheckFinished(check=check, status="failed", failed=len(failing), passed=1, failing=failing)
    return [ev.CheckStarted(check=check), finished, ev.ChecksErred(check=check, tests=errors)]


FILES = ev.FilesChanged(files=(ev.ChangedFile(path="a.py", added=3, removed=1),), total=1)
FIRST = [
    moved(S.BUILDING, S.PRECHECK), said("I fixed it."), FILES, moved(S.VERIFYING, S.BUILDING), *red("test_a", "test_b"),
    moved(S.REPAIRING, S.VERIFYING, round_=2, message="unit: 2 of 3 fail."),
]  # fmt: skip


def test_the_first_repair_knows_what_failed_and_what_the_agent_did() -> None:
    found = facts(FIRST)
    assert found is not None
    assert (found.round, found.max_rounds, found.verdict) == (2, 3, "unit: 2 of 3 fail.")
    assert (found.failing, found.failed) == (("test_a", "test_b"), 2)
    assert [one.error for one in found.errors] == ["test_a broke", "test_b broke"]
    assert [(one.round, one.words, [file.path for file in one.files]) for one in found.attempts] == [
        (1, "I fixed it.", ["a.py"])
    ]


def test_what_failed_in_an_earlier_round_and_passes_now_is_told_no_more() -> None:
    second = (said("Now it works."), moved(S.VERIFYING, S.REPAIRING, round_=2), red("test_b"))
    found = facts(FIRST, *second, moved(S.REPAIRING, S.VERIFYING, round_=3, message="unit: 1 of 3 fail."))
    assert found is not None
    assert (found.failing, found.verdict) == (("test_b",), "unit: 1 of 3 fail.")
    assert [(one.round, one.words) for one in found.attempts] == [(1, "I fixed it."), (2, "Now it works.")]


def test_a_check_that_does_not_run_any_more_is_not_told_again() -> None:
    first = [*FIRST[:-1], *red("style", check="lint"), FIRST[-1]]
    second = (moved(S.VERIFYING, S.REPAIRING, round_=2), red("test_b"))
    found = facts(first, *second, moved(S.REPAIRING, S.VERIFYING, round_=3, message="unit: 1 of 3 fail."))
    assert found is not None
    assert found.failing == ("test_b",)
    assert [error.test for error in found.errors] == ["test_b"]


def test_a_round_that_changed_nothing_is_told_as_that_with_the_verdict_that_stands() -> None:
    again = moved(S.REPAIRING, S.REPAIRING, round_=3, message="unit: 2 of 3 fail.")
    found = facts(FIRST, said("Nothing to do."), again)
    assert found is not None
    assert found.attempts[-1].is_unchanged
    assert found.failing == ("test_a", "test_b")


def test_a_run_that_repairs_nothing_has_no_such_facts() -> None:
    assert facts(FIRST[:-1]) is None
    assert facts() is None


def test_a_paused_repair_is_told_the_same_when_it_goes_on() -> None:
    paused = moved(S.SUSPENDED, S.REPAIRING, round_=2)
    assert facts(FIRST, paused, moved(S.REPAIRING, S.SUSPENDED, round_=2)) == facts(FIRST)


def test_checks_that_an_agent_tells_of_are_none_of_ours() -> None:
    told = ev.RunEvent(run=RUN, source=AGENT_SOURCE, seq=1, at=1,
                       body=ev.CheckFinished(check="mine", status="failed", failing=("x",)))  # fmt: skip
    mine = [ev.RunEvent(run=RUN, source=OMPYCORD, seq=seq, at=seq, body=body) for seq, body in enumerate(FIRST, 1)]
    found = repair_facts([*mine[:-1], told, mine[-1]])
    assert found is not None
    assert "x" not in found.failing
