"""What people think of results, and what follows for the items that a run was given; prompts never change by it.

Each verdict moves a counter of every item that the run's agent was given: *good* is for it, *bad* against it, *edit*
neither. Another verdict of the same person takes the first one back.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.conductor import Snapshots
from ompycord.domain.access import Person
from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.memory.feedback import FEEDBACK_LENGTH, Feedback, FeedbackVerdict
from ompycord.domain.memory.items import FoundItem, MemoryFilter, MemoryPlace, MemoryStatus
from ompycord.domain.ports import AuditTrail, Clock
from ompycord.domain.ports.feedback import FeedbackRows
from ompycord.domain.ports.memory import MemoryRows
from ompycord.text import clean

__all__ = ["HARMFUL", "Opinions"]

HARMFUL: Final = 3
"""Bad verdicts from which on an item is proposed for retirement, where it has fewer good ones."""
_LOOKED_AT: Final = 1000


class Opinions:
    """Implements `TeamOpinions`."""

    def __init__(
        self, *, feedback: FeedbackRows, rows: MemoryRows, snapshots: Snapshots, audit: AuditTrail, clock: Clock
    ) -> None:
        self._feedback = feedback
        self._rows = rows
        self._snapshots = snapshots
        self._audit = audit
        self._clock = clock

    async def give(self, run: RunId, person: Person, verdict: FeedbackVerdict, words: str = "") -> Feedback | None:
        """Store what a person thinks; their earlier verdict on this run. Raises StorageError."""
        now = self._clock.now_ms()
        given = Feedback(
            run=run,
            person=person.id,
            person_name=person.name,
            verdict=verdict,
            words=clean(words).strip()[:FEEDBACK_LENGTH],
            at=now,
        )
        earlier = await self._feedback.put(given)
        await self._audit.audit(
            actor=person.id, action="feedback.given", subject=run, detail={"verdict": verdict}, at=now
        )
        if earlier is None or earlier.verdict is not verdict:
            await self._move(run, earlier.verdict if earlier else None, by=-1)
            await self._move(run, verdict, by=1)
        return earlier

    async def of_run(self, run: RunId) -> Sequence[Feedback]:
        """The current verdicts on a run."""
        return await self._feedback.of_run(run)

    async def since(self, at: Millis) -> Sequence[Feedback]:
        """The current verdicts that were given since then."""
        return await self._feedback.since(at)

    async def to_retire(self, place: MemoryPlace) -> tuple[FoundItem, ...]:
        """Items that harmed more than they helped; a person decides whether they are dropped."""
        which = MemoryFilter(place=place, statuses=frozenset({MemoryStatus.ACTIVE}), limit=_LOOKED_AT)
        found = await self._rows.items(which)
        return tuple(one for one in found if one.counts.harmful >= HARMFUL and one.counts.harmful > one.counts.helpful)

    async def _move(self, run: RunId, verdict: FeedbackVerdict | None, *, by: int) -> None:
        snapshot = await self._snapshots.of(run)
        recalled = snapshot.recalled if snapshot is not None else None
        if recalled is None or recalled.withheld or verdict is None or verdict is FeedbackVerdict.EDIT:
            return
        items = [one.item for one in recalled.items]
        what = "helpful" if verdict is FeedbackVerdict.GOOD else "harmful"
        await self._rows.count(items, what, at=self._clock.now_ms(), by=by)
