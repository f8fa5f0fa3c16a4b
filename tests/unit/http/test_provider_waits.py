"""Who watches a run's waits hears when the first request waits, and when none does any more."""

from ompycord.http.provider_waits import ProviderWaits


def test_two_requests_that_wait_are_one_hold() -> None:
    waits, heard = ProviderWaits(), list[bool]()
    waits.watch(heard.append)
    waits.begin()
    waits.begin()
    waits.end()
    assert (heard, waits.is_waiting) == ([True], True)
    waits.end()
    assert (heard, waits.is_waiting) == ([True, False], False)


def test_who_comes_later_hears_of_a_hold_that_is_there() -> None:
    waits, heard = ProviderWaits(), list[bool]()
    waits.begin()
    waits.watch(heard.append)
    assert heard == [True]
