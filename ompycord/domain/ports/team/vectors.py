"""Ports of vectors: their rows, who makes them, and the ledger of what that costs.

`store/features/memory/` implements the rows and the ledger, `model_gateway/embedding/` the embedder.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import Exactness
from ompycord.domain.memory.items import FoundItem, MemoryQuery
from ompycord.domain.memory.vectors import (
    BareItem,
    EmbeddingCall,
    EmbeddingModel,
    EmbeddingSpace,
    NearQuery,
    SpaceFill,
    Vector,
    VectorPut,
)

__all__ = ["Embedder", "EmbeddingLedger", "EmbeddingOpened", "EmbeddingSettled", "NearItems", "VectorRows"]


class VectorRows(Protocol):
    """The rows of spaces and vectors. Each method raises StorageError."""

    async def fills(self) -> list[SpaceFill]:
        """All spaces, the oldest first."""
        ...

    async def space_of(self, model: EmbeddingModel, dim: int, *, at: Millis) -> EmbeddingSpace:
        """The space that was made last, where it is one of this model with vectors of this length; else a new one."""
        ...

    async def next_version(self, space: EmbeddingSpace, *, at: Millis) -> EmbeddingSpace:
        """A new, empty space beside this one, for the same vectors made again; the last one where that is not whole."""
        ...

    async def missing(
        self, space: EmbeddingSpace | None, *, without: Collection[str], now: Millis, limit: int
    ) -> list[BareItem]:
        """Active items without a vector in a space, or all of them; those of one repository stand together.

        `without` are ids that are left out.
        """
        ...

    async def put(self, space: EmbeddingSpace, vectors: Sequence[VectorPut]) -> int:
        """Store vectors; how many. One of an item whose words are others by now, or that was dropped, is not stored."""
        ...

    async def finish(self, space: EmbeddingSpace, *, at: Millis) -> None:
        """From now on this space answers, and those before it are removed, some rows at a time."""
        ...

    async def nearest(self, near: NearQuery) -> list[FoundItem]:
        """Items that the query may see, the nearest first; their `score` is 1 less the likeness.

        Exact, and bounded: only so many of the newest items are compared.
        """
        ...


class Embedder(Protocol):
    """Makes vectors of texts."""

    async def embed(self, call: EmbeddingCall, *, timeout_s: float) -> "list[Vector[float]]":
        """A vector for each text, all of one length, of numbers that are finite.

        Raises EmbeddingFailed; its `is_input` says that these texts were refused, where others may be taken.
        """
        ...


class NearItems(Protocol):
    """What is near a text in meaning."""

    async def near(self, query: MemoryQuery, text: str, found: Sequence[FoundItem]) -> Sequence[FoundItem]:
        """What this query may see and is near its text, the nearest first; `found` is what its words found.

        Empty where no vectors answer now. Raises nothing, and waits for a few seconds at most.
        """
        ...


class EmbeddingOpened(Frozen):
    """A request for vectors that goes out now."""

    id: str
    guild: str
    repository: str
    at: Millis
    provider: str
    model: str
    reserved_tokens: int
    reserved_nano_usd: int | None
    """None where no price is known."""


class EmbeddingSettled(Frozen):
    """What it used, once it is over."""

    id: str
    at: Millis
    status: int | None
    tokens: int
    nano_usd: int | None
    exactness: Exactness


class EmbeddingLedger(Protocol):
    """The ledger of requests for vectors; a row is written before its request goes out. Raises StorageError."""

    async def open(self, opened: EmbeddingOpened) -> None:
        """A request goes out."""
        ...

    async def settle(self, settled: EmbeddingSettled) -> None:
        """What it used; once."""
        ...

    async def settle_open(self, *, at: Millis) -> int:
        """Settle by what was reserved those that were under way when the process ended; how many."""
        ...
