"""The memory as it is wired: over the store's rows, with the clock, the ids and the redactor of the process."""

from ompycord.app.wiring.parts import Infrastructure
from ompycord.conductor.remembering import Lessons
from ompycord.conductor.run_access import RunAccess
from ompycord.memory.book import MemoryBook
from ompycord.memory.keeper import MemoryKeeper
from ompycord.memory.opinions import Opinions
from ompycord.memory.recall import Recaller

__all__ = ["lessons_of", "memory_book_of", "memory_keeper_of", "opinions_of", "recaller_of"]


def recaller_of(infrastructure: Infrastructure) -> Recaller:
    """What agents are given of earlier work."""
    return Recaller(
        rows=infrastructure.store.memory,
        runs=infrastructure.store,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        options=infrastructure.settings.memory,
        redact=infrastructure.redact,
        meaning=infrastructure.meaning,
        search=infrastructure.backed,
    )


def lessons_of(infrastructure: Infrastructure, access: RunAccess) -> Lessons:
    """What agents want to be remembered, and what people decide about it."""
    return Lessons(memory=memory_book_of(infrastructure), access=access, wake=infrastructure.wake_projector)


def memory_keeper_of(infrastructure: Infrastructure) -> MemoryKeeper:
    """What remembers verified runs."""
    return MemoryKeeper(
        rows=infrastructure.store.memory,
        runs=infrastructure.store,
        snapshots=infrastructure.snapshots,
        bus=infrastructure.bus,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        options=infrastructure.settings.memory,
        redact=infrastructure.redact,
    )


def opinions_of(infrastructure: Infrastructure) -> Opinions:
    """What people think of results."""
    return Opinions(
        feedback=infrastructure.store.feedback,
        rows=infrastructure.store.memory,
        snapshots=infrastructure.snapshots,
        audit=infrastructure.store,
        clock=infrastructure.clock,
    )


def memory_book_of(infrastructure: Infrastructure) -> MemoryBook:
    """What people and agents do with the memory."""
    return MemoryBook(
        rows=infrastructure.store.memory,
        runs=infrastructure.store,
        audit=infrastructure.store,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        redact=infrastructure.redact,
        meaning=infrastructure.meaning,
        search=infrastructure.backed,
    )
