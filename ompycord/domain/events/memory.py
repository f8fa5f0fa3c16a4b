"""Facts about what a run's agent was given of earlier work, and what it wants to be remembered.

`events/__init__.py` gathers all families.
"""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from ompycord.domain.authority import ONLY_OMPYCORD, ONLY_PEOPLE
from ompycord.domain.base import Frozen, Name
from ompycord.domain.events.fields import KnownEvent
from ompycord.domain.ids import Ulid
from ompycord.domain.memory.items import MemoryKind, NewMemory, RecallReason

__all__ = ["MemoryDecided", "MemoryEventBody", "MemoryProposed", "MemoryRecalled", "RecalledRef"]


class RecalledRef(Frozen):
    """One item that was recalled. Its words stand in the memory alone, where they can be dropped."""

    item: Ulid
    kind: MemoryKind
    why: RecallReason
    stale: StrictBool = False
    """Whether the base lacks every file that it is about."""


class MemoryRecalled(KnownEvent, senders=ONLY_OMPYCORD):
    """What the run's agent was given of earlier work, once a run; its later starts get the same."""

    type: Literal["memory.recalled"] = "memory.recalled"
    items: Annotated[tuple[RecalledRef, ...], Field(max_length=20)] = ()
    withheld: StrictBool = False
    """Whether it got nothing because it is one of those by which the others are judged."""


class MemoryProposed(KnownEvent, senders=ONLY_OMPYCORD):
    """The run's agent wants something to be remembered. No agent is given it before a person has kept it."""

    type: Literal["memory.proposed"] = "memory.proposed"
    item: Ulid
    what: NewMemory


class MemoryDecided(KnownEvent, senders=ONLY_PEOPLE):
    """A person decided about a proposal. What they wrote in its place stands in the memory alone."""

    type: Literal["memory.decided"] = "memory.decided"
    item: Ulid
    decision: Literal["kept", "edited", "dropped"]
    by: Name


MemoryEventBody = MemoryRecalled | MemoryProposed | MemoryDecided
