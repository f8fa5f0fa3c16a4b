"""The ledger of requests to models: a row for each, written before it goes out and settled after.

The model gateway alone writes them; implemented by the store.
"""

from typing import Annotated, Literal, Protocol

from pydantic import Field

from ompycord.domain.base import Frozen, Millis, Name
from ompycord.domain.ids import RunId
from ompycord.domain.records import Commit, Committed

__all__ = ["ModelLedger", "ModelRequestOpened", "ModelRequestSettled", "OpenModelRequest", "SpentSoFar"]

Tokens = Annotated[int, Field(ge=0, le=2**53)]
NanoUsd = Annotated[int, Field(ge=0, le=2**62)]
"""Billionths of a US dollar: a cached token may cost less than a millionth."""


class ModelRequestOpened(Frozen):
    """A request that goes out now, with what was reserved for it."""

    id: str
    run: RunId
    at: Millis
    provider: Name
    """As the settings name it."""
    dialect: Name
    model: Name
    reserved_input: Tokens
    reserved_output: Tokens
    reserved_nano_usd: NanoUsd | None
    """None where no price is known."""


class ModelRequestSettled(Frozen):
    """What it used, once it is over. Settled once; a second time changes nothing."""

    id: str
    at: Millis
    status: int | None
    """The provider's HTTP status; None where none came."""
    provider: Name
    """Which answered: another one than was asked first, where that one refused."""
    answered_model: Name | None = None
    request_id: Name | None = None
    """The provider's own name for it."""
    input: Tokens
    cache_read: Tokens
    cache_write_5m: Tokens
    cache_write_1h: Tokens
    output: Tokens
    reasoning: Tokens
    web_searches: Tokens
    nano_usd: NanoUsd | None
    """None where no price is known."""
    exactness: Literal["exact", "estimated"]


class OpenModelRequest(Frozen):
    """One that was open when the process ended."""

    id: str
    run: RunId
    provider: Name
    model: Name
    reserved_input: Tokens
    reserved_output: Tokens
    reserved_nano_usd: NanoUsd | None


class SpentSoFar(Frozen):
    """What all settled requests of a run used."""

    tokens: Tokens = 0
    nano_usd: NanoUsd = 0


class ModelLedger(Protocol):
    """The ledger of requests to models. Its rows are written by `commit`, with the event that shows them."""

    async def commit(self, commit: Commit) -> Committed:
        """Apply all of it or nothing. Raises UnknownRun, StorageError."""
        ...

    async def open_model_requests(self) -> list[OpenModelRequest]:
        """Requests that were never settled, the oldest first, at most 1,000."""
        ...

    async def spent_on_models(self, run: RunId) -> SpentSoFar:
        """What the settled requests of a run used, over all its starts."""
        ...
