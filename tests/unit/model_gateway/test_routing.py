"""The cheapest first, for what Ompycord asks itself: by known prices, with what rests last, else as the file says."""

from decimal import Decimal

import pytest

from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.price import Prices, TokenPrices
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.routing import by_usual_cost, models_by_cost, priced
from ompycord.model_gateway.upstreams import Upstream, Upstreams
from ompycord.testing import FakeClock

PRICES = {("dear", "m-1"): (3, 15), ("cheap", "m-1"): (1, 4), ("cheap", "m-2"): (9, 9), ("dear", "m-3"): (2, 2)}


def provider(name: str, *models: str) -> ProviderSpec:
    return ProviderSpec(
        name=name, kind="compatible", base_url="http://127.0.0.1:1", dialects=(Dialect.CHAT,), models=models
    )


def upstreams() -> Upstreams:
    specs = (provider("unknown", "m-1", "m-9"), provider("dear", "m-1", "m-3"), provider("cheap", "m-1", "m-2"))
    return Upstreams(providers=specs, keys={}, clock=FakeClock())


def prices() -> Prices:
    own = {name: TokenPrices(input=Decimal(a), output=Decimal(b)) for name, (a, b) in PRICES.items()}
    return Prices(own=own, listed=lambda kind, model: None)


def price_of(upstream: Upstream) -> TokenPrices | None:
    return prices().of(upstream.spec.name, upstream.spec.kind, "m-1")


async def test_the_cheapest_provider_of_a_model_is_first_an_unknown_price_last_and_one_that_rests_behind_all() -> None:
    made = upstreams()

    def order(**more: object) -> list[str]:
        return [one.spec.name for one in made.of(Dialect.CHAT, "m-1", **more)]  # pyright: ignore[reportArgumentType]

    assert order() == ["unknown", "dear", "cheap"]
    assert order(cost=by_usual_cost(price_of)) == ["cheap", "dear", "unknown"]
    for _ in range(5):
        await made.failed("cheap", "m-1")
    assert order(cost=by_usual_cost(price_of)) == ["dear", "unknown", "cheap"]


def test_models_are_named_by_what_they_cost_where_they_cost_least() -> None:
    assert upstreams().models == ["m-1", "m-9", "m-3", "m-2"]
    assert models_by_cost(upstreams(), prices()) == ("m-1", "m-3", "m-2", "m-9")


@pytest.mark.parametrize(("is_limited", "names"), [(False, ["unknown", "dear"]), (True, ["dear"])])
def test_where_money_is_limited_one_without_a_price_is_asked_only_if_there_is_no_other(
    is_limited: bool, names: list[str]
) -> None:
    found = upstreams().of(Dialect.CHAT, "m-1")
    assert [one.spec.name for one in priced(found[:2], price_of, is_limited=is_limited)] == names
    assert [one.spec.name for one in priced(found[:1], price_of, is_limited=is_limited)] == ["unknown"]
