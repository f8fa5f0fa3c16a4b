"""A run with several sources: the earliest, the latest and the sum over all of them; and whose events it takes."""

from itertools import permutations

import pytest

from ompycord.domain import events as ev
from ompycord.domain.folds.fold import RunFold, fold
from ompycord.domain.ids import RunId, Source

RUN, OTHER = RunId("01JD0000000000000000000000"), RunId("01JD0000000000000000000001")
FIRST, SECOND, THIRD = Source("key:a"), Source("key:b"), Source("key:c")


def event(position: int, source: Source, seq: int, at: int, body: ev.EventBody, run: RunId = RUN) -> ev.RunEvent:
    return ev.RunEvent(run=run, position=position, source=source, seq=seq, at=at, body=body)


LOG = (
    event(1, SECOND, 1, 2_000, ev.RunStarted(title="Nightly")),
    event(2, FIRST, 1, 1_000, ev.Note(text="first of all")),
    event(3, FIRST, 2, 4_000, ev.RunStarted(title="Nightly")),
    event(4, THIRD, 1, 3_000, ev.ToolFinished(tool="edit")),
    event(5, FIRST, 3, 9_000, ev.ToolFinished(tool="edit")),
    event(6, SECOND, 2, 5_000, ev.UsageUpdated(input=1)),
)


@pytest.mark.parametrize("order", list(permutations((FIRST, SECOND, THIRD))))
def test_the_times_of_a_run_are_those_of_all_its_sources(order: tuple[Source, ...]) -> None:
    """Neither the first source nor the last one has all of them, whichever is folded first."""
    snapshot = fold(RUN, sorted(LOG, key=lambda each: order.index(each.source))).snapshot()
    assert (snapshot.created_at, snapshot.started_at, snapshot.last_event_at) == (1_000, 2_000, 9_000)
    assert snapshot.tool_count == 2


def test_an_event_of_another_run_is_refused_and_leaves_no_trace() -> None:
    folded = RunFold(RUN)
    for each in LOG:
        folded.add(each)
    before = folded.dump()
    with pytest.raises(ValueError, match=f"event of run {OTHER} folded into {RUN}"):
        folded.add(event(7, FIRST, 4, 9_500, ev.Note(text="not mine"), run=OTHER))
    assert folded.dump() == before


def test_a_fold_stands_at_the_latest_position_whatever_comes_last() -> None:
    folded = RunFold(RUN)
    assert [folded.add(each) for each in (LOG[5], LOG[0], LOG[0])] == [True, True, False]
    assert folded.position == 6


def test_a_note_that_is_said_again_stands_once_where_it_was_said_last() -> None:
    said = ("new session", "left out: a file", "new session")
    notes = [event(seq, FIRST, seq, 1_000 * seq, ev.Note(text=text)) for seq, text in enumerate(said, start=1)]
    assert fold(RUN, notes).snapshot().notes == ("left out: a file", "new session")
