"""`python -m tests.support.crash_at POINT up ...`: the product, killed by itself with -9 when it reaches a named point.

SIGUSR1 arms it: until then it is the product as it is, which first recovers from the crash before. Only a run that
was begun since then comes to the point: what is still written of an earlier one does not count.

The product knows nothing of it: the wrapper replaces methods of the store before the command line starts. `POINTS`
names each place of a run's journey where what the world has and what the database says differ the most, `full_points`
each row of the journal of a run in mode full.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from ompycord.domain.ids import RunId
from ompycord.domain.records import EffectStatus, EffectUpdate, OutboxRow
from ompycord.domain.run import RunRecord
from ompycord.store import SqliteStore

ARMED = "armed"
Method = Callable[..., Awaitable[Any]]
Begun = frozenset[RunId]
"""The runs that were committed since it was armed."""
Matches = Callable[[tuple[Any, ...], Begun], bool]


def _always(arguments: tuple[Any, ...], begun: Begun) -> bool:
    return True


def _any_begun(arguments: tuple[Any, ...], begun: Begun) -> bool:
    return bool(begun)


def _of_the_begun(arguments: tuple[Any, ...], begun: Begun) -> bool:
    return arguments[0] in begun


def _begins_a_run(arguments: tuple[Any, ...], begun: Begun) -> bool:
    return bool(arguments[0].of(RunRecord))


def _delivers(kind: str) -> Matches:
    def matches(arguments: tuple[Any, ...], begun: Begun) -> bool:
        row: OutboxRow = arguments[0]
        return row.kind == kind and row.run in begun

    return matches


def _writes(effect: str, status: EffectStatus) -> Matches:
    def matches(arguments: tuple[Any, ...], begun: Begun) -> bool:
        updates = arguments[0].of(EffectUpdate)
        return any(
            update.key.startswith(f"{effect}:") and update.status is status and update.run in begun
            for update in updates
        )

    return matches


def _ends(effect: str) -> Matches:
    return _writes(effect, EffectStatus.DONE)


POINTS: dict[str, tuple[str, Matches, str, int]] = {
    "the draft is not saved yet": ("save_draft", _always, "before", 1),
    "the draft is saved, nobody was answered": ("save_draft", _always, "after", 1),
    "the run is not committed yet": ("commit", _begins_a_run, "before", 1),
    "the run is committed, nobody was answered": ("commit", _begins_a_run, "after", 1),
    "the projector has read, not committed": ("project", _any_begun, "before", 1),
    "the mirror is posted, not recorded": ("delivered", _delivers("summary"), "before", 1),
    "the thread is open, not recorded": ("delivered", _delivers("thread"), "before", 1),
    "the card is posted, not recorded": ("delivered", _delivers("card"), "before", 1),
    "the agent is at work": ("observe", _of_the_begun, "after", 4),
    "the result is harvested, not recorded": ("commit", _ends("collect"), "before", 1),
    "the checks have run, that is not recorded": ("commit", _ends("checks"), "before", 1),
    "twice: the checks failed, the repair is not begun": ("commit", _ends("checks"), "after", 1),
    "twice: the repair has ended, that is not recorded": ("commit", _ends("repair"), "before", 1),
    "twice: the repaired result is taken, not recorded": ("commit", _ends("recollect"), "before", 1),
    "the branch is published, not recorded": ("commit", _ends("publish"), "before", 1),
    "the final message is posted, not recorded": ("delivered", _delivers("result"), "before", 1),
}
"""Name -> method of the store, which calls count, before or after it, at which call."""
FULL_STAGES = ("prepare", "plan", "build", "collect", "checks", "repair", "recollect", "review", "publish", "cleanup")
"""The steps of a run in mode full whose first result is red, each of which has rows in the journal."""
MOMENTS = {
    "is begun": (EffectStatus.STARTED, "after"),
    "has ended, that is not recorded": (EffectStatus.DONE, "before"),
    "has ended, what follows is not begun": (EffectStatus.DONE, "after"),
}


def full_points(stage: str) -> dict[str, tuple[str, Matches, str, int]]:
    """Every point of the journal at one step; the checks run twice."""
    times = (1, 2) if stage == "checks" else (1,)
    return {
        f"{stage} {words}{' again' if at > 1 else ''}": ("commit", _writes(stage, status), when, at)
        for at in times
        for words, (status, when) in MOMENTS.items()
    }


ALL_POINTS = {**POINTS, **{name: point for stage in FULL_STAGES for name, point in full_points(stage).items()}}


def arm(point: str) -> None:
    """From now on the process ends itself there."""
    name, matches, when, at = ALL_POINTS[point]
    original: Method = getattr(SqliteStore, name)
    commit: Method = SqliteStore.commit
    begun: Begun = frozenset()
    calls = 0

    async def noted(self: SqliteStore, *arguments: Any, **named: Any) -> Any:
        nonlocal begun
        begun |= {record.id for record in arguments[0].of(RunRecord)}
        return await commit(self, *arguments, **named)

    async def armed(self: SqliteStore, *arguments: Any, **named: Any) -> Any:
        nonlocal calls
        counts = matches(arguments, begun)
        calls += counts
        is_there = counts and calls == at
        if is_there and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        value = await (noted if name == "commit" else original)(self, *arguments, **named)
        if is_there:
            os.kill(os.getpid(), signal.SIGKILL)
        return value

    setattr(SqliteStore, "commit", noted)  # noqa: B010
    setattr(SqliteStore, name, armed)


def main() -> None:
    """The first argument is the point, the rest is the product's command line."""
    from ompycord.cli import main as run

    point = sys.argv.pop(1)

    def armed(number: int, frame: object) -> None:
        arm(point)
        print(ARMED, flush=True)  # noqa: T201  # the test waits for it

    signal.signal(signal.SIGUSR1, armed)
    run()


if __name__ == "__main__":
    main()
