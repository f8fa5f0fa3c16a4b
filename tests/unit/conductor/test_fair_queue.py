"""In whose turn a run starts: servers, their repositories and the people there share equally, and nobody starves."""

from collections import deque

from ompycord.conductor.budgeting.fair_queue import MOST_OVERTAKEN, FairQueue
from ompycord.domain.ids import new_ulid
from ompycord.domain.run import Machine, RunKind, RunRecord


def run(at: int, person: str, repository: str = "shop", guild: str = "g") -> RunRecord:
    return RunRecord(
        id=new_ulid(now_ms=at, entropy=at.to_bytes(10)), kind=RunKind.HOSTED, task=None, guild=guild, requester=person,
        repository=repository, machine=Machine(), created_at=at, updated_at=at,
    )  # fmt: skip


def test_the_server_with_the_least_at_work_goes_first_then_its_repository_then_the_person() -> None:
    queue = FairQueue()
    elsewhere, same, other_person, other_repository = (
        run(4, "ada", guild="h"), run(1, "ada"), run(2, "mo"), run(3, "ada", "bare")
    )  # fmt: skip
    waiting = [same, other_person, other_repository, elsewhere]
    working = [run(0, "ada")]
    order: list[RunRecord] = []
    while waiting:
        order.append(chosen := queue.next_of(waiting, working))
        waiting.remove(chosen)
        working.append(chosen)
        queue.started(chosen, waiting)
    assert order == [elsewhere, other_repository, other_person, same]


def test_a_hundred_runs_of_one_do_not_delay_the_one_of_another() -> None:
    waiting = [run(at, "ada") for at in range(1, 101)]
    late = run(200, "mo")
    assert FairQueue().next_of([*waiting, late], [run(0, "ada")]) == late


def test_a_run_that_was_overtaken_too_often_goes_first() -> None:
    """Its own server has a run that never ends; those of the other one come and go."""
    queue, old, busy = FairQueue(), run(1, "ada"), run(0, "ada")
    later = deque(run(at, "mo", guild="h") for at in range(2, 40))
    started = 0
    while True:
        waiting = [old, later.popleft()]
        chosen = queue.next_of(waiting, [busy])
        queue.started(chosen, [one for one in waiting if one is not chosen])
        if chosen is old:
            break
        started += 1
    assert started == MOST_OVERTAKEN
