"""What a follow-up goes on with, judged from the runs before it; which run a queued one waits for."""

import pytest

from ompycord.domain.events import BaseMoved
from ompycord.domain.folds.follow_up import ChainRun, KeptSession, before, former_of, waits_for
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.results import PrepareResult
from ompycord.domain.run import RunKind, RunRecord, RunState

FIRST, SECOND, THIRD, OTHER = (RunId(new_ulid(now_ms=0, entropy=bytes(9) + bytes([n]))) for n in range(4))


def record(run: RunId, state: RunState = RunState.COMPLETE, *, chain: RunId | None = FIRST) -> RunRecord:
    """A run; that with which its chain began names none."""
    return RunRecord(
        id=run, kind=RunKind.HOSTED, task=None, state=state, chain=None if run == FIRST else chain,
        created_at=1, updated_at=1,
    )  # fmt: skip


def ran(
    run: RunId,
    *,
    branch: str | None = None,
    base: str = "a" * 40,
    first_base: str | None = None,
    session: str | None = None,
    state: RunState = RunState.COMPLETE,
    moved: BaseMoved | None = None,
) -> ChainRun:
    snapshot = StatusSnapshot(
        run=run, kind=RunKind.HOSTED, state=state, prompt=f"task of {run[-1]}", branch=branch, base_moved=moved,
        commit=f"{run[-1]}" * 40 if branch else None, created_at=1, last_event_at=1,
    )  # fmt: skip
    prepared = PrepareResult(base=base, first_base=first_base)
    return ChainRun(record=record(run, state), snapshot=snapshot, prepared=prepared, session=session)


def test_the_branch_is_that_of_the_newest_run_that_has_one() -> None:
    former = former_of([ran(THIRD), ran(SECOND, branch="two", first_base="b" * 40), ran(FIRST, branch="one")])
    assert former is not None
    assert (former.run, former.branch, former.commit) == (THIRD, "two", SECOND[-1] * 40)
    assert former.first_base == "b" * 40


def test_the_base_of_evidence_is_that_of_the_first_run_on_the_branch_not_of_the_chain() -> None:
    """The first run made no branch; the second started from a base that had moved on since."""
    former = former_of([ran(SECOND, branch="two", base="c" * 40), ran(FIRST, base="a" * 40)])
    assert former is not None
    assert former.first_base == "c" * 40


@pytest.mark.parametrize(("commit", "base"), [("d" * 40, "e" * 40), (None, "a" * 40)], ids=["put on it", "not put"])
def test_a_result_that_was_put_on_a_moved_base_is_compared_with_that(commit: str | None, base: str) -> None:
    """Else what others changed there meanwhile would count as changed by the follow-up."""
    moved = BaseMoved(result="c" * 40, onto="e" * 40, ahead=1, commit=commit)
    former = former_of([ran(FIRST, branch="one", moved=moved)])
    assert former is not None
    assert former.first_base == base


def test_a_pull_request_is_told_of_the_runs_with_a_result() -> None:
    former = former_of([ran(THIRD, branch="one"), ran(SECOND), ran(FIRST, branch="one")])
    assert former is not None
    assert [(one.run, one.prompt) for one in former.earlier] == [(FIRST, "task of 0"), (THIRD, "task of 2")]


def test_sessions_are_tried_newest_first_and_runs_that_work_have_none_to_give() -> None:
    runs = [ran(THIRD, session="s-3", state=RunState.BUILDING), ran(SECOND, session="s-2"), ran(FIRST, session="s-1")]
    former = former_of(runs)
    assert former is not None
    assert former.sessions == (KeptSession(run=SECOND, session="s-2"), KeptSession(run=FIRST, session="s-1"))
    assert [past.prompt for past in former.past] == ["task of 0", "task of 1"]


def test_without_a_run_that_ended_there_is_nothing_to_go_on_with() -> None:
    assert former_of([]) is None
    assert former_of([ran(FIRST, state=RunState.BUILDING)]) is None


def test_a_queued_follow_up_waits_for_the_newest_open_run_before_it() -> None:
    queued = record(THIRD, RunState.QUEUED)
    working, done = record(SECOND, RunState.BUILDING), record(FIRST)
    assert waits_for(queued, [queued, working, done]) == working
    assert waits_for(queued, [queued, record(SECOND, RunState.SUSPENDED), done]) is not None
    assert waits_for(queued, [queued, record(SECOND, RunState.CANCELLED), done]) is None
    assert waits_for(record(SECOND, RunState.QUEUED), [queued, record(SECOND, RunState.QUEUED), done]) is None


def test_other_chains_and_runs_of_none_hold_nobody_back() -> None:
    queued = record(SECOND, RunState.QUEUED)
    other = record(OTHER, RunState.BUILDING, chain=None)
    assert waits_for(queued, [queued, other, record(FIRST)]) is None
    assert waits_for(record(OTHER, RunState.QUEUED, chain=None), [other, record(FIRST, RunState.BUILDING)]) is None
    assert before(queued, [queued, other, record(FIRST)]) == [record(FIRST)]
