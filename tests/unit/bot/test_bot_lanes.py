"""A lane's choice: urgent before old, old before young, and nobody before the pace except fresh urgency."""

from ompycord.bot.lanes import Lane
from ompycord.domain.ids import RunId

OLD, YOUNG, ENDED = RunId("01OLD"), RunId("01YOUNG"), RunId("01ENDED")


def lane(**dirty: tuple[float, bool]) -> Lane:
    names = {"old": OLD, "young": YOUNG, "ended": ENDED}
    return Lane(dirty={names[name]: state for name, state in dirty.items()}, ready_at=10.0)


def test_the_run_that_has_been_dirty_longest_is_next() -> None:
    assert lane(young=(5.0, False), old=(1.0, False)).next_run(11.0) == OLD


def test_an_urgent_run_is_next_however_young() -> None:
    assert lane(old=(1.0, False), ended=(9.0, True)).next_run(11.0) == ENDED


def test_nothing_is_next_before_the_pace_has_passed() -> None:
    assert lane(old=(1.0, False)).next_run(9.9) is None


def test_fresh_urgency_goes_before_its_time_but_only_once() -> None:
    busy = lane(ended=(9.0, True))
    assert busy.next_run(9.5) == ENDED
    assert busy.next_run(9.6) is None
    assert busy.next_run(10.0) == ENDED


def test_a_lane_is_kept_until_its_pace_and_pauses_have_passed() -> None:
    quiet = Lane(ready_at=10.0, blocked_until=12.0)
    assert [quiet.is_over(now) for now in (9.0, 11.0, 12.0)] == [False, False, True]
    assert not lane(old=(1.0, False)).is_over(20.0)
