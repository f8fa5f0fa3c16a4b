"""An agent proposes something to be remembered, a person keeps, edits or drops it; each is decided once.

Counterpart: `domain/ports/memory.py`, where the words are kept; here are the facts about the run.
"""

from collections.abc import Callable
from typing import Literal

from ompycord.conductor.run_access import RunAccess
from ompycord.conductor.snapshots import LoadedRun
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.folds.proposed_lesson import ProposedLesson
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.memory.items import MemoryPlace, NewMemory
from ompycord.domain.ports.memory import KeptItem, ProposedItems
from ompycord.domain.records import Committed
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused, VersionConflict

__all__ = ["LESSON", "LessonDecision", "Lessons"]

LESSON = "lesson"
"""The kind of the decision's row."""
LessonDecision = Literal["kept", "edited", "dropped"]


class Lessons:
    """The use cases. Each method returns when all is on disk: the fact and what it changes, or neither."""

    def __init__(self, *, memory: ProposedItems, access: RunAccess, wake: Callable[[], None]) -> None:
        self._memory = memory
        self._access = access
        self._wake = wake

    async def propose(self, run: RunId, new: NewMemory) -> KeptItem:
        """Keep it as a proposal and show it in the run's thread. Raises Refused."""
        addition = await self._memory.proposal(run, new)
        item = addition.item
        what = NewMemory.model_validate(item.model_dump(include=set(NewMemory.model_fields)))
        fact = ev.MemoryProposed(item=item.id, what=what)
        committed = await self._access.record(run, fact, kind=SourceKind.OMPYCORD, beside=(addition,))
        if not committed.fresh:
            return KeptItem(item=await self._memory.there_before(addition), fresh=False)
        self._wake()
        return KeptItem(item=item)

    async def decide(
        self, loaded: LoadedRun, item: str, decision: LessonDecision, person: Person, *, text: NewMemory | None = None
    ) -> Committed:
        """Keep a proposal, with another text where one is given, or drop it.

        `Committed.earlier` is the first decision where this one came second. Raises Refused.
        """
        self._access.require(person, "remember", loaded.record)
        found = self.proposed(loaded, item)
        first = await self._access.store.decision(loaded.run, LESSON, found.item)
        if first is not None:
            return Committed(fresh=False, earlier=first)
        place = MemoryPlace.of(loaded.record)
        change = await self._memory.change(place, found.item, person, active=decision != "dropped", text=text)
        try:
            committed = await self._access.record(
                loaded.run,
                ev.MemoryDecided(item=found.item, decision=decision, by=person.name),
                kind=SourceKind.PERSON,
                decision=self._access.decision(loaded.run, LESSON, found.item, decision.capitalize(), person),
                beside=(change,),
            )
        except VersionConflict:  # decided in the memory itself, a moment ago
            raise Refused(RefusalCode.ITEM_MOVED_ON) from None
        self._wake()
        return committed

    @staticmethod
    def proposed(loaded: LoadedRun, item: str) -> ProposedLesson:
        """The proposal of this name. Raises Refused where the run has none."""
        lessons = loaded.snapshot.lessons if loaded.snapshot is not None else ()
        found = next((one for one in lessons if one.item == item), None)
        if found is None:
            raise Refused(RefusalCode.NO_SUCH_PROPOSAL, run=short_id(loaded.run))
        return found
