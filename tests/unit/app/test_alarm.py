"""When the loops of the conductor look for work: at once when woken, soon after a commit, and seldom otherwise."""

import asyncio

import pytest

from bench.virtual import run_virtually
from ompycord.conductor.bus import SELDOM_S, SOON_S, Alarm
from ompycord.store.commit_bus import CommitBus


async def after(alarm: Alarm, commits: CommitBus, *said: tuple[float, str], seldom_s: float = SELDOM_S) -> float:
    """Virtual seconds from the begin of a look to the next one; what is said so many seconds after its begin."""
    loop = asyncio.get_running_loop()
    with alarm.noting():
        alarm.begin()
        began = loop.time()
        for at, words in said:
            loop.call_at(began + at, alarm.wake if words == "woken" else commits.publish)
        await alarm.wait(seldom_s)
        return loop.time() - began


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ((), SELDOM_S),
        (((0.3, "woken"),), 0.3),
        (((0.3, "stored"),), SOON_S),
        (((0.3, "stored"), (0.4, "stored"), (0.9, "stored")), SOON_S),
        (((0.3, "stored"), (0.6, "woken")), 0.6),
        (((7.5, "stored"),), 7.5),
        (((7.5, "stored"), (7.6, "woken")), 7.5),
    ],
)
def test_it_comes_when_something_was_said(said: tuple[tuple[float, str], ...], seconds: float) -> None:
    commits = CommitBus()
    assert run_virtually(after(Alarm(commits), commits, *said)) == pytest.approx(seconds)


def test_without_commits_to_hear_of_it_comes_soon() -> None:
    assert run_virtually(after(Alarm(None), CommitBus())) == pytest.approx(SOON_S)


def test_while_something_waits_it_comes_more_often() -> None:
    commits = CommitBus()
    assert run_virtually(after(Alarm(commits), commits, seldom_s=5)) == pytest.approx(5)


def test_what_was_stored_during_a_look_is_for_the_next_one_and_what_came_before_is_not() -> None:
    commits = CommitBus()

    async def play() -> tuple[float, float]:
        alarm = Alarm(commits)
        with alarm.noting():
            alarm.begin()
            commits.publish()
            loop = asyncio.get_running_loop()
            began = loop.time()
            await alarm.wait()
            first = loop.time() - began
            alarm.begin()
            began = loop.time()
            await alarm.wait()
            return first, loop.time() - began

    assert run_virtually(play()) == (pytest.approx(SOON_S), pytest.approx(SELDOM_S))


def test_who_does_not_watch_any_more_hears_nothing() -> None:
    commits = CommitBus()

    async def play() -> float:
        alarm = Alarm(commits)
        with alarm.noting():
            pass
        alarm.begin()
        commits.publish()
        began = asyncio.get_running_loop().time()
        await alarm.wait()
        return asyncio.get_running_loop().time() - began

    assert run_virtually(play()) == pytest.approx(SELDOM_S)
