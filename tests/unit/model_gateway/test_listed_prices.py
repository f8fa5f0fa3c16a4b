"""The list of prices that is installed with us gives what its own sums give; what it does not have has no price."""

from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price

from ompycord.model_gateway.listed_prices import listed_prices, load_list
from ompycord.model_gateway.metering.usage import TokenUsage

MODELS = [
    ("anthropic", "anthropic", "claude-sonnet-4-5"),
    ("anthropic", "anthropic", "claude-opus-4-5"),
    ("openai", "openai", "gpt-5"),
    ("gemini", "google", "gemini-2.5-flash"),
]


@pytest.mark.parametrize("tokens", [1000, 150_000, 400_000])
@pytest.mark.parametrize(("kind", "provider", "model"), MODELS)
def test_a_sum_is_the_lists_own(kind: str, provider: str, model: str, tokens: int) -> None:
    load_list()
    prices = listed_prices(kind, model)
    assert prices is not None
    usage = TokenUsage(input=tokens, cache_read=tokens // 10, output=tokens // 5)
    theirs = Usage(input_tokens=usage.whole_input, cache_read_tokens=usage.cache_read, output_tokens=usage.output)
    assert prices.cost(usage) == calc_price(theirs, model_ref=model, provider_id=provider).total_price


def test_writes_of_an_hour_cost_more_than_those_of_five_minutes() -> None:
    prices = listed_prices("anthropic", "claude-opus-4-5")
    assert prices is not None
    assert (prices.cache_write, prices.cache_write_1h) == (Decimal("6.25"), Decimal(10))


@pytest.mark.parametrize(
    ("kind", "model"), [("anthropic", "no-such-model"), ("ollama", "gpt-5"), ("compatible", "claude-opus-4-5")]
)
def test_what_is_not_listed_has_no_price(kind: str, model: str) -> None:
    assert listed_prices(kind, model) is None
