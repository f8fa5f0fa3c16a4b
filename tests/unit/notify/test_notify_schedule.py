"""When a delivery is tried again: from 5 seconds to 6 hours, for three days, the last try at the end of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.notify.schedule import LEAST_TRIES, LIFE_MS, next_try

CHANCE = st.floats(min_value=0, max_value=1, exclude_max=True)


def tries(chance: float, *, began: int = 0) -> list[int]:
    """The times of all tries of a delivery that never arrives."""
    times = [began]
    while (then := next_try(attempts=len(times), since=0, now=times[-1], chance=chance)) is not None:
        times.append(then)
        assert len(times) < 100
    return times


@given(CHANCE)
def test_pauses_grow_from_five_seconds_to_at_most_six_hours(chance: float) -> None:
    times = tries(chance)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert 5_000 <= pauses[0] <= 6_000
    assert all(earlier <= later for earlier, later in pairwise(pauses[:-1]))
    assert max(pauses) <= 6 * 3600 * 1000
    assert max(pauses) >= 5 * 3600 * 1000


@given(CHANCE)
def test_the_last_try_is_made_when_three_days_are_over(chance: float) -> None:
    assert tries(chance)[-1] == LIFE_MS == 3 * 24 * 3600 * 1000


@given(CHANCE, st.integers(min_value=0, max_value=10 * LIFE_MS))
def test_one_that_is_old_already_is_tried_a_few_times_all_the_same(chance: float, late: int) -> None:
    assert len(tries(chance, began=LIFE_MS + late)) == LEAST_TRIES


@pytest.mark.parametrize("attempts", [1, 5, 12, 1000])
def test_chance_makes_pauses_differ_and_never_shorter(attempts: int) -> None:
    least, most = (next_try(attempts=attempts, since=0, now=0, chance=chance) for chance in (0.0, 0.999))
    assert least is not None
    assert most is not None
    assert least < most
