"""Ports of what the team remembers: its rows, and what agents, people and runs do with it.

`store/features/memory.py` implements the first two, `memory/` the others; the rules of `store.py` hold here too.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Literal, Protocol

from ompycord.domain.access import Person
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import MemoryRecalled
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import (
    FoundItem,
    MemoryAddition,
    MemoryChange,
    MemoryFilter,
    MemoryItem,
    MemoryPlace,
    MemoryQuery,
    MemoryStatus,
    NewMemory,
)

__all__ = ["KeptItem", "MemoryRows", "MemorySearch", "ProposedItems", "Recall", "RecallForRuns", "TeamMemory"]


class KeptItem(Frozen):
    """What became of something that was to be remembered."""

    item: MemoryItem
    fresh: bool = True
    """Whether it is new; else the same text was there before, in the state that `item` has."""
    similar: tuple[MemoryItem, ...] = ()
    """Active items that say nearly the same, the closest first."""


class MemorySearch(Protocol):
    """Finds what fits a query: the rows themselves, or the memory of another package over them."""

    async def search(self, query: MemoryQuery) -> list[FoundItem]:
        """Active items of this place that fit, the best first. Raises StorageError."""
        ...


class MemoryRows(MemorySearch, Protocol):
    """The rows of items, their counters and the index of their words."""

    async def add(self, items: Sequence[tuple[MemoryItem, str]]) -> list[MemoryItem]:
        """Add items, each with the terms by which it is found beside its words; the rows that are there then.

        One whose words are there already, in the same place, is not added: the earlier row is returned.
        """
        ...

    async def items(self, which: MemoryFilter) -> list[FoundItem]:
        """Items, newest first, with their counters."""
        ...

    async def by_id(self, ids: Sequence[str]) -> Mapping[str, FoundItem]:
        """Items by their whole ids, whatever their state; those that are not there are left out."""
        ...

    async def rewrite(self, item: MemoryItem, terms: str, *, expect: MemoryStatus) -> bool:
        """Put an item in the place of its row; False where that is not in the state `expect`, and nothing was done."""
        ...

    async def count(
        self, ids: Sequence[str], what: Literal["helpful", "harmful", "injected"], *, at: Millis, by: int = 1
    ) -> None:
        """Move a counter of these items."""
        ...

    async def index(self, terms: Mapping[str, str]) -> int:
        """Set the terms of items by id, make the index of all words again, and compare it; the number of items.

        Raises StorageError where the index is not whole then.
        """
        ...

    async def is_index_whole(self) -> bool:
        """Whether the index holds exactly the words of the items."""
        ...


class Recall(Frozen):
    """What a start of an agent is given of earlier work."""

    facts: MemoryRecalled | None = None
    """What is to be recorded; None where nothing fits, and where it was recorded at an earlier start."""
    text: tuple[str, ...] = ()
    """Paragraphs for the agent."""


class RecallForRuns(Protocol):
    """What a run's agent is given of earlier work."""

    async def recall(
        self,
        run: RunId,
        text: str,
        *,
        before: MemoryRecalled | None,
        paths: Callable[[], Awaitable[Collection[str] | None]],
    ) -> Recall:
        """What fits this task, or what an earlier start of the run was given, without items that were dropped since.

        `paths` are asked for once something was found: those of the run's base, None where they are not known.
        Raises StorageError.
        """
        ...


class ProposedItems(Protocol):
    """What runs propose, and the change that a decision about it makes. Each method raises Refused, StorageError."""

    async def proposal(self, run: RunId, new: NewMemory) -> MemoryAddition:
        """What a run's agent learned, for the commit that holds the proposal. Nothing is changed yet."""
        ...

    async def there_before(self, addition: MemoryAddition) -> MemoryItem:
        """The item because of which that commit stored nothing."""
        ...

    async def change(
        self, place: MemoryPlace, name: str, person: Person, *, active: bool, text: NewMemory | None = None
    ) -> MemoryChange:
        """What `TeamMemory.decide` would change, for the commit that holds the decision. Nothing is changed yet."""
        ...


class TeamMemory(Protocol):
    """What people and agents do with the memory. Each method raises StorageError."""

    async def search(self, place: MemoryPlace, text: str, *, limit: int = 6) -> tuple[FoundItem, ...]:
        """Active items that are seen in this place and fit the words, the best first."""
        ...

    async def item(self, place: MemoryPlace, name: str) -> FoundItem:
        """The item whose id ends like this, where it is seen from here and was not dropped. Raises Refused."""
        ...

    async def listed(self, place: MemoryPlace, which: MemoryFilter) -> tuple[FoundItem, ...]:
        """Items of this place, newest first."""
        ...

    async def by_id(self, place: MemoryPlace, ids: Sequence[str]) -> Mapping[str, FoundItem]:
        """Items by their whole ids, those alone that are seen from here and were not dropped."""
        ...

    async def keep(self, place: MemoryPlace, new: NewMemory, person: Person, *, message: str | None = None) -> KeptItem:
        """Remember what a person says, at once. Raises Refused."""
        ...

    async def decide(
        self, place: MemoryPlace, name: str, person: Person, *, active: bool, text: NewMemory | None = None
    ) -> MemoryItem:
        """Keep a proposal, with another text where one is given, or drop an item. Raises Refused."""
        ...

    async def supersede(self, place: MemoryPlace, name: str, by: str, person: Person) -> MemoryItem:
        """Retire an item because another has its place; the other one. Raises Refused."""
        ...
