"""The ledger of requests to models: a row for each, written before it goes out and settled after.

The model gateway alone writes them; implemented by the store.
"""

from typing import Annotated, Protocol

from pydantic import Field

from ompycord.domain.base import Frozen, Millis, Name
from ompycord.domain.events import Exactness
from ompycord.domain.ids import RunId
from ompycord.domain.records import Commit, Committed

__all__ = [
    "MeteredTokens",
    "ModelBreaker",
    "ModelLedger",
    "ModelRequestMetered",
    "ModelRequestOpened",
    "ModelRequestSettled",
    "ModelTotals",
    "OpenModelRequest",
    "SpentSoFar",
]

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


class MeteredTokens(Frozen):
    """What a request used, by class."""

    input: Tokens
    cache_read: Tokens
    cache_write_5m: Tokens
    cache_write_1h: Tokens
    output: Tokens
    reasoning: Tokens
    web_searches: Tokens


class ModelRequestMetered(MeteredTokens):
    """What one that is under way has used at most; after it is settled this changes nothing."""

    id: str
    nano_usd: NanoUsd | None


class ModelRequestSettled(MeteredTokens):
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
    nano_usd: NanoUsd | None
    """None where no price is known."""
    exactness: Exactness


class OpenModelRequest(MeteredTokens):
    """One that was open when the process ended, with what it had used when that was stored last."""

    id: str
    run: RunId
    provider: Name
    model: Name
    reserved_input: Tokens
    reserved_output: Tokens
    reserved_nano_usd: NanoUsd | None
    nano_usd: NanoUsd | None = None

    @property
    def is_metered(self) -> bool:
        """Whether what it used was stored while it was under way."""
        return bool(self.input or self.cache_read or self.cache_write_5m or self.cache_write_1h or self.output)


class SpentSoFar(Frozen):
    """What all settled requests of a run used."""

    tokens: Tokens = 0
    nano_usd: NanoUsd = 0


class ModelBreaker(Frozen):
    """A model at a provider that is not asked until then, since it failed; all runs share it."""

    provider: Name
    model: Name
    failures: Tokens
    until: Millis
    """0: it is asked, and nothing of it is kept."""


class ModelTotals(MeteredTokens):
    """The settled requests of all runs, of one provider and exactness."""

    provider: Name
    exactness: Exactness
    requests: Tokens
    nano_usd: NanoUsd
    """Of those whose price is known."""


class ModelLedger(Protocol):
    """The ledger of requests to models. Its rows are written by `commit`, with the event that shows them."""

    async def commit(self, commit: Commit) -> Committed:
        """Apply all of it or nothing. Raises UnknownRun, StorageError."""
        ...

    async def open_model_requests(self) -> list[OpenModelRequest]:
        """Requests that were never settled, the oldest first, at most 1,000."""
        ...

    async def model_totals(self) -> list[ModelTotals]:
        """What all settled requests used, a row for each provider and exactness."""
        ...

    async def model_breakers(self) -> list[ModelBreaker]:
        """Those that were kept."""
        ...

    async def spent_on_models(self, run: RunId) -> SpentSoFar:
        """What the settled requests of a run used, over all its starts."""
        ...
