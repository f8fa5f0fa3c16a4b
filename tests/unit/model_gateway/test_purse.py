"""Money and tokens are reserved before and settled after; the tightest account binds, and nothing stays reserved."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.price import Prices, TokenPrices
from ompycord.model_gateway.purse import RESERVED_OUTPUT, Purse, Reservation, SpendingAccount, UsedUp

PRICES = TokenPrices(input=Decimal(1), output=Decimal(10))
"""A million tokens of input for a dollar, of output for ten."""


def purse_of(*limits: str | None, tokens: int | None = None) -> Purse:
    accounts = [
        SpendingAccount(name=str(at), usd=None if one is None else Decimal(one)) for at, one in enumerate(limits)
    ]
    return Purse([*accounts, *([SpendingAccount(name="tokens", tokens=tokens)] if tokens is not None else [])])


def test_without_a_limit_a_request_is_as_the_agent_asked() -> None:
    purse = purse_of(None)
    kept = purse.reserve(input_tokens=1000, bound=32_000, prices=None)
    assert (kept.bound, kept.usd) == (None, 0)
    assert purse.covers(kept, TokenUsage(input=1000, output=10_000_000))
    assert purse.settle(kept, TokenUsage(input=1000, output=5)) is None
    assert (purse.accounts[0].spent_tokens, purse.accounts[0].reserved_tokens) == (1005, 0)


def test_a_bound_that_the_remainder_does_not_cover_is_lowered_so_that_the_provider_keeps_the_limit() -> None:
    purse = purse_of("0.011", None, "5")
    kept = purse.reserve(input_tokens=1000, bound=32_000, prices=PRICES)
    assert kept.bound == 1000
    assert PRICES.cost(TokenUsage(input=1000, output=kept.bound)) <= Decimal("0.011")
    purse.settle(kept, TokenUsage(input=1000, output=1000))
    with pytest.raises(UsedUp) as refused:
        purse.reserve(input_tokens=1, bound=10, prices=PRICES)
    assert refused.value.account.name == "0"


def test_a_bound_is_not_lowered_below_what_the_model_would_think() -> None:
    with pytest.raises(UsedUp):
        purse_of("0.011").reserve(input_tokens=1000, bound=32_000, least_bound=2000, prices=PRICES)


def test_a_limit_of_money_without_a_price_is_refused_and_one_of_tokens_works() -> None:
    with pytest.raises(UsedUp) as refused:
        purse_of("5").reserve(input_tokens=1, bound=1, prices=None)
    assert not refused.value.is_priced
    kept = purse_of(tokens=1500).reserve(input_tokens=1000, bound=32_000, prices=None)
    assert kept.bound == 500


def test_fifty_requests_at_once_with_money_for_ten_stay_within_the_limit() -> None:
    """Each takes what it may; afterwards nothing is reserved."""
    purse, each = purse_of("0.11"), TokenUsage(input=1000, output=1000)
    kept: list[Reservation] = []
    for _ in range(50):
        try:
            kept.append(purse.reserve(input_tokens=1000, bound=1000, prices=PRICES))
        except UsedUp:
            continue
    for one in kept:
        used = TokenUsage(input=1000, output=min(each.output, one.bound or each.output))
        assert purse.covers(one, used)
        purse.settle(one, used)
        purse.settle(one, used)
    account = purse.accounts[0]
    assert len(kept) == 10
    assert account.spent_usd <= Decimal("0.11") * Decimal("1.01")
    assert (account.reserved_usd, account.reserved_tokens) == (0, 0)


def test_a_request_that_outgrows_its_reservation_ends_where_no_money_is_left() -> None:
    purse = purse_of("0.1")
    kept = purse.reserve(input_tokens=1000, bound=None, prices=PRICES)
    assert kept.bound == 9900
    assert purse.covers(kept, TokenUsage(input=1000, output=RESERVED_OUTPUT))
    assert purse.covers(kept, TokenUsage(input=1000, output=9900))
    assert not purse.covers(kept, TokenUsage(input=1000, output=9901))
    purse.settle(kept, TokenUsage(input=1000, output=9901))
    assert purse.accounts[0].left_usd == 0


COUNT = st.integers(0, 20_000)


@given(
    limit=st.integers(0, 300_000),
    requests=st.lists(st.tuples(COUNT, st.none() | st.integers(1, 40_000), COUNT), max_size=30),
    at_once=st.integers(1, 8),
)
def test_whatever_is_asked_the_limit_holds_and_nothing_stays_reserved(
    limit: int, requests: list[tuple[int, int | None, int]], at_once: int
) -> None:
    """Each provider keeps the bound, and its input is as estimated."""
    purse = purse_of(str(Decimal(limit) / 1_000_000))
    open_: list[tuple[Reservation, TokenUsage]] = []
    for given_tokens, bound, made in requests:
        try:
            kept = purse.reserve(input_tokens=given_tokens, bound=bound, prices=PRICES)
        except UsedUp:
            continue
        most = kept.bound if kept.bound is not None else bound
        open_.append((kept, TokenUsage(input=given_tokens, output=made if most is None else min(made, most))))
        if len(open_) >= at_once:
            first, used = open_.pop(0)
            if purse.covers(first, used):
                purse.settle(first, used)
            else:
                purse.settle(first, TokenUsage())
    for first, used in open_:
        purse.settle(first, used if purse.covers(first, used) else TokenUsage())
    account = purse.accounts[0]
    assert account.spent_usd <= Decimal(limit) / 1_000_000
    assert (account.reserved_usd, account.reserved_tokens) == (0, 0)


def test_the_operators_prices_come_before_the_list_which_is_asked_once() -> None:
    asked: list[tuple[str, str]] = []

    def listed(kind: str, model: str) -> TokenPrices | None:
        asked.append((kind, model))
        return PRICES if model == "listed" else None

    mine = TokenPrices(input=Decimal(0), output=Decimal(0))
    prices = Prices(own={("here", "listed"): mine}, listed=listed)
    assert prices.of("here", "anthropic", "listed") is mine
    assert [prices.of("there", "anthropic", "listed") for _ in range(3)] == [PRICES] * 3
    assert prices.of("there", "anthropic", "unlisted") is None
    assert asked == [("anthropic", "listed"), ("anthropic", "unlisted")]


def test_what_is_not_named_has_the_price_of_input_and_an_hour_costs_more() -> None:
    short = TokenPrices(input=Decimal(4), output=Decimal(8), cache_write=Decimal(5))
    usage = TokenUsage(cache_read=1_000_000, cache_write_5m=1_000_000, cache_write_1h=1_000_000)
    assert short.cost(usage) == Decimal(4) + 5 + 8


def test_a_request_above_a_tier_has_its_prices_for_all_tokens() -> None:
    dear = TokenPrices(input=Decimal(6), output=Decimal(30))
    tiered = TokenPrices(input=Decimal(3), output=Decimal(15), above=200_000, prices_above=dear)
    assert tiered.cost(TokenUsage(input=200_000)) == Decimal("0.6")
    assert tiered.cost(TokenUsage(input=100_000, cache_read=100_001)) == Decimal("1.200006")
