"""Vectors of what is remembered: which may be compared, what lacks one, what is asked for; counterpart of
`ports/team/vectors.py`.

A vector is an `array("f")`: so many numbers of 32 bits as its space has.
"""

from array import array
from typing import Annotated, NamedTuple

from pydantic import Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.memory.items import MemoryQuery

__all__ = [
    "MOST_NUMBERS",
    "BareItem",
    "EmbeddingCall",
    "EmbeddingModel",
    "EmbeddingSpace",
    "NearQuery",
    "SpaceFill",
    "Vector",
    "VectorPut",
]

Vector = array
MOST_NUMBERS = 16_384
"""Numbers of a vector at most."""


class EmbeddingModel(Frozen):
    """Whose vectors are wanted, and how they are asked for."""

    source: str
    """The provider's name in the settings, or the address."""
    model: str
    dimensions: int | None = None
    """How many numbers are asked for; None: as many as the model has by itself."""
    normalised: bool = True
    """Whether each vector is brought to length 1."""


class EmbeddingSpace(Frozen):
    """Vectors that may be compared with each other, and with no others."""

    id: int
    source: str
    model: str
    dim: Annotated[int, Field(ge=1, le=MOST_NUMBERS)]
    is_requested: bool
    """Whether `dim` was asked for."""
    normalised: bool
    version: int
    made_at: Millis
    whole_at: Millis | None = None
    """When every item had its vector first; from then on the space answers."""

    @property
    def made_by(self) -> EmbeddingModel:
        """As whose vectors they were asked for."""
        return EmbeddingModel(
            source=self.source,
            model=self.model,
            dimensions=self.dim if self.is_requested else None,
            normalised=self.normalised,
        )


class SpaceFill(Frozen):
    """A space, and how many of the active items have a vector in it."""

    space: EmbeddingSpace
    vectors: int
    items: int


class BareItem(Frozen):
    """An active item that has no vector in a space."""

    id: str
    guild: str
    repository: str | None
    title: str
    body: str
    sha: bytes
    """Of its words; a vector of other words is not stored."""


class VectorPut(NamedTuple):
    """A vector for an item with these words."""

    item: str
    sha: bytes
    vector: "Vector[float]"


class NearQuery(NamedTuple):
    """What is near a vector, among the items that a query of words may see."""

    query: MemoryQuery
    space: EmbeddingSpace
    vector: "Vector[float]"
    candidates: tuple[str, ...] = ()
    """Ids of items that are compared also where many newer ones are there."""


class EmbeddingCall(Frozen):
    """Texts whose vectors are asked for in one request."""

    texts: Annotated[tuple[str, ...], Field(min_length=1)]
    model: str
    dimensions: int | None = None
    guild: str = ""
    """The server that pays; empty where none does."""
    repository: str = ""
