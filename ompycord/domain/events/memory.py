"""Facts about what a run's agent was given of earlier work; `events/__init__.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from ompycord.domain.authority import ONLY_OMPYCORD
from ompycord.domain.base import Frozen
from ompycord.domain.events.fields import KnownEvent
from ompycord.domain.ids import Ulid
from ompycord.domain.memory.items import MemoryKind, RecallReason

__all__ = ["MemoryEventBody", "MemoryRecalled", "RecalledRef"]


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
    held_out: StrictBool = False
    """Whether it got nothing because it is one of those by which the others are judged."""


MemoryEventBody = MemoryRecalled
