"""Prices of models from a list that is part of this installation (genai-prices); nothing is fetched.

Counterpart of `price.py`, where the operator's own come first. A model that the list does not have has no price.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from ompycord.model_gateway.price import TokenPrices

__all__ = ["listed_embedding_prices", "listed_prices", "load_list"]

_PROVIDERS: Final[Mapping[str, str]] = {
    "anthropic": "anthropic",
    "openai": "openai",
    "azure": "azure",
    "gemini": "google",
}
"""What the list calls the kinds of providers; the others have no list."""
_FIELDS: Final[Mapping[str, str]] = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
}


def load_list() -> None:
    """Loads the list, which takes a third of a second: not on the loop."""
    import genai_prices  # noqa: F401  # pyright: ignore[reportUnusedImport]  # loading is the point


def listed_embedding_prices(kind: str, model: str) -> TokenPrices | None:
    """The same of a model that makes vectors, of which nothing comes out that is billed. Loads the list: it blocks."""
    price = _base(getattr(_found(kind, model), "input_mtok", None))
    return None if price is None else TokenPrices(input=price, output=Decimal(0))


def listed_prices(kind: str, model: str) -> TokenPrices | None:
    """The list's prices of a model at a kind of provider; None where it has none."""
    found = _found(kind, model)
    base = {name: _base(getattr(found, field, None)) for name, field in _FIELDS.items()}
    if base["input"] is None or base["output"] is None:
        return None
    tiers = [start for field in _FIELDS.values() for start in _starts(getattr(found, field, None))]
    if not tiers:
        return TokenPrices.model_validate(base)
    start = min(tiers)
    above = {name: _at(getattr(found, field, None), start) for name, field in _FIELDS.items()}
    return TokenPrices.model_validate({**base, "above": start, "prices_above": TokenPrices.model_validate(above)})


def _found(kind: str, model: str) -> Any:
    """None where the list does not have it."""
    from genai_prices import Usage, calc_price

    provider = _PROVIDERS.get(kind)
    if provider is None:
        return None
    try:
        return calc_price(Usage(input_tokens=1), model_ref=model, provider_id=provider).model_price
    except LookupError:
        return None


def _base(price: Any) -> Decimal | None:
    return getattr(price, "base", price)


def _starts(price: Any) -> list[int]:
    return [tier.start for tier in getattr(price, "tiers", ())]


def _at(price: Any, start: int) -> Decimal | None:
    """The price of a request with more than `start` tokens of input; of further tiers the first counts."""
    return next((tier.price for tier in getattr(price, "tiers", ()) if tier.start == start), _base(price))
