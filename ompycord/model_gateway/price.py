"""What tokens cost, in US dollars: the operator's own table first, then a list of prices, else unknown. Pure.

An unknown price is no zero: a run with a limit of money is refused then, and one with a limit of tokens works.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field

from ompycord.domain.base import Frozen
from ompycord.model_gateway.metering.usage import TokenUsage

__all__ = ["FindPrice", "Prices", "TokenPrices"]

_MILLION: Final = Decimal(1_000_000)
_MINUTE_MS: Final = Decimal(60_000)
_HOUR: Final = Decimal("1.6")
"""A write that is kept for an hour costs twice the input, one for five minutes 1.25 times (Anthropic's price list)."""

Price = Annotated[Decimal, Field(ge=0, le=100_000, allow_inf_nan=False)]


class TokenPrices(Frozen):
    """US dollars for a million tokens of each class; a web search by itself."""

    input: Price
    output: Price
    cache_read: Price | None = None
    """Left out: as `input`."""
    cache_write: Price | None = None
    """Kept for five minutes; left out: as `input`."""
    cache_write_1h: Price | None = None
    """Left out: 1.6 times `cache_write`."""
    web_search: Price = Decimal(0)
    """For one search."""
    audio_minute: Price | None = None
    """For one minute of sound that becomes text; left out: not known."""
    above: Annotated[int, Field(gt=0, le=100_000_000)] | None = None
    """A request with more tokens of input than this has `prices_above`, for all its tokens."""
    prices_above: "TokenPrices | None" = None

    def cost(self, usage: TokenUsage) -> Decimal:
        """US dollars, exact."""
        if self.above is not None and self.prices_above is not None and usage.whole_input > self.above:
            return self.prices_above.cost(usage)
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        write_1h = write * _HOUR if self.cache_write_1h is None else self.cache_write_1h
        tokens = (
            usage.input * self.input
            + usage.cache_read * read
            + usage.cache_write_5m * write
            + usage.cache_write_1h * write_1h
            + usage.output * self.output
        )
        sound = usage.audio_ms * (self.audio_minute or 0) / _MINUTE_MS
        return tokens / _MILLION + usage.web_searches * self.web_search + sound


FindPrice = Callable[[str, str], TokenPrices | None]
"""The prices of a model of a kind of provider; None where they are not known."""


class Prices:
    """One table of the operator's over a list."""

    def __init__(
        self,
        *,
        own: Mapping[tuple[str, str], TokenPrices],
        listed: FindPrice,
        load: Callable[[], None] = lambda: None,
    ) -> None:
        """`own` is by the provider's name in the settings and the model; `load` makes `listed` quick, and blocks."""
        self.load = load
        self._own = own
        self._listed = listed
        self._found: dict[tuple[str, str], TokenPrices | None] = {}

    def of(self, provider: str, kind: str, model: str) -> TokenPrices | None:
        """The prices of a model at a provider of the settings, which is of this kind; None where no one knows them."""
        if (own := self._own.get((provider, model))) is not None:
            return own
        if (kind, model) not in self._found:
            self._found[kind, model] = self._listed(kind, model)
        return self._found[kind, model]
