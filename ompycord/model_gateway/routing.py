"""Which provider and model is asked first where the operator wants the cheapest: by what a usual call costs. Pure.

It is for what Ompycord asks itself. Agents' requests go by the order of the file, since a prompt that one provider has
cached is new to another.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.price import Prices, TokenPrices
from ompycord.model_gateway.upstreams import Upstream, Upstreams

__all__ = ["PriceOf", "by_usual_cost", "in_their_order", "models_by_cost", "priced"]

PriceOf = Callable[[Upstream], TokenPrices | None]
"""What a model costs at a provider."""
_USUAL: Final = TokenUsage(input=10_000, output=1_000)
"""What a plan or a critique takes, roughly."""
_UNKNOWN: Final = Decimal("Infinity")


def in_their_order(upstream: Upstream) -> Decimal:
    """The cost by which providers keep the order of the file."""
    return Decimal(0)


def by_usual_cost(price_of: PriceOf) -> Callable[[Upstream], Decimal]:
    """The cost by which the cheapest comes first, and an unknown price last."""
    return lambda upstream: _usual(price_of(upstream))


def priced(candidates: Sequence[Upstream], price_of: PriceOf, *, is_limited: bool) -> list[Upstream]:
    """Where money is limited, those whose price is known, if there are any."""
    known = [one for one in candidates if price_of(one) is not None] if is_limited else []
    return known or list(candidates)


def models_by_cost(upstreams: Upstreams, prices: Prices) -> tuple[str, ...]:
    """All models that the settings name, each at the provider where it costs least; those without a price last."""

    def least(model: str) -> Decimal:
        offering = [spec for spec in upstreams.providers if model in spec.models]
        return min((_usual(prices.of(spec.name, spec.kind, model)) for spec in offering), default=_UNKNOWN)

    return tuple(sorted(upstreams.models, key=least))


def _usual(prices: TokenPrices | None) -> Decimal:
    return _UNKNOWN if prices is None else prices.cost(_USUAL)
