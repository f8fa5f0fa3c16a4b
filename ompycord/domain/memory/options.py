"""How much is remembered and recalled; the section `memory` of the settings."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.written import BaseUrl, WrittenPath
from ompycord.domain.memory.backend import BackendSpec
from ompycord.domain.memory.vectors import MOST_NUMBERS

__all__ = ["EmbeddingOptions", "MemoryOptions"]


class EmbeddingOptions(Frozen):
    """Who makes vectors of what is remembered, and of tasks; left out: nobody, and things are found by words alone."""

    provider: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    """One of `providers`, by its name. Its keys and prices apply."""
    address: BaseUrl | None = None
    """In its place, any server that answers as OpenAI's `/embeddings` does; with that ending, or without."""
    key_file: WrittenPath | None = None
    """With `address`: a file with its key; left out: `secrets/embeddings` of the data folder, if there is one."""
    price: Annotated[Decimal, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None
    """With `address`: US dollars for a million tokens; 0 for a server of your own. Left out: not known."""
    model: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    dimensions: Annotated[int, Field(ge=1, le=MOST_NUMBERS)] | None = None
    """How many numbers a vector is to have; left out: as many as the model has by itself."""
    normalised: bool = True
    """Whether vectors are brought to length 1 before they are compared, as most models mean them."""
    batch: Annotated[int, Field(ge=1, le=512)] = 64
    """So many items in one request at most."""
    query_s: Annotated[float, Field(gt=0, le=20)] = 2.0
    """So many seconds a start of an agent or a search waits for the vector of its words; then words alone decide."""

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.provider is None) == (self.address is None):
            raise ValueError("name a provider or an address, and not both")
        if self.address is None and (self.key_file is not None or self.price is not None):
            raise ValueError("key_file and price belong to an address; those of a provider stand at the provider")
        return self


class MemoryOptions(Frozen):
    """What the team's memory does."""

    recall: bool = True
    """Whether a run's agent is given what is remembered of earlier work."""
    recall_items: Annotated[int, Field(ge=1, le=20)] = 6
    """So many items at most."""
    recall_tokens: Annotated[int, Field(ge=200, le=8000)] = 1200
    """So many tokens at most, reckoned at 3.6 characters each."""
    hold_out: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """The share of runs that get nothing recalled, by which the others are judged; chosen by the run's id."""
    offer_decisions: bool = False
    """Whether a message that says a decision gets a button that saves it; needs `discord.message_content`."""
    run_summaries: bool = True
    """Whether a verified run is remembered in facts: task, files, checks."""
    embeddings: EmbeddingOptions | None = None
    """Left out: things are found by words alone, and nothing is sent anywhere."""
    backend: BackendSpec | None = None
    """Left out: Ompycord searches by itself. Else the memory of a package is asked, and kept at what is here."""
