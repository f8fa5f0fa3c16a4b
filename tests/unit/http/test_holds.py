"""Who watches a run's holds hears when the first request waits, and when none does any more."""

from ompycord.http.holds import Holds


def test_two_requests_that_wait_are_one_hold() -> None:
    holds, heard = Holds(), list[bool]()
    holds.watch(heard.append)
    holds.begin()
    holds.begin()
    holds.end()
    assert (heard, holds.is_held) == ([True], True)
    holds.end()
    assert (heard, holds.is_held) == ([True, False], False)


def test_who_comes_later_hears_of_a_hold_that_is_there() -> None:
    holds, heard = Holds(), list[bool]()
    holds.begin()
    holds.watch(heard.append)
    assert heard == [True]
